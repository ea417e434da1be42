// SPDX-License-Identifier: GPL-3.0-or-later
//! The names of the marks that say what an archive holds of a VM.

use super::xml::Element;

/// A VM is in the archive if it has this feature with any text.
pub(super) const CONTENT: &str = "backup-content";
/// Where in the archive it is.
pub(super) const PATH: &str = "backup-path";
/// How much was announced, in bytes.
pub(super) const SIZE: &str = "backup-size";
/// A VM that was made up when an old inventory was converted: it belongs to the backup and has no files.
pub(super) const MADE_UP: &str = "backup-made-up";
/// The element that lists the files of a VM.
pub(super) const MANIFEST: &str = "backup-files";

/// The files that a VM's element lists; `None` when it has no list.
pub(super) fn files(domain: &Element) -> Option<Vec<String>> {
    let list = domain.child(MANIFEST)?;
    let names = list.named("file").filter_map(|file| file.attribute("name"));
    Some(names.map(str::to_owned).collect())
}
