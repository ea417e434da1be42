// SPDX-License-Identifier: GPL-3.0-or-later
//! The table of a restore, kept with what it was made of.

use std::sync::Arc;

use crate::{
    engine::OpenedArchive,
    host::System,
    plan::{RestoreChoices, RestoreTable},
};

/// A table with what it was made of. With hundreds of VMs it takes milliseconds, and it is asked for several times for each
/// key that is pressed.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) archive: Arc<OpenedArchive>,
    pub(super) system: Arc<System>,
    pub(super) choices: RestoreChoices,
    pub(super) table: Arc<RestoreTable>,
}
