// SPDX-License-Identifier: GPL-3.0-or-later
//! The firewall rules of a VM in an archive: one judge for a restore and a verification.

use std::borrow::Cow;

use crate::{
    engine::{ArchiveError, Failure},
    host::VmFile,
    inventory,
    plan::RestoreRow,
};

/// The rules in the form that a host reads.
///
/// # Errors
/// When no PedOS can read them.
pub(super) fn readable_rules<'a>(row: &RestoreRow, content: &'a [u8]) -> Result<Cow<'a, [u8]>, Failure> {
    inventory::readable_firewall(content).map_err(|error| {
        let error = ArchiveError::UnreadableRules {
            member: row.content.path.member(VmFile::Firewall.file_name()),
            why: error,
        };
        Failure(error.into())
    })
}
