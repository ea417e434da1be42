// SPDX-License-Identifier: GPL-3.0-or-later
//! Parts of secrets on the stack: digests work on copies of what they are given, and frames that are left keep them until
//! something else is written there.

use std::hint::black_box;

/// More than the frames of any digest and key derivation take, in bytes.
const FRAMES_BYTES: usize = 32 << 10;

/// Does work with a secret, and overwrites what it leaves on the stack.
pub(super) fn leaving_nothing<T>(work: impl FnOnce() -> T) -> T {
    let result = in_frames_below(work);
    overwrite_frames_below();
    result
}

#[inline(never)]
fn in_frames_below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn overwrite_frames_below() {
    let mut frames = [0_u8; FRAMES_BYTES];
    // Without this nobody would look at the zeros, and the compiler would leave them out.
    black_box(&mut frames);
}
