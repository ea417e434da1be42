// SPDX-License-Identifier: GPL-3.0-or-later
//! The backups that are known on this system: those that it made, and those that lie beside them or where the default
//! profile sends them. What is in the list may be gone and is looked at anew each time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use super::{DEFAULT_NAME, Profile};
use crate::{
    durable,
    host::{DOM0, LocalDir},
};

/// The file beside the profiles that lists what was made. Its ending keeps it out of every list of profiles.
const FILE: &str = "pedos-backup.made";

/// How many archives are remembered; the oldest are forgotten first.
const MOST: usize = 200;

/// The largest list in bytes: as many paths as the system allows to be that long.
const LARGEST_BYTES: u64 = (MOST as u64) * 4200;

/// How many names of a directory are looked at: a directory with more of them is hardly one of backups.
const MOST_NAMES: usize = 2000;

/// The mode of the list: it names places of its user.
const MODE: u32 = 0o600;

/// What stands before the path of an archive that was verified.
const VERIFIED: &str = "verified ";

/// What stands before the path of any other.
const WRITTEN: &str = "written ";

/// The name of the first member of every archive of format 2 and later.
const FIRST_MEMBER: &[u8] = b"backup-header\0";

/// A backup that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBackup {
    /// Its file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// When it was written, in seconds since 1970.
    pub changed: i64,
    /// Whether it was verified after it was written.
    pub is_verified: bool,
}

/// Remembers an archive that was made.
///
/// # Errors
/// When the list cannot be written; the older one is still there then.
pub fn remember(folder: &LocalDir, archive: &Path, is_verified: bool) -> io::Result<()> {
    // A path with a line break or in another encoding is not remembered: the list is text with a path to a line.
    let Some(path) = archive.to_str().filter(|path| !path.contains('\n')) else {
        return Ok(());
    };
    let mut made = read(folder);
    made.retain(|(known, _)| known != archive);
    made.push((PathBuf::from(path), is_verified));
    let from = made.len().saturating_sub(MOST);
    let lines = made.iter().skip(from).map(|(path, is_verified)| {
        let word = if *is_verified { VERIFIED } else { WRITTEN };
        format!("{word}{}\n", path.display())
    });
    fs::create_dir_all(folder.path())?;
    durable::replace_private(&folder.path().join(FILE), lines.collect::<String>().as_bytes(), MODE)
}

/// Returns the backups that are there, the newest first.
pub fn known_backups(folder: &LocalDir) -> Vec<KnownBackup> {
    let made: BTreeMap<PathBuf, bool> = read(folder).into_iter().collect();
    let mut folders: BTreeSet<PathBuf> = made
        .keys()
        .filter_map(|path| path.parent())
        .map(Path::to_owned)
        .collect();
    if let Ok(loaded) = Profile::load(folder, DEFAULT_NAME)
        && loaded.profile.destination_vm == DOM0
    {
        folders.insert(PathBuf::from(loaded.profile.destination_path));
    }
    let mut found: Vec<KnownBackup> = folders
        .iter()
        .flat_map(|folder| archives_in(folder))
        .map(|known| KnownBackup {
            is_verified: made.get(&known.path).copied().unwrap_or(false),
            ..known
        })
        .collect();
    found.sort_by(|one, other| (other.changed, &other.path).cmp(&(one.changed, &one.path)));
    found
}

/// Reads the list; one that cannot be read is an empty one.
fn read(folder: &LocalDir) -> Vec<(PathBuf, bool)> {
    let open = File::open(folder.path().join(FILE));
    let mut text = String::new();
    let is_read = open.and_then(|file| file.take(LARGEST_BYTES).read_to_string(&mut text));
    if is_read.is_err() {
        return Vec::new();
    }
    let entry = |line: &str| match (line.strip_prefix(VERIFIED), line.strip_prefix(WRITTEN)) {
        (Some(path), _) => Some((PathBuf::from(path), true)),
        (None, Some(path)) => Some((PathBuf::from(path), false)),
        (None, None) => None,
    };
    text.lines()
        .filter_map(entry)
        .filter(|(path, _)| path.is_absolute())
        .collect()
}

fn archives_in(folder: &Path) -> Vec<KnownBackup> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_NAMES);
    names.filter_map(|entry| archive(&entry.path())).collect()
}

/// Returns what is known of a file, if it is an archive by its first bytes.
fn archive(path: &Path) -> Option<KnownBackup> {
    let found = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut first = [0; FIRST_MEMBER.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut first)).ok()?;
    let since = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    (first == FIRST_MEMBER).then(|| KnownBackup {
        path: path.to_owned(),
        bytes: found.len(),
        changed: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        is_verified: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive_at(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, [FIRST_MEMBER, b"the rest"].concat()).unwrap();
    }

    #[test]
    fn what_was_made_and_what_lies_beside_it_is_known_and_nothing_else() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path().join("etc"));
        let place = scratch.path().join("backups");
        archive_at(&place.join("made"));
        archive_at(&place.join("beside"));
        fs::write(place.join("other"), "no backup").unwrap();
        remember(&folder, &place.join("made"), true).unwrap();
        remember(&folder, &place.join("gone"), true).unwrap();
        let known = known_backups(&folder);
        let mut named: Vec<_> = known
            .iter()
            .map(|known| (known.path.file_name().unwrap().to_str().unwrap(), known.is_verified))
            .collect();
        named.sort_unstable();
        assert_eq!(named, [("beside", false), ("made", true)]);
    }

    #[test]
    fn the_destination_of_the_default_profile_is_looked_into() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path().join("etc"));
        let place = scratch.path().join("disk");
        archive_at(&place.join("of another system"));
        assert_eq!(known_backups(&folder), []);
        let text = format!(
            "include: null\ndestination_vm: dom0\ndestination_path: {}\ncompression: true\n",
            place.display()
        );
        Profile::parse(&text)
            .unwrap()
            .profile
            .save(&folder, DEFAULT_NAME)
            .unwrap();
        assert_eq!(known_backups(&folder).len(), 1);
    }

    #[test]
    fn the_list_is_bounded_and_a_broken_one_is_empty() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path());
        for number in 0..MOST + 5 {
            remember(&folder, Path::new(&format!("/mnt/{number}")), false).unwrap();
        }
        let made = read(&folder);
        assert_eq!((made.len(), made[0].0.as_path()), (MOST, Path::new("/mnt/5")));
        remember(&folder, Path::new("/mnt/7"), true).unwrap();
        let made = read(&folder);
        assert_eq!(
            (made.len(), made.last()),
            (MOST, Some(&(PathBuf::from("/mnt/7"), true)))
        );
        fs::write(scratch.path().join(FILE), [0xff, 0xfe, b'\n']).unwrap();
        assert_eq!(read(&folder), []);
    }
}
