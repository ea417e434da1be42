// SPDX-License-Identifier: GPL-3.0-or-later
//! The one part of the program that runs as root on a live PedOS: it opens volumes for its caller, begins and ends imports,
//! puts in order what a caller that was killed left behind, and has backups repeated.
//!
//! A caller names VMs and volumes, never paths: where a volume lies the helper asks the daemon itself. What it returns is an
//! open descriptor. It reads no archive, no user's file and no command line but the folder of the PedOS.

mod channel;
mod daemon;
mod fault;
mod incomplete;
mod location;
mod protocol;
mod serve;
mod trust;

pub use channel::{Channel, ChannelError};
pub use fault::{CallFault, HelperFault};
pub use protocol::{Answer, Begun, Opened, Question, SecretText};
pub use serve::serve;

/// The name of the program.
pub const PROGRAM: &str = "pedos-backup-helper";

/// The tag of a VM that is being restored. A VM that carries it cannot be started.
pub const IN_PROGRESS_TAG: &str = "backup-restore-in-progress";
