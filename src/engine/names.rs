// SPDX-License-Identifier: GPL-3.0-or-later
//! What files of a VM are called in an archive, beside those that a VM has by itself.

/// The file that stands for a VM without any.
pub(super) const PLACEHOLDER: &str = "empty";

/// What formats before 4 call a file that holds a VM's whole folder.
pub(super) const WHOLE_FOLDER: &str = ".";
