// SPDX-License-Identifier: GPL-3.0-or-later
//! The error of a change that is not made.

use crate::host::HostError;

/// What was not done, and why.
pub(super) fn refused(what: impl Into<String>) -> HostError {
    HostError::Refused { what: what.into() }
}
