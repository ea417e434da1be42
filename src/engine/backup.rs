// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper half of a backup: what goes into an archive and in which order.
//!
//! Volumes are read once, only where they hold data. The sparse map of the inner tar must stand before the data, so it
//! is taken from the file system's own knowledge of holes; zeros that are allocated travel as data, where compression
//! makes next to nothing of them, and become holes when they are restored.

use std::{
    cell::RefCell,
    io::Write,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    format::{BackupId, Compression, HEADER_MAC_MEMBER, HEADER_MEMBER, Header, INVENTORY_FILE, inner},
    host::{Extent, Host},
    plan::{Access, BackupPlan, Destination, Room, Source, Unverified, check_backup},
    units::unix_now,
};

use super::{
    Context, EngineError, Failure, ItemState, Phase, Report, VerifyVerdict, Warning,
    blocks::{BLOCKS_PER_WORKER, BlockWriter, Buffers, Flow},
    contents::{Contents, Item, MachineContents, volume_error},
    destination::Sink,
    home,
    keys::{KeyMaker, SureKeys},
    memory,
    meter::Meter,
    parts::{LEAST_PACKED_SHARE, Packer},
    read_ahead::ReadAhead,
    recovery,
    stage::{format_to_io, from_io, of_panic},
    verify,
    workers::{ToCome, Workers},
    writing::{Written, start_writer, writer_gone},
};

/// One inner archive on its way: tar, then blocks.
pub(super) type InnerWriter<'a> = inner::Writer<BlockWriter<'a>>;

/// Carries a backup out.
///
/// # Errors
/// The first cause that ended it. Nothing is left under a final name then.
pub fn run(plan: &BackupPlan, host: &dyn Host, context: &Context) -> Result<Report, EngineError> {
    let start = Instant::now();
    context.observer.phase(Phase::Preparing);
    check(plan, host)?;
    let contents = Contents::gather(plan, host, context)?;
    let sink = Sink::open(&plan.destination, host, &context.cancel)?;
    let place = sink.place();
    let meter = Meter::new(context, Some(contents.total_bytes()));
    let backup_id = BackupId::new(begin(), std::process::id());
    let written = write(plan, host, context, &contents, &backup_id, &meter, sink)
        .inspect_err(|_| warn_of_remains(&plan.destination, context))?;
    context.observer.phase(Phase::Finishing);
    let finished = context.cancel.check().and_then(|()| written.sink.finish());
    let archive = finished.inspect_err(|_| warn_of_remains(&plan.destination, context))?;
    if let Err(error) = host.record_backup(&plan.machines, unix_now().cast_signed()) {
        context.warn(Warning::NotRecorded { why: error.to_string() });
    }
    let recovery_file = recovery::write_text(plan, archive.as_deref(), &backup_id, &contents, context);
    let mut report = Report {
        machines: contents.machines.iter().map(MachineContents::report).collect(),
        place,
        archive,
        lacks_recovery_text: plan.recovery_text.is_some() && recovery_file.is_none(),
        recovery_file,
        archive_bytes: written.bytes,
        data_bytes: contents.total_bytes(),
        ..Report::default()
    };
    if plan.verify {
        verify_written(plan, host, context, &mut report);
    }
    report.warnings = context.warnings();
    report.elapsed = start.elapsed();
    report.peak_memory_bytes = memory::peak_bytes();
    Ok(report)
}

/// Holds the plan against the host as it is now; what a wizard showed may be minutes old.
fn check(plan: &BackupPlan, host: &dyn Host) -> Result<(), EngineError> {
    let findings = check_backup(
        &host.system()?,
        &plan.machines,
        Some(&plan.destination),
        Room::default(),
    );
    match findings.into_iter().find(crate::plan::Finding::is_blocking) {
        None => Ok(()),
        Some(finding) => Err(EngineError::NotReady(finding)),
    }
}

/// A service of a machine writes under the final name from the start, and nothing here can take that file away.
fn warn_of_remains(destination: &Destination, context: &Context) {
    if let Destination::Service { machine, line } = destination
        && line.trim().starts_with('/')
    {
        let place = format!("{machine}:{}/qubes-backup-...", line.trim().trim_end_matches('/'));
        context.warn(Warning::LeftBehind { place });
    }
}

/// The moment at which a backup begins, by the second: two of one process never have the same, since the identifier that
/// is made of it binds each part to its backup.
fn begin() -> SystemTime {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = unix_now();
    let next = |last: u64| now.max(last + 1);
    let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last)));
    SystemTime::UNIX_EPOCH + Duration::from_secs(next(last.unwrap_or_else(|last| last)))
}

/// Writes the whole archive, all but its name.
fn write(
    plan: &BackupPlan,
    host: &dyn Host,
    context: &Context,
    contents: &Contents,
    backup_id: &BackupId,
    meter: &Meter<'_>,
    sink: Sink,
) -> Result<Written, EngineError> {
    context.observer.phase(Phase::BackingUp);
    let workers = Workers::for_writing(context.resources);
    let keys = KeyMaker {
        workers: &workers,
        backup_id: backup_id.to_string(),
        passphrase: plan.passphrase.clone(),
        cost: plan.kdf,
    };
    thread::scope(|scope| {
        let buffers = Buffers::default();
        let writing = start_writer(
            scope,
            sink,
            plan.compression,
            buffers.clone(),
            &workers,
            &context.cancel,
        );
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
            host,
            context,
            keys: &keys,
            sure_keys: RefCell::new(sure_keys(&keys, contents, plan.compression)),
            flow: &flow,
            buffers: &buffers,
            meter,
        };
        let read = job.read_all(backup_id, contents);
        drop(flow);
        let packed = packing.join().unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
        let written = writing
            .thread
            .join()
            .unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
        // Whoever gave up because of another says that it was cancelled; so does each after a cancel.
        let is_cause = |error: &EngineError| !matches!(error, EngineError::Cancelled);
        match (written, packed.err(), read.err()) {
            (Ok(written), None, None) => Ok(written),
            (written, packed, read) => {
                let errors = [written.err(), packed, read];
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
    let files = contents.machines.iter().flat_map(|machine| {
        let file = |item| (member_name(machine, item), least_of(item.data_bytes()));
        machine.items.iter().map(file)
    });
    SureKeys::new(maker, std::iter::once((INVENTORY_FILE.to_owned(), 0)).chain(files))
}

/// What a file of a machine is called in the archive (`vm7/private.img`).
fn member_name(machine: &MachineContents, item: &Item) -> String {
    match item {
        // A home is a folder, and the name of its archive is that of the folder.
        Item::Home { .. } => machine.path.clone(),
        _ => format!("{}{}", machine.path, item.file_name()),
    }
}

/// The reading side of a backup.
struct Reading<'a> {
    plan: &'a BackupPlan,
    host: &'a dyn Host,
    context: &'a Context,
    keys: &'a KeyMaker<'a>,
    sure_keys: RefCell<SureKeys<'a>>,
    flow: &'a SyncSender<Flow>,
    buffers: &'a Buffers,
    meter: &'a Meter<'a>,
}

impl<'a> Reading<'a> {
    fn read_all(&self, backup_id: &BackupId, contents: &Contents) -> Result<(), EngineError> {
        self.write_header(backup_id)?;
        self.write_small(INVENTORY_FILE, INVENTORY_FILE, &contents.inventory)?;
        for machine in &contents.machines {
            self.context.observer.item(&machine.name, ItemState::Working);
            let written = machine.items.iter().try_for_each(|item| self.write_item(machine, item));
            if let Err(error) = &written
                && !matches!(error, EngineError::Cancelled)
            {
                let failure = Failure(error.clone());
                self.context.observer.item(&machine.name, ItemState::Failed(failure));
            }
            written?;
            self.context.observer.item(&machine.name, ItemState::Done);
        }
        self.meter.finish();
        self.send(Flow::End)
    }

    fn send(&self, flow: Flow) -> Result<(), EngineError> {
        self.flow.send(flow).map_err(|_| writer_gone())
    }

    fn write_header(&self, backup_id: &BackupId) -> Result<(), EngineError> {
        let header = Header::v4(backup_id.clone(), self.plan.compression).to_bytes();
        let sealed = self.keys.seal_header(header.clone());
        self.send(Flow::Plain {
            member: HEADER_MEMBER.to_owned(),
            data: ToCome::ready(Ok(header)),
        })?;
        self.send(Flow::Plain {
            member: HEADER_MAC_MEMBER.to_owned(),
            data: sealed,
        })
    }

    fn write_item(&self, machine: &MachineContents, item: &Item) -> Result<(), EngineError> {
        let file_name = item.file_name();
        self.meter.at_work(&machine.name, &file_name);
        let member = member_name(machine, item);
        match item {
            Item::Volume { name, .. } => self.write_volume(&machine.name, name, &member),
            Item::File { content, .. } => self.write_small(&member, &member, content),
            Item::Placeholder => self.write_small(&member, &member, &[]),
            Item::Home { home, size } => {
                let mut archive = self.open(&member, size.data_bytes + size.overhead_bytes)?;
                home::write(
                    &mut archive,
                    &home.path,
                    &format!("{}/", machine.path),
                    self.meter,
                    self.context,
                )?;
                close(archive)
            }
        }
    }

    /// Begins an inner archive.
    fn open(&self, member: &str, expected_bytes: u64) -> Result<InnerWriter<'a>, EngineError> {
        let how = (self.plan.compression, self.plan.level);
        let keys = self.sure_keys.borrow_mut().take(member)?;
        let workers = self.keys.workers;
        let blocks = BlockWriter::begin(member, expected_bytes, how, (workers, keys), self.flow, self.buffers)?;
        Ok(inner::Writer::new(blocks))
    }

    fn write_small(&self, member: &str, name: &str, content: &[u8]) -> Result<(), EngineError> {
        let mut archive = self.open(member, content.len() as u64)?;
        let time = unix_now();
        let head = inner::NewMember::small_file(name, time, content.len() as u64);
        archive.member(&head).map_err(format_internal)?;
        archive.write_all(content).map_err(internal)?;
        archive.end_member().map_err(format_internal)?;
        self.meter.add(if member == INVENTORY_FILE {
            0
        } else {
            content.len() as u64
        })?;
        close(archive)
    }

    fn write_volume(&self, machine: &str, volume: &str, member: &str) -> Result<(), EngineError> {
        let source = self.host.open_volume(machine, volume)?;
        let extents = source.extents().map_err(|error| volume_error(machine, volume, error))?;
        let ranges = extents.iter().map(|extent| inner::Extent {
            offset: extent.offset,
            length: extent.length,
        });
        let extents = inner::block_extents(ranges, source.size_bytes());
        let data_bytes = extents.iter().map(|extent| extent.length).sum();
        let mut archive = self.open(member, data_bytes)?;
        archive
            .sparse_member(member, source.size_bytes(), &extents)
            .map_err(format_internal)?;
        let ranges: Vec<Extent> = extents
            .iter()
            .map(|extent| Extent {
                offset: extent.offset,
                length: extent.length,
            })
            .collect();
        let mut ahead = ReadAhead::new(source.as_ref(), &ranges);
        ahead.has_read(0);
        for extent in &ranges {
            let mut offset = extent.offset;
            let end = extent.offset + extent.length;
            while offset < end {
                let length = archive.pass(end - offset, |blocks, most| {
                    blocks.fill(most, |room| {
                        let read = || source.read_at(room, offset);
                        let read = self.keys.workers.reading().copy(&self.context.cancel, read)?;
                        read.map_err(|error| volume_error(machine, volume, error))
                    })
                })?;
                ahead.has_read(length);
                self.meter.add(length)?;
                offset += length;
            }
        }
        archive.end_member().map_err(format_internal)?;
        close(archive)
    }
}

/// Ends an inner archive and sends its last part.
fn close(archive: InnerWriter<'_>) -> Result<(), EngineError> {
    archive.finish().map_err(format_internal)?.finish()
}

/// Below the inner archive there is only memory: what goes wrong there comes from another stage, or is our mistake.
pub(super) fn internal(error: std::io::Error) -> EngineError {
    from_io(error, |source| EngineError::Internal {
        what: source.to_string(),
    })
}

fn format_internal(error: crate::format::FormatError) -> EngineError {
    internal(format_to_io(error))
}

/// Reads the archive again from where it went.
fn verify_written(plan: &BackupPlan, host: &dyn Host, context: &Context, report: &mut Report) {
    let (unverifiable, archive) = (plan.destination.unverifiable(), report.archive.clone());
    let (None, Some(path)) = (unverifiable, archive) else {
        return omit_verification(unverifiable.unwrap_or(Unverified::InVm), context, report);
    };
    let names = plan.machines.clone();
    match verify::verify_archive(
        &Access::new(Source::File(path), plan.passphrase.clone()),
        &names,
        host,
        context,
    ) {
        Ok(verified) => {
            report.verdict = verified.verdict;
        }
        // The archive is whole and has its name; only the second look at it was stopped.
        Err(EngineError::Cancelled) => omit_verification(Unverified::Cancelled, context, report),
        Err(error) => report.verdict = VerifyVerdict::Bad(Failure(error)),
    }
}

fn omit_verification(why: Unverified, context: &Context, report: &mut Report) {
    context.warn(Warning::NotVerified { why });
    report.verdict = VerifyVerdict::Omitted(why);
}
