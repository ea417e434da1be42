// SPDX-License-Identifier: GPL-3.0-or-later
//! What a job has to show at its end, and what is known of an archive that was opened.

use std::{path::PathBuf, time::Duration};

use crate::{
    crypto::{Digest, OldCipher},
    engine::{ArchiveError, Failure, Warning},
    format::Filter,
    inventory::Inventory,
    plan::{RestoreRemark, RestoreRow, RestoreTable, Unverified},
};

/// The result of a job that came to its end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Each VM of the plan, in its order.
    pub vms: Vec<VmReport>,
    /// Everything that was warned of.
    pub warnings: Vec<Warning>,
    /// Where the archive is (backup), or what was read (restore, verify), for display.
    pub place: String,
    /// The archive as a file, where it is one on this host.
    pub archive: Option<PathBuf>,
    /// Why an archive that was written cannot be read again from here; `None` where it can.
    pub unreadable: Option<Unverified>,
    /// The text beside it on how to open it without this program, if one was written.
    pub recovery_file: Option<PathBuf>,
    /// Whether such a text was asked for and is not there; a warning says why.
    pub lacks_recovery_text: bool,
    /// Older archives of the series that were removed after a backup, the oldest first.
    pub removed: Vec<RemovedArchive>,
    /// Its size in bytes.
    pub archive_bytes: u64,
    /// The data that was read from or written to the host, in bytes.
    pub data_bytes: u64,
    /// What the verification after a backup, or a verification by itself, found.
    pub verdict: VerifyVerdict,
    /// What is wrong with the archive that was read, beside what failed a VM.
    pub findings: Vec<ArchiveError>,
    /// Whether the archive does not list the small files of its VMs (firewall rules, notes, menu), so that nobody can
    /// tell whether one is missing.
    pub has_unlisted_files: bool,
    /// What protects the archive that was read: old formats cannot show everything.
    pub protection: Option<Protection>,
    /// The folder that dom0's home was restored to.
    pub home_folder: Option<PathBuf>,
    /// The file or folder that was got out of the archive.
    pub extracted: Option<PathBuf>,
    /// How long it took.
    pub elapsed: Duration,
    /// The most memory that the program had at a time until then, in bytes; `None` where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

impl Report {
    /// The VMs that failed.
    pub fn failed(&self) -> impl Iterator<Item = &VmReport> {
        self.vms.iter().filter(|vm| matches!(vm.result, VmResult::Failed(_)))
    }
}

/// An older archive that was removed after a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedArchive {
    /// Where it was, for display.
    pub place: String,
    /// The identifier in its header.
    pub backup_id: String,
    /// When it was begun, in seconds since 1970.
    pub made: i64,
}

/// One VM's result.
#[derive(Debug, Clone, PartialEq)]
pub struct VmReport {
    /// Its name in the archive.
    pub name: String,
    /// Its name here, after a restore.
    pub name_here: String,
    /// Its volumes and files, in the order of the archive; those that should have been there and are not come last.
    pub items: Vec<ItemReport>,
    /// How it ended.
    pub result: VmResult,
}

/// The result of one volume or file of a VM.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemReport {
    /// Its name in the VM's folder (`private.img`); for dom0's home its user.
    pub name: String,
    /// Its size in bytes, holes included, as far as it came.
    pub size_bytes: u64,
    /// How it ended.
    pub result: ItemResult,
}

impl ItemReport {
    /// A volume or file that is whole.
    pub fn done(name: String, size_bytes: u64) -> Self {
        Self {
            name,
            size_bytes,
            result: ItemResult::Done,
        }
    }
}

/// How one volume or file ended.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemResult {
    /// Whole.
    Done,
    /// Damaged, missing, or not taken by the host; the cause has the place in the archive.
    Failed(Failure),
    /// It was passed over, because its VM had failed before or nothing here has a use for it.
    Skipped,
}

/// The reports in the order of the table, with those rows that were left alone.
pub(super) fn in_order(table: &RestoreTable, reports: Vec<VmReport>) -> Vec<VmReport> {
    let left_alone = table
        .rows
        .iter()
        // Of a VM that is made up the archive holds nothing that could be left out.
        .filter(|row| !row.is_selected && !row.is_made_up())
        .map(|row| VmReport {
            name: row.domain.name.clone(),
            name_here: row.name_here.clone(),
            items: Vec::new(),
            result: VmResult::Skipped(skip_reason(row)),
        });
    let mut all: Vec<VmReport> = reports.into_iter().chain(left_alone).collect();
    all.sort_by_key(|report| table.rows.iter().position(|row| row.domain.name == report.name));
    all
}

fn skip_reason(row: &RestoreRow) -> SkipReason {
    let mut reasons = row.remarks.iter().filter_map(|remark| match remark {
        RestoreRemark::SkippedConflict => Some(SkipReason::Conflict),
        RestoreRemark::SkippedBroken { .. } => Some(SkipReason::Broken),
        _ => None,
    });
    reasons.next_back().unwrap_or(SkipReason::LeftOut)
}

/// How one VM ended.
#[derive(Debug, Clone, PartialEq)]
pub enum VmResult {
    /// Whole.
    Done,
    /// It is there with all of its data, and something of it could not be taken over and is in a safe state instead.
    Partly(Failure),
    /// Not whole; nothing of it was left in place, unless the failure says so.
    Failed(Failure),
    /// Its turn never came.
    NotReached,
    /// It was left alone, for this reason.
    Skipped(SkipReason),
}

impl VmResult {
    /// Whether the VM is there, whole or partly.
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Done | Self::Partly(_))
    }
}

/// Why a VM of the archive was left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// Its user did not want it.
    LeftOut,
    /// A VM of its name is here.
    Conflict,
    /// It had problems, and those were to be passed over.
    Broken,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum VerifyVerdict {
    /// Nobody asked for a verification.
    #[default]
    NotDone,
    /// A verification was asked for and was not done.
    Omitted(Unverified),
    /// Everything that the inventory promises was read to its last byte.
    Good,
    /// Not so.
    Bad(Failure),
}

/// What was known when a job was cancelled or failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Partial {
    /// What had been done to each VM.
    pub vms: Vec<VmReport>,
    /// Everything that was warned of.
    pub warnings: Vec<Warning>,
}

/// What an archive says of itself once its header has been authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveInfo {
    /// Format version.
    pub version: u32,
    /// Its identifier, which begins with the time of the backup; formats before 4 have none.
    pub backup_id: Option<String>,
    /// When it was made, as its identifier tells, `YYYY-MM-DD HH:MM:SS`.
    pub made: Option<String>,
    /// How it is compressed.
    pub filter: Filter,
    /// What protects it.
    pub protection: Protection,
    /// Its size in bytes, where it is a file.
    pub archive_bytes: Option<u64>,
}

/// What keeps an archive secret and whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// Format 4: every part is encrypted, and bound to its place in this one backup.
    Scrypt,
    /// Formats before 4: every part has a checksum that needs the passphrase, but nothing binds a part to its name, its
    /// place or its backup. One that was exchanged for another of the same passphrase authenticates.
    Hmac {
        /// What the codes are made with.
        digest: Digest,
        /// What it is encrypted with; none where it is not.
        cipher: Option<OldCipher>,
    },
}

/// An archive whose header and inventory were authenticated and read.
#[derive(Debug, Clone)]
pub struct OpenedArchive {
    /// What it says of itself.
    pub info: ArchiveInfo,
    /// Its inventory.
    pub inventory: Inventory,
}
