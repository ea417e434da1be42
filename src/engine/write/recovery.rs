// SPDX-License-Identifier: GPL-3.0-or-later
//! Puts the recovery text beside an archive that is whole and has its name. The archive is good without it, so whatever
//! goes wrong here is a warning.

use std::path::{Path, PathBuf};

use crate::{
    durable,
    engine::{Context, Warning},
    format::{BackupId, VERSION},
    plan::{BackupPlan, RecoveryFacts},
};

use super::contents::Contents;

/// What the name of the archive is followed by.
const ENDING: &str = ".recovery.txt";

/// Readable by its owner alone, as the archive is.
const MODE: u32 = 0o600;

/// Returns the place of the text beside an archive.
pub(in crate::engine) fn text_beside(archive: &Path) -> Option<PathBuf> {
    let mut name = archive.file_name()?.to_owned();
    name.push(ENDING);
    Some(archive.with_file_name(name))
}

/// Writes the text, if the plan wants one and the archive is a file. Returns its place if it was written.
pub(super) fn write_text(
    plan: &BackupPlan,
    archive: Option<&Path>,
    backup_id: &BackupId,
    contents: &Contents,
    context: &Context,
) -> Option<PathBuf> {
    let (compose, archive) = (plan.recovery_text?, archive?);
    let name = archive.file_name()?;
    let folders: Vec<&str> = contents.vms.iter().map(|vm| vm.path.as_str()).collect();
    let text = compose(&RecoveryFacts {
        archive: name,
        version: VERSION,
        backup_id,
        compression: plan.compression,
        folders: &folders,
    });
    let path = text_beside(archive)?;
    match durable::create(&path, text.as_bytes(), MODE) {
        Ok(()) => Some(path),
        Err(error) => {
            let why = error.into();
            context.warn(Warning::RecoveryTextNotWritten { path, why });
            None
        }
    }
}
