// SPDX-License-Identifier: GPL-3.0-or-later
//! A restore in which everything is long and much is wrong: names as long as they may be, templates that are missing, a
//! name that is taken, devices whose backend is gone, notes, and a part that is damaged.

use std::{fs, path::Path};

use super::{close, wait_for_the_end, write};
use crate::support::{
    archive::members,
    atspi::{Node, Role},
    roots::{self, Fill, KIB, MIB, Vm},
    session::Look,
    wait::{STEP, wait_until},
    wizard::{Wizard, make_archive},
    workspace::{PASSPHRASE, Workspace},
};

/// Names as long as they may be.
const TEMPLATE: &str = "fedora-41-minimal-with-extras-2";
const FIRST: &str = "client-northwest-accounts-2026a";
const SECOND: &str = "personal-letters-and-photos-old";
const NETWORK: &str = "sys-net-behind-the-vpn-provider";

const DEVICE: &str = r#"<devices class="usb"><device backend-domain="sys-usb-of-another-computer-xyz" id="2-1.4">
    <option name="required">True</option></device></devices>"#;

const NOTES: &str = "The disk of this VM holds the only copy of the accounts of 2024 to 2026, which the tax office may ask for \
    until the end of 2036.\nAsk Ada before anything in it is removed.\n\n  ~/invoices   what went out\n  ~/receipts   what came in\n";

/// A root with such VMs, and another one to which most of what they need is unknown.
pub(super) fn place() -> Workspace {
    let place = Workspace::new(&[
        template(TEMPLATE),
        Vm::new(NETWORK, "AppVM")
            .property("template", TEMPLATE)
            .property("provides_network", "True")
            .volume("private", Fill::Holes(MIB)),
        app(FIRST, 81).devices(DEVICE).file("notes.txt", NOTES),
        app(SECOND, 82).label("red"),
    ]);
    let own = Vm::new(SECOND, "AppVM")
        .property("template", "tpl")
        .volume("private", Fill::Holes(MIB));
    let net = Vm::new("net", "AppVM")
        .property("template", "tpl")
        .property("provides_network", "True")
        .volume("private", Fill::Holes(MIB));
    roots::make(&place.path("elsewhere"), &[template("tpl"), own, net]);
    place
}

fn template(name: &str) -> Vm {
    Vm::new(name, "TemplateVM")
        .volume("root", Fill::Sparse(4 * MIB, 100 * KIB, 74))
        .volume("private", Fill::Holes(MIB))
}

fn app(name: &str, seed: u64) -> Vm {
    Vm::new(name, "AppVM")
        .property("template", TEMPLATE)
        .property("netvm", NETWORK)
        .volume("private", Fill::Sparse(9 * MIB, 300 * KIB, seed))
}

/// Goes through that restore; `false` where there is no desktop for it.
pub(super) fn tour(look: Look, place: &Workspace, look_at: &dyn Fn(&Wizard, u32)) -> bool {
    let archive = damaged_archive(place);
    let program = env!("CARGO_BIN_EXE_pedos-backup-restore");
    let Some(mut wizard) = Wizard::open(look, program, &place.path("elsewhere")) else {
        return false;
    };
    let at = |wizard: &Wizard, page: u32, name: &str| {
        look_at(wizard, page);
        wizard.session.screenshot(&format!("trouble-{name}"));
    };
    let word = |english: &str| look.word(english);
    write(&wizard, Role::TEXT, &archive);
    wizard.wait_ready();
    // The quick look, which goes on beside everything else.
    wait_until("the quick look", STEP, || wizard.window.texts().contains('4'));
    at(&wizard, 1, "1-source");
    wizard.window.click(&word("Look inside"));
    wizard.wait_page(2);
    write(&wizard, Role::PASSWORD, Path::new(PASSPHRASE));
    wizard.wait_ready();
    wizard.window.act("win.next");
    let inside = wizard.session.desk().window(&word("Inside the backup"));
    inside.click(&word("Read the notes"));
    wait_until("the notes", STEP, || inside.texts().contains("Ada"));
    at(&wizard, 2, "2-inside");
    inside.click(&word("Close"));
    at(&wizard, 2, "2-opened");
    wizard.next(3);
    wizard.pick(&word("Selected"), &[TEMPLATE, NETWORK], &word("Remove"));
    at(&wizard, 3, "3-vms");
    wizard.next(4);
    wizard.open_row(FIRST);
    at(&wizard, 4, "4-table");
    wizard
        .window
        .check(&word("Use the defaults for everything that is missing"), true);
    wizard.wait_ready();
    at(&wizard, 4, "4-cured");
    wizard.next(5);
    wait_for_the_end(&wizard);
    unfold(&wizard.window, "");
    at(&wizard, 5, "5-result");
    close(&mut wizard);
    true
}

/// An archive of all of them, with one damaged part.
fn damaged_archive(place: &Workspace) -> std::path::PathBuf {
    for file in crate::support::programs::names(&place.path("target")) {
        fs::remove_file(place.path("target").join(file)).unwrap();
    }
    let archive = make_archive(place, &[TEMPLATE, NETWORK, FIRST, SECOND]);
    let mut bytes = fs::read(&archive).unwrap();
    let members = members(&bytes);
    let part = members
        .iter()
        .find(|member| member.name.contains("vm3/private"))
        .unwrap();
    bytes[part.data.start + 300] ^= 1;
    fs::write(&archive, bytes).unwrap();
    archive
}

/// Unfolds the first thing of that name that can be unfolded; of any name if it is empty.
fn unfold(window: &Node, name: &str) {
    let is_it = |node: &Node| {
        node.actions().iter().any(|action| action == "activate")
            && node.name().is_some_and(|own| name.is_empty() || own == name)
    };
    if let Some(node) = window.find_by(&is_it) {
        node.act("activate");
    }
}
