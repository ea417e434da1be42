// SPDX-License-Identifier: GPL-3.0-or-later
//! The firewall rules of a machine, which a PedOS keeps as XML as well: in the form of today (version 2) or in that of
//! version 3.2 and before (version 1), which is converted.

mod old;

use std::borrow::Cow;

use super::{FirewallError, xml::Element};

/// Whether it is a set of rules in the form of today. What the rules say is the firewall's business.
pub(crate) fn check(bytes: &[u8]) -> Result<(), FirewallError> {
    let root = Element::parse(bytes)?;
    if root.name != "firewall" || root.attribute("version") != Some("2") {
        return Err(invalid("they are not of version 2"));
    }
    Ok(())
}

/// The rules in the form of today. What is in that form already, or in none that is known, comes back to the byte.
///
/// # Errors
/// When old rules hold something that cannot be said today: then none of them is right any more.
pub(crate) fn current(bytes: &[u8]) -> Result<Cow<'_, [u8]>, FirewallError> {
    let root = Element::parse(bytes)?;
    if root.name != old::ROOT {
        return Ok(Cow::Borrowed(bytes));
    }
    Ok(Cow::Owned(old::convert(&root)?.print()))
}

fn invalid(why: impl Into<String>) -> FirewallError {
    FirewallError::Invalid { why: why.into() }
}
