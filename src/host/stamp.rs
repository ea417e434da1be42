// SPDX-License-Identifier: GPL-3.0-or-later
//! Whether a file changed while it was read. Only what the file system keeps of it is compared, so that nothing is read
//! twice: size, times, links and the inode that its name leads to.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
};

/// What happened to a file while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Change {
    /// It grew or shrank.
    #[error("it has another size")]
    Size,
    /// It was written to.
    #[error("it was written to")]
    Content,
    /// Its name leads nowhere.
    #[error("it was removed")]
    Gone,
    /// Its name leads to another file.
    #[error("another file took its place")]
    Replaced,
}

/// What the file system says of a file at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    identity: (u64, u64),
    size: u64,
    modified: (i64, i64),
    /// Changes with the content and with everything below.
    changed: (i64, i64),
    links: u64,
    access: (u32, u32, u32),
}

impl Stamp {
    /// Takes it from what is known of a file.
    pub fn of(file: &Metadata) -> Self {
        Self {
            identity: (file.dev(), file.ino()),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
            links: file.nlink(),
            access: (file.mode(), file.uid(), file.gid()),
        }
    }

    /// What happened to the content of the open file between this stamp and a later one. The time of change moves with
    /// names, links and access rights too: where one of those is another, it proves nothing.
    pub fn content_change(&self, later: &Self, is_renamed: bool) -> Option<Change> {
        if self.size != later.size {
            return Some(Change::Size);
        }
        if self.modified != later.modified {
            return Some(Change::Content);
        }
        let is_explained = is_renamed || (self.links, self.access) != (later.links, later.access);
        (self.changed != later.changed && !is_explained).then_some(Change::Content)
    }

    /// What the name of the file leads to now, if not to it.
    ///
    /// # Errors
    /// When this cannot be told.
    pub fn name_change(&self, path: &Path) -> io::Result<Option<Change>> {
        match fs::metadata(path) {
            Ok(named) if (named.dev(), named.ino()) == self.identity => Ok(None),
            Ok(_) => Ok(Some(Change::Replaced)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(Change::Gone)),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{File, FileTimes, Permissions},
        os::unix::fs::{FileExt, PermissionsExt},
        thread,
        time::{Duration, SystemTime},
    };

    use super::*;

    /// What is seen when that is done to a file.
    fn seen(what: impl FnOnce(&File, &Path)) -> (Option<Change>, Option<Change>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("volume.img");
        fs::write(&path, [1; 4096]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let before = Stamp::of(&file.metadata().unwrap());
        // Times of files move by the tick of the system.
        thread::sleep(Duration::from_millis(30));
        what(&file, &path);
        let after = Stamp::of(&file.metadata().unwrap());
        let named = before.name_change(&path).unwrap();
        (before.content_change(&after, named.is_some()), named)
    }

    #[test]
    fn each_change_is_told_from_what_leaves_the_content_alone() {
        assert_eq!(seen(|_, _| {}), (None, None));
        let read = |file: &File, _: &Path| drop(file.read_exact_at(&mut [0; 8], 0));
        assert_eq!(seen(read), (None, None));
        let rights = |file: &File, _: &Path| file.set_permissions(Permissions::from_mode(0o600)).unwrap();
        assert_eq!(seen(rights), (None, None));
        let link = |_: &File, path: &Path| fs::hard_link(path, path.with_extension("link")).unwrap();
        assert_eq!(seen(link), (None, None));
        let write = |file: &File, _: &Path| file.write_all_at(&[2], 7).unwrap();
        assert_eq!(seen(write), (Some(Change::Content), None));
        // With its old time put back.
        let hidden = |file: &File, path: &Path| {
            let time = fs::metadata(path).unwrap().modified().unwrap();
            file.write_all_at(&[2], 7).unwrap();
            file.set_times(FileTimes::new().set_modified(time)).unwrap();
        };
        assert_eq!(seen(hidden), (Some(Change::Content), None));
        let old = |file: &File, _: &Path| {
            let time = SystemTime::UNIX_EPOCH;
            file.set_times(FileTimes::new().set_modified(time)).unwrap();
        };
        assert_eq!(seen(old), (Some(Change::Content), None));
        assert_eq!(seen(|file, _| file.set_len(9).unwrap()), (Some(Change::Size), None));
        let gone = |_: &File, path: &Path| fs::remove_file(path).unwrap();
        assert_eq!(seen(gone), (None, Some(Change::Gone)));
        let replaced = |_: &File, path: &Path| {
            fs::write(path.with_extension("new"), "x").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        };
        assert_eq!(seen(replaced), (None, Some(Change::Replaced)));
    }
}
