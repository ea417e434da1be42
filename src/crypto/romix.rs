// SPDX-License-Identifier: GPL-3.0-or-later
//! scryptROMix for r = 8: the memory-hard middle of scrypt (RFC 7914, section 5), and the memory that it works in.
//!
//! It exists because it is two to four times as fast as the `scrypt` crate where several blocks are mixed side by side,
//! and because it works in less memory than N blocks. It knows nothing of the rest of this crate and could be a crate by
//! itself: it needs `bytemuck`, `memmap2` and `zeroize`, on x86-64 also `pulp`. `scripts/miri.sh` compiles it that way.
//!
//! # What the caller does
//!
//! The caller derives the blocks with PBKDF2-HMAC-SHA-256 (128 * 8 bytes for each of p), lets [`Memory::mix`] mix them in
//! place, and derives the key from them with PBKDF2 once more. Blocks of several keys may be mixed in one call, if N is the
//! same. The unit has no other input, reads no file and no environment, and never fails but for want of memory.
//!
//! # How it is fast
//!
//! - **Lanes.** Each Salsa20/8 waits for its own results most of the time. Two or four blocks, side by side in one AVX2 or
//!   AVX-512 register, take hardly longer than one (`lanes`).
//! - **A table with gaps.** Of the N blocks of the table only every second, third, ... is kept; the blocks in between
//!   are computed again when they are needed. That work stays in the cache, so that a table with gaps costs little time
//!   (`mixing`). [`MAX_EVERY`] is the largest gap.
//! - **Memory that is used again.** Asking the system for hundreds of megabytes for each key costs a third of the work.
//!   [`Memory`] keeps its table from one call to the next, in large pages where the system has them (`memory`).
//!
//! # Secrets and safety
//!
//! Tables and blocks are wiped when they are given back. The index of each table look-up depends on the password, as the
//! standard demands it of scrypt; nothing else does, neither branches nor the number of steps: in a table with gaps, the
//! number of steps follows the same indices. There is no `unsafe` code here.
//!
//! The tests hold it against the vectors of RFC 7914 and, in every width that the processor has, against each other. Miri
//! runs them with plain lanes.

mod lanes;
mod memory;
mod mixing;

#[cfg(test)]
pub(super) use lanes::most_lanes;
pub(super) use memory::{Memory, OutOfMemory};

/// The block size factor that this is made for: what every genuine archive has.
pub(super) const R: u32 = 8;

/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 128 * R as usize;

/// The largest gap in a table: it takes a sixteenth of the memory then, and two to four times the work of a whole one.
pub(super) const MAX_EVERY: usize = 16;

/// The most blocks that are mixed at a time.
const MOST_LANES: usize = 4;

#[cfg(test)]
mod tests;
