// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is written.

mod api;
mod file;
mod process;
mod staged;
mod stall;
mod standard;
mod store;

use std::time::SystemTime;

use crate::{cancel::CancelToken, durable, host::Services, units::LocalTime};

use super::{DestinationError, Location, Notice, Notices, TransportError, probe};

pub use api::{ArchiveWriter, WriteCapabilities};
pub(crate) use file::FileWriter;
use process::ProcessWriter;
use staged::StagedWriter;
use standard::StandardWriter;
use store::StoreWriter;

/// Opens an end to write a new archive to. Nothing that is there is touched, apart from what a killed run has left of the
/// same file.
///
/// # Errors
/// When nothing can be written there.
pub fn open_writer<'a>(
    location: &Location,
    services: &'a dyn Services,
    cancel: &CancelToken,
    notices: &Notices,
) -> Result<Box<dyn ArchiveWriter + 'a>, TransportError> {
    let name = || LocalTime::at(SystemTime::now()).archive_name();
    Ok(match location {
        Location::Folder(folder) if durable::is_no_folder(folder) => {
            return Err(DestinationError::NotADirectory { path: folder.clone() }.into());
        }
        Location::Folder(folder) => Box::new(FileWriter::create_in(folder, name(), notices)?),
        Location::File(path) => Box::new(FileWriter::create(path.clone(), notices)?),
        Location::Standard => Box::new(StandardWriter::open(cancel)?),
        Location::Command(command) => Box::new(ProcessWriter::of_command(command, cancel)?),
        Location::Vm { vm, line } => open_in_vm(vm, line, name(), services, cancel, notices)?,
        Location::Store { reach, path } => {
            if let Some(vm) = &reach.vm {
                make_ready(vm, services, notices)?;
            }
            Box::new(StoreWriter::begin(reach, path, name(), services, cancel, notices)?)
        }
        Location::Files(_) | Location::Registered { .. } => {
            let place = location.to_string();
            return Err(DestinationError::Impossible { place }.into());
        }
    })
}

/// Starts a VM that is halted, and tells what its user should know of it.
fn make_ready(vm: &str, services: &dyn Services, notices: &Notices) -> Result<(), TransportError> {
    let ready = services.make_ready(vm)?;
    let started = ready.was_started.then(|| Notice::VmStarted { vm: vm.to_owned() });
    let idle = ready
        .ends_when_idle
        .then(|| Notice::VmEndsWhenIdle { vm: vm.to_owned() });
    started.into_iter().chain(idle).for_each(|notice| notices(notice));
    Ok(())
}

/// A directory gets the archive under a name of our own, when it is whole; a command gets it as it comes. Where the VM's
/// service runs no shell, it does what it always does.
fn open_in_vm<'a>(
    vm: &str,
    line: &str,
    name: String,
    services: &'a dyn Services,
    cancel: &CancelToken,
    notices: &Notices,
) -> Result<Box<dyn ArchiveWriter + 'a>, TransportError> {
    let place = || format!("{vm}:{line}");
    make_ready(vm, services, notices)?;
    match probe::ask_vm(vm, line, services, cancel)? {
        Some(found) if found.is_directory && !found.is_writable => {
            Err(DestinationError::NotWritable { place: place() }.into())
        }
        Some(found) if found.is_directory => {
            let writer = StagedWriter::begin(vm, line, name, services, cancel, notices)?;
            Ok(Box::new(writer))
        }
        Some(found) if !found.is_command => Err(DestinationError::NothingThere { place: place() }.into()),
        Some(_) => Ok(Box::new(ProcessWriter::of_service(
            vm, line, services, cancel, notices,
        )?)),
        None => {
            let writer = ProcessWriter::of_service(vm, line, services, cancel, notices)?;
            if !probe::is_written_as_command(line) {
                notices(Notice::NamedFromTheStart { vm: vm.to_owned() });
            }
            Ok(Box::new(writer.may_keep_a_file()))
        }
    }
}

#[cfg(test)]
mod tests;
