// SPDX-License-Identifier: GPL-3.0-or-later
//! The profiles of a folder: which there are, and giving one another name or taking it away.

use std::{fs, io};

use super::{ProfileError, made, path};
use crate::{durable, host::LocalDir};

/// What the name of a profile's file ends with.
const ENDING: &str = ".conf";

/// Returns the names of the profiles that there are, sorted. Whether each can be read is another question.
///
/// # Errors
/// When the folder cannot be read; one that is not there has no profiles.
pub fn list(folder: &LocalDir) -> io::Result<Vec<String>> {
    let entries = match durable::names_in(folder.path()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?.into_string().ok();
        let name = entry.as_deref().and_then(|entry| entry.strip_suffix(ENDING));
        names.extend(name.filter(|name| path(folder.path(), name).is_ok()).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Gives a profile another name. The archives that it made stay its own. Nothing is replaced.
///
/// # Errors
/// When it is not there, the new name is taken or none, or the system refuses.
pub fn rename(folder: &LocalDir, from: &str, to: &str) -> Result<(), ProfileError> {
    let (old, new) = (path(folder.path(), from)?, path(folder.path(), to)?);
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ProfileError::NotFound { path: old.clone() },
        _ => ProfileError::Io {
            path: new.clone(),
            source,
        },
    };
    durable::rename_new(&old, &new).map_err(failed)?;
    durable::sync_folder_of(&new).map_err(failed)?;
    // The list is the smaller matter: without it, older archives stay where they are.
    if let Err(error) = made::rename_series(folder, from, to) {
        log::warn!("the archives of {from} stay under its old name: {error}");
    }
    Ok(())
}

/// Takes a profile away. The archives that it made stay.
///
/// # Errors
/// When it is not there or the system refuses.
pub fn remove(folder: &LocalDir, name: &str) -> Result<(), ProfileError> {
    let path = path(folder.path(), name)?;
    let failed = |source| ProfileError::of_file(&path, source);
    fs::remove_file(&path).map_err(failed)?;
    durable::sync_folder_of(&path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        format::BackupId,
        plan::Series,
        profile::{ArchiveFolder, MadeArchive, Profile, made_in, remember},
        transport::Location,
    };

    fn saved(folder: &LocalDir, name: &str) {
        let text = "include: null\ndestination_vm: dom0\ndestination_path: /mnt\n";
        Profile::parse(text).unwrap().profile.save(folder, name).unwrap();
    }

    #[test]
    fn profiles_are_listed_renamed_and_taken_away() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path().join("etc"));
        assert_eq!(list(&folder).unwrap(), [""; 0]);
        for name in ["b", "a", "my disk"] {
            saved(&folder, name);
        }
        for other in [".hidden.conf", "x.conf.tmp", "pedos-backup.made"] {
            fs::write(folder.path().join(other), "").unwrap();
        }
        assert_eq!(list(&folder).unwrap(), ["a", "b", "my disk"]);
        rename(&folder, "a", "c").unwrap();
        assert!(matches!(rename(&folder, "b", "c"), Err(ProfileError::Io { .. })));
        assert!(matches!(rename(&folder, "a", "d"), Err(ProfileError::NotFound { .. })));
        assert!(matches!(
            rename(&folder, "b", "../d"),
            Err(ProfileError::BadName { .. })
        ));
        remove(&folder, "my disk").unwrap();
        assert!(matches!(remove(&folder, "my disk"), Err(ProfileError::NotFound { .. })));
        assert_eq!(list(&folder).unwrap(), ["b", "c"]);
    }

    #[test]
    fn the_archives_of_a_profile_go_with_its_name() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path());
        saved(&folder, "a");
        let archive = MadeArchive {
            id: BackupId::parse("20260301T140500-77").unwrap(),
            series: Series::of_profile("a"),
            made: 1_772_366_400,
            location: Location::File("/mnt/x".into()),
            is_verified: true,
        };
        remember(&folder, &archive).unwrap();
        rename(&folder, "a", "b").unwrap();
        let place = ArchiveFolder::of_archive(&archive.location).unwrap();
        let made = |name: &str| made_in(&folder, &Series::of_profile(name), &place).len();
        assert_eq!((made("a"), made("b")), (0, 1));
    }
}
