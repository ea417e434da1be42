// SPDX-License-Identifier: GPL-3.0-or-later
//! From VMs to an archive: volumes are read, compressed block by block, sealed part by part, and written.

// What goes into it.
mod contents;
mod descriptors;
mod home;

// The reading thread.
mod read_ahead;
mod reading;

// Blocks, in the threads that compress.
mod blocks;
mod buffers;
mod inner;

// The packing thread.
mod keys;
mod messages;
mod parts;

// The writing thread.
mod writing;

mod backup;
mod recovery;

pub(super) use backup::{NewArchive, run};
pub(super) use recovery::text_beside;
