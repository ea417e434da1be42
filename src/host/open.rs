// SPDX-License-Identifier: GPL-3.0-or-later
//! Decides which PedOS is meant, for tools and wizards alike: the folder that its user names, else the one that runs here.
//!
//! A folder in which the daemon of a PedOS answers is a live one, no matter how it was named: its record is the daemon's alone.

use std::{
    env, fs,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Host, HostError, live::LiveHost, root::RootHost};
use crate::adminapi::ADMIN_SOCKET;

/// The variable that names a PedOS root folder where the command line does not.
pub const ROOT_VARIABLE: &str = "PEDOS_ROOT";

/// dom0's root where none is named.
const OWN_ROOT: &str = "/";

/// The PedOS that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A folder laid out as dom0's file system.
    Folder {
        /// The folder.
        root: PathBuf,
    },
    /// A PedOS that runs.
    Live {
        /// The folder that dom0's own paths are taken below: `/` in dom0.
        root: PathBuf,
    },
    /// No folder was named, and no PedOS runs here.
    Nowhere,
}

/// Why no PedOS could be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No folder was named, and no PedOS runs here.
    #[error("no PedOS was named and none runs here")]
    Nowhere,
    /// The folder that was named could not be opened.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Returns the root folder that a user names: on the command line, else in [`ROOT_VARIABLE`] if that is not empty.
pub fn named_root(argument: Option<PathBuf>) -> Option<PathBuf> {
    let variable = || env::var_os(ROOT_VARIABLE).filter(|value| !value.is_empty());
    argument.or_else(|| variable().map(PathBuf::from))
}

/// Returns which PedOS is meant where this root folder was named, or none.
pub fn find(root: Option<&Path>) -> Found {
    let place = root.unwrap_or(Path::new(OWN_ROOT));
    let socket = fs::metadata(place.join(ADMIN_SOCKET));
    let is_live = socket.is_ok_and(|found| found.file_type().is_socket());
    match root {
        _ if is_live => Found::Live { root: place.to_owned() },
        Some(root) => Found::Folder { root: root.to_owned() },
        None => Found::Nowhere,
    }
}

/// Opens the PedOS that is meant where this root folder was named, or none.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub fn open(root: Option<&Path>) -> Result<Arc<dyn Host>, OpenError> {
    match find(root) {
        Found::Folder { root } => Ok(Arc::new(RootHost::open(&root)?)),
        Found::Live { root } => Ok(Arc::new(LiveHost::open(&root)?)),
        Found::Nowhere => Err(OpenError::Nowhere),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_folder_in_which_a_daemon_answers_is_live_and_is_not_opened_as_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        RootHost::create(folder.path()).unwrap();
        let root = folder.path();
        assert_eq!(find(Some(root)), Found::Folder { root: root.into() });
        assert!(open(Some(root)).is_ok());
        let socket = root.join(ADMIN_SOCKET);
        fs::create_dir_all(socket.parent().unwrap()).unwrap();
        fs::write(&socket, "").unwrap();
        assert!(open(Some(root)).is_ok(), "a file of that name is no socket");
        fs::remove_file(&socket).unwrap();
        drop(UnixListener::bind(&socket).unwrap());
        // The daemon may be restarting: its socket stays, and nobody else may write the record meanwhile.
        assert_eq!(find(Some(root)), Found::Live { root: root.into() });
        let error = open(Some(root)).err();
        assert!(
            matches!(error, Some(OpenError::Host(HostError::NobodyAnswers { .. }))),
            "{error:?}"
        );
    }

    #[test]
    fn a_folder_that_is_none_is_told_from_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let opened = open(Some(folder.path()));
        assert!(matches!(opened, Err(OpenError::Host(HostError::NotARoot { .. }))));
        assert_eq!(named_root(Some("/x".into())), Some(PathBuf::from("/x")));
    }
}
