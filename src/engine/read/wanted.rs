// SPDX-License-Identifier: GPL-3.0-or-later
//! Which files of an archive a reader wants, and what has become of their VMs so far.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    engine::names::{PLACEHOLDER, WHOLE_FOLDER},
    host::VmFile,
    inventory::volume_of_file,
    plan::RestoreRow,
};

use super::{expected::expected_files, owners::Owners};

/// One VM that is wanted, and what has been seen of it.
pub(super) struct Wanted<'a> {
    /// Its row of the plan.
    pub(super) row: &'a RestoreRow,
    /// The only file of it that is wanted; `None` for all of them.
    pub(super) only: Option<&'a str>,
    /// Set when it failed, so that the reading side passes its further members over.
    pub(super) has_failed: AtomicBool,
}

impl Wanted<'_> {
    /// Whether a file of it is to be read: what a restore has a use for. One that is a whole folder may hold that.
    pub(super) fn wants(&self, name: &str) -> bool {
        if let Some(only) = self.only {
            return only == name || name == WHOLE_FOLDER;
        }
        let is_known = [PLACEHOLDER, WHOLE_FOLDER].contains(&name)
            || volume_of_file(name).is_some()
            || VmFile::from_file_name(name).is_some();
        let is_listed = |files: &Vec<String>| files.iter().any(|file| file == name);
        is_known || self.row.is_home() || self.row.domain.files.as_ref().is_some_and(is_listed)
    }

    /// Whether a file of it is still to be read, by one who stops at a failure or does not.
    pub(super) fn is_read(&self, name: &str, stops_at_failure: bool) -> bool {
        self.wants(name) && !(stops_at_failure && self.has_failed.load(Ordering::SeqCst))
    }

    pub(super) fn expected_files(&self) -> Vec<String> {
        self.only
            .map_or_else(|| expected_files(&self.row.domain), |only| vec![only.to_owned()])
    }
}

/// Wants the VMs of these rows, or only one file of each.
pub(super) fn wanted<'a>(rows: impl Iterator<Item = &'a RestoreRow>, only: Option<&'a str>) -> Vec<Wanted<'a>> {
    rows.map(|row| Wanted {
        row,
        only: only.filter(|_| !row.is_home()),
        has_failed: AtomicBool::new(false),
    })
    .collect()
}

/// The places of the wanted VMs, by their folders.
pub(super) fn owners<'a>(wanted: &[Wanted<'a>]) -> Owners<'a> {
    Owners::of(wanted.iter().map(|wanted| &wanted.row.content.path))
}

/// The wanted VM that a file belongs to, and the file's name in its folder.
pub(super) fn find<'f>(wanted: &[Wanted<'_>], owners: &Owners<'_>, file: &'f str) -> Option<(usize, &'f str)> {
    let index = owners.owner(file)?;
    let row = wanted[index].row;
    let name = row.content.path.within(file)?;
    // A home is a file that has the folder's own name.
    let name = if name.is_empty() || row.is_home() {
        file.rsplit('/').next().unwrap_or(file)
    } else {
        name
    };
    Some((index, name))
}

/// Whether a reader will want a file's parts, as far as can be told now.
pub(super) fn will_be_read(wanted: &[Wanted<'_>], owners: &Owners<'_>, stops_at_failure: bool, file: &str) -> bool {
    find(wanted, owners, file).is_some_and(|(vm, name)| wanted[vm].is_read(name, stops_at_failure))
}
