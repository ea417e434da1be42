// SPDX-License-Identifier: GPL-3.0-or-later
//! What is known of the place of an archive before anything is written or read there.
//!
//! A directory of this computer is looked at; in a VM a small script looks. Where the VM's service runs no script, the line
//! itself tells what will be done with it.

use std::{
    io,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use rustix::fs::{Access, access};

use crate::{
    cancel::CancelToken,
    host::{HostError, Services},
    io_error::IoError,
};

use super::{
    LineProblem, Location, check_line,
    file_system::{FAT_LARGEST_FILE_BYTES, free_bytes, largest_file_bytes},
    vm_script,
};

/// How long a VM may take to answer: it syncs its disks before.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is going to be done at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// A new archive is written there.
    #[default]
    Write,
    /// An archive is read from there.
    Read,
}

/// What a place is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKind {
    /// A directory of this computer that takes a new file, or an archive that can be read.
    Local,
    /// A path in the VM: of a directory that takes a new file, or of an archive.
    VmPath,
    /// A command that is run in the VM.
    VmCommand {
        /// The program, its first word.
        program: String,
    },
    /// A stream of this computer: a command, standard input or standard output.
    Stream,
}

/// What is known of a place that will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What it is.
    pub kind: PlaceKind,
    /// Room for an archive that is written, or the size of one that is read, in bytes, where that is known.
    pub bytes: Option<u64>,
    /// The largest file that fits there, in bytes, where there is such a limit.
    pub largest_file_bytes: Option<u64>,
    /// When the archive was last written, in seconds since 1970.
    pub changed: Option<i64>,
    /// Whether an archive that is written there can be read again afterwards.
    pub is_readable_again: bool,
    /// Names of unfinished archives that lie there.
    pub leftovers: Vec<String>,
}

/// Why a place will not do.
#[derive(Debug, Clone)]
pub enum ProbeError {
    /// The line cannot be given to the service of a VM.
    Line(LineProblem),
    /// A path does not begin with `/`.
    NotAbsolute,
    /// There is nothing of that name.
    NotFound,
    /// It is something else than a directory.
    NotADirectory,
    /// It is something else than a file.
    NotAFile,
    /// This user may not write there.
    NotWritable,
    /// This user may not read it.
    NotReadable,
    /// The file is empty.
    EmptyFile,
    /// The VM does not run any more, or its service cannot be reached.
    Host(HostError),
    /// Another answer of the operating system.
    Io(IoError),
}

impl Probe {
    fn of(kind: PlaceKind) -> Self {
        Self {
            kind,
            bytes: None,
            largest_file_bytes: None,
            changed: None,
            is_readable_again: false,
            leftovers: Vec::new(),
        }
    }
}

/// Finds out about a place. Touches disks and waits for VMs.
///
/// # Errors
/// Why it will not do.
pub fn probe(
    location: &Location,
    purpose: Purpose,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<Probe, ProbeError> {
    match (location, purpose) {
        (Location::Folder(path), Purpose::Write) => directory(path),
        (Location::File(path), Purpose::Write) => directory(super::location::folder_of(path)),
        (Location::Folder(path) | Location::File(path), Purpose::Read) => archive(path),
        (Location::Files(paths), _) => {
            paths
                .iter()
                .map(|path| archive(path))
                .try_fold(Probe::of(PlaceKind::Local), |whole, part| {
                    let part = part?;
                    let bytes = whole.bytes.unwrap_or(0).checked_add(part.bytes.unwrap_or(0));
                    Ok(Probe {
                        bytes,
                        changed: whole.changed.max(part.changed),
                        ..whole
                    })
                })
        }
        (Location::Standard | Location::Command(_), _) => Ok(Probe::of(PlaceKind::Stream)),
        (Location::Vm { vm, line }, purpose) => {
            let by_line = by_line(line)?;
            match (services, purpose) {
                (Some(services), Purpose::Write) => in_vm(vm, line, by_line, services, cancel),
                _ => Ok(by_line),
            }
        }
        (Location::Registered { .. }, _) => Ok(Probe::of(PlaceKind::VmPath)),
    }
}

fn directory(path: &Path) -> Result<Probe, ProbeError> {
    check_absolute(path)?;
    let found = path.metadata().map_err(io_problem)?;
    if !found.is_dir() {
        return Err(ProbeError::NotADirectory);
    }
    if access(path, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Err(ProbeError::NotWritable);
    }
    Ok(Probe {
        bytes: free_bytes(path),
        largest_file_bytes: largest_file_bytes(path),
        is_readable_again: true,
        ..Probe::of(PlaceKind::Local)
    })
}

fn archive(path: &Path) -> Result<Probe, ProbeError> {
    check_absolute(path)?;
    let found = path.metadata().map_err(io_problem)?;
    if !found.is_file() {
        return Err(ProbeError::NotAFile);
    }
    if access(path, Access::READ_OK).is_err() {
        return Err(ProbeError::NotReadable);
    }
    if found.len() == 0 {
        return Err(ProbeError::EmptyFile);
    }
    let changed = found
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Probe {
        bytes: Some(found.len()),
        changed: changed.and_then(|since| i64::try_from(since.as_secs()).ok()),
        ..Probe::of(PlaceKind::Local)
    })
}

fn check_absolute(path: &Path) -> Result<(), ProbeError> {
    if path.is_absolute() {
        Ok(())
    } else {
        Err(ProbeError::NotAbsolute)
    }
}

fn io_problem(error: io::Error) -> ProbeError {
    match error.kind() {
        io::ErrorKind::NotFound => ProbeError::NotFound,
        io::ErrorKind::NotADirectory => ProbeError::NotADirectory,
        io::ErrorKind::PermissionDenied => ProbeError::NotReadable,
        _ => ProbeError::Io(error.into()),
    }
}

/// A path is what begins like one; anything else is a command, as the services in the VMs see it.
fn by_line(line: &str) -> Result<Probe, ProbeError> {
    let line = line.trim();
    let is_path = line.starts_with('/') && !has_option(line);
    // Quotes and operators in a path are ordinary characters to the service.
    match check_line(line) {
        Ok(()) => {}
        Err(problem @ (LineProblem::Empty | LineProblem::LineBreak)) => return Err(ProbeError::Line(problem)),
        Err(_) if is_path && !line.contains(['|', '>', '<', ';', '&']) => {}
        Err(problem) => return Err(ProbeError::Line(problem)),
    }
    let program = first_word(line).to_owned();
    Ok(Probe::of(if is_path {
        PlaceKind::VmPath
    } else {
        PlaceKind::VmCommand { program }
    }))
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// `/usr/bin/dd of=/x` or `/bin/cat -u` is a command, `/mnt/my disk` is not.
fn has_option(line: &str) -> bool {
    line.split_whitespace()
        .skip(1)
        .any(|word| word.starts_with('-') || word.contains('=') || word.starts_with(['/', '\'', '"']))
}

fn in_vm(
    vm: &str,
    line: &str,
    by_line: Probe,
    services: &dyn Services,
    cancel: &CancelToken,
) -> Result<Probe, ProbeError> {
    let Some(found) = ask_vm(vm, line, services, cancel).map_err(ProbeError::Host)? else {
        return Ok(by_line);
    };
    if found.is_directory {
        return if found.is_writable {
            Ok(Probe {
                bytes: found.free_bytes,
                largest_file_bytes: found.is_fat.then_some(FAT_LARGEST_FILE_BYTES),
                is_readable_again: true,
                leftovers: found.leftovers,
                ..Probe::of(PlaceKind::VmPath)
            })
        } else {
            Err(ProbeError::NotWritable)
        };
    }
    match by_line.kind {
        _ if found.is_command => {
            let program = first_word(line).to_owned();
            Ok(Probe::of(PlaceKind::VmCommand { program }))
        }
        PlaceKind::VmPath if found.is_file => Err(ProbeError::NotADirectory),
        _ => Err(ProbeError::NotFound),
    }
}

/// What a VM says of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct VmAnswer {
    pub(super) is_directory: bool,
    pub(super) is_writable: bool,
    pub(super) is_file: bool,
    pub(super) is_command: bool,
    free_bytes: Option<u64>,
    is_fat: bool,
    /// Names of unfinished archives in the directory.
    pub(super) leftovers: Vec<String>,
}

/// The most leftovers that are named.
const MOST_LEFTOVERS: usize = 20;

/// Asks a VM what a line means there; `None` where its service runs no script.
pub(super) fn ask_vm(
    vm: &str,
    line: &str,
    services: &dyn Services,
    cancel: &CancelToken,
) -> Result<Option<VmAnswer>, HostError> {
    let line = line.trim();
    let Some(script) = vm_script::line(vm_script::PROBE, &[line, first_word(line)]) else {
        return Ok(None);
    };
    let answer = vm_script::ask(vm, &script, services, cancel, Some(PATIENCE))?;
    Ok(answer.and_then(|lines| parse(&lines)))
}

/// Reads an answer; `None` where it has no end.
fn parse(lines: &[String]) -> Option<VmAnswer> {
    let mut answer = VmAnswer::default();
    for line in lines {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("directory", _) => answer.is_directory = true,
            ("writable", _) => answer.is_writable = true,
            ("file", _) => answer.is_file = true,
            ("command", _) => answer.is_command = true,
            ("room", rest) => {
                let mut words = rest.split(' ');
                let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
                answer.free_bytes = number()
                    .zip(number())
                    .and_then(|(blocks, size)| blocks.checked_mul(size));
                answer.is_fat = words.next() == Some("msdos");
            }
            ("part", name) if answer.leftovers.len() < MOST_LEFTOVERS => answer.leftovers.push(name.to_owned()),
            ("end", _) => return Some(answer),
            _ => {}
        }
    }
    None
}
