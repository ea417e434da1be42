// SPDX-License-Identifier: GPL-3.0-or-later
//! Jobs run inside the test, with keys that cost next to nothing: for what cannot be brought about from outside.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use pedos_backup::{
    engine::{self, Context, EngineError, Report, Resources},
    format::{Compression, Level},
    host::{Host, Services, System, root::RootHost},
    job::{Event, Job, JobHandle, Outcome},
    plan::{
        Access, BackupPlan, InventoryScope, OnConflict, RestoreChoices, RestorePlan, RestorePolicy, RetentionPolicy,
        Series, resolve,
    },
    secret::Passphrase,
    transport::{Location, Source},
};

use super::reseal::CHEAP;

/// The passphrase of all archives made here: one that nobody is warned of.
pub(crate) const PASSPHRASE: &str = "quartz lemur ratify oblong canopy";

/// A root folder as a host.
#[track_caller]
pub(crate) fn host(root: &Path) -> Arc<dyn Host> {
    Arc::new(RootHost::open(root).unwrap())
}

/// A plan to back VMs up, cheaply, without a verification after it.
pub(crate) fn backup_plan(vms: &[&str], destination: Location) -> BackupPlan {
    BackupPlan {
        vms: vms.iter().map(|name| (*name).to_owned()).collect(),
        destination,
        device: None,
        compression: Compression::Gzip,
        level: Level::default(),
        scope: InventoryScope::WholeHost,
        kdf: CHEAP,
        verify: false,
        recovery_text: None,
        passphrase: passphrase(PASSPHRASE),
        series: Series::default(),
        retention: RetentionPolicy::default(),
    }
}

/// A passphrase to be shared.
pub(crate) fn passphrase(text: &str) -> Arc<Passphrase> {
    Arc::new(Passphrase::for_reading(text.to_owned()))
}

/// Backs VMs up into a file and gives the report.
pub(crate) fn back_up(host: &dyn Host, vms: &[&str], file: &Path) -> Result<Report, EngineError> {
    engine::backup::run(
        &backup_plan(vms, Location::File(file.to_owned())),
        host,
        &Context::default(),
    )
}

/// An archive of VMs of a root, made anew in a folder.
#[track_caller]
pub(crate) fn archive(root: &Path, vms: &[&str], folder: &Path) -> PathBuf {
    let file = folder.join("archive");
    let report = back_up(host(root).as_ref(), vms, &file).unwrap();
    assert!(report.is_success(), "{report:?}");
    file
}

/// An archive of these tests and what opens it.
pub(crate) fn access(archive: &Path) -> Access {
    Access::new(Location::File(archive.to_owned()).into(), passphrase(PASSPHRASE))
}

/// Opens an archive and makes the plan to restore all of it; VMs whose names are taken get free ones.
pub(crate) fn renaming_plan(source: Source, host: &dyn Host) -> Result<RestorePlan, EngineError> {
    let policy = RestorePolicy {
        on_conflict: OnConflict::Rename,
        ignore_user_mismatch: true,
        ..RestorePolicy::default()
    };
    plan(Access::new(source, passphrase(PASSPHRASE)), Some(host), policy)
}

/// Opens an archive and makes the plan to restore or verify all of it; what is missing is kept.
pub(crate) fn restore_plan(source: Source, host: &dyn Host, verify_only: bool) -> Result<RestorePlan, EngineError> {
    let policy = RestorePolicy {
        accept_missing: true,
        ignore_user_mismatch: true,
        verify_only,
        ..RestorePolicy::default()
    };
    plan(Access::new(source, passphrase(PASSPHRASE)), Some(host), policy)
}

fn plan(access: Access, host: Option<&dyn Host>, policy: RestorePolicy) -> Result<RestorePlan, EngineError> {
    let opened = engine::open_archive(&access, host.map(|host| host as &dyn Services), &Context::default())?;
    let choices = RestoreChoices {
        policy,
        ..RestoreChoices::default()
    };
    let system = host.map_or_else(|| Ok(System::default()), |host| host.system())?;
    let table = resolve(&opened.inventory, &system, &choices);
    Ok(RestorePlan { access, table })
}

/// Makes the plan to verify all of any archive where there is no PedOS.
pub(crate) fn verify_plan(access: Access) -> Result<RestorePlan, EngineError> {
    let policy = RestorePolicy {
        verify_only: true,
        ..RestorePolicy::default()
    };
    plan(access, None, policy)
}

/// Verifies all of any archive where there is no PedOS.
pub(crate) fn verify_with(access: Access) -> Result<Report, EngineError> {
    engine::verify::run(&verify_plan(access)?.into(), None, &Context::default())
}

/// Verifies an archive to its end.
pub(crate) fn verify(archive: &Path, host: &dyn Host) -> Result<Report, EngineError> {
    let plan = restore_plan(Location::File(archive.to_owned()).into(), host, true)?;
    engine::verify::run(&plan.into(), Some(host), &Context::default())
}

/// Restores all of an archive.
pub(crate) fn restore(archive: &Path, host: &dyn Host) -> Result<Report, EngineError> {
    let plan = restore_plan(Location::File(archive.to_owned()).into(), host, false)?;
    engine::restore::run(&plan, host, &Context::default())
}

/// Runs a job to its last word and holds that it is said exactly once and last.
#[track_caller]
pub(crate) fn last_word(handle: &JobHandle) -> Outcome {
    let mut outcome = None;
    while let Some(event) = handle.recv_blocking() {
        assert!(outcome.is_none(), "something is said after the last word: {event:?}");
        if let Event::Finished(last) = event {
            outcome = Some(last);
        }
    }
    outcome.expect("a job says a last word")
}

/// Starts a job.
pub(crate) fn spawn(job: Job) -> JobHandle {
    pedos_backup::job::spawn(job, Resources::default())
}
