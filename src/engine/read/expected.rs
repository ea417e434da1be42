// SPDX-License-Identifier: GPL-3.0-or-later
//! What an archive must hold of a VM, as its inventory tells.

use crate::{
    inventory::{Class, Domain, volume_file},
    plan::ArchivedFile,
};

/// Returns what can be taken out of an archive of a VM, by what its inventory tells.
pub fn held_files(domain: &Domain) -> Vec<ArchivedFile> {
    if domain.class == Class::AdminVm {
        return domain.content().map(|_| ArchivedFile::Home).into_iter().collect();
    }
    let files = expected_files(domain).into_iter();
    files
        .map(|file| ArchivedFile::OfVm {
            vm: domain.name.clone(),
            file,
        })
        .collect()
}

/// The files that have to come, by their names in the VM's folder. Small files are named by archives that list
/// them; of others only the volumes are known.
pub(in super::super) fn expected_files(domain: &Domain) -> Vec<String> {
    let Some(content) = domain.content().filter(|content| !content.is_made_up()) else {
        return Vec::new();
    };
    if let Some(files) = &domain.files {
        return files.clone();
    }
    if domain.class == Class::AdminVm {
        return vec![content.path.last().to_owned()];
    }
    let saved = domain.volumes.iter().filter(|volume| volume.save_on_stop);
    saved.map(|volume| volume_file(&volume.name)).collect()
}
