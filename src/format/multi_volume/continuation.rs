// SPDX-License-Identifier: GPL-3.0-or-later
//! What a volume says of the member with which it goes on.

/// The header at the beginning of a volume that goes on with a member.
pub(super) struct Continuation {
    pub(super) name: Vec<u8>,
    /// Bytes of the member that come from here on.
    pub(super) left: u64,
    /// Bytes that came before, holes among them.
    pub(super) offset: u64,
}
