// SPDX-License-Identifier: GPL-3.0-or-later
//! The document.

use super::{Domain, InventoryError};

/// A whole `qubes.xml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {}

impl Inventory {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is not a `qubes.xml` of core3 form.
    pub fn parse(_bytes: &[u8]) -> Result<Self, InventoryError> {
        Ok(Self {})
    }

    /// The machines in document order.
    pub fn domains(&self) -> Vec<Domain> {
        Vec::new()
    }
}
