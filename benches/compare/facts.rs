// SPDX-License-Identifier: GPL-3.0-or-later
//! What a result says beside what was measured.

use pedos_backup::crypto::KdfCost;

use crate::{cases::Contestant, data::Set};

/// What a result says beside what was measured.
pub(crate) struct Facts {
    /// The computer.
    pub(crate) computer: Vec<(String, String)>,
    /// Who was left out, and why.
    pub(crate) absent: Vec<String>,
    /// What did not work.
    pub(crate) failures: Vec<String>,
    /// The keys of the archives of format 4.
    pub(crate) keys: Vec<Keys>,
    /// What one key of this program takes.
    pub(crate) key_seconds: f64,
    /// Who took part.
    pub(crate) contestants: Vec<Contestant>,
}

/// The keys of an archive.
pub(crate) struct Keys {
    /// What is in it.
    pub(crate) set: Set,
    /// Who made it.
    pub(crate) who: &'static str,
    /// How many there are.
    pub(crate) count: usize,
    /// The one that cost least.
    pub(crate) cheapest: KdfCost,
    /// The one that cost most.
    pub(crate) dearest: KdfCost,
}
