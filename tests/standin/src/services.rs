// SPDX-License-Identifier: GPL-3.0-or-later
//! What the stand-in's `qrexec-client` left behind: its starts, and how it was used wrongly.

use std::{fs, path::Path};

use crate::layout;

/// Takes what nobody should have done with `qrexec-client`.
pub(crate) fn violations(root: &Path) -> Vec<String> {
    let path = layout::below(root, layout::OWN_FOLDER).join("violations");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(path);
    text.lines().map(str::to_owned).collect()
}
