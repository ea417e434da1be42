// SPDX-License-Identifier: GPL-3.0-or-later
//! Stores: directories behind a program that speaks SFTP on its standard input and output. The program runs on this computer,
//! or in a VM, where the stock service `qubes.Backup` runs it.

mod connection;
mod error;
mod shared;

use crate::{cancel::CancelToken, host::Services, units::unix_now};

use super::Location;

pub use crate::sftp::{
    Attributes as StoreAttributes, DirectoryEntry as StoreEntry, Kind as StoreKind, SftpError as StoreFault,
};
pub(super) use connection::Connection;
pub use error::StoreError;
pub(super) use shared::{Held, Shared};

/// How old an unfinished archive must be before it counts as left behind, in seconds. A store tells nobody whether a program
/// is writing a file.
const LEFT_BEHIND_AFTER_SECONDS: i64 = 24 * 60 * 60;

/// Returns the path of a name in a directory of a store. The directory in which the program begins is `.`, or nothing.
pub fn path_in_store(directory: &str, name: &str) -> String {
    match directory {
        "" | "." => name.to_owned(),
        directory if directory.ends_with('/') => format!("{directory}{name}"),
        directory => format!("{directory}/{name}"),
    }
}

/// Returns the directory above a path of a store. What lies above the one in which the program begins is only known by going
/// there.
pub fn directory_above(path: &str) -> String {
    let inner = path.trim_end_matches('/');
    match inner.rsplit_once('/') {
        _ if inner.is_empty() && path.starts_with('/') => "/".to_owned(),
        _ if inner.is_empty() || inner == "." => "..".to_owned(),
        _ if inner == ".." || inner.ends_with("/..") => format!("{inner}/.."),
        Some(("", _)) => "/".to_owned(),
        Some((above, _)) => above.to_owned(),
        None => ".".to_owned(),
    }
}

/// Returns what a program takes for the directory where its user begins.
pub(super) fn or_home(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

/// Returns the entries of a directory of a store: directories first, then files, both by their names. Waits for the store.
///
/// # Errors
/// When the store cannot be reached, or there is no such directory.
pub fn list_store(
    location: &Location,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<Vec<StoreEntry>, StoreError> {
    let Location::Store { reach, path } = location else {
        return Err(StoreError::Unusable);
    };
    let connection = Connection::open(reach, services, cancel)?;
    let listed = connection.session.list(or_home(path));
    let mut entries = listed.map_err(|fault| connection.error(fault, cancel))?;
    let rank = |entry: &StoreEntry| (entry.attributes.kind != StoreKind::Directory, entry.name.clone());
    entries.sort_by_key(rank);
    Ok(entries)
}

/// Returns whether an unfinished archive that was last written then, in seconds since 1970, was left behind.
pub(super) fn is_left_behind(changed: i64) -> bool {
    unix_now().cast_signed().saturating_sub(changed) > LEFT_BEHIND_AFTER_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_put_behind_every_kind_of_directory() {
        let cases = [
            ("", "x"),
            (".", "x"),
            ("/", "/x"),
            ("a", "a/x"),
            ("/a/", "/a/x"),
            ("/a", "/a/x"),
        ];
        for (directory, path) in cases {
            assert_eq!(path_in_store(directory, "x"), path);
        }
    }

    #[test]
    fn every_path_has_a_directory_above_it() {
        for (path, up) in [
            ("/a/b", "/a"),
            ("/a", "/"),
            ("/", "/"),
            ("a/b/", "a"),
            ("a", "."),
            ("a..", "."),
            (".", ".."),
            ("", ".."),
            ("..", "../.."),
        ] {
            assert_eq!(directory_above(path), up, "{path}");
        }
    }

    #[test]
    fn what_nobody_wrote_for_a_day_was_left_behind() {
        let written = |seconds_ago: i64| unix_now().cast_signed() - seconds_ago;
        assert!(!is_left_behind(written(LEFT_BEHIND_AFTER_SECONDS - 9)));
        assert!(is_left_behind(written(LEFT_BEHIND_AFTER_SECONDS + 9)));
    }
}
