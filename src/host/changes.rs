// SPDX-License-Identifier: GPL-3.0-or-later
//! Tells when a list of VMs is out of date, so that nobody has to read it again and again.

use std::time::Duration;

use super::HostError;

/// Hears of changes of a host. Where it is not certain that something changed, it says that something did.
pub trait Changes: Send {
    /// Waits until what [`super::Vms::system`] returns may have changed since this was made, or since the last call that
    /// said so, or until that time is over. Returns whether something changed.
    ///
    /// # Errors
    /// [`HostError::Cancelled`] when the view that this was made of is cancelled; any other error when nothing more can
    /// be heard: then this has to be made anew.
    fn wait(&mut self, timeout: Duration) -> Result<bool, HostError>;
}
