// SPDX-License-Identifier: GPL-3.0-or-later
//! The plan of an extraction: one file of an archive, and where it goes.

use std::{fmt, fs::File, path::PathBuf, sync::Arc};

use crate::{host::DOM0, inventory::volume_file};

use super::Access;

/// Everything that is needed to get one file out of an archive.
#[derive(Debug, Clone)]
pub struct ExtractPlan {
    /// The archive.
    pub access: Access,
    /// What is wanted of it.
    pub what: ArchivedFile,
    /// Where it goes.
    pub to: ExtractTo,
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivedFile {
    /// dom0's home, a whole folder.
    Home,
    /// A volume or small file of a VM.
    OfVm {
        /// The VM's name in the archive.
        vm: String,
        /// The name in the VM's folder (`private.img`).
        file: String,
    },
}

/// As its user names it, which is what [`ArchivedFile::parse`] reads.
impl fmt::Display for ArchivedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home => write!(f, "{DOM0}:home"),
            Self::OfVm { vm, file } => write!(f, "{vm}:{file}"),
        }
    }
}

impl ArchivedFile {
    /// Reads `VM:VOLUME`, where a volume may be any file by its name in the archive (`firewall.xml`); `dom0` and
    /// `dom0:home` are dom0's home. None where it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (vm, file) = match text.split_once(':') {
            None if text == DOM0 => return Some(Self::Home),
            Some((DOM0, "home")) => return Some(Self::Home),
            Some((vm, file)) if vm != DOM0 => (vm, file),
            None | Some(_) => return None,
        };
        let is_plain = !file.contains('/') && !matches!(file, "" | "." | "..");
        (is_plain && !vm.is_empty()).then(|| Self::OfVm {
            vm: vm.to_owned(),
            file: if file.contains('.') {
                file.to_owned()
            } else {
                volume_file(file)
            },
        })
    }

    /// The VM whose file it is.
    pub fn vm(&self) -> &str {
        match self {
            Self::Home => DOM0,
            Self::OfVm { vm, .. } => vm,
        }
    }
}

/// Where an extracted file goes.
#[derive(Debug, Clone)]
pub enum ExtractTo {
    /// A new file, or for dom0's home a new folder.
    Path(PathBuf),
    /// An open stream, which gets the plain bytes before it is known whether all of them are good.
    Stream(Arc<File>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_a_file_and_the_home_are_told_apart() {
        let file = |vm: &str, file: &str| {
            Some(ArchivedFile::OfVm {
                vm: vm.to_owned(),
                file: file.to_owned(),
            })
        };
        assert_eq!(ArchivedFile::parse("work:private"), file("work", "private.img"));
        assert_eq!(ArchivedFile::parse("work:root.img"), file("work", "root.img"));
        assert_eq!(ArchivedFile::parse("work:firewall.xml"), file("work", "firewall.xml"));
        assert_eq!(ArchivedFile::parse("dom0"), Some(ArchivedFile::Home));
        assert_eq!(ArchivedFile::parse("dom0:home"), Some(ArchivedFile::Home));
        for text in ["", "work", "work:", ":private", "work:../x", "work:..", "dom0:private"] {
            assert_eq!(ArchivedFile::parse(text), None, "{text}");
        }
    }
}
