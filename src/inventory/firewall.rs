// SPDX-License-Identifier: GPL-3.0-or-later
//! The firewall rules of a machine, which a PedOS keeps as XML as well.

use super::{InventoryError, document::invalid, xml::Element};

/// Whether it is a set of rules in the form of today (version 2). What the rules say is the firewall's business.
pub(crate) fn check(bytes: &[u8]) -> Result<(), InventoryError> {
    let root = Element::parse(bytes)?;
    if root.name != "firewall" || root.attribute("version") != Some("2") {
        return Err(invalid("it holds no firewall rules of version 2"));
    }
    Ok(())
}
