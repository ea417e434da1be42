// SPDX-License-Identifier: GPL-3.0-or-later
//! What a job has to show at its end, and what is known of an archive that was opened.

use std::{path::PathBuf, time::Duration};

use crate::{format::Compression, inventory::Inventory};

use super::{EngineError, Warning};

/// Why one machine failed: the text of its cause.
///
/// Kept beside the machine so that the report names each of them, while the job goes on with the others.
#[derive(Debug, Clone)]
pub struct Failure(pub EngineError);

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for Failure {}

/// The result of a job that came to its end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Each machine of the plan, in its order.
    pub machines: Vec<MachineReport>,
    /// Everything that was warned of.
    pub warnings: Vec<Warning>,
    /// Where the archive is (backup), or what was read (restore, verify), for display.
    pub place: String,
    /// The archive as a file, where it is one on this host.
    pub archive: Option<PathBuf>,
    /// Its size in bytes.
    pub archive_bytes: u64,
    /// The data that was read from or written to the host, in bytes.
    pub data_bytes: u64,
    /// What the verification after a backup, or a verification by itself, found.
    pub verdict: VerifyVerdict,
    /// The folder that dom0's home was restored to.
    pub home_folder: Option<PathBuf>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    /// Whether every machine of the plan was done and nothing was found wrong.
    pub fn is_success(&self) -> bool {
        self.machines
            .iter()
            .all(|machine| machine.result == MachineResult::Done)
            && !matches!(self.verdict, VerifyVerdict::Bad(_))
    }

    /// The machines that failed.
    pub fn failed(&self) -> impl Iterator<Item = &MachineReport> {
        self.machines
            .iter()
            .filter(|machine| matches!(machine.result, MachineResult::Failed(_)))
    }
}

/// One machine's result.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineReport {
    /// Its name in the archive.
    pub name: String,
    /// Its name here, after a restore.
    pub name_here: String,
    /// Its volumes and files that were moved, with their sizes in bytes.
    pub volumes: Vec<(String, u64)>,
    /// How it ended.
    pub result: MachineResult,
}

/// How one machine ended.
#[derive(Debug, Clone, PartialEq)]
pub enum MachineResult {
    /// Whole.
    Done,
    /// Not whole; nothing of it was left in place, unless the failure says so.
    Failed(Failure),
    /// Its turn never came.
    NotReached,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum VerifyVerdict {
    /// Nothing was verified.
    #[default]
    NotDone,
    /// Everything that the inventory promises was read to its last byte.
    Good,
    /// Not so.
    Bad(Failure),
}

/// What was known when a job was cancelled or failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Partial {
    /// What had been done to each machine.
    pub machines: Vec<MachineReport>,
    /// Everything that was warned of.
    pub warnings: Vec<Warning>,
}

/// What an archive says of itself once its header has been authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveInfo {
    /// Format version.
    pub version: u32,
    /// Its identifier, which begins with the time of the backup.
    pub backup_id: String,
    /// When it was made, as its identifier tells, `YYYY-MM-DD HH:MM:SS`.
    pub made: Option<String>,
    /// How it is compressed.
    pub compression: Compression,
    /// Its size in bytes, where it is a file.
    pub archive_bytes: Option<u64>,
}

/// An archive whose header and inventory were authenticated and read.
#[derive(Debug, Clone)]
pub struct OpenedArchive {
    /// What it says of itself.
    pub info: ArchiveInfo,
    /// Its inventory.
    pub inventory: Inventory,
}
