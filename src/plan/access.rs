// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive and everything that is needed to open it.

use std::sync::Arc;

use crate::{confine::Rules, crypto::KeyCache, secret::Passphrase, transport::Source};

/// An archive and what opens it.
#[derive(Debug, Clone)]
pub struct Access {
    /// Where the archive is.
    pub source: Source,
    /// What opens it.
    pub passphrase: Arc<Passphrase>,
    /// Whether an archive that has no header, which the oldest ones do not, is taken for an encrypted one.
    pub is_encrypted: bool,
    /// A program that decompresses in place of what the header names. Only its user may choose one: a name in a header
    /// is never run.
    pub filter_program: Option<String>,
    /// The keys that were derived for it so far.
    pub keys: KeyCache,
}

impl Access {
    /// The usual case: what the archive says of itself is enough.
    pub fn new(source: Source, passphrase: Arc<Passphrase>) -> Self {
        Self {
            source,
            passphrase,
            is_encrypted: true,
            filter_program: None,
            keys: KeyCache::default(),
        }
    }

    /// Returns what reading the archive needs of the system, where it needs no other program and no connection.
    pub fn confinement(&self) -> Option<Rules> {
        self.source.confinement().filter(|_| self.filter_program.is_none())
    }
}
