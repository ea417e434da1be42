// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is, or is going to be.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// How standard input and standard output are written where a location is expected.
pub const STANDARD: &str = "-";

/// How a store is reached: by a program that speaks SFTP on its standard input and output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The VM that the program runs in; none for this computer.
    pub vm: Option<String>,
    /// The program with its arguments, as its user wrote it: one line, run by the shell.
    pub program: String,
}

/// Where an archive is, or is going to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this computer: an archive that is written there gets a name of its own.
    Folder(PathBuf),
    /// A file of this computer, also a disk or a named pipe. One that is written must not exist.
    File(PathBuf),
    /// Several files that are one archive in this order.
    Files(Vec<PathBuf>),
    /// Standard output for an archive that is written, standard input for one that is read.
    Standard,
    /// A command of this computer, run by the shell: it takes the archive on its standard input, or prints it.
    Command(String),
    /// A running VM; the line is a directory, a file or a command there.
    Vm {
        /// The VM.
        vm: String,
        /// What the VM's service is told: one line.
        line: String,
    },
    /// A store behind a program that speaks SFTP.
    Store {
        /// How it is reached.
        reach: Reach,
        /// There: the directory that an archive is written into, or the archive that is read. Empty for the directory in
        /// which the program begins.
        path: String,
    },
    /// A service of a running VM that stands for one archive, by its whole name.
    Registered {
        /// The VM.
        vm: String,
        /// The service, with its argument.
        service: String,
    },
}

impl Location {
    /// Returns the file of this computer that the archive is, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }

    /// Returns the folder of this computer that an archive is written into, if it is written into one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(path) => Some(path),
            Self::File(path) => Some(folder_of(path)),
            _ => None,
        }
    }

    /// Returns the VM that the archive goes through, if it goes through one.
    pub fn vm(&self) -> Option<&str> {
        match self {
            Self::Vm { vm, .. } | Self::Registered { vm, .. } => Some(vm),
            Self::Store { reach, .. } => reach.vm.as_deref(),
            _ => None,
        }
    }
}

/// Returns the folder that a file lies in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// For display. Text that a user or a VM chose is kept as it is: the code that shows it must escape it.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) | Self::File(path) => path.display().fmt(f),
            Self::Files(paths) => {
                for (index, path) in paths.iter().enumerate() {
                    write!(f, "{}{}", if index > 0 { " + " } else { "" }, path.display())?;
                }
                Ok(())
            }
            Self::Standard => f.write_str(STANDARD),
            Self::Command(command) => f.write_str(command),
            Self::Vm { vm, line } => write!(f, "{vm}:{line}"),
            Self::Registered { vm, service } => write!(f, "{vm}:{service}"),
            Self::Store { reach, path } => match &reach.vm {
                Some(vm) => write!(f, "{vm}:{}:{path}", reach.program),
                None => write!(f, "{}:{path}", reach.program),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_location_has_one_form_for_display() {
        let files = Location::Files(vec!["/a.0".into(), "/a.1".into()]);
        let vm = || "disk".to_owned();
        let store = |vm| Location::Store {
            reach: Reach {
                vm,
                program: "ssh -s nas sftp".into(),
            },
            path: "/backups".into(),
        };
        for (location, shown) in [
            (Location::Folder("/mnt".into()), "/mnt"),
            (Location::File("/mnt/x".into()), "/mnt/x"),
            (files, "/a.0 + /a.1"),
            (Location::Standard, "-"),
            (Location::Command("ssh host cat x".into()), "ssh host cat x"),
            (
                Location::Vm {
                    vm: vm(),
                    line: "/x".into(),
                },
                "disk:/x",
            ),
            (
                Location::Registered {
                    vm: vm(),
                    service: "a+b".into(),
                },
                "disk:a+b",
            ),
            (store(None), "ssh -s nas sftp:/backups"),
            (store(Some(vm())), "disk:ssh -s nas sftp:/backups"),
        ] {
            assert_eq!(location.to_string(), shown);
        }
    }

    #[test]
    fn a_file_without_a_folder_lies_in_the_current_one() {
        assert_eq!(Location::File("x".into()).folder(), Some(Path::new(".")));
        assert_eq!(Location::File("/a/x".into()).folder(), Some(Path::new("/a")));
        assert_eq!(Location::Standard.folder(), None);
    }
}
