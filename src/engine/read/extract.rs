// SPDX-License-Identifier: GPL-3.0-or-later
//! Gets one file out of an archive: parts of other files are passed over as they stand, and no host is needed.
//!
//! A file has its name when all of it has been read and found good, and is gone otherwise; a stream has no way back, so
//! the reader of a stream must check how the job ended.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use crate::{
    durable,
    engine::{
        ArchiveError, Context, EngineError, Failure, ItemResult, Phase, PlanFault, Report, VmReport, VmResult, Warning,
        memory,
    },
    host::{HostError, Operation, Refusal, Services, System, VmFile, VolumeImport},
    inventory::volume_file,
    plan::{
        ArchivedFile, ExtractPlan, ExtractTo, Outlet, RestoreChoices, RestorePolicy, RestoreRow, confinement, resolve,
    },
    transport::{DestinationError, FileWriter},
};

use super::{
    archive::{Archive, Scope},
    confined::confined,
    expected::expected_files,
    file_position::FilePosition,
    home::{self, HomeFolder},
    home_read::HomeRead,
    index::RunIndex,
    open::open_for_run,
    target::{InnerReader, Target},
};

/// How many zeros are written to a stream at once, in bytes.
const ZEROS_BYTES: usize = 64 * 1024;

/// Carries an extraction out.
///
/// # Errors
/// When the archive cannot be opened, does not hold what is wanted, or the job is cancelled.
pub fn run(plan: &ExtractPlan, services: Option<&dyn Services>, context: &Context) -> Result<Report, EngineError> {
    confined(confinement(&plan.access, Outlet::Extract(&plan.to)).as_ref(), || {
        extract(plan, services, context)
    })
}

fn extract(plan: &ExtractPlan, services: Option<&dyn Services>, context: &Context) -> Result<Report, EngineError> {
    let start = Instant::now();
    context.observer.phase(Phase::Opening);
    let mut target = Extracting::new(plan, context)?;
    let index = RunIndex::default();
    let opened = open_for_run(&plan.access, services, &index, context)?;
    let choices = RestoreChoices {
        selected: Some([plan.what.vm().to_owned()].into()),
        policy: RestorePolicy {
            verify_only: true,
            ..RestorePolicy::default()
        },
        ..RestoreChoices::default()
    };
    let table = resolve(&opened.inventory, &System::default(), &choices);
    let row = table.selected().next().ok_or_else(|| not_in_archive(&plan.what))?;
    context.observer.phase(Phase::Extracting);
    let only = target.file.clone();
    let scope = only.as_deref().map_or(Scope::Vms, Scope::OneFile);
    let archive = Archive::new(&plan.access, &opened, &index, services, context)?;
    let mut result = archive.read(&[row], scope, &mut target)?;
    let vm = result.vms.first();
    if let Some(file) = &only
        && is_missing(vm)
        && !expected_files(&row.domain).contains(file)
    {
        return Err(not_in_archive(&plan.what));
    }
    let is_whole = vm.is_some_and(|vm| vm.result == VmResult::Done);
    let extracted = if is_whole { target.finish(context)? } else { None };
    if let Some(file) = &only {
        result
            .vms
            .iter_mut()
            .for_each(|vm| vm.items.retain(|item| item.name == *file));
    }
    if let Some(error) = result.broken.filter(|_| is_whole) {
        context.warn(Warning::RestUnreadable { why: error });
    }
    Ok(Report {
        place: plan.access.source.location().to_string(),
        archive: plan.access.source.location().file().map(Path::to_owned),
        archive_bytes: opened.info.archive_bytes.unwrap_or(0),
        data_bytes: result.data_bytes,
        vms: result.vms,
        extracted,
        warnings: context.warnings(),
        elapsed: start.elapsed(),
        peak_memory_bytes: memory::peak_bytes(),
        ..Report::default()
    })
}

fn not_in_archive(what: &ArchivedFile) -> EngineError {
    EngineError::NotInArchive { what: what.clone() }
}

fn is_missing(vm: Option<&VmReport>) -> bool {
    vm.is_some_and(|vm| {
        matches!(
            &vm.result,
            VmResult::Failed(Failure(EngineError::Archive(ArchiveError::Missing { .. })))
        )
    })
}

/// The one file on its way.
struct Extracting {
    /// Its name in the VM's folder; none for dom0's home.
    file: Option<String>,
    output: Output,
    /// Set when all of it has come.
    has_come: Arc<AtomicBool>,
}

enum Output {
    File(FileWriter),
    Stream(Arc<File>),
    Folder(Option<HomeFolder>),
}

impl Extracting {
    fn new(plan: &ExtractPlan, context: &Context) -> Result<Self, EngineError> {
        let file = match &plan.what {
            ArchivedFile::Home => None,
            ArchivedFile::OfVm { file, .. } => Some(file.clone()),
        };
        let output = match (&plan.to, &file) {
            (ExtractTo::Path(path), Some(_)) => Output::File(FileWriter::create(path.clone(), &context.notices())?),
            (ExtractTo::Path(path), None) => Output::Folder(Some(new_folder(path)?)),
            (ExtractTo::Stream(stream), Some(_)) => Output::Stream(Arc::clone(stream)),
            (ExtractTo::Stream(_), None) => {
                let why = PlanFault::HomeIntoStream;
                return Err(EngineError::Plan { why });
            }
        };
        Ok(Self {
            file,
            output,
            has_come: Arc::default(),
        })
    }

    /// Where a file goes, if it is the one.
    fn import(&self, name: &str, size_bytes: u64) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        if self.file.as_deref() != Some(name) {
            return Ok(None);
        }
        let has_come = Arc::clone(&self.has_come);
        Ok(match &self.output {
            Output::Folder(_) => None,
            Output::Stream(stream) => Some(Box::new(StreamImport {
                stream: Arc::clone(stream),
                position: 0,
                size_bytes,
                has_come,
            })),
            Output::File(sink) => {
                let io = |error| HostError::io(Operation::Write(sink.place().into()), error);
                let file = sink.file().try_clone().map_err(io)?;
                file.set_len(size_bytes).map_err(io)?;
                Some(Box::new(FileImport {
                    file,
                    place: sink.place(),
                    has_come,
                }))
            }
        })
    }

    /// Renames a whole file to its final name.
    fn finish(self, context: &Context) -> Result<Option<PathBuf>, EngineError> {
        match self.output {
            Output::File(sink) if self.has_come.load(Ordering::SeqCst) => Ok(Some(sink.finish()?)),
            Output::Folder(Some(folder)) => folder.finish(context).map(Some),
            Output::File(_) | Output::Folder(None) | Output::Stream(_) => Ok(None),
        }
    }
}

fn new_folder(path: &Path) -> Result<HomeFolder, EngineError> {
    if path.symlink_metadata().is_ok() {
        return Err(DestinationError::Exists { path: path.to_owned() }.into());
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if durable::is_no_folder(parent) {
        return Err(DestinationError::NotADirectory {
            path: parent.to_owned(),
        }
        .into());
    }
    let name = path.file_name();
    let name = name.ok_or_else(|| DestinationError::NotADirectory { path: path.to_owned() })?;
    HomeFolder::create(parent, name)
}

impl Target for Extracting {
    fn volume(&mut self, _: &RestoreRow, name: &str, size: u64) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        self.import(&volume_file(name), size)
    }

    fn other_file(
        &mut self,
        _: &RestoreRow,
        name: &str,
        size: u64,
    ) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        self.import(name, size)
    }

    fn vm_file(&mut self, _: &RestoreRow, file: VmFile, content: &[u8]) -> Result<ItemResult, EngineError> {
        if let Some(mut import) = self.import(file.file_name(), content.len() as u64)? {
            import.write_at(content, 0)?;
            import.finish()?;
        }
        Ok(ItemResult::Done)
    }

    fn home(
        &mut self,
        row: &RestoreRow,
        archive: &mut InnerReader<'_>,
        place: &FilePosition,
        context: &Context,
    ) -> Result<HomeRead, EngineError> {
        let folder = match &self.output {
            Output::Folder(folder) => folder.as_ref(),
            Output::File(_) | Output::Stream(_) => None,
        };
        home::read(archive, row.content.path.as_str(), folder, place, context)
    }

    fn complete(&mut self, _: &RestoreRow) -> Result<(), EngineError> {
        Ok(())
    }

    fn give_up(&mut self, _: &RestoreRow) {
        if let Output::Folder(folder) = &mut self.output {
            *folder = None;
        }
    }
}

/// A file with its holes, which gets its name later.
struct FileImport {
    file: File,
    place: String,
    has_come: Arc<AtomicBool>,
}

impl VolumeImport for FileImport {
    fn write_at(&mut self, data: &[u8], offset: u64) -> Result<(), HostError> {
        let written = self.file.write_all_at(data, offset);
        written.map_err(|error| HostError::io(Operation::Write(self.place.clone().into()), error))
    }

    fn finish(self: Box<Self>) -> Result<(), HostError> {
        self.has_come.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// A stream, in which holes are zeros.
struct StreamImport {
    stream: Arc<File>,
    position: u64,
    size_bytes: u64,
    has_come: Arc<AtomicBool>,
}

impl StreamImport {
    fn fill(&mut self, until: u64) -> io::Result<()> {
        let zeros = [0; ZEROS_BYTES];
        while self.position < until {
            let length = (until - self.position).min(ZEROS_BYTES as u64);
            (&*self.stream).write_all(&zeros[..length as usize])?;
            self.position += length;
        }
        Ok(())
    }
}

impl VolumeImport for StreamImport {
    fn write_at(&mut self, data: &[u8], offset: u64) -> Result<(), HostError> {
        if offset < self.position {
            // The sparse map of an inner archive ascends; its reader makes sure of it.
            return Err(Refusal::OutOfOrder.into());
        }
        let written = self.fill(offset).and_then(|()| (&*self.stream).write_all(data));
        written.map_err(|error| HostError::io(Operation::WriteOutput, error))?;
        self.position += data.len() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), HostError> {
        let size_bytes = self.size_bytes;
        self.fill(size_bytes)
            .map_err(|error| HostError::io(Operation::WriteOutput, error))?;
        self.has_come.store(true, Ordering::SeqCst);
        Ok(())
    }
}
