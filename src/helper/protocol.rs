// SPDX-License-Identifier: GPL-3.0-or-later
//! What a caller and the helper say to each other: JSON, one message a packet, a descriptor beside it where one is returned.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::fault::HelperFault;
use crate::schedule::Rhythm;

/// What a caller asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Open the state of a volume that a backup saves.
    Open {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
    },
    /// This VM is being restored: remove it if the caller goes away before it is complete.
    Restoring {
        /// The VM.
        vm: String,
    },
    /// This VM was being restored under a helper that died: the same, of a VM that is there already.
    StillRestoring {
        /// The VM.
        vm: String,
    },
    /// Begin to fill a volume of a VM that is being restored.
    Begin {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
        /// The size of the data in bytes.
        size_bytes: u64,
    },
    /// End an import: what was written becomes the volume, or goes.
    End {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
        /// Whether all data were written and are on the disk.
        is_good: bool,
    },
    /// This VM is complete, or gone: leave it alone.
    Settled {
        /// The VM.
        vm: String,
    },
    /// Have the backup of a profile repeated.
    Repeat {
        /// The profile.
        profile: String,
        /// How often.
        rhythm: Rhythm,
        /// The passphrase, where the profile does not know it.
        passphrase: Option<SecretText>,
    },
    /// Have the backup of a profile not repeated any more.
    EndRepeating {
        /// The profile.
        profile: String,
    },
    /// The caller gives up: remove all VMs that are being restored, as if it had gone away.
    GiveUp,
}

/// A passphrase on its way. It is wiped when it goes, and shown nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What the helper answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is ready for questions: its first message.
    Ready,
    /// It did what was asked.
    Done,
    /// The descriptor is that of the volume.
    Opened(Opened),
    /// The descriptor takes the data.
    Begun(Begun),
    /// It did not do what was asked.
    Failed(HelperFault),
}

/// A volume that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The most bytes of it that are data, where the daemon tells.
    pub used_bytes: Option<u64>,
    /// Whether a VM that starts now writes to this very state: then the volume has not changed only if the VM does not run
    /// after the last byte was read.
    pub is_written_in_place: bool,
}

/// An import that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The size that the volume will have, in bytes.
    pub size_bytes: u64,
}
