// SPDX-License-Identifier: GPL-3.0-or-later
//! From an archive to VMs: opens it, finds the parts that are wanted, authenticates and decrypts them, and hands their
//! content to a target. A restore, a verification and an extraction differ only in the target.

mod confined;

// Where the bytes come from.
mod member;
mod members;
mod role;

mod index;
mod keys;
mod part_format;
mod ranges;

// What is wanted of it.
mod expected;
mod owners;
mod wanted;

// The reading thread.
mod message;
mod reader;
mod scout;

// The unpacking thread.
mod file_position;
mod filter;
mod home_read;
mod isolated;
mod target;
mod unpack;

mod archive;
mod identity;
mod open;

// What a restore puts in place beside volumes.
mod home;
mod leftovers;
mod rules;
mod settings;

mod notes;
mod outline;

pub mod extract;
pub mod restore;
pub mod verify;

pub use expected::held_files;
pub(super) use identity::backup_id_at;
pub use leftovers::{Leftovers, wait_for_turn};
pub use notes::{Notes, read_notes};
pub use open::open_archive;
pub use outline::{Outline, OutlineFile, quick_look};
