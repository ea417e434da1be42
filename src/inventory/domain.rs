// SPDX-License-Identifier: GPL-3.0-or-later
//! The typed values of an inventory: VMs with what is set on them, labels, pools.
//!
//! They are copies of what the document holds, in its order and with its own words, so that a value which this program
//! does not understand can still be passed on. Nothing here is a decision: what a value means for a backup or a
//! restore is said where those are planned.

use std::{fmt, str::FromStr};

use super::{archive_path::ArchivePath, marks, truth::is_true};

/// The name of the administrative domain, whose home is what a backup of it saves.
pub const DOM0: &str = "dom0";

/// What kind of VM it is, by its name in the record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Class {
    /// dom0.
    AdminVm,
    /// Others are based on its root volume.
    TemplateVm,
    /// Based on a template, with a private volume of its own.
    #[default]
    AppVm,
    /// Has a root and a private volume of its own.
    StandaloneVm,
    /// A disposable with a name.
    DispVm,
    /// A VM elsewhere, known here only by name.
    RemoteVm,
    /// A class that this program does not know.
    Other(String),
}

impl Class {
    /// The name in the record and on the wire.
    pub fn wire_name(&self) -> &str {
        match self {
            Self::AdminVm => "AdminVM",
            Self::TemplateVm => "TemplateVM",
            Self::AppVm => "AppVM",
            Self::StandaloneVm => "StandaloneVM",
            Self::DispVm => "DispVM",
            Self::RemoteVm => "RemoteVM",
            Self::Other(name) => name,
        }
    }

    /// Whether a VM of this class is based on another one.
    pub fn has_template(&self) -> bool {
        matches!(self, Self::AppVm | Self::DispVm)
    }

    /// Whether what a VM of this class writes to a volume stays, where its record does not say: the default of the
    /// system's own classes.
    pub fn keeps_volume(&self, volume: &str) -> bool {
        match volume {
            "private" => matches!(self, Self::AppVm | Self::TemplateVm | Self::StandaloneVm),
            "root" => matches!(self, Self::TemplateVm | Self::StandaloneVm),
            _ => false,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_name())
    }
}

impl FromStr for Class {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "AdminVM" => Self::AdminVm,
            "TemplateVM" => Self::TemplateVm,
            "AppVM" => Self::AppVm,
            "StandaloneVM" => Self::StandaloneVm,
            "DispVM" => Self::DispVm,
            "RemoteVM" => Self::RemoteVm,
            other => Self::Other(other.to_owned()),
        })
    }
}

/// One VM as the record has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Domain {
    /// Its name; "dom0" for the administrative domain, which has no property of that name.
    pub name: String,
    /// Its class.
    pub class: Class,
    /// Its number, from the property `qid` or the element's id (`domain-7`).
    pub qid: u32,
    /// The label's name (`label-4` is resolved).
    pub label: String,
    /// Properties that are set, in document order, all of them.
    pub properties: Vec<(String, String)>,
    /// Features in document order.
    pub features: Vec<(String, String)>,
    /// Tags in document order.
    pub tags: Vec<String>,
    /// Devices in document order.
    pub devices: Vec<Device>,
    /// Volumes in document order.
    pub volumes: Vec<VolumeConfig>,
    /// The files that the archive holds of it, in their order; `None` when the inventory lists none, as in archives of
    /// other tools.
    pub files: Option<Vec<String>>,
}

impl Domain {
    /// The value of a property that is set.
    pub fn property(&self, name: &str) -> Option<&str> {
        find(&self.properties, name)
    }

    /// Whether a property is set to what a PedOS reads as true.
    ///
    /// The existing restorer takes every text for true when it plans, and fails later over "False".
    pub fn is_true(&self, property: &str) -> bool {
        self.property(property).is_some_and(is_true)
    }

    /// The value of a feature.
    pub fn feature(&self, name: &str) -> Option<&str> {
        find(&self.features, name)
    }

    /// Whether this VM has a volume of that name in which what it writes stays: by its record, or by its class.
    pub fn keeps_volume(&self, volume: &str) -> bool {
        let is_recorded = |known: &VolumeConfig| known.save_on_stop && known.name == volume;
        self.class.keeps_volume(volume) || self.volumes.iter().any(is_recorded)
    }

    /// What of this VM the archive says it holds; `None` when it is only mentioned.
    pub fn content(&self) -> Option<Content> {
        self.feature(marks::CONTENT).filter(|text| !text.is_empty())?;
        let path = match self.feature(marks::PATH) {
            Some(path) if !path.is_empty() => path,
            _ if self.feature(marks::MADE_UP).is_some() => "",
            _ => return None,
        };
        let size_bytes = self.feature(marks::SIZE).and_then(|text| text.parse().ok());
        Some(Content {
            path: ArchivePath::new(path),
            size_bytes: size_bytes.unwrap_or(0),
        })
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// What an archive's inventory says of a VM that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Where its files lie. Empty for a VM that was made up.
    pub path: ArchivePath,
    /// The size that was announced, in bytes; unrelated to the size in the archive.
    pub size_bytes: u64,
}

impl Content {
    /// Whether the VM was made up when an old inventory was converted: it is to be created, and the archive has
    /// no files of it.
    pub fn is_made_up(&self) -> bool {
        self.path.is_empty()
    }
}

/// A device assigned to a VM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// Its class: pci, block, usb, mic, ...
    pub class: String,
    /// The attributes of the element in document order (`backend-domain`, `id`, `mode`, `identity`, `required`, ...).
    pub attributes: Vec<(String, String)>,
    /// Its options in document order.
    pub options: Vec<(String, String)>,
}

impl VolumeConfig {
    /// Whether a running VM writes to the volume itself, so that no older state of it can be read.
    pub fn has_no_snapshots(&self) -> bool {
        self.revisions_to_keep.is_some_and(|count| count < 0)
    }
}

impl Device {
    /// The VM that the device hangs on.
    pub fn backend(&self) -> Option<&str> {
        find(&self.attributes, "backend-domain")
    }

    /// Its port or identifier there.
    pub fn id(&self) -> Option<&str> {
        find(&self.attributes, "id")
    }

    /// The device as a record has it, which says in one way how it is assigned: a PedOS would take the word `required`,
    /// which an archive has beside the mode for older restorers, for all there is to know.
    #[must_use]
    pub fn in_one_way(&self) -> Self {
        let mut device = self.clone();
        if find(&self.attributes, "mode").is_some() {
            device.attributes.retain(|(name, _)| name != "required");
        }
        device
    }

    /// Moves the device to a backend of another name.
    pub fn set_backend(&mut self, name: &str) {
        for (key, value) in &mut self.attributes {
            if key == "backend-domain" {
                name.clone_into(value);
            }
        }
    }
}

/// A volume as the record describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VolumeConfig {
    /// Its name.
    pub name: String,
    /// The pool that it lies in.
    pub pool: String,
    /// Its name in the pool.
    pub vid: String,
    /// Its size in bytes, if the record has one.
    pub size_bytes: Option<u64>,
    /// Whether what a VM writes to it stays: only these are backed up.
    pub save_on_stop: bool,
    /// How many old states are kept; -1 when snapshots are disabled. `None` means as many as its pool says.
    pub revisions_to_keep: Option<i32>,
    /// Whether the VM may write to it.
    pub is_writable: bool,
    /// Whether it begins at each start as a copy of its source.
    pub snap_on_start: bool,
    /// The volume that it begins from, as a name in the pool.
    pub source: Option<String>,
}

/// A colour label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its colour as 0xRRGGBB.
    pub color: u32,
}

/// An entry of the record's list of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelEntry {
    /// What VMs refer to it by (`label-1`).
    pub id: String,
    /// The label.
    pub label: Label,
}

/// An entry of the record's list of storage pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolEntry {
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: String,
    /// The folder of a pool of files.
    pub dir_path: Option<String>,
    /// How many old states new volumes keep.
    pub revisions_to_keep: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(property: &str, value: &str) -> Domain {
        Domain {
            properties: vec![(property.to_owned(), value.to_owned())],
            ..Domain::default()
        }
    }

    #[test]
    fn only_a_text_that_a_pedos_reads_as_true_is_true() {
        for text in ["", "False", "false", "0", "no", "Off", "maybe"] {
            assert!(!with("provides_network", text).is_true("provides_network"), "{text}");
        }
        for text in ["True", "true", "1", "yes", "on"] {
            assert!(with("provides_network", text).is_true("provides_network"), "{text}");
        }
        assert!(!with("netvm", "True").is_true("provides_network"));
    }

    #[test]
    fn a_vm_without_a_place_is_in_the_backup_only_if_it_was_made_up() {
        let content = |features: &[(&str, &str)]| {
            let features = features
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let domain = Domain {
                features: features.collect(),
                ..Domain::default()
            };
            domain.content()
        };
        let held = content(&[
            ("backup-content", "1"),
            ("backup-path", "vm7/"),
            ("backup-made-up", "1"),
        ])
        .unwrap();
        assert!(!held.is_made_up());
        assert!(
            content(&[("backup-content", "1"), ("backup-made-up", "1")])
                .unwrap()
                .is_made_up()
        );
        assert_eq!(content(&[("backup-content", "1"), ("backup-path", "")]), None);
        assert_eq!(content(&[("backup-content", ""), ("backup-made-up", "1")]), None);
    }
}
