// SPDX-License-Identifier: GPL-3.0-or-later
//! What a VM that is being restored is to become, as one value: a host sends only what the new VM has not got already.

use super::{HostError, VmFile};
use crate::inventory::{Device, Domain, VolumeConfig};

/// The state of a VM beside its volumes and small files, without what names other VMs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The properties that are set, in the order in which they are to be set.
    pub properties: Vec<(String, String)>,
    /// The features; an empty value means "off".
    pub features: Vec<(String, String)>,
    /// The tags.
    pub tags: Vec<String>,
    /// How many old states of a volume are kept, by the volume's name, where that is not what its pool gives every volume.
    pub revisions: Vec<(String, i32)>,
}

/// What of a VM names others. It is set when all VMs are there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// Properties that name a VM, or a kernel; empty for "none".
    pub properties: Vec<(String, String)>,
    /// The devices that are assigned.
    pub devices: Vec<Device>,
}

/// Something that the host did not take. The VM goes without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    /// What it is.
    pub what: Restored,
    /// Why the host did not take it.
    pub why: HostError,
}

/// Something of a VM that a restore sets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Restored {
    /// A property, by its name.
    #[error("property {0}")]
    Property(String),
    /// A feature, by its name.
    #[error("feature {0}")]
    Feature(String),
    /// A tag.
    #[error("tag {0}")]
    Tag(String),
    /// The assignment of a device.
    #[error("device {class} {id}")]
    Device {
        /// The class of the device.
        class: String,
        /// Its identifier.
        id: String,
    },
    /// How many old states are kept of a volume, by its name.
    #[error("revisions_to_keep of volume {0}")]
    Revisions(String),
    /// A small file.
    #[error("{}", .0.file_name())]
    File(VmFile),
}

impl Restored {
    /// The assignment of that device.
    pub(super) fn device(device: &Device) -> Self {
        Self::Device {
            class: device.class.clone(),
            id: device.id().unwrap_or_default().to_owned(),
        }
    }
}

/// Takes those wanted numbers of old states out that a VM has not got already. What a VM does not keep has none.
pub(super) fn other_revisions<'a>(
    now: &'a Domain,
    wanted: &'a Wanted,
) -> impl Iterator<Item = (&'a VolumeConfig, i32)> + 'a {
    wanted.revisions.iter().filter_map(|(name, count)| {
        let volume = now.volumes.iter().find(|volume| volume.name == *name)?;
        let differs = volume.save_on_stop && volume.revisions_to_keep != Some(*count);
        differs.then_some((volume, *count))
    })
}

/// Takes note of what the host did not take.
///
/// # Errors
/// The error, if it is one that every further call would meet too.
pub(super) fn note(
    not_taken: &mut Vec<NotTaken>,
    what: impl FnOnce() -> Restored,
    result: Result<(), HostError>,
) -> Result<(), HostError> {
    match result {
        Err(error) if error.is_of_the_host() => return Err(error),
        Err(why) => not_taken.push(NotTaken { what: what(), why }),
        Ok(()) => {}
    }
    Ok(())
}

#[cfg(test)]
impl Restored {
    one_of_each! {
        Property { 0: "x\u{1b}y".into() },
        Feature { 0: "x\u{1b}y".into() },
        Tag { 0: "x\u{1b}y".into() },
        Device { class: "x\u{1b}y".into(), id: "x\u{1b}y".into() },
        Revisions { 0: "x\u{1b}y".into() },
        File { 0: VmFile::Notes },
    }
}
