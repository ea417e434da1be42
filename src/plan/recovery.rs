// SPDX-License-Identifier: GPL-3.0-or-later
//! The text that tells how to open one archive without this program: what it is made of, and the way its words get to
//! where it is written.

use std::ffi::OsStr;

use crate::format::{BackupId, Compression};

/// Puts the recovery text of an archive together, in the language of its user. A plan carries it along, since what
/// carries a plan out speaks no language.
pub type RecoveryText = fn(&RecoveryFacts<'_>) -> String;

/// What the recovery text of an archive tells of it.
///
/// The text lies in the clear beside the archive. So these are only facts that anybody can see who has the archive: its
/// name, its header, and the folders of its members. The names of VMs and their settings are in the encrypted list of
/// contents, and no recovery text may have them.
#[derive(Debug, Clone, Copy)]
pub struct RecoveryFacts<'a> {
    /// The name of the archive's file, without its folder.
    pub archive: &'a OsStr,
    /// The version of its format.
    pub version: u32,
    /// Its identifier, which begins with the time of the backup.
    pub backup_id: &'a BackupId,
    /// How it is compressed.
    pub compression: Compression,
    /// The folders in it as their members are named: `vm7/`; for dom0's home without a slash, `dom0-home/USER`.
    pub folders: &'a [&'a str],
}
