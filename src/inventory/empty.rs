// SPDX-License-Identifier: GPL-3.0-or-later
//! The record of a PedOS without any VMs but dom0: where a new root folder begins.

use super::{Inventory, edit::item, xml::Element};

/// The labels that every PedOS has, with their colours.
const LABELS: [(&str, u32); 8] = [
    ("red", 0xcc0000),
    ("orange", 0xf57900),
    ("yellow", 0xedd400),
    ("green", 0x73d216),
    ("gray", 0x555555),
    ("blue", 0x3465a4),
    ("purple", 0x75507b),
    ("black", 0x000000),
];

impl Inventory {
    /// A fresh PedOS: the usual labels, a pool of files, dom0.
    pub fn empty() -> Self {
        let files = item("pool", "varlibqubes")
            .with("dir_path", "/var/lib/qubes")
            .with("driver", "file-reflink")
            .with("revisions_to_keep", "1")
            .with("ephemeral_volatile", "False");
        let kernels = item("pool", "linux-kernel")
            .with("dir_path", "/var/lib/qubes/vm-kernels")
            .with("driver", "linux-kernel");
        // A PedOS refuses a record that says nothing of the default template, and cannot save one that says nothing of the
        // default kernel; empty is none.
        let globals = Element::new("properties")
            .with_child(item("property", "default_kernel").with_text(""))
            .with_child(item("property", "default_pool").with_text("varlibqubes"))
            .with_child(item("property", "default_pool_kernel").with_text("linux-kernel"))
            .with_child(item("property", "default_template").with_text(""));
        Self {
            root: Element::new("qubes")
                .with_child(labels())
                .with_child(Element::new("pools").with_child(files).with_child(kernels))
                .with_child(globals)
                .with_child(Element::new("domains").with_child(dom0())),
        }
    }
}

/// The usual labels.
pub(super) fn labels() -> Element {
    let mut labels = Element::new("labels");
    for (place, (name, color)) in LABELS.into_iter().enumerate() {
        let label = Element::new("label")
            .with("id", format!("label-{}", place + 1))
            .with("color", format!("{color:#08x}"));
        labels.push(label.with_text(name));
    }
    labels
}

/// dom0 with nothing set on it.
pub(super) fn dom0() -> Element {
    Element::new("domain")
        .with("id", "domain-0")
        .with("class", "AdminVM")
        .with_child(Element::new("properties").with_child(item("property", "label").with_text("black")))
        .with_child(Element::new("features"))
        .with_child(Element::new("tags"))
}
