// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys that were derived once and may be wanted again: an archive is opened to be looked at, then verified, then restored,
//! and each time the same keys would take seconds.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{ContainerError, ContainerHeader, HEADER_BYTES, KdfLimits, OpenKey, Scratch};

/// Keys by what they were derived from: the container's header and the whole passphrase, which names the backup and the
/// part, so that a container in another's place finds nothing here. Clones are the same cache.
#[derive(Clone, Default)]
pub struct KeyCache(Arc<Mutex<HashMap<Origin, OpenKey>>>);

/// A header, and the digest of a passphrase.
type Origin = ([u8; HEADER_BYTES], [u8; 32]);

impl KeyCache {
    /// The key of a container: one that is known, or derived now and kept.
    ///
    /// # Errors
    /// As [`ContainerHeader::unlock`]; then nothing is kept.
    pub fn unlock(
        &self,
        header: &ContainerHeader,
        scratch: &mut Scratch,
        passphrase: &[u8],
        limits: &KdfLimits,
    ) -> Result<OpenKey, ContainerError> {
        let origin = (*header.bytes(), Sha256::digest(passphrase).into());
        let known = self.keys().get(&origin).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let key = header.unlock_in(scratch, passphrase, limits)?;
        self.keys().insert(origin, key.clone());
        Ok(key)
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, HashMap<Origin, OpenKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCache({} keys)", self.keys().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{KdfCost, SealKey};

    const CHEAP: KdfCost = KdfCost { log_n: 4, r: 8, p: 1 };

    fn container(passphrase: &[u8]) -> Vec<u8> {
        let mut content = b"abc".to_vec();
        let around = SealKey::derive(passphrase, CHEAP).unwrap().seal(&mut content);
        [&around.header[..], &content, &around.mac].concat()
    }

    fn unlock(cache: &KeyCache, container: &[u8], passphrase: &[u8]) -> Result<OpenKey, ContainerError> {
        let header = ContainerHeader::parse(container).unwrap();
        cache.unlock(&header, &mut Scratch::default(), passphrase, &KdfLimits::DEFAULT)
    }

    #[test]
    fn a_key_is_found_again_and_opens() {
        let (cache, container) = (KeyCache::default(), container(b"x"));
        for _ in 0..2 {
            let mut copy = container.clone();
            let plain = unlock(&cache, &container, b"x").unwrap().open(&mut copy).unwrap();
            assert_eq!(&copy[plain], b"abc");
            assert_eq!(format!("{cache:?}"), "KeyCache(1 keys)");
        }
    }

    #[test]
    fn another_passphrase_finds_nothing_for_a_header_that_is_known() {
        let (cache, container) = (KeyCache::default(), container(b"id!part!x"));
        unlock(&cache, &container, b"id!part!x").unwrap();
        for other in [&b"id!other!x"[..], b"id!part!y", b""] {
            assert_eq!(
                unlock(&cache, &container, other).err(),
                Some(ContainerError::WrongPassphrase)
            );
        }
    }
}
