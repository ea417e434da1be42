// SPDX-License-Identifier: GPL-3.0-or-later
//! What outer and inner archives share: 512-byte blocks, header fields, and the extension headers of pax and GNU.
//!
//! Refuses every header whose checksum is wrong, every size beyond its limit, and every extension that belongs to no
//! member. It knows nothing of what the members are for.

mod blocks;
mod fields;
mod head;
mod oddity;
mod pax;

pub(super) use blocks::{BLOCK_BYTES, BLOCK_SIZE, Blocks, padding_after};
pub(super) use fields::{has_right_checksum, number, put_negative, signed_number};
pub(super) use head::{Head, HeadReader, too_large};
pub(super) use oddity::MOST_ZERO_BLOCKS;
pub use oddity::{Anomaly, Oddity};
pub(super) use pax::{Record, append_record, decimal};
