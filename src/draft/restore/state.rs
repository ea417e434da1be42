// SPDX-License-Identifier: GPL-3.0-or-later
//! How far the readings of an archive are that begin before it is restored.

use crate::engine::{EngineError, Notes, Outline};

/// How far the quick look over a file is.
#[derive(Debug, Clone, Default)]
pub enum QuickLook {
    /// There is nothing to look over, or not yet.
    #[default]
    NotDone,
    /// It is under way.
    Looking,
    /// What it told.
    Done(Outline),
    /// The file could not be read.
    Failed(EngineError),
}

/// How far the reading of the VMs' notes is.
#[derive(Debug, Clone, Default)]
pub enum NotesRead {
    /// Nobody asked for them.
    #[default]
    NotRead,
    /// It is under way.
    Reading,
    /// What there was.
    Done(Notes),
    /// The archive could not be read.
    Failed(EngineError),
}
