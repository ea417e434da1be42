// SPDX-License-Identifier: GPL-3.0-or-later
//! What the steps of opening an archive share.

use std::sync::Arc;

use crate::{
    engine::{ArchiveError, Context, EngineError, Protection, workers::Workers},
    format::{Header, INVENTORY_FILE, PartName},
    plan::Access,
};

use super::super::{keys::KeysAhead, members::Members, part_format::Dialect};

/// Reads what stands before the data.
pub(super) struct Opener<'a> {
    pub(super) members: &'a mut Members,
    /// Where members were lost, if the archive does not begin as it was written.
    pub(super) lost: Vec<(u64, u64)>,
    pub(super) access: &'a Access,
    pub(super) context: &'a Context,
    pub(super) workers: Arc<Workers>,
}

/// What the header decides.
pub(super) struct Front {
    pub(super) header: Header,
    pub(super) protection: Protection,
    pub(super) dialect: Dialect,
    /// The inventory's key, if it could be ordered already.
    pub(super) keys: KeysAhead,
}

pub(super) fn is_wrong_passphrase(error: &EngineError) -> bool {
    matches!(error, EngineError::Archive(ArchiveError::WrongPassphrase))
}

pub(super) fn is_inventory<E>(part: Result<PartName, E>) -> bool {
    part.is_ok_and(|part| part.file() == INVENTORY_FILE && part.number() == 0)
}
