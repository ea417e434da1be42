// SPDX-License-Identifier: GPL-3.0-or-later
//! The archive format: bytes to values and back. No threads, no machines, no text for users.

mod compress;

pub use compress::Compression;
