// SPDX-License-Identifier: GPL-3.0-or-later
//! The inventory: a `qubes.xml`, which is a PedOS's own record of its VMs and, inside an archive, the table of its
//! contents. The form of version 3.2 and before is converted when it is read, and nothing above this room needs to know.
//!
//! The whole document is kept as it was read, so that what this program does not know goes through unchanged; typed
//! values are read from it and edits are made in it. It comes from archives as well, so it is bounded in size, depth
//! and count, and knows no document types or entities beyond XML's own five.

mod archive_path;
mod contents;
mod core2;
mod document;
mod domain;
mod edit;
mod empty;
mod error;
mod firewall;
mod marks;
mod parse;
mod read;
mod truth;

pub(crate) mod xml;

pub use archive_path::{ArchivePath, volume_file, volume_of_file};
pub use document::Inventory;
pub use domain::{Class, Content, DOM0, Device, Domain, Label, LabelEntry, PoolEntry, VolumeConfig};
pub use error::{FirewallError, InventoryBound, InventoryError, InventoryFault, RuleFault};
pub(crate) use firewall::{
    DROP_EVERYTHING, check as check_firewall, readable as readable_firewall, rules as firewall_rules,
};
pub(crate) use truth::{is_true, is_truth};
