// SPDX-License-Identifier: GPL-3.0-or-later
//! Restore: VMs are created, given their settings, filled, and only then released; a VM that does not become
//! whole is taken away again, and the others go on.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};

use crate::{
    engine::{
        ArchiveError, Context, EngineError, Failure, ItemResult, ItemState, Phase, PlanFault, Report, SettingFault,
        VmReport, VmResult, Warning, memory, report::in_order,
    },
    host::{Host, HostError, IN_PROGRESS_TAG, Intake, Restored, VmFile, VolumeImport},
    inventory::{self, Inventory},
    plan::{Missing, Outlet, RestorePlan, RestoreRow, RestoreTable, confinement},
    units::LocalTime,
};

use super::{
    archive::{Archive, Scope, has_unlisted_files, warn_of},
    confined::confined,
    file_position::FilePosition,
    home::{self, HomeFolder},
    home_read::HomeRead,
    index::RunIndex,
    leftovers::{HOME_FOLDER, remove_vms, wait_for_turn},
    open::open_for_run,
    outline::Outline,
    rules::readable_rules,
    settings::{Settings, wanted, warn_of_not_taken},
    target::{InnerReader, Target},
};

/// Carries a restore out. The report says of each VM whether it is whole.
///
/// # Errors
/// When nothing could be begun, or the job was cancelled; VMs that were not whole by then are gone.
pub fn run(plan: &RestorePlan, host: &dyn Host, context: &Context) -> Result<Report, EngineError> {
    confined(confinement(&plan.access, Outlet::Host(host)).as_ref(), || {
        restore(plan, host, context)
    })
}

fn restore(plan: &RestorePlan, host: &dyn Host, context: &Context) -> Result<Report, EngineError> {
    let start = Instant::now();
    // What has begun is put in order on the host itself, which does not hear of the cancel.
    let work = &*host.with_cancel(&context.cancel);
    let _turn = wait_for_turn(
        work,
        || Ok(context.cancel.check()?),
        |_| context.observer.phase(Phase::AwaitingTurn),
    )?;
    context.observer.phase(Phase::Opening);
    let index = RunIndex::default();
    // Where the host needs more than files, the opening is confined by itself.
    let opened = confined(confinement(&plan.access, Outlet::Nothing).as_ref(), || {
        open_for_run(&plan.access, Some(work), &index, context)
    })?;
    let rows: Vec<&RestoreRow> = plan.table.selected().collect();
    for row in &rows {
        if opened.inventory.domain(&row.domain.name).as_ref() != Some(&row.domain) {
            return Err(EngineError::Plan {
                why: PlanFault::BackupChanged,
            });
        }
    }
    // What is known to be missing costs nothing: no VM is created for it.
    let archive = Archive::new(&plan.access, &opened, &index, Some(work), context)?;
    let missing = archive
        .index
        .as_ref()
        .map(|index| Outline::of(index).missing(&opened.inventory))
        .unwrap_or_default();
    let (incomplete, complete): (Vec<&RestoreRow>, Vec<&RestoreRow>) =
        rows.iter().partition(|row| missing.contains_key(&row.domain.name));
    // The reader does not know of these VMs; they have a word of their own.
    let named: Vec<ArchiveError> = incomplete
        .iter()
        .map(|row| ArchiveError::Missing {
            what: Missing::Path {
                path: row.content.path.to_string(),
            },
        })
        .collect();
    let mut reports: Vec<VmReport> = incomplete
        .into_iter()
        .map(|row| {
            let what = missing[&row.domain.name].clone();
            failure(row, ArchiveError::Missing { what }.into(), context)
        })
        .collect();
    work.prepare()?;
    let mut target = Restoring::new(work, host, context);
    context.observer.phase(Phase::CreatingVms);
    let (created, failed) = target.create_all(&complete, &opened.inventory)?;
    reports.extend(failed);
    context.observer.phase(Phase::Restoring);
    let mut result = archive.read(&created, Scope::Everything, &mut target)?;
    reports.extend(result.vms);
    result.findings.retain(|finding| !named.contains(finding));
    warn_of(&result.findings, context);
    if let Some(error) = result.broken {
        context.warn(Warning::RestUnreadable { why: error });
    }
    warn_of_lost_templates(&plan.table, &reports, context);
    let home_folder = target.home.take();
    drop(target);
    // Nothing is called restored before all of it is on the disk.
    host.commit()?;
    Ok(Report {
        place: plan.access.source.location().to_string(),
        archive: plan.access.source.location().file().map(Path::to_owned),
        archive_bytes: opened.info.archive_bytes.unwrap_or(0),
        data_bytes: result.data_bytes,
        home_folder,
        findings: result.findings,
        has_unlisted_files: has_unlisted_files(&created),
        protection: Some(opened.info.protection.clone()),
        vms: in_order(&plan.table, reports),
        warnings: context.warnings(),
        elapsed: start.elapsed(),
        peak_memory_bytes: memory::peak_bytes(),
        ..Report::default()
    })
}

/// Names the VMs that are there with all of their data and cannot start, because their template was to be restored as well
/// and failed.
fn warn_of_lost_templates(table: &RestoreTable, reports: &[VmReport], context: &Context) {
    let is_lost = |report: &&VmReport| !report.result.is_there();
    let lost: BTreeSet<&String> = reports.iter().filter(is_lost).map(|report| &report.name_here).collect();
    for report in reports.iter().filter(|report| report.result.is_there()) {
        let row = table.selected().find(|row| row.domain.name == report.name);
        let template = row.and_then(|row| row.template.as_ref());
        if let Some(template) = template.filter(|template| lost.contains(template)) {
            context.warn(Warning::TemplateNotRestored {
                vm: report.name_here.clone(),
                template: template.clone(),
            });
        }
    }
}

fn failure(row: &RestoreRow, error: EngineError, context: &Context) -> VmReport {
    let failure = Failure(error);
    context
        .observer
        .item(&row.domain.name, ItemState::Failed(failure.clone()));
    VmReport {
        name: row.domain.name.clone(),
        name_here: row.name_here.clone(),
        items: Vec::new(),
        result: VmResult::Failed(failure),
    }
}

/// Puts what comes out of an archive into a host. VMs that are not whole when it is dropped are taken away.
struct Restoring<'a> {
    host: &'a dyn Host,
    /// The host for what has to be done after a cancel too.
    way_back: &'a dyn Intake,
    context: &'a Context,
    /// The VMs that were created and are not whole yet, by their names here.
    unfinished: Vec<String>,
    /// dom0's home while it is not known to be whole.
    pending_home: Option<HomeFolder>,
    home: Option<PathBuf>,
}

impl<'a> Restoring<'a> {
    fn new(host: &'a dyn Host, way_back: &'a dyn Intake, context: &'a Context) -> Self {
        Self {
            host,
            way_back,
            context,
            unfinished: Vec::new(),
            pending_home: None,
            home: None,
        }
    }

    /// Creates all VMs with their settings. Returns the rows whose data can come, and those that failed.
    fn create_all<'r>(
        &mut self,
        rows: &[&'r RestoreRow],
        inventory: &Inventory,
    ) -> Result<(Vec<&'r RestoreRow>, Vec<VmReport>), EngineError> {
        let settings = Settings::new(rows, inventory, self.host, self.context);
        settings.add_labels(inventory)?;
        let mut vms: Vec<&RestoreRow> = rows.iter().copied().filter(|row| !row.is_home()).collect();
        // What others are based on comes first.
        vms.sort_by_key(|row| super::settings::creation_order(row));
        let mut created = Vec::new();
        let mut failed = Vec::new();
        for row in vms {
            self.context.cancel.check()?;
            match settings.create(row) {
                Ok(()) => {
                    self.unfinished.push(row.name_here.clone());
                    match settings.set_all(row) {
                        Ok(()) => created.push(row),
                        Err(EngineError::Host(error)) if !error.is_of_the_host() => {
                            self.give_up(row);
                            failed.push(failure(row, error.into(), self.context));
                        }
                        Err(error) => return Err(error),
                    }
                }
                Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                Err(EngineError::Host(error)) if error.is_of_the_host() => return Err(error.into()),
                Err(error) => failed.push(failure(row, error, self.context)),
            }
        }
        // References to other VMs are set when all are there.
        let mut linked = Vec::new();
        for row in created {
            match settings.link(row) {
                Ok(()) => linked.push(row),
                Err(EngineError::Host(error)) if !error.is_of_the_host() => {
                    self.give_up(row);
                    failed.push(failure(row, error.into(), self.context));
                }
                Err(error) => return Err(error),
            }
        }
        let mut created = linked;
        created.extend(rows.iter().copied().filter(|row| row.is_home()));
        Ok((created, failed))
    }

    /// Takes VMs away that did not become whole. Where that fails, they keep the tag that tells. Returns those that a cancel
    /// left there.
    fn take_away(&self, host: &dyn Intake, names: &[String]) -> Vec<String> {
        let mut left = Vec::new();
        for (vm, why) in remove_vms(host, names) {
            match why {
                // Somebody was faster.
                HostError::NoSuchVm { .. } => {}
                HostError::Cancelled(_) => left.push(vm),
                why => {
                    let tag = IN_PROGRESS_TAG;
                    self.context.warn(Warning::NotTakenAway { vm, tag, why });
                }
            }
        }
        left
    }
}

impl Drop for Restoring<'_> {
    fn drop(&mut self) {
        let mut left = std::mem::take(&mut self.unfinished);
        if left.is_empty() {
            return;
        }
        if !self.context.cancel.is_cancelled() {
            left = self.take_away(self.host, &left);
        }
        if !left.is_empty() && !self.way_back.leave_unfinished() {
            self.take_away(self.way_back, &left);
        }
        if let Err(error) = self.way_back.commit() {
            log::error!("VMs that were taken away may still be on record: {error}");
        }
    }
}

impl Target for Restoring<'_> {
    fn volume(
        &mut self,
        row: &RestoreRow,
        volume: &str,
        size_bytes: u64,
    ) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        Ok(Some(self.host.import_volume(&row.name_here, volume, size_bytes)?))
    }

    fn vm_file(&mut self, row: &RestoreRow, file: VmFile, content: &[u8]) -> Result<ItemResult, EngineError> {
        let warn = |what, error| {
            let (vm, why) = (row.name_here.clone(), SettingFault::Host(error));
            self.context.warn(Warning::SettingNotRestored { vm, what, why });
        };
        let mut result = ItemResult::Done;
        let content = match file {
            // Without rules a VM stands open, so that one whose own cannot be read gets such that drop everything.
            VmFile::Firewall => readable_rules(row, content).unwrap_or_else(|failure| {
                result = ItemResult::Failed(failure);
                Cow::Borrowed(inventory::DROP_EVERYTHING)
            }),
            VmFile::AppMenus | VmFile::Notes => Cow::Borrowed(content),
        };
        let put = |content: &[u8]| self.host.set_vm_file(&row.name_here, file, content);
        match put(&content) {
            Ok(()) => {}
            // A VM without its firewall rules because the disk is full is not whole.
            Err(error @ HostError::Io { .. }) => return Err(error.into()),
            Err(error) if file == VmFile::Firewall => {
                put(inventory::DROP_EVERYTHING)?;
                result = ItemResult::Failed(Failure(error.into()));
            }
            Err(error) => warn(Restored::File(file), error),
        }
        Ok(result)
    }

    fn home(
        &mut self,
        row: &RestoreRow,
        archive: &mut InnerReader<'_>,
        place: &FilePosition,
        context: &Context,
    ) -> Result<HomeRead, EngineError> {
        let Some(home) = self.host.home()? else {
            return Err(EngineError::Plan { why: PlanFault::NoHome });
        };
        let name = format!("{HOME_FOLDER}{}", LocalTime::at(SystemTime::now()).folder_time());
        let folder = HomeFolder::create_next(&home.folder, name)?;
        let folder = self.pending_home.insert(folder);
        home::read(archive, row.content.path.as_str(), Some(folder), place, context)
    }

    fn complete(&mut self, row: &RestoreRow) -> Result<(), EngineError> {
        if !row.is_home() {
            let late = self.host.complete(&row.name_here, &wanted(row))?;
            warn_of_not_taken(self.context, row, late);
            self.unfinished.retain(|name| *name != row.name_here);
            return Ok(());
        }
        if let Some(folder) = self.pending_home.take() {
            self.home = Some(folder.finish(self.context)?);
        }
        Ok(())
    }

    fn give_up(&mut self, row: &RestoreRow) {
        if row.is_home() {
            // Dropped without its name, the folder goes.
            self.pending_home = None;
        } else {
            self.unfinished.retain(|name| *name != row.name_here);
            let left = self.take_away(self.host, std::slice::from_ref(&row.name_here));
            self.unfinished.extend(left);
        }
    }
}
