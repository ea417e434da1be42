// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper half of a backup: what goes into an archive and in which order.
//!
//! Volumes are read once, only where they hold data. The sparse map of the inner tar must stand before the data, so it
//! is taken from the file system's own knowledge of holes; zeros that are allocated travel as data, where compression
//! makes next to nothing of them, and become holes when they are restored.

use std::{
    io::Write,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::SyncSender,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    crypto::{SealKey, header_passphrase},
    format::{BackupId, Encoder, HEADER_MAC_MEMBER, HEADER_MEMBER, Header, INVENTORY_FILE, inner},
    host::Host,
    plan::{Access, BackupPlan, Destination, Room, Source, check_backup},
    units::MIB,
    units::unix_now,
};

use super::{
    Context, EngineError, Failure, ItemState, Phase, Report, VerifyVerdict, Warning,
    contents::{Contents, Item, MachineContents, volume_error},
    destination::Sink,
    home,
    keys::{KeyMaker, make, not_derived, wait_for},
    meter::Meter,
    parts::{Block, PartCutter, Written, start_writer, writer_gone},
    recovery,
    stage::{format_to_io, from_io, panic_text},
    verify,
};

/// How much of a volume is read at once, in bytes: large enough to cost nothing per call, small enough for the cache.
const READ_BYTES: usize = MIB as usize;

/// One inner archive on its way: tar, then compression, then parts.
pub(super) type InnerWriter<'a> = inner::Writer<Encoder<PartCutter<'a>>>;

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
    let keys = KeyMaker::start(
        backup_id.to_string(),
        plan.passphrase.clone(),
        plan.kdf,
        context.cancel.clone(),
    );
    thread::scope(|scope| {
        let (blocks, writer) = start_writer(scope, sink, context.cancel.clone());
        let job = Writing {
            plan,
            host,
            context,
            keys: &keys,
            blocks: &blocks,
            meter,
        };
        let read = job.write_all(backup_id, contents);
        drop(blocks);
        let written = writer.join().unwrap_or_else(|panic| {
            Err(EngineError::Internal {
                what: panic_text(panic.as_ref()),
            })
        });
        match (read, written) {
            (Ok(()), Ok(written)) => Ok(written),
            // The reading side gave up first and the writer only noticed; or a cancel, which both notice.
            (Err(error), Ok(_) | Err(EngineError::Cancelled)) => Err(error),
            (_, Err(error)) => Err(error),
        }
    })
}

/// The reading side of a backup.
struct Writing<'a> {
    plan: &'a BackupPlan,
    host: &'a dyn Host,
    context: &'a Context,
    keys: &'a KeyMaker,
    blocks: &'a SyncSender<Block>,
    meter: &'a Meter<'a>,
}

impl<'a> Writing<'a> {
    fn write_all(&self, backup_id: &BackupId, contents: &Contents) -> Result<(), EngineError> {
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
        self.send(Block::End)
    }

    fn send(&self, block: Block) -> Result<(), EngineError> {
        self.blocks.send(block).map_err(|_| writer_gone())
    }

    fn write_header(&self, backup_id: &BackupId) -> Result<(), EngineError> {
        let header = Header::v4(backup_id.clone(), self.plan.compression).to_bytes();
        let passphrase = header_passphrase(self.plan.passphrase.as_bytes());
        let cost = self.plan.kdf;
        let key = make(move || SealKey::derive(&passphrase, cost).map_err(|error| not_derived(&error)));
        let mut data = header.clone();
        let sealed = wait_for(&key, &self.context.cancel)?.seal(&mut data);
        self.send(Block::Plain {
            member: HEADER_MEMBER.to_owned(),
            data: header,
        })?;
        let data = [&sealed.header[..], &data, &sealed.mac].concat();
        self.send(Block::Plain {
            member: HEADER_MAC_MEMBER.to_owned(),
            data,
        })
    }

    fn write_item(&self, machine: &MachineContents, item: &Item) -> Result<(), EngineError> {
        let file_name = item.file_name();
        self.meter.at_work(&machine.name, &file_name);
        let member = format!("{}{file_name}", machine.path);
        match item {
            Item::Volume { name, .. } => self.write_volume(&machine.name, name, &member),
            Item::File { content, .. } => self.write_small(&member, &member, content),
            Item::Placeholder => self.write_small(&member, &member, &[]),
            Item::Home { home, .. } => {
                let mut archive = self.open(&machine.path)?;
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
    fn open(&self, member: &str) -> Result<InnerWriter<'a>, EngineError> {
        let parts = PartCutter::new(member, self.keys, self.blocks)?;
        let encoder = Encoder::new(self.plan.compression, parts).map_err(internal)?;
        Ok(inner::Writer::new(encoder))
    }

    fn write_small(&self, member: &str, name: &str, content: &[u8]) -> Result<(), EngineError> {
        let mut archive = self.open(member)?;
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
        let mut archive = self.open(member)?;
        archive
            .sparse_member(member, source.size_bytes(), &extents)
            .map_err(format_internal)?;
        let mut buffer = vec![0; READ_BYTES];
        for extent in extents {
            let mut offset = extent.offset;
            let end = extent.offset + extent.length;
            while offset < end {
                let length = (end - offset).min(READ_BYTES as u64);
                let block = &mut buffer[..length as usize];
                source
                    .read_at(block, offset)
                    .map_err(|error| volume_error(machine, volume, error))?;
                archive.write_all(block).map_err(internal)?;
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
    archive
        .finish()
        .map_err(format_internal)?
        .finish()
        .map_err(internal)?
        .finish()
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
    let Some(path) = report.archive.clone() else {
        let why = "only an archive that is a file on this host can be read again".to_owned();
        context.warn(Warning::NotVerified { why });
        return;
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
        Err(EngineError::Cancelled) => {
            let why = "the verification was cancelled".to_owned();
            context.warn(Warning::NotVerified { why });
        }
        Err(error) => report.verdict = VerifyVerdict::Bad(Failure(error)),
    }
}
