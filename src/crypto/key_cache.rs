// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys that were derived once and may be wanted again: an archive is opened to be looked at, then verified, then restored,
//! and each time the same keys would take seconds.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{
    ContainerHeader, HEADER_BYTES, OpenKey,
    derivation::{KEYS_BYTES, Keys},
    stack::leaving_nothing,
};
use crate::secret::Locked;

/// The most keys that are kept: those of six terabytes. Together they are smaller than the memory that most users may lock.
const MOST_KEYS: usize = 65_536;

/// The SHA-256 of a passphrase. It would let somebody guess fast who gets hold of it, so it lies beside the keys.
const DIGEST_BYTES: usize = 32;

/// What is kept for a header: the digest of the passphrase, and the keys.
const SLOT_BYTES: usize = DIGEST_BYTES + KEYS_BYTES;

/// So many slots share one piece of locked memory, which is made of whole pages.
const SLOTS_PER_BLOCK: usize = 512;

/// Keys by what they were derived from: the container's header and the whole passphrase, which names the backup and the
/// part, so that a container in another's place finds nothing here. Clones are the same cache.
#[derive(Clone, Default)]
pub struct KeyCache(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// The slot of each header.
    slots: HashMap<[u8; HEADER_BYTES], usize>,
    blocks: Vec<Locked>,
}

impl KeyCache {
    /// The key of a container, if it is known.
    pub fn find(&self, header: &ContainerHeader, passphrase: &[u8]) -> Option<OpenKey> {
        Some(OpenKey::of(self.known().find(header.bytes(), passphrase)?))
    }

    /// Keeps the key of a container that it was held against, unless there are too many already.
    pub fn keep(&self, header: &ContainerHeader, passphrase: &[u8], key: &OpenKey) {
        self.known().keep(header.bytes(), passphrase, key.keys());
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn find(&mut self, header: &[u8; HEADER_BYTES], passphrase: &[u8]) -> Option<Keys> {
        let place = *self.slots.get(header)?;
        let (digest, keys) = self.slot(place).split_at(DIGEST_BYTES);
        let is_it = leaving_nothing(|| Sha256::digest(passphrase).as_slice() == digest);
        is_it.then(|| Keys::of(keys))
    }

    fn keep(&mut self, header: &[u8; HEADER_BYTES], passphrase: &[u8], keys: &Keys) {
        let next = self.slots.len();
        if next == MOST_KEYS && !self.slots.contains_key(header) {
            return;
        }
        let place = *self.slots.entry(*header).or_insert(next);
        if place == self.blocks.len() * SLOTS_PER_BLOCK {
            self.blocks.push(Locked::zeroed(SLOTS_PER_BLOCK * SLOT_BYTES));
        }
        let slot = self.slot(place);
        leaving_nothing(|| slot[..DIGEST_BYTES].copy_from_slice(&Sha256::digest(passphrase)));
        slot[DIGEST_BYTES..].copy_from_slice(keys.bytes());
    }

    fn slot(&mut self, place: usize) -> &mut [u8] {
        let start = place % SLOTS_PER_BLOCK * SLOT_BYTES;
        &mut self.blocks[place / SLOTS_PER_BLOCK][start..start + SLOT_BYTES]
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCache({} keys)", self.known().slots.len())
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

    #[test]
    fn so_many_keys_are_kept_and_no_more() {
        let mut known = Known::default();
        let header = |number: usize| {
            let mut header = [0; HEADER_BYTES];
            header[..8].copy_from_slice(&number.to_le_bytes());
            header
        };
        let keys = |number: usize| Keys::of(&[number as u8; KEYS_BYTES]);
        for number in 0..=MOST_KEYS {
            known.keep(&header(number), &number.to_le_bytes(), &keys(number));
        }
        for number in [0, 1, SLOTS_PER_BLOCK - 1, SLOTS_PER_BLOCK, MOST_KEYS - 1] {
            let found = known.find(&header(number), &number.to_le_bytes()).unwrap();
            assert_eq!(found.bytes(), keys(number).bytes(), "{number}");
        }
        assert!(known.find(&header(MOST_KEYS), &MOST_KEYS.to_le_bytes()).is_none());
        assert_eq!(known.blocks.len(), MOST_KEYS / SLOTS_PER_BLOCK);
        // One that is known already can still be replaced.
        known.keep(&header(7), b"x", &keys(9));
        assert!(known.find(&header(7), &7_usize.to_le_bytes()).is_none());
        assert_eq!(known.find(&header(7), b"x").unwrap().bytes(), keys(9).bytes());
    }
}
