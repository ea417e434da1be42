// SPDX-License-Identifier: GPL-3.0-or-later
//! The encrypted container of the stock `scrypt` tool: 96 bytes of header, the ciphertext, 32 bytes of MAC.
//!
//! Nothing of the content is released before the MAC over all of it has been checked, and no key is derived before the
//! header's own numbers have been held against limits. A key seals one container: its counter begins at zero each time.

use std::{fmt, ops::Range};

use aes::Aes256;
use ctr::{Ctr64BE, cipher::StreamCipher};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::{
    ContainerError, CryptoError, Derivation, DeriveFailure, Derived, KdfCost, KdfLimits, Keys,
    LONGEST_STOCK_PASSPHRASE_BYTES, Scratch, derivation::SALT_BYTES,
};

/// The container's header in bytes.
pub const HEADER_BYTES: usize = 96;
/// What a container has more than its content, in bytes.
pub const CONTAINER_OVERHEAD_BYTES: usize = HEADER_BYTES + MAC_BYTES;

/// The MAC at the container's end, in bytes.
pub const MAC_BYTES: usize = 32;
const MAGIC: &[u8; 6] = b"scrypt";
/// Bytes that are ciphered and then authenticated at a time: they are still in the fast cache for the second.
const STRIDE_BYTES: usize = 16 << 10;

/// A key for one new container, derived ahead of its content.
pub struct SealKey {
    keys: Keys,
    header: [u8; HEADER_BYTES],
}

impl SealKey {
    /// What a new key is to be derived from, with a fresh salt.
    ///
    /// # Errors
    /// When the cost is beyond the reader's default limits, randomness is missing, or the passphrase is longer than the
    /// stock tool reads.
    pub fn derivation(passphrase: &[u8], cost: KdfCost) -> Result<Derivation, CryptoError> {
        if passphrase.len() > LONGEST_STOCK_PASSPHRASE_BYTES {
            return Err(CryptoError::PassphraseTooLong(passphrase.len()));
        }
        // A container that we could not open ourselves must never be written.
        if !KdfLimits::DEFAULT.allow(cost) {
            return Err(CryptoError::BadCost(cost));
        }
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| CryptoError::NoRandomness)?;
        Ok(Derivation::new(passphrase, salt, cost))
    }

    /// The key that came of it.
    ///
    /// # Errors
    /// When memory was missing.
    pub fn derived(from: &Derivation, keys: Derived) -> Result<Self, CryptoError> {
        let cost = from.cost;
        let keys = keys.map_err(|failure| match failure {
            DeriveFailure::Memory => CryptoError::NotEnoughMemory(cost.memory_bytes()),
            DeriveFailure::Parameters => CryptoError::BadCost(cost),
        })?;
        let mut header = [0; HEADER_BYTES];
        header[..6].copy_from_slice(MAGIC);
        header[7] = cost.log_n;
        header[8..12].copy_from_slice(&cost.r.to_be_bytes());
        header[12..16].copy_from_slice(&cost.p.to_be_bytes());
        header[16..48].copy_from_slice(&from.salt);
        let checksum = Sha256::digest(&header[..48]);
        header[48..64].copy_from_slice(&checksum[..16]);
        let mac = keys.mac().chain_update(&header[..64]).finalize().into_bytes();
        header[64..].copy_from_slice(&mac);
        Ok(Self { keys, header })
    }

    /// Derives a key by itself. This takes the time and the memory that the cost says.
    ///
    /// # Errors
    /// As [`SealKey::derivation`] and [`SealKey::derived`].
    pub fn derive(passphrase: &[u8], cost: KdfCost) -> Result<Self, CryptoError> {
        let derivation = Self::derivation(passphrase, cost)?;
        let keys = Scratch::default().derive_one(&derivation);
        Self::derived(&derivation, keys)
    }

    /// Encrypts the content where it lies, and returns what goes before and after it. A key is used only once.
    pub fn seal(self, content: &mut [u8]) -> Sealed {
        let mut sealing = self.begin();
        sealing.seal(content);
        sealing.finish()
    }

    /// The same for content that comes piece by piece.
    pub fn begin(self) -> Sealing {
        let mut mac = self.keys.mac();
        mac.update(&self.header);
        Sealing {
            cipher: self.keys.cipher(),
            mac,
            header: self.header,
        }
    }
}

/// A container that is being written.
pub struct Sealing {
    cipher: Ctr64BE<Aes256>,
    mac: Hmac<Sha256>,
    header: [u8; HEADER_BYTES],
}

impl Sealing {
    /// What goes before all pieces.
    pub fn header(&self) -> [u8; HEADER_BYTES] {
        self.header
    }

    /// Encrypts the next piece of the content where it lies.
    pub fn seal(&mut self, content: &mut [u8]) {
        for stride in content.chunks_mut(STRIDE_BYTES) {
            self.cipher.apply_keystream(stride);
            self.mac.update(stride);
        }
    }

    /// What goes around all pieces.
    pub fn finish(self) -> Sealed {
        Sealed {
            header: self.header,
            mac: self.mac.finalize().into_bytes().into(),
        }
    }
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealing(…)")
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// What goes around the ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Before it.
    pub header: [u8; HEADER_BYTES],
    /// After it.
    pub mac: [u8; MAC_BYTES],
}

/// The header of a container, whole by its own checksum but not yet authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerHeader {
    bytes: [u8; HEADER_BYTES],
    cost: KdfCost,
}

impl ContainerHeader {
    /// Reads the header at the beginning of a container.
    ///
    /// # Errors
    /// When it is none, or ends too early, or its checksum is wrong.
    pub fn parse(container: &[u8]) -> Result<Self, ContainerError> {
        let magic = &MAGIC[..MAGIC.len().min(container.len())];
        if !container.starts_with(magic) {
            return Err(ContainerError::NotAContainer);
        }
        if container.get(6).is_some_and(|version| *version != 0) {
            return Err(ContainerError::Version);
        }
        let Some(bytes) = container.first_chunk::<HEADER_BYTES>() else {
            return Err(ContainerError::TooShort {
                length: container.len(),
            });
        };
        if Sha256::digest(&bytes[..48])[..16] != bytes[48..64] {
            return Err(ContainerError::HeaderChecksum);
        }
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        Ok(Self {
            bytes: *bytes,
            cost: KdfCost {
                log_n: bytes[7],
                r: number(8),
                p: number(12),
            },
        })
    }

    pub(super) fn bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.bytes
    }

    /// What deriving its key costs.
    pub fn cost(&self) -> KdfCost {
        self.cost
    }

    /// What its key is to be derived from.
    ///
    /// # Errors
    /// When the cost is beyond the limits.
    pub fn derivation(&self, passphrase: &[u8], limits: &KdfLimits) -> Result<Derivation, ContainerError> {
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&self.bytes[16..48]);
        if limits.allow(self.cost) {
            Ok(Derivation::new(passphrase, salt, self.cost))
        } else {
            Err(ContainerError::TooCostly { cost: self.cost })
        }
    }

    /// Holds what came of it against the header.
    ///
    /// # Errors
    /// When memory was missing, or the passphrase is not the one.
    pub fn accept(&self, keys: Derived) -> Result<OpenKey, ContainerError> {
        let keys = keys.map_err(|failure| match failure {
            DeriveFailure::Memory => ContainerError::NotEnoughMemory {
                bytes: self.cost.memory_bytes(),
            },
            DeriveFailure::Parameters => ContainerError::TooCostly { cost: self.cost },
        })?;
        // Compared in constant time, as every MAC here.
        keys.mac()
            .chain_update(&self.bytes[..64])
            .verify_slice(&self.bytes[64..])
            .map_err(|_| ContainerError::WrongPassphrase)?;
        Ok(OpenKey { keys })
    }

    /// Derives the key by itself and holds it against the header.
    ///
    /// # Errors
    /// When the cost is beyond the limits (before any work is done), or the passphrase is not the one.
    pub fn unlock(&self, passphrase: &[u8], limits: &KdfLimits) -> Result<OpenKey, ContainerError> {
        let derivation = self.derivation(passphrase, limits)?;
        self.accept(Scratch::default().derive_one(&derivation))
    }
}

/// The key of one container whose header has been authenticated.
#[derive(Clone)]
pub struct OpenKey {
    keys: Keys,
}

impl OpenKey {
    pub(super) fn of(keys: Keys) -> Self {
        Self { keys }
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Authenticates the whole container, and only then decrypts it where it lies. The range is where the content is.
    ///
    /// # Errors
    /// When it ends too early or its MAC does not fit: then nothing of it has been changed.
    pub fn open(self, container: &mut [u8]) -> Result<Range<usize>, ContainerError> {
        let length = container.len();
        if length < CONTAINER_OVERHEAD_BYTES {
            return Err(ContainerError::TooShort { length });
        }
        let content = HEADER_BYTES..length - MAC_BYTES;
        self.keys
            .mac()
            .chain_update(&container[..content.end])
            .verify_slice(&container[content.end..])
            .map_err(|_| ContainerError::Damaged)?;
        self.keys.cipher().apply_keystream(&mut container[content.clone()]);
        Ok(content)
    }
}

impl fmt::Debug for OpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenKey(…)")
    }
}

/// Checks and decrypts a whole container where it lies. The range is where the content is.
///
/// # Errors
/// Whatever [`ContainerHeader::parse`], [`ContainerHeader::unlock`] and [`OpenKey::open`] find, in this order.
pub fn open_in_place(
    container: &mut [u8],
    passphrase: &[u8],
    limits: &KdfLimits,
) -> Result<Range<usize>, ContainerError> {
    let header = ContainerHeader::parse(container)?;
    if container.len() < CONTAINER_OVERHEAD_BYTES {
        return Err(ContainerError::TooShort {
            length: container.len(),
        });
    }
    header.unlock(passphrase, limits)?.open(container)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cheapest key that still takes every step of the derivation.
    const CHEAP: KdfCost = KdfCost { log_n: 4, r: 8, p: 2 };

    fn sealed(content: &[u8], passphrase: &[u8]) -> Vec<u8> {
        let mut content = content.to_vec();
        let around = SealKey::derive(passphrase, CHEAP).unwrap().seal(&mut content);
        [&around.header[..], &content, &around.mac].concat()
    }

    fn open(container: &mut [u8], passphrase: &[u8]) -> Result<Vec<u8>, ContainerError> {
        let range = open_in_place(container, passphrase, &KdfLimits::DEFAULT)?;
        Ok(container[range].to_vec())
    }

    #[test]
    fn what_was_sealed_opens_again() {
        for length in [
            0,
            1,
            15,
            16,
            17,
            STRIDE_BYTES - 1,
            STRIDE_BYTES,
            STRIDE_BYTES + 1,
            3 * STRIDE_BYTES + 5,
        ] {
            let content: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
            let mut container = sealed(&content, b"x");
            assert_eq!(container.len(), length + CONTAINER_OVERHEAD_BYTES);
            assert_eq!(open(&mut container, b"x").unwrap(), content, "{length}");
        }
    }

    #[test]
    fn two_containers_of_the_same_content_share_nothing() {
        let (one, other) = (sealed(&[0; 64], b"x"), sealed(&[0; 64], b"x"));
        assert_ne!(one[16..48], other[16..48]);
        assert_ne!(one[96..160], other[96..160]);
    }

    #[test]
    fn another_passphrase_is_called_wrong() {
        for passphrase in [&b"y"[..], b"", b"x ", b"xx"] {
            assert_eq!(
                open(&mut sealed(b"abc", b"x"), passphrase),
                Err(ContainerError::WrongPassphrase)
            );
        }
    }

    #[test]
    fn every_flipped_bit_is_found_and_nothing_is_released() {
        let whole = sealed(b"the content", b"x");
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut container = whole.clone();
                container[at] ^= 1 << bit;
                let before = container.clone();
                let error = open(&mut container, b"x").unwrap_err();
                match at {
                    0..6 => assert_eq!(error, ContainerError::NotAContainer, "{at}"),
                    6 => assert_eq!(error, ContainerError::Version),
                    7..64 => assert_eq!(error, ContainerError::HeaderChecksum, "{at}"),
                    64..96 => assert_eq!(error, ContainerError::WrongPassphrase, "{at}"),
                    _ => assert_eq!(error, ContainerError::Damaged, "{at}"),
                }
                assert_eq!(container, before);
            }
        }
    }

    #[test]
    fn every_shorter_container_is_refused() {
        let whole = sealed(b"the content", b"x");
        for length in 0..whole.len() {
            let error = open(&mut whole[..length].to_vec(), b"x").unwrap_err();
            if length < CONTAINER_OVERHEAD_BYTES {
                assert_eq!(error, ContainerError::TooShort { length });
            } else {
                assert_eq!(error, ContainerError::Damaged);
            }
        }
    }

    #[test]
    fn an_unreasonable_cost_is_refused_before_any_work() {
        for (log_n, r, p) in [
            (40_u8, 8_u32, 1_u32),
            (63, 8, 1),
            (20, u32::MAX, u32::MAX),
            (20, 8, 1 << 20),
            (0, 0, 0),
        ] {
            let mut container = sealed(b"", b"x");
            container[7] = log_n;
            container[8..12].copy_from_slice(&r.to_be_bytes());
            container[12..16].copy_from_slice(&p.to_be_bytes());
            let checksum = Sha256::digest(&container[..48]);
            container[48..64].copy_from_slice(&checksum[..16]);
            let cost = KdfCost { log_n, r, p };
            assert_eq!(open(&mut container, b"x"), Err(ContainerError::TooCostly { cost }));
        }
    }

    #[test]
    fn a_container_of_another_part_is_damage_to_a_key() {
        let (one, mut other) = (sealed(b"abc", b"x"), sealed(b"abc", b"x"));
        let key = ContainerHeader::parse(&one)
            .unwrap()
            .unlock(b"x", &KdfLimits::DEFAULT)
            .unwrap();
        assert_eq!(key.open(&mut other), Err(ContainerError::Damaged));
    }

    #[test]
    fn nothing_is_written_that_stock_tools_could_not_read() {
        let long = vec![b'x'; LONGEST_STOCK_PASSPHRASE_BYTES + 1];
        assert!(SealKey::derive(&long[1..], CHEAP).is_ok());
        assert_eq!(
            SealKey::derive(&long, CHEAP).unwrap_err(),
            CryptoError::PassphraseTooLong(2048)
        );
        let cost = KdfCost { log_n: 30, ..CHEAP };
        assert_eq!(SealKey::derive(b"x", cost).unwrap_err(), CryptoError::BadCost(cost));
    }

    #[test]
    fn keys_travel_between_threads() {
        fn travels<T: Send + 'static>(_: &T) {}
        travels(&SealKey::derivation(b"x", CHEAP).unwrap());
        travels(&SealKey::derive(b"x", CHEAP).unwrap());
        let container = sealed(b"", b"x");
        let header = ContainerHeader::parse(&container).unwrap();
        travels(&header);
        travels(&header.unlock(b"x", &KdfLimits::DEFAULT).unwrap());
    }

    #[test]
    fn debug_output_keeps_the_keys() {
        let key = SealKey::derive(b"x", CHEAP).unwrap();
        assert_eq!(format!("{key:?}"), "SealKey(…)");
        let derivation = SealKey::derivation(b"secret", CHEAP).unwrap();
        assert_eq!(format!("{derivation:?}"), "Derivation(N = 2^4, r = 8, p = 2)");
    }
}
