// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper half of a backup: what goes into an archive and in which order.
//!
//! Volumes are read once, only where they hold data. The sparse map of the inner tar must stand before the data, so it
//! is taken from the file system's own knowledge of holes; zeros that are allocated travel as data, where compression
//! makes next to nothing of them, and become holes when they are restored.

use std::{
    cell::RefCell,
    path::Path,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::sync_channel,
    },
    thread,
    time::{Duration, SystemTime},
};

use crate::{
    engine::{
        Context, EngineError, Failure, ItemResult, Phase, Report, VmReport, VmResult, Warning, meter::Meter,
        panics::of_panic, workers::Workers,
    },
    format::{BackupId, Compression, INVENTORY_FILE},
    host::{Services, System, Vms},
    plan::{BackupPlan, Finding, Room, Unverified, check_backup, hindrances},
    transport::{ArchiveWriter, Location, check_device, open_writer},
    units::unix_now,
};

use super::{
    blocks::BLOCKS_PER_WORKER,
    buffers::Buffers,
    contents::{Contents, member_name},
    descriptors,
    keys::{KeyMaker, SureKeys},
    parts::{LEAST_PACKED_SHARE, Packer},
    reading::Reading,
    recovery,
    writing::{Written, start_writer},
};

/// An archive that is written and has its name.
pub(in crate::engine) struct NewArchive {
    /// What came of each VM, and where the archive is for display.
    pub(in crate::engine) report: Report,
    /// Where it is.
    pub(in crate::engine) location: Location,
    /// Whether it can be read again from there.
    pub(in crate::engine) is_readable_again: bool,
    /// The identifier in its header.
    pub(in crate::engine) id: BackupId,
    /// When it was begun, in seconds since 1970.
    pub(in crate::engine) begun: u64,
}

/// Writes an archive and gives it its name.
///
/// # Errors
/// The first cause that ended it. Nothing is left under a final name then.
pub(in crate::engine) fn run(
    plan: &BackupPlan,
    host: &dyn Vms,
    services: &dyn Services,
    context: &Context,
) -> Result<NewArchive, EngineError> {
    context.observer.phase(Phase::Preparing);
    let system = host.system_of(&plan.vms)?;
    let unready = check(plan, &system)?;
    host.prepare()?;
    descriptors::allow_all();
    // What changes from here on may not be in the archive, however long it takes to write.
    let as_of = unix_now().cast_signed();
    let contents = Contents::gather(plan, &system, &unready, host, context)?;
    check_device(&plan.destination, plan.device)?;
    let writer = open_writer(&plan.destination, services, &context.cancel, &context.notices())?;
    let is_readable_again = writer.capabilities().is_readable_again;
    let meter = Meter::new(context, Some(contents.total_bytes()));
    let begun = begin();
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(begun);
    let backup_id = BackupId::new(moment, std::process::id());
    let (written, vms) = write(plan, context, &contents, &backup_id, &meter, writer)?;
    context.observer.phase(Phase::Finishing);
    context.cancel.check()?;
    let location = written.writer.commit()?;
    let archive = location.file().map(Path::to_owned);
    let done: Vec<String> = vms.iter().filter(|vm| is_done(vm)).map(name).collect();
    if let Err(error) = host.record_backup(&done, as_of) {
        context.warn(Warning::NotRecorded { why: error });
    }
    let recovery_file = recovery::write_text(plan, archive.as_deref(), &backup_id, &contents, context);
    let report = Report {
        data_bytes: vms.iter().map(read_bytes).sum(),
        vms: in_plan_order(plan, vms, &contents),
        // The name may be another one than at the beginning.
        place: location.to_string(),
        unreadable: (!is_readable_again).then(|| Unverified::of(&plan.destination)),
        archive,
        lacks_recovery_text: plan.recovery_text.is_some() && recovery_file.is_none(),
        recovery_file,
        archive_bytes: written.bytes,
        ..Report::default()
    };
    Ok(NewArchive {
        report,
        location,
        is_readable_again,
        id: backup_id,
        begun,
    })
}

fn is_done(vm: &VmReport) -> bool {
    vm.result == VmResult::Done
}

fn name(vm: &VmReport) -> String {
    vm.name.clone()
}

/// The bytes of a VM that came whole into the archive.
fn read_bytes(vm: &VmReport) -> u64 {
    let done = vm.items.iter().filter(|item| item.result == ItemResult::Done);
    done.map(|item| item.size_bytes).sum()
}

/// The reports in the order of the archive, behind those VMs of which nothing is in it.
fn in_plan_order(plan: &BackupPlan, vms: Vec<VmReport>, contents: &Contents) -> Vec<VmReport> {
    let left_out = contents.left_out.iter().map(|(name, error)| VmReport {
        name: name.clone(),
        name_here: name.clone(),
        items: Vec::new(),
        result: VmResult::Failed(Failure(error.clone())),
    });
    let mut all: Vec<VmReport> = left_out.chain(vms).collect();
    all.sort_by_key(|report| plan.vms.iter().position(|name| *name == report.name));
    all
}

/// Holds the plan against the host as it is now; what a wizard showed may be minutes old. Returns what concerns one
/// VM alone.
fn check(plan: &BackupPlan, system: &System) -> Result<Vec<Finding>, EngineError> {
    let findings = check_backup(system, &plan.vms, Some(&plan.destination), Room::default());
    if let Some(finding) = hindrances(&findings, &plan.vms).first() {
        return Err(EngineError::NotReady((*finding).clone()));
    }
    Ok(findings
        .into_iter()
        .filter(|finding| finding.unready_vm().is_some())
        .collect())
}

/// The second at which a backup begins, counted from 1970: two of one process never have the same, since the identifier
/// that is made of it binds each part to its backup.
fn begin() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = unix_now();
    let next = |last: u64| now.max(last + 1);
    let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last)));
    next(last.unwrap_or_else(|last| last))
}

/// Writes the whole archive, all but its name.
fn write<'h>(
    plan: &BackupPlan,
    context: &Context,
    contents: &Contents,
    backup_id: &BackupId,
    meter: &Meter<'_>,
    writer: Box<dyn ArchiveWriter + 'h>,
) -> Result<(Written<'h>, Vec<VmReport>), EngineError> {
    context.observer.phase(Phase::BackingUp);
    let workers = Workers::for_writing(context.resources);
    let keys = KeyMaker {
        workers: &workers,
        backup_id: backup_id.to_string(),
        passphrase: plan.passphrase.clone(),
        cost: plan.kdf.of_new_keys(),
    };
    thread::scope(|scope| {
        let buffers = Buffers::default();
        let writing = start_writer(scope, writer, plan.compression, buffers.clone(), &context.cancel);
        let (flow, flowing) = sync_channel(workers.jobs() * BLOCKS_PER_WORKER);
        let packer = Packer {
            keys: &keys,
            blocks: writing.blocks,
            buffers: buffers.clone(),
            cancel: context.cancel.clone(),
        };
        let packing = scope.spawn(move || packer.run(&flowing));
        let job = Reading {
            plan,
            contents,
            context,
            keys: &keys,
            sure_keys: RefCell::new(sure_keys(&keys, contents, plan.compression)),
            flow: &flow,
            buffers: &buffers,
            meter,
        };
        let read = job.read_all(backup_id);
        drop(flow);
        let packed = packing.join().unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
        let written = writing
            .thread
            .join()
            .unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
        // A thread that stopped because another failed reports a cancel; so does every thread after a real cancel.
        let is_cause = |error: &EngineError| !matches!(error, EngineError::Cancelled);
        match (written, packed, read) {
            (Ok(written), Ok(()), Ok(vms)) => Ok((written, vms)),
            (written, packed, read) => {
                let errors = [written.err(), packed.err(), read.err()];
                Err(errors
                    .into_iter()
                    .flatten()
                    .find(is_cause)
                    .unwrap_or(EngineError::Cancelled))
            }
        }
    })
}

/// The keys that will be needed for sure.
fn sure_keys<'a>(maker: &'a KeyMaker<'a>, contents: &Contents, compression: Compression) -> SureKeys<'a> {
    let least_of = |bytes: u64| match compression {
        Compression::None => bytes,
        _ => (bytes as f64 * LEAST_PACKED_SHARE) as u64,
    };
    let files = contents.vms.iter().flat_map(|vm| {
        let file = |item| (member_name(vm, item), least_of(item.data_bytes()));
        vm.items.iter().map(file)
    });
    SureKeys::new(maker, std::iter::once((INVENTORY_FILE.to_owned(), 0)).chain(files))
}
