// SPDX-License-Identifier: GPL-3.0-or-later
//! Verification: the same reader as a restore's, to the very end, with nothing written anywhere; and then what was seen
//! is held against what the inventory says there must be.

use std::{path::Path, time::Instant};

use crate::{
    engine::{
        ArchiveError, Context, EngineError, Failure, ItemResult, Phase, Report, VerifyVerdict, VmResult, Warning,
        memory, report::in_order,
    },
    host::{Services, System, VmFile, VolumeImport, check_vm_name},
    plan::{
        Missing, Outlet, RestoreChoices, RestorePolicy, RestoreRow, RestoreTable, VerifyPlan, confinement, resolve,
    },
};

use super::{
    archive::{Archive, Scope, has_unlisted_files, warn_of},
    confined::confined,
    file_position::FilePosition,
    home,
    home_read::HomeRead,
    index::RunIndex,
    open::open_for_run,
    rules::readable_rules,
    target::{InnerReader, Target},
};

/// Carries a verification out. The report's verdict says what was found.
///
/// # Errors
/// When the archive cannot be opened, or the job is cancelled.
pub fn run(plan: &VerifyPlan, services: Option<&dyn Services>, context: &Context) -> Result<Report, EngineError> {
    confined(confinement(&plan.access, Outlet::Nothing).as_ref(), || {
        verify(plan, services, context)
    })
}

fn verify(plan: &VerifyPlan, services: Option<&dyn Services>, context: &Context) -> Result<Report, EngineError> {
    let start = Instant::now();
    let access = &plan.access;
    context.observer.phase(Phase::Opening);
    let index = RunIndex::default();
    let opened = open_for_run(access, services, &index, context)?;
    let choices = RestoreChoices {
        selected: plan.vms.as_ref().map(|names| names.iter().cloned().collect()),
        policy: RestorePolicy {
            verify_only: true,
            ..RestorePolicy::default()
        },
        ..RestoreChoices::default()
    };
    let table = resolve(&opened.inventory, &System::default(), &choices);
    if let Some(name) = plan.vms.iter().flatten().find(|name| table.row(name).is_none()) {
        return Err(ArchiveError::Missing {
            what: Missing::Vm { vm: name.clone() },
        }
        .into());
    }
    context.observer.phase(Phase::Verifying);
    let rows: Vec<&RestoreRow> = table.selected().collect();
    warn_of_names(&rows, context);
    let archive = Archive::new(access, &opened, &index, services, context)?;
    let mut result = archive.read(&rows, Scope::Everything, &mut Nothing)?;
    result.findings.retain(|finding| !is_known(finding, plan, &table));
    let first_failure = result.vms.iter().find_map(|vm| match &vm.result {
        VmResult::Failed(failure) | VmResult::Partly(failure) => Some(failure.clone()),
        VmResult::Done | VmResult::NotReached | VmResult::Skipped(_) => None,
    });
    warn_of(&result.findings, context);
    let first_finding = result.findings.first().cloned();
    let verdict = match result
        .broken
        .map(Failure)
        .or(first_failure)
        .or(first_finding.map(|error| Failure(error.into())))
    {
        Some(failure) => VerifyVerdict::Bad(failure),
        None => VerifyVerdict::Good,
    };
    Ok(Report {
        place: access.source.location().to_string(),
        archive: access.source.location().file().map(Path::to_owned),
        archive_bytes: opened.info.archive_bytes.unwrap_or(0),
        data_bytes: result.data_bytes,
        vms: in_order(&table, result.vms),
        verdict,
        findings: result.findings,
        has_unlisted_files: has_unlisted_files(&rows),
        protection: Some(opened.info.protection.clone()),
        warnings: context.warnings(),
        elapsed: start.elapsed(),
        peak_memory_bytes: memory::peak_bytes(),
        ..Report::default()
    })
}

/// Whether a finding says only that a VM is missing of which that is known.
fn is_known(finding: &ArchiveError, plan: &VerifyPlan, table: &RestoreTable) -> bool {
    let ArchiveError::Missing {
        what: Missing::Path { path },
    } = finding
    else {
        return false;
    };
    let mut known = plan.known_missing.iter().filter_map(|name| table.row(name));
    known.any(|row| row.content.path.to_string() == *path)
}

/// Warns of VMs that can be restored only under other names, however whole they are.
fn warn_of_names(rows: &[&RestoreRow], context: &Context) {
    for row in rows.iter().filter(|row| !row.is_home()) {
        if let Err(why) = check_vm_name(&row.domain.name) {
            let vm = row.domain.name.clone();
            context.warn(Warning::NameUnusable { vm, why });
        }
    }
}

/// Where verified data goes.
struct Nothing;

impl Target for Nothing {
    fn volume(&mut self, _: &RestoreRow, _: &str, _: u64) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        Ok(None)
    }

    fn vm_file(&mut self, row: &RestoreRow, file: VmFile, content: &[u8]) -> Result<ItemResult, EngineError> {
        Ok(match file {
            VmFile::Firewall => readable_rules(row, content).map_or_else(ItemResult::Failed, |_| ItemResult::Done),
            VmFile::AppMenus | VmFile::Notes => ItemResult::Done,
        })
    }

    fn home(
        &mut self,
        row: &RestoreRow,
        archive: &mut InnerReader<'_>,
        place: &FilePosition,
        context: &Context,
    ) -> Result<HomeRead, EngineError> {
        home::read(archive, row.content.path.as_str(), None, place, context)
    }

    fn complete(&mut self, _: &RestoreRow) -> Result<(), EngineError> {
        Ok(())
    }

    fn give_up(&mut self, _: &RestoreRow) {}

    /// Everything that is wrong is to be named.
    fn stops_at_failure(&self) -> bool {
        false
    }
}
