// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys that were derived once and may be wanted again: an archive is opened to be looked at, then verified, then restored,
//! and each time the same keys would take seconds.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{ContainerHeader, HEADER_BYTES, OpenKey, stack::leaving_nothing};

/// Keys by what they were derived from: the container's header and the whole passphrase, which names the backup and the
/// part, so that a container in another's place finds nothing here. Clones are the same cache.
#[derive(Clone, Default)]
pub struct KeyCache(Arc<Mutex<HashMap<Origin, OpenKey>>>);

/// A header, and the digest of a passphrase.
type Origin = ([u8; HEADER_BYTES], [u8; 32]);

fn origin(header: &ContainerHeader, passphrase: &[u8]) -> Origin {
    (*header.bytes(), leaving_nothing(|| Sha256::digest(passphrase).into()))
}

impl KeyCache {
    /// The key of a container, if it is known.
    pub fn find(&self, header: &ContainerHeader, passphrase: &[u8]) -> Option<OpenKey> {
        self.keys().get(&origin(header, passphrase)).cloned()
    }

    /// Keeps the key of a container that it was held against.
    pub fn keep(&self, header: &ContainerHeader, passphrase: &[u8], key: &OpenKey) {
        self.keys().insert(origin(header, passphrase), key.clone());
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
    use crate::crypto::{KdfCost, KdfLimits, SealKey};

    const CHEAP: KdfCost = KdfCost { log_n: 4, r: 8, p: 1 };

    fn container(passphrase: &[u8]) -> (ContainerHeader, Vec<u8>) {
        let mut content = b"abc".to_vec();
        let around = SealKey::derive(passphrase, CHEAP).unwrap().seal(&mut content);
        let container = [&around.header[..], &content, &around.mac].concat();
        (ContainerHeader::parse(&container).unwrap(), container)
    }

    #[test]
    fn a_key_is_found_again_and_opens() {
        let (cache, (header, container)) = (KeyCache::default(), container(b"x"));
        assert!(cache.find(&header, b"x").is_none());
        cache.keep(&header, b"x", &header.unlock(b"x", &KdfLimits::DEFAULT).unwrap());
        for _ in 0..2 {
            let mut copy = container.clone();
            let plain = cache.find(&header, b"x").unwrap().open(&mut copy).unwrap();
            assert_eq!(&copy[plain], b"abc");
            assert_eq!(format!("{cache:?}"), "KeyCache(1 keys)");
        }
    }

    #[test]
    fn another_passphrase_finds_nothing_for_a_header_that_is_known() {
        let (cache, (header, _)) = (KeyCache::default(), container(b"id!part!x"));
        let key = header.unlock(b"id!part!x", &KdfLimits::DEFAULT).unwrap();
        cache.keep(&header, b"id!part!x", &key);
        for other in [&b"id!other!x"[..], b"id!part!y", b""] {
            assert!(cache.find(&header, other).is_none());
        }
    }
}
