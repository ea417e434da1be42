// SPDX-License-Identifier: GPL-3.0-or-later
//! The place that a backup goes to or comes from, while it is being typed.
//!
//! A directory of dom0 is looked at; what lies in another VM cannot be seen from here, so there the line itself tells
//! what will be done with it, and the page says which that is.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statfs, statvfs};

use crate::{
    host::DOM0,
    plan::{Destination, LineProblem, Source, check_service_line},
};

/// The largest file that a FAT file system takes, in bytes: its size field has 32 bits.
const FAT_LARGEST_FILE_BYTES: u64 = u32::MAX as u64;

/// The number by which Linux knows a FAT file system (`MSDOS_SUPER_MAGIC`).
const FAT_MAGIC: u64 = 0x4d44;

/// A VM and what was typed for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// dom0 or the name of a running VM.
    pub target: String,
    /// A directory, a file or a command.
    pub text: String,
}

impl Look {
    /// The path that was typed for dom0; `~` is this user's home, as in a shell.
    pub fn path(&self) -> PathBuf {
        let text = self.text.trim();
        match (text.strip_prefix('~'), std::env::var_os("HOME")) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                Path::new(&home).join(rest.trim_start_matches('/'))
            }
            _ => PathBuf::from(text),
        }
    }

    /// Whether it lies in dom0.
    pub fn is_local(&self) -> bool {
        self.target == DOM0
    }

    /// Where it is, for display.
    pub fn place(&self) -> String {
        if self.is_local() {
            self.path().to_string_lossy().into_owned()
        } else {
            format!("{}:{}", self.target, self.text.trim())
        }
    }

    /// As the destination of a backup.
    pub fn destination(&self) -> Destination {
        if self.is_local() {
            Destination::Directory(self.path())
        } else {
            Destination::Service {
                vm: self.target.clone(),
                line: self.text.trim().to_owned(),
            }
        }
    }

    /// As the source of a restore.
    pub fn source(&self) -> Source {
        if self.is_local() {
            Source::File(self.path())
        } else {
            Source::Service {
                vm: self.target.clone(),
                line: self.text.trim().to_owned(),
            }
        }
    }
}

/// What will be done with what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKind {
    /// A directory of dom0 that takes a new file, or an archive that can be read.
    Local,
    /// A path in the VM: of a directory that takes a new file, or of an archive.
    VmPath,
    /// A command that is run in the VM.
    VmCommand {
        /// The program, its first word.
        program: String,
    },
}

/// What is known of a place that will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What will be done there.
    pub kind: PlaceKind,
    /// Room for a backup, or the size of an archive, in bytes, where that can be known.
    pub bytes: Option<u64>,
    /// The largest file that fits there, in bytes, where there is such a bound.
    pub largest_file_bytes: Option<u64>,
    /// When the archive was last written, in seconds since 1970.
    pub changed: Option<i64>,
}

impl Place {
    fn of_kind(kind: PlaceKind) -> Self {
        Self {
            kind,
            bytes: None,
            largest_file_bytes: None,
            changed: None,
        }
    }
}

/// Why a place will not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceProblem {
    /// The line cannot be given to the service of a VM.
    Line(LineProblem),
    /// A path of dom0 begins with `/` or `~`.
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
    /// The VM does not run any more.
    NotRunning {
        /// Its name.
        vm: String,
    },
    /// Another answer of the operating system.
    Io {
        /// The answer.
        said: String,
    },
}

/// How far the look at a place is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PlaceState {
    /// Nothing was typed.
    #[default]
    Empty,
    /// It is being looked at.
    Looking,
    /// It will do.
    Good(Place),
    /// It will not do.
    Bad(PlaceProblem),
}

/// Looks at the destination of a backup. Touches the disk: not for a window's thread.
///
/// # Errors
/// When a backup could not be written there.
pub fn look_at(look: &Look) -> Result<Place, PlaceProblem> {
    if !look.is_local() {
        return look_at_line(look);
    }
    let path = absolute(look)?;
    let found = path.metadata().map_err(|error| io_problem(&error))?;
    if !found.is_dir() {
        return Err(PlaceProblem::NotADirectory);
    }
    if access(&path, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Err(PlaceProblem::NotWritable);
    }
    let mut place = Place::of_kind(PlaceKind::Local);
    place.bytes = statvfs(&path).ok().map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize));
    // The field's type differs between architectures; the number fits in all of them.
    let is_fat = statfs(&path).is_ok_and(|fs| u64::try_from(fs.f_type).is_ok_and(|magic| magic == FAT_MAGIC));
    place.largest_file_bytes = is_fat.then_some(FAT_LARGEST_FILE_BYTES);
    Ok(place)
}

/// Looks at the source of a restore. Touches the disk: not for a window's thread.
///
/// # Errors
/// When no archive can be read there.
pub fn look_at_archive(look: &Look) -> Result<Place, PlaceProblem> {
    if !look.is_local() {
        return look_at_line(look);
    }
    let path = absolute(look)?;
    let found = path.metadata().map_err(|error| io_problem(&error))?;
    if !found.is_file() {
        return Err(PlaceProblem::NotAFile);
    }
    if access(&path, Access::READ_OK).is_err() {
        return Err(PlaceProblem::NotReadable);
    }
    if found.len() == 0 {
        return Err(PlaceProblem::EmptyFile);
    }
    let changed = found
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(Place {
        kind: PlaceKind::Local,
        bytes: Some(found.len()),
        largest_file_bytes: None,
        changed: changed.and_then(|since| i64::try_from(since.as_secs()).ok()),
    })
}

/// A path is what begins like one; anything else is a command, as the services in the VMs see it.
fn look_at_line(look: &Look) -> Result<Place, PlaceProblem> {
    let line = look.text.trim();
    let is_path = line.starts_with('/') && !has_option(line);
    // Quotes and operators in a path are ordinary characters to the service.
    match check_service_line(line) {
        Ok(()) => {}
        Err(LineProblem::Empty | LineProblem::LineBreak) => return Err(PlaceProblem::Line(LineProblem::LineBreak)),
        Err(_) if is_path && !line.contains(['|', '>', '<', ';', '&']) => {}
        Err(problem) => return Err(PlaceProblem::Line(problem)),
    }
    let program = line.split_whitespace().next().unwrap_or_default().to_owned();
    Ok(Place::of_kind(if is_path {
        PlaceKind::VmPath
    } else {
        PlaceKind::VmCommand { program }
    }))
}

/// `/usr/bin/dd of=/x` or `/bin/cat -u` is a command, `/mnt/my disk` is not.
fn has_option(line: &str) -> bool {
    line.split_whitespace()
        .skip(1)
        .any(|word| word.starts_with('-') || word.contains('=') || word.starts_with(['/', '\'', '"']))
}

fn absolute(look: &Look) -> Result<PathBuf, PlaceProblem> {
    let path = look.path();
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(PlaceProblem::NotAbsolute)
    }
}

fn io_problem(error: &std::io::Error) -> PlaceProblem {
    match error.kind() {
        std::io::ErrorKind::NotFound => PlaceProblem::NotFound,
        std::io::ErrorKind::NotADirectory => PlaceProblem::NotADirectory,
        std::io::ErrorKind::PermissionDenied => PlaceProblem::NotReadable,
        _ => PlaceProblem::Io {
            said: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dom0(text: impl Into<String>) -> Look {
        Look {
            target: DOM0.into(),
            text: text.into(),
        }
    }

    fn kind(line: &str) -> Result<PlaceKind, PlaceProblem> {
        let look = Look {
            target: "sys-usb".into(),
            text: line.into(),
        };
        look_at(&look).map(|place| place.kind)
    }

    #[test]
    fn a_directory_that_can_be_written_will_do_and_has_room() {
        let folder = tempfile::tempdir().unwrap();
        let place = look_at(&dom0(folder.path().to_str().unwrap())).unwrap();
        assert!(place.kind == PlaceKind::Local && place.bytes.is_some());
    }

    #[test]
    fn a_file_a_missing_directory_and_a_relative_path_will_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        assert_eq!(look_at(&dom0(&path)), Err(PlaceProblem::NotADirectory));
        assert_eq!(look_at(&dom0(format!("{path}x"))), Err(PlaceProblem::NotFound));
        assert_eq!(look_at(&dom0("backups")), Err(PlaceProblem::NotAbsolute));
        assert_eq!(look_at_archive(&dom0(&path)), Err(PlaceProblem::EmptyFile));
        assert_eq!(look_at_archive(&dom0("/")), Err(PlaceProblem::NotAFile));
    }

    #[test]
    fn in_a_vm_the_line_tells_a_path_from_a_command() {
        assert_eq!(kind("/media/user/my disk"), Ok(PlaceKind::VmPath));
        assert_eq!(kind("/media/it's mine"), Ok(PlaceKind::VmPath));
        let command = |program: &str| {
            Ok(PlaceKind::VmCommand {
                program: program.into(),
            })
        };
        assert_eq!(kind("dd of=/mnt/x"), command("dd"));
        assert_eq!(kind("/usr/bin/dd of=/mnt/x"), command("/usr/bin/dd"));
        assert_eq!(kind("sh -c 'gzip > /x'"), command("sh"));
        assert_eq!(
            kind("gzip > /x"),
            Err(PlaceProblem::Line(LineProblem::ShellOperator('>')))
        );
        assert_eq!(
            kind("/bin/gzip > /x"),
            Err(PlaceProblem::Line(LineProblem::ShellOperator('>')))
        );
    }
}
