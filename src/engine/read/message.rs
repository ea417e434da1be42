// SPDX-License-Identifier: GPL-3.0-or-later
//! What the reading thread sends to the unpacking one.

use std::ops::Range;

use crate::engine::EngineError;

use super::member::MemberInfo;

/// What the reading side sends.
pub(super) enum ReadMessage {
    /// A file begins.
    File {
        /// The VM's place in the table of wanted ones.
        vm: usize,
        /// The name within the VM's folder; for dom0 its user.
        name: String,
        /// Its first member.
        member: MemberInfo,
    },
    /// The next part of the file that has begun.
    Part {
        /// What was read; goes back to the reader when it has been used.
        buffer: Vec<u8>,
        /// Where in it the plain bytes are.
        plain: Range<usize>,
        /// Its member.
        member: MemberInfo,
    },
    /// The file that has begun cannot go on.
    Broken(EngineError),
    /// The file that has begun is whole.
    End,
}
