// SPDX-License-Identifier: GPL-3.0-or-later
//! Decides which entries of an archived home can be restored. A verification and a restore both ask here, so that neither
//! promises what the other cannot keep.

use std::{
    collections::HashMap,
    ffi::OsStr,
    hash::{BuildHasher, RandomState},
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use crate::{
    engine::HomeFault,
    format::inner::{Entry, EntryKind},
};

/// The longest name of a file in a folder, in bytes, on every file system of Linux.
const NAME_BYTES: usize = 255;

/// The longest path within the archive that is restored, in bytes: what the kernel takes, with room for the folder that
/// it goes into.
const PATH_BYTES: usize = 4096 - 512;

/// The largest file of the file systems that dom0 is installed on, in bytes.
const FILE_BYTES: u64 = (16 << 40) - 4096;

/// What has been in the archive so far.
pub(super) struct Judge {
    prefix: String,
    hasher: RandomState,
    /// By the hash of its path, whether it is a folder: paths themselves would take many times the memory.
    known: HashMap<u64, bool>,
}

impl Judge {
    /// Judges the entries of a home whose names begin with this path.
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            hasher: RandomState::new(),
            known: HashMap::new(),
        }
    }

    /// The path that an entry gets, and where a hard link points; or why it cannot be restored.
    pub(super) fn judge(&mut self, entry: &Entry) -> Result<(PathBuf, Option<PathBuf>), HomeFault> {
        let path = self.path(&entry.name)?;
        let is_directory = entry.kind == EntryKind::Directory;
        let mut link = None;
        match &entry.kind {
            EntryKind::File if entry.size > FILE_BYTES => return Err(HomeFault::TooLarge),
            EntryKind::File | EntryKind::Directory | EntryKind::Symlink(_) | EntryKind::Fifo => {}
            EntryKind::HardLink(target) => {
                let target = self.path(target).map_err(|_| HomeFault::LinkToNothing)?;
                if self.known.get(&self.hash(&target)) != Some(&false) {
                    return Err(HomeFault::LinkToNothing);
                }
                link = Some(target);
            }
            EntryKind::Other(_) => return Err(HomeFault::Device),
        }
        self.take(&path, is_directory)?;
        Ok((path, link))
    }

    fn take(&mut self, path: &Path, is_directory: bool) -> Result<(), HomeFault> {
        let hash = self.hash(path);
        match self.known.get(&hash) {
            Some(true) if is_directory => return Ok(()),
            Some(_) => return Err(HomeFault::Twice),
            None => {}
        }
        let mut above = Vec::new();
        for folder in path.ancestors().skip(1) {
            let hash = self.hash(folder);
            match self.known.get(&hash) {
                Some(true) => break,
                Some(false) => return Err(HomeFault::BelowAFile),
                None => above.push(hash),
            }
        }
        self.known.extend(above.into_iter().map(|hash| (hash, true)));
        self.known.insert(hash, is_directory);
        Ok(())
    }

    fn hash(&self, path: &Path) -> u64 {
        self.hasher.hash_one(path.as_os_str().as_bytes())
    }

    /// A path of the archive, if it stays within the home.
    fn path(&self, name: &[u8]) -> Result<PathBuf, HomeFault> {
        let path = Path::new(OsStr::from_bytes(name));
        let is_plain = |component: Component<'_>| matches!(component, Component::Normal(_));
        if name.contains(&0) || !path.components().all(is_plain) || !path.starts_with(&self.prefix) {
            return Err(HomeFault::Outside);
        }
        if name.len() > PATH_BYTES || path.iter().any(|part| part.len() > NAME_BYTES) {
            return Err(HomeFault::NameTooLong);
        }
        Ok(path.components().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: EntryKind) -> Entry {
        Entry {
            name: name.as_bytes().to_vec(),
            kind,
            mode: 0o644,
            mtime: 0,
            size: 0,
            position: 0,
        }
    }

    #[test]
    fn only_what_can_be_restored_is_taken() {
        let mut judge = Judge::new("dom0-home/user");
        let long = format!("dom0-home/user/{}", "x".repeat(256));
        let deep = format!("dom0-home/user{}", "/d".repeat(3000));
        let hard = |target: &str| EntryKind::HardLink(target.as_bytes().to_vec());
        let sized = |name: &str, size| Entry {
            size,
            ..entry(name, EntryKind::File)
        };
        let longest = format!("dom0-home/user/{}", "y".repeat(NAME_BYTES));
        let deepest = format!("dom0-home/user{}/e", "/d".repeat((PATH_BYTES - 16) / 2));
        assert_eq!(deepest.len(), PATH_BYTES);
        let cases = [
            (entry("dom0-home/user/", EntryKind::Directory), None),
            (entry("dom0-home/user/a", EntryKind::File), None),
            (entry("dom0-home/user/a", EntryKind::File), Some(HomeFault::Twice)),
            (
                entry("dom0-home/user/a/b", EntryKind::File),
                Some(HomeFault::BelowAFile),
            ),
            (entry("dom0-home/user/c/d/e", EntryKind::File), None),
            (entry("dom0-home/user/c/d", EntryKind::Directory), None),
            (entry("dom0-home/user/c", EntryKind::File), Some(HomeFault::Twice)),
            (entry("dom0-home/user/l", hard("dom0-home/user/a")), None),
            (
                entry("dom0-home/user/m", hard("/etc/passwd")),
                Some(HomeFault::LinkToNothing),
            ),
            (
                entry("dom0-home/user/n", hard("dom0-home/user/c")),
                Some(HomeFault::LinkToNothing),
            ),
            (
                entry("dom0-home/user/o", hard("dom0-home/user/no")),
                Some(HomeFault::LinkToNothing),
            ),
            (entry("dom0-home/user/s", EntryKind::Symlink(b"/etc".to_vec())), None),
            (
                entry("dom0-home/user/s/x", EntryKind::File),
                Some(HomeFault::BelowAFile),
            ),
            (entry("dom0-home/user/p", EntryKind::Fifo), None),
            (
                entry("dom0-home/user/dev", EntryKind::Other(b'4')),
                Some(HomeFault::Device),
            ),
            (entry(&long, EntryKind::File), Some(HomeFault::NameTooLong)),
            (entry(&deep, EntryKind::File), Some(HomeFault::NameTooLong)),
            (entry(&longest, EntryKind::File), None),
            (entry(&deepest, EntryKind::File), None),
            (
                entry(&format!("{deepest}e"), EntryKind::File),
                Some(HomeFault::NameTooLong),
            ),
            (sized("dom0-home/user/largest", FILE_BYTES), None),
            (sized("dom0-home/user/large", FILE_BYTES + 1), Some(HomeFault::TooLarge)),
            (entry("/etc/passwd", EntryKind::File), Some(HomeFault::Outside)),
            (
                entry("dom0-home/user/../../x", EntryKind::File),
                Some(HomeFault::Outside),
            ),
            (entry("dom0-home/other/x", EntryKind::File), Some(HomeFault::Outside)),
            (entry("dom0-home/users", EntryKind::File), Some(HomeFault::Outside)),
        ];
        for (entry, fault) in cases {
            assert_eq!(judge.judge(&entry).err(), fault, "{entry:?}");
        }
    }
}
