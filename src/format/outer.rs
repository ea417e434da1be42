// SPDX-License-Identifier: GPL-3.0-or-later
//! The outer archive: a tar of small plain files, authenticated by nobody.
//!
//! It is written as one ordinary ustar archive, which every reader of format 4 takes, also the one that skips pax
//! headers. It is read in every form that the stock tools read with `tar -i`: [`Reader`] refuses everything but plain
//! files, [`Walker`] gets past what it refuses and says what that was.

mod reader;
mod walker;
mod writer;

pub use super::tape::{Anomaly, Oddity};
pub use reader::{Member, Reader};
pub use walker::{Flaw, Walker};
pub use writer::{OpenMember, Writer};
