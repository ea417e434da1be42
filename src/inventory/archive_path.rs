// SPDX-License-Identifier: GPL-3.0-or-later
//! Where the files of a VM lie in an archive, and what the files of its volumes are called.

use std::{fmt, path::Path};

/// What the name of a volume's file ends in.
const VOLUME_SUFFIX: &str = ".img";

/// The folder of a VM in an archive (`vm7/`; in old archives `vm7` or `appvms/NAME`), or the name of the archive of dom0's
/// home (`dom0-home/USER`). Empty for a VM of which the archive has no files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ArchivePath(String);

impl ArchivePath {
    /// Takes a path as an inventory has it.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// Returns the folder of the VM with that number.
    pub fn of_number(number: u32) -> Self {
        Self(format!("vm{number}/"))
    }

    /// Returns the path as the inventory has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the archive has no files of the VM.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the path without a slash at its end.
    pub fn folder(&self) -> &str {
        self.0.trim_end_matches('/')
    }

    /// Returns the last part of the path: for dom0's home the name of its user.
    pub fn last(&self) -> &str {
        self.folder().rsplit('/').next().unwrap_or_default()
    }

    /// Returns what a file of the archive is called within this folder; empty for the file that has the folder's own name.
    /// `None` for a file that lies elsewhere.
    pub fn within<'f>(&self, file: &'f str) -> Option<&'f str> {
        if self.is_empty() {
            return None;
        }
        let rest = file.strip_prefix(self.folder())?;
        if rest.is_empty() {
            Some(rest)
        } else {
            rest.strip_prefix('/')
        }
    }

    /// Returns what a path of the archive is called within this folder.
    pub fn within_path<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        path.strip_prefix(self.folder()).ok()
    }

    /// Returns what the archive calls a file of this folder.
    pub fn member(&self, name: &str) -> String {
        format!("{}/{name}", self.folder())
    }

    /// Returns what the names of all members of this folder begin with. `vm1` would match `vm10`.
    pub fn prefix(&self) -> String {
        format!("{}/", self.folder())
    }

    /// Returns what the names of all members begin with that are parts of a file of just this name.
    pub fn part_prefix(&self) -> String {
        format!("{}.", self.folder())
    }
}

impl fmt::Display for ArchivePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns what the file of a volume is called (`private.img`).
pub fn volume_file(volume: &str) -> String {
    format!("{volume}{VOLUME_SUFFIX}")
}

/// Returns the volume whose file has that name; `None` for any other file.
pub fn volume_of_file(file: &str) -> Option<&str> {
    file.strip_suffix(VOLUME_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_its_own_files_and_no_others() {
        for path in ["vm1/", "vm1"] {
            let path = ArchivePath::new(path);
            assert_eq!(path.within("vm1/private.img"), Some("private.img"));
            assert_eq!(path.within("vm1"), Some(""));
            assert_eq!(path.within("vm10/private.img"), None);
            assert_eq!(path.within("xvm1/private.img"), None);
            assert_eq!(path.member("root.img"), "vm1/root.img");
            assert_eq!(path.prefix(), "vm1/");
        }
        assert_eq!(ArchivePath::of_number(7).as_str(), "vm7/");
        let home = ArchivePath::new("dom0-home/user");
        assert_eq!((home.last(), home.within("dom0-home/user")), ("user", Some("")));
        assert_eq!(home.within("dom0-home/user2"), None);
        let old = ArchivePath::new("appvms/work");
        assert_eq!(old.within("appvms/work/private.img"), Some("private.img"));
        assert_eq!(home.part_prefix(), "dom0-home/user.");
    }

    #[test]
    fn a_vm_without_files_holds_none() {
        let empty = ArchivePath::default();
        assert_eq!((empty.within(""), empty.within("vm1/x")), (None, None));
    }

    #[test]
    fn a_volume_and_its_file_name_each_other() {
        assert_eq!(volume_file("private"), "private.img");
        assert_eq!(volume_of_file("private.img"), Some("private"));
        assert_eq!(volume_of_file("notes.txt"), None);
    }
}
