// SPDX-License-Identifier: GPL-3.0-or-later
//! Restore: machines are created, given their settings, filled, and only then released; a machine that does not become
//! whole is taken away again, and the others go on.

use std::{
    path::PathBuf,
    sync::Mutex,
    time::{Instant, SystemTime},
};

use crate::{
    host::{DOM0, Host, MachineFile, VolumeImport},
    inventory::Inventory,
    plan::{RestorePlan, RestoreRow, Source},
    units::LocalTime,
};

use super::{
    Context, EngineError, Failure, MachineReport, MachineResult, Phase, Report, Warning,
    data::read_data,
    home::{self, HomeFolder},
    open::{open_archive, place},
    settings::{IN_PROGRESS_TAG, Settings},
    unpack::{InnerReader, Place, Target},
};

/// Carries a restore out. The report says of each machine whether it is whole.
///
/// # Errors
/// When nothing could be begun, or the job was cancelled; machines that were not whole by then are gone.
pub fn run(plan: &RestorePlan, host: &dyn Host, context: &Context) -> Result<Report, EngineError> {
    let start = Instant::now();
    context.observer.phase(Phase::Opening);
    let opened = open_archive(&plan.source, &plan.passphrase, host, context)?;
    let rows: Vec<&RestoreRow> = plan.table.selected().collect();
    for row in &rows {
        if opened.inventory.domain(&row.domain.name).as_ref() != Some(&row.domain) {
            return Err(EngineError::Plan {
                what: "the backup has changed since it was opened".to_owned(),
            });
        }
    }
    let warnings = Warnings {
        context,
        list: Mutex::new(Vec::new()),
    };
    let mut target = Restoring {
        host,
        warnings: &warnings,
        pending_home: None,
        home: None,
        data_bytes: 0,
    };
    context.observer.phase(Phase::CreatingMachines);
    let (created, mut failed) = create_all(&rows, &opened.inventory, host, &warnings, context)?;
    context.observer.phase(Phase::Restoring);
    let result = read_data(
        &plan.source,
        &opened.info,
        &plan.passphrase,
        &created,
        &mut target,
        host,
        context,
    )?;
    host.commit()?;
    failed.extend(result.machines);
    Ok(Report {
        place: place(&plan.source),
        archive: if let Source::File(path) = &plan.source {
            Some(path.clone())
        } else {
            None
        },
        archive_bytes: opened.info.archive_bytes.unwrap_or(0),
        data_bytes: target.data_bytes,
        home_folder: target.home,
        machines: in_order(&rows, failed),
        warnings: warnings.into_list(),
        elapsed: start.elapsed(),
        ..Report::default()
    })
}

fn in_order(rows: &[&RestoreRow], mut reports: Vec<MachineReport>) -> Vec<MachineReport> {
    let place = |report: &MachineReport| rows.iter().position(|row| row.domain.name == report.name);
    reports.sort_by_key(place);
    reports
}

/// Collects warnings and tells them at once.
pub(super) struct Warnings<'a> {
    context: &'a Context,
    list: Mutex<Vec<Warning>>,
}

impl Warnings<'_> {
    pub(super) fn add(&self, warning: Warning) {
        self.context.observer.warning(warning.clone());
        self.list
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(warning);
    }

    fn into_list(self) -> Vec<Warning> {
        self.list
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Creates all machines with their settings. Those that could not be created come back as failed.
fn create_all<'a>(
    rows: &[&'a RestoreRow],
    inventory: &Inventory,
    host: &dyn Host,
    warnings: &Warnings<'_>,
    context: &Context,
) -> Result<(Vec<&'a RestoreRow>, Vec<MachineReport>), EngineError> {
    let settings = Settings::new(rows, host, warnings);
    settings.add_labels(inventory)?;
    let mut machines: Vec<&RestoreRow> = rows.iter().copied().filter(|row| !row.is_home()).collect();
    // What others are based on comes first.
    machines.sort_by_key(|row| super::settings::creation_order(row));
    let mut created = Vec::new();
    let mut failed = Vec::new();
    for row in machines {
        let result = context.cancel.check().and_then(|()| settings.create(row));
        match result {
            Ok(()) => created.push(row),
            Err(EngineError::Cancelled) => {
                created.iter().for_each(|row| take_away(row, host, warnings));
                return Err(EngineError::Cancelled);
            }
            Err(error) => failed.push(failure(row, error, context)),
        }
    }
    // References to other machines are set when all are there.
    created.iter().for_each(|row| settings.link(row));
    // The data is read in the order of the archive, so the order here does not matter any more.
    created.extend(rows.iter().copied().filter(|row| row.is_home()));
    Ok((created, failed))
}

fn failure(row: &RestoreRow, error: EngineError, context: &Context) -> MachineReport {
    let failure = Failure(error);
    context
        .observer
        .item(&row.domain.name, super::ItemState::Failed(failure.clone()));
    MachineReport {
        name: row.domain.name.clone(),
        name_here: row.name_here.clone(),
        volumes: Vec::new(),
        result: MachineResult::Failed(failure),
    }
}

/// Takes a machine away that did not become whole. Where that fails, it keeps the tag that tells.
fn take_away(row: &RestoreRow, host: &dyn Host, warnings: &Warnings<'_>) {
    if let Err(error) = host.remove_machine(&row.name_here) {
        let why = error.to_string();
        warnings.add(Warning::NotTakenAway {
            machine: row.name_here.clone(),
            tag: IN_PROGRESS_TAG,
            why,
        });
    }
}

/// Puts what comes out of an archive into a host.
struct Restoring<'a> {
    host: &'a dyn Host,
    warnings: &'a Warnings<'a>,
    /// dom0's home while it is not known to be whole.
    pending_home: Option<HomeFolder>,
    home: Option<PathBuf>,
    data_bytes: u64,
}

impl Target for Restoring<'_> {
    fn volume(
        &mut self,
        row: &RestoreRow,
        volume: &str,
        size_bytes: u64,
    ) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        self.data_bytes += size_bytes;
        Ok(Some(self.host.import_volume(&row.name_here, volume, size_bytes)?))
    }

    fn machine_file(&mut self, row: &RestoreRow, file: MachineFile, content: &[u8]) -> Result<(), EngineError> {
        let warn = |setting: &str, why: String| {
            let machine = row.name_here.clone();
            self.warnings.add(Warning::SettingNotRestored {
                machine,
                setting: setting.to_owned(),
                why,
            });
        };
        if let Err(error) = self.host.set_machine_file(&row.name_here, file, content) {
            warn(file.file_name(), error.to_string());
        }
        // The menu reads its entries from this feature; the file is where older versions kept them.
        if let (MachineFile::AppMenus, Ok(list)) = (file, std::str::from_utf8(content)) {
            let entries: Vec<&str> = list.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            if let Err(error) = self.host.set_feature(&row.name_here, "menu-items", &entries.join(" ")) {
                warn("feature menu-items", error.to_string());
            }
        }
        Ok(())
    }

    fn home(
        &mut self,
        row: &RestoreRow,
        archive: &mut InnerReader<'_>,
        place: &Place,
        context: &Context,
    ) -> Result<u64, EngineError> {
        let Some(home) = self.host.home()? else {
            return Err(EngineError::Plan {
                what: format!("{DOM0} has no home directory here"),
            });
        };
        let folder = HomeFolder::create(
            &home.path,
            &format!("home-restore-{}", LocalTime::at(SystemTime::now()).folder_time()),
        )?;
        let folder = self.pending_home.insert(folder);
        let bytes = home::read(archive, &row.content.path, Some(folder), place, context)?;
        self.data_bytes += bytes;
        Ok(bytes)
    }

    fn complete(&mut self, row: &RestoreRow) -> Result<(), EngineError> {
        if !row.is_home() {
            return Ok(self.host.remove_tag(&row.name_here, IN_PROGRESS_TAG)?);
        }
        if let Some(folder) = self.pending_home.take() {
            let (path, warnings) = folder.finish()?;
            warnings.into_iter().for_each(|warning| self.warnings.add(warning));
            self.home = Some(path);
        }
        Ok(())
    }

    fn give_up(&mut self, row: &RestoreRow) {
        if row.is_home() {
            // Dropped without its name, the folder goes.
            self.pending_home = None;
        } else {
            take_away(row, self.host, self.warnings);
        }
    }
}
