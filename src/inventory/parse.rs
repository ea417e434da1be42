// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads a document in any of its forms.

use super::{Inventory, InventoryError, InventoryFault, core2, xml::Element};

impl Inventory {
    /// Reads a document. One of version 3.2 or before is converted into the form of today.
    ///
    /// # Errors
    /// When it is not a `qubes.xml`, or beyond the bounds of one.
    pub fn parse(bytes: &[u8]) -> Result<Self, InventoryError> {
        let root = Element::parse(bytes)?;
        let root = match root.name.as_str() {
            "qubes" => root,
            core2::ROOT => core2::convert(&root)?,
            _ => return Err(InventoryFault::Root.into()),
        };
        Self::checked(root)
    }

    /// Reads the record of a host, which must be in the form of today: a host of version 3.2 keeps its VMs in another
    /// way, and its record must not be written over in a form that it cannot read.
    ///
    /// # Errors
    /// When it is not a `qubes.xml` of today, or beyond the bounds of one.
    pub fn parse_record(bytes: &[u8]) -> Result<Self, InventoryError> {
        let root = Element::parse(bytes)?;
        match root.name.as_str() {
            "qubes" => Self::checked(root),
            core2::ROOT => Err(InventoryFault::OldForm.into()),
            _ => Err(InventoryFault::Root.into()),
        }
    }
}
