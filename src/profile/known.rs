// SPDX-License-Identifier: GPL-3.0-or-later
//! The backups that are known on this system: those that it made, and those that lie beside them or where the default
//! profile sends them. What is in the list may be gone and is looked at anew each time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use super::{DEFAULT_NAME, Profile, made::made_files};
use crate::host::{DOM0, LocalDir};

/// How many names of a directory are looked at: a directory with more of them is hardly one of backups.
const MOST_NAMES: usize = 2000;

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

/// Returns the backups that are there, the newest first.
pub fn known_backups(folder: &LocalDir) -> Vec<KnownBackup> {
    let made: BTreeMap<PathBuf, bool> = made_files(folder).into_iter().collect();
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

fn archives_in(folder: &Path) -> Vec<KnownBackup> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_NAMES);
    names.filter_map(|entry| archive(&entry.path())).collect()
}

/// Returns what is known of a file, if it is an archive by its first bytes.
fn archive(path: &Path) -> Option<KnownBackup> {
    // A `.part` file is not a whole backup.
    if path.extension().is_some_and(|ending| ending == "part") {
        return None;
    }
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
    use crate::{
        format::BackupId,
        plan::Series,
        profile::{MadeArchive, remember},
        transport::Location,
    };

    fn remember_verified(folder: &LocalDir, path: PathBuf) {
        let archive = MadeArchive {
            id: BackupId::parse("20260301T140500-77").unwrap(),
            series: Series::default(),
            made: 1_772_366_400,
            location: Location::File(path),
            is_verified: true,
        };
        assert!(remember(folder, &archive).unwrap());
    }

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
        archive_at(&place.join("unfinished.part"));
        remember_verified(&folder, place.join("made"));
        remember_verified(&folder, place.join("gone"));
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
    fn so_many_names_of_a_directory_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: usize| folder.path().join(format!("qubes-{number}"));
        for number in 0..=MOST_NAMES {
            fs::write(path(number), [FIRST_MEMBER, b"version=4"].concat()).unwrap();
        }
        assert_eq!(archives_in(folder.path()).len(), MOST_NAMES);
        fs::remove_file(path(0)).unwrap();
        assert_eq!(archives_in(folder.path()).len(), MOST_NAMES);
    }
}
