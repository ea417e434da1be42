// SPDX-License-Identifier: GPL-3.0-or-later
//! Has the backup of a profile repeated. Its passphrase is kept encrypted from then on: one that stands in the profile in plain text
//! leaves it.

use super::{PassphraseSource, Profile, ProfileError};
use crate::{
    host::{Host, HostError},
    schedule::Rhythm,
    secret::Passphrase,
};

/// Why the backup of a profile is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum RepeatError {
    /// The profile cannot be read or written.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The host does not do it.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Has the backup of a profile repeated from now on. `passphrase` is the one to keep for it; without one, that of the profile is
/// kept, or the VM that the profile names is asked each time.
///
/// # Errors
/// When the profile cannot be read, the host does not do it, or the plain text cannot be taken out of the profile: the backup is
/// repeated then, and the text is still there.
pub fn repeat(host: &dyn Host, name: &str, rhythm: Rhythm, passphrase: Option<&Passphrase>) -> Result<(), RepeatError> {
    let folder = host.profile_dir().ok_or(ProfileError::OutOfReach)?;
    let profile = Profile::load(&folder, name)?.profile;
    let (PassphraseSource::Text(text), None) = (&profile.passphrase, passphrase) else {
        return Ok(host.repeat(name, rhythm, passphrase)?);
    };
    host.repeat(name, rhythm, Some(text))?;
    let without = Profile {
        passphrase: PassphraseSource::Ask,
        ..profile
    };
    without.save(&folder, name)?;
    Ok(())
}
