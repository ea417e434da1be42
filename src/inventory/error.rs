// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a `qubes.xml` or a set of firewall rules is not accepted.

/// An inventory that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// Not well-formed XML, or not what a PedOS writes.
    #[error("not a valid qubes.xml: {why}")]
    Invalid {
        /// What is wrong, with the place.
        why: String,
    },
    /// Larger, deeper or with more VMs than any real one.
    #[error("the qubes.xml is beyond all bounds: {what}")]
    TooLarge {
        /// Which bound.
        what: &'static str,
    },
    /// An edit names a VM that is not in it.
    #[error("no such domain: '{name}'")]
    NoSuchVm {
        /// The name.
        name: String,
    },
}

/// Firewall rules that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FirewallError {
    /// Not well-formed XML.
    #[error(transparent)]
    Document(#[from] InventoryError),
    /// A value that no such rules have, or a rule that cannot be expressed today.
    #[error("not valid firewall rules: {why}")]
    Invalid {
        /// What is wrong, with the number of the rule.
        why: String,
    },
}
