// SPDX-License-Identifier: GPL-3.0-or-later
//! The ranges of a file or a volume that hold data. A host reports them, and an archive's sparse map lists them.

/// A range that holds data; what lies between extents is a hole and reads as zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
}

impl Extent {
    /// Returns where the first byte behind it is.
    pub fn end(self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}
