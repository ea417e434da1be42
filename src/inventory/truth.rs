// SPDX-License-Identifier: GPL-3.0-or-later
//! The words that a PedOS reads as true or false.

/// Whether a PedOS reads the text as a truth at all.
pub(crate) fn is_truth(text: &str) -> bool {
    is_true(text) || matches!(text.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off")
}

/// What a PedOS reads as true.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}
