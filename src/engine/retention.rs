// SPDX-License-Identifier: GPL-3.0-or-later
//! What follows a backup: its archive is remembered, and older ones of its series are removed as the plan says.
//!
//! Nothing is removed unless the new archive is whole and was verified. What is removed is on the list of this system, in the
//! same series and directory, and has the identifier of the list in its header. The backup is good without all this, so
//! whatever goes wrong here is a warning.

use std::{cmp::Reverse, fs, io, path::Path};

use crate::{
    cancel::CancelToken,
    durable,
    format::BackupId,
    host::{Host, LocalDir, Services},
    plan::{BackupPlan, DatedArchive, Fate, RetentionPolicy, Series, retain},
    profile::{self, ArchiveFolder, MadeArchive},
    transport::{DestinationError, Location, RemovalError, are_there, find_archive},
    units::unix_now,
};

use super::{
    Context, Degree, EngineError, NotRemoved, Phase, RemovedArchive, Report, VerifyVerdict, Warning,
    read::backup_id_at,
    write::{NewArchive, text_beside},
};

/// The largest recovery text in bytes; a genuine one has some kilobytes, and more with thousands of folders.
const LARGEST_TEXT_BYTES: u64 = 1 << 20;

/// The line of a recovery text that says which archive it is for; it is a command, the same in every language.
const TEXT_IS_OF: &str = "backup_id=";

/// An archive of a series, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The archive; `None` for the one that is going to be made.
    pub archive: Option<MadeArchive>,
    /// What becomes of it.
    pub fate: Fate,
}

/// Returns what would become of the archives of a series if a backup that begins now were whole and verified: the new one,
/// then the others, the newest first. Changes nothing. Touches disks and waits for VMs.
///
/// # Errors
/// When the VM or the store that holds the archives cannot be asked.
pub fn foresee(
    host: &dyn Host,
    series: &Series,
    policy: RetentionPolicy,
    destination: &Location,
    cancel: &CancelToken,
) -> Result<Vec<Foreseen>, EngineError> {
    let mut older = match (host.profile_dir(), ArchiveFolder::of_destination(destination)) {
        (Some(list), Some(directory)) => {
            standing(&list, series, &directory, host, cancel).map_err(|why| unasked(why, destination))?
        }
        _ => Vec::new(),
    };
    older.sort_by_key(|archive| Reverse(archive.made));
    let new = DatedArchive::new(unix_now().cast_signed(), true);
    let dated: Vec<DatedArchive> = [new].into_iter().chain(older.iter().map(dated)).collect();
    let archives = [None].into_iter().chain(older.into_iter().map(Some));
    let fates = retain(&dated, policy);
    Ok(archives
        .zip(fates)
        .map(|(archive, fate)| Foreseen { archive, fate })
        .collect())
}

/// The archives of a series that are there now. The others may be on another disk that is mounted at the same place at times:
/// an archive that is not here does not count against the limits.
fn standing(
    list: &LocalDir,
    series: &Series,
    directory: &ArchiveFolder,
    services: &dyn Services,
    cancel: &CancelToken,
) -> Result<Vec<MadeArchive>, RemovalError> {
    let made = profile::made_in(list, series, directory);
    let places: Vec<&Location> = made.iter().map(|archive| &archive.location).collect();
    let there = are_there(&places, Some(services), cancel)?;
    let pairs = made.into_iter().zip(there);
    Ok(pairs
        .filter(|(_, is_there)| *is_there)
        .map(|(archive, _)| archive)
        .collect())
}

/// The error of a VM or a store that does not say what it holds.
fn unasked(why: RemovalError, destination: &Location) -> EngineError {
    let place = destination.to_string();
    match why {
        RemovalError::Host(error) => error.into(),
        RemovalError::Store(error) => error.reading(place).into(),
        RemovalError::NotThere
        | RemovalError::NotAFile
        | RemovalError::Changed
        | RemovalError::Kept
        | RemovalError::Impossible
        | RemovalError::Io(_) => DestinationError::Impossible { place }.into(),
    }
}

fn dated(archive: &MadeArchive) -> DatedArchive {
    DatedArchive::older(archive.made, archive.is_verified)
}

/// Remembers an archive that was made, and removes older ones if the plan says so. Returns the report of the whole backup.
pub(super) fn conclude(
    plan: &BackupPlan,
    new: NewArchive,
    host: &dyn Host,
    services: &dyn Services,
    context: &Context,
) -> Report {
    let mut report = new.report;
    // The report says that it is damaged: it does not count as a backup.
    let is_bad = matches!(report.verdict, VerifyVerdict::Bad(_));
    let archive = MadeArchive {
        id: new.id,
        series: plan.series.clone(),
        made: new.begun.cast_signed(),
        location: new.location,
        is_verified: report.verdict == VerifyVerdict::Good,
    };
    let list = host.profile_dir();
    let remembered = match &list {
        _ if is_bad || !new.is_readable_again => Ok(false),
        Some(list) => profile::remember(list, &archive),
        None => Err(io::ErrorKind::Unsupported.into()),
    };
    if plan.retention.is_empty() {
        if let Err(error) = remembered {
            log::info!("the list of the backups that were made: {error}");
        }
        return report;
    }
    report.warnings = context.warnings();
    let is_good = archive.is_verified && report.degree() == Degree::Complete;
    match (remembered, list, ArchiveFolder::of_archive(&archive.location)) {
        (Err(error), ..) => context.warn(Warning::NotRemembered { why: error.into() }),
        (Ok(true), Some(list), Some(directory)) if is_good => {
            let series = Older {
                archive: &archive,
                list: &list,
                services,
                context,
            };
            match series.remove(plan.retention, &directory) {
                Ok(removed) => report.removed = removed,
                Err(why) => context.warn(Warning::OlderNotFound { why }),
            }
        }
        _ => context.warn(Warning::OlderKept),
    }
    report
}

/// The older archives of a series, behind a new one that is good.
struct Older<'a> {
    /// The new one.
    archive: &'a MadeArchive,
    list: &'a LocalDir,
    services: &'a dyn Services,
    context: &'a Context,
}

impl Older<'_> {
    /// Removes what the policy does not keep, the oldest first, and returns what is gone.
    fn remove(&self, policy: RetentionPolicy, directory: &ArchiveFolder) -> Result<Vec<RemovedArchive>, RemovalError> {
        let (series, cancel) = (&self.archive.series, &self.context.cancel);
        let mut standing = standing(self.list, series, directory, self.services, cancel)?;
        standing.sort_by_key(|archive| archive.made);
        let is_new = |archive: &MadeArchive| archive.id == self.archive.id && archive.location == self.archive.location;
        let dated: Vec<DatedArchive> = standing
            .iter()
            .map(|archive| DatedArchive {
                is_new: is_new(archive),
                ..dated(archive)
            })
            .collect();
        let fates = retain(&dated, policy);
        let leaving = standing.into_iter().zip(fates);
        let leaving: Vec<MadeArchive> = leaving
            .filter(|(_, fate)| *fate == Fate::Removed)
            .map(|(archive, _)| archive)
            .collect();
        if !leaving.is_empty() {
            self.context.observer.phase(Phase::Removing);
        }
        let mut removed = Vec::new();
        for archive in leaving {
            match self.remove_one(&archive) {
                Ok(()) => removed.push(archive),
                Err(why) => {
                    let place = archive.location.to_string();
                    self.context.warn(Warning::ArchiveNotRemoved { place, why });
                }
            }
        }
        if let Err(error) = profile::forget(self.list, &removed) {
            // Every reader of the list skips an archive that is gone.
            log::info!("the list of the backups that were made: {error}");
        }
        Ok(removed.iter().map(told).collect())
    }

    fn remove_one(&self, archive: &MadeArchive) -> Result<(), NotRemoved> {
        let (cancel, services) = (&self.context.cancel, Some(self.services));
        cancel.check().map_err(|_| NotRemoved::Cancelled)?;
        let found = find_archive(&archive.location, services, cancel).map_err(NotRemoved::Removal)?;
        match backup_id_at(&archive.location, services, cancel) {
            Ok(Some(id)) if id == archive.id => {}
            Ok(_) => return Err(NotRemoved::Another),
            Err(error) => return Err(NotRemoved::Unreadable(error)),
        }
        found.remove().map_err(NotRemoved::Removal)?;
        let text = archive.location.file().and_then(text_beside);
        if let Some(path) = text
            && let Err(error) = remove_text_of(&archive.id, &path)
        {
            let why = error.into();
            self.context.warn(Warning::RecoveryTextNotRemoved { path, why });
        }
        Ok(())
    }
}

fn told(archive: &MadeArchive) -> RemovedArchive {
    RemovedArchive {
        place: archive.location.to_string(),
        backup_id: archive.id.to_string(),
        made: archive.made,
    }
}

/// Removes a file if it is the recovery text of that archive.
fn remove_text_of(id: &BackupId, path: &Path) -> io::Result<()> {
    if !is_text_of(path, id)? {
        return Ok(());
    }
    fs::remove_file(path)?;
    durable::sync_folder_of(path)
}

/// Whether a file is the recovery text of that archive.
fn is_text_of(path: &Path, id: &BackupId) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => {}
        Err(error) if !durable::is_absence(&error) => return Err(error),
        Ok(_) | Err(_) => return Ok(false),
    }
    let wanted = format!("{TEXT_IS_OF}{id}");
    let content = durable::read_at_most(path, LARGEST_TEXT_BYTES + 1)?;
    let is_small = content.len() as u64 <= LARGEST_TEXT_BYTES;
    Ok(is_small && std::str::from_utf8(&content).is_ok_and(|text| text.lines().any(|line| line.trim() == wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_text_is_read_up_to_its_largest_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        let id = BackupId::parse("20260301T140500-77").unwrap();
        let is_text = |bytes: u64| {
            let mut content = format!("{TEXT_IS_OF}{id}\n").into_bytes();
            content.resize(usize::try_from(bytes).unwrap(), b'\n');
            fs::write(&path, content).unwrap();
            is_text_of(&path, &id).unwrap()
        };
        assert!(is_text(LARGEST_TEXT_BYTES) && !is_text(LARGEST_TEXT_BYTES + 1));
    }
}
