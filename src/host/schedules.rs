// SPDX-License-Identifier: GPL-3.0-or-later
//! Backups that a host repeats by itself. Only a PedOS that runs does: a folder has nobody who would begin one.

use super::HostError;
use crate::{
    schedule::{Rhythm, ScheduleFault},
    secret::Passphrase,
};

/// Repeats the backups of profiles. What is not implemented is that of a host that repeats nothing.
pub trait Schedules {
    /// Returns whether backups can be repeated.
    fn can_repeat(&self) -> bool {
        false
    }

    /// Returns how often the backup of a profile is repeated; `None` where it is not.
    fn rhythm(&self, _profile: &str) -> Option<Rhythm> {
        None
    }

    /// Has the backup of a profile repeated from now on. The passphrase is kept encrypted; without one, the profile has to know it.
    ///
    /// # Errors
    /// When this cannot be done; a backup that was repeated before still is then.
    fn repeat(&self, _profile: &str, _rhythm: Rhythm, _passphrase: Option<&Passphrase>) -> Result<(), HostError> {
        Err(ScheduleFault::DoesNotRun.into())
    }

    /// Has the backup of a profile not repeated any more, and its passphrase forgotten.
    ///
    /// # Errors
    /// When this cannot be done.
    fn end_repeating(&self, _profile: &str) -> Result<(), HostError> {
        Err(ScheduleFault::DoesNotRun.into())
    }
}
