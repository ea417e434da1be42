// SPDX-License-Identifier: GPL-3.0-or-later
//! SFTP, version 3, over any pair of streams: the standard input and output of a program that speaks it, such as OpenSSH's
//! `sftp-server`, `ssh -s HOST sftp` or `rclone serve sftp --stdio REMOTE:`.
//!
//! The packets are those of the crate `russh-sftp`, which needs an asynchronous runtime. The runtime and all tasks stay on
//! one thread of this room. The methods of a [`Session`] block. Requests are pipelined: a [`Writing`] and a
//! [`Reading`] keep as many of them in flight as their window allows, so that a distant server costs no time.
//!
//! A server is trusted with nothing. A reply is at most [`LARGEST_PACKET_BYTES`] long, a listing is cut at a number of
//! entries, and data that is longer than what was asked for ends the session.

mod ahead;
mod error;
mod open_file;
mod pump;
mod reading;
mod session;
mod writing;

pub use error::SftpError;
pub use open_file::OpenFile;
pub use reading::Reading;
pub use session::{Abilities, Attributes, DirectoryEntry, Kind, LARGEST_PACKET_BYTES, Session};
pub use writing::Writing;

#[cfg(test)]
mod tests;
