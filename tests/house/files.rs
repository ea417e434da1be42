// SPDX-License-Identifier: GPL-3.0-or-later
//! The files of the project, by their path in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Returns all files below a folder of the project that have that ending, in order.
pub(super) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(absolute(&folder)).expect("the sources can be read") {
            let entry = entry.expect("the sources can be read");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() && entry.file_name() != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the text of a file.
pub(super) fn read(file: &Path) -> String {
    fs::read_to_string(absolute(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns the path of a file from the root of the file system.
pub(super) fn absolute(path: &Path) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
