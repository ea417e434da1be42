// SPDX-License-Identifier: GPL-3.0-or-later
//! What `openssl enc` wrote in the days of the old archives: a stream whose key is made of passphrase and salt by MD5.
//!
//! It is only read, and it proves nothing: whether content is genuine has to be known (by its HMAC) before it comes here.

mod algorithm;
mod cipher;
mod running;

use std::{
    fmt,
    io::{self, Read},
};

use md5::{Digest as _, Md5};
use zeroize::{Zeroize, Zeroizing};

use crate::secret::Locked;

use super::{DecryptFault, stack::leaving_nothing};
pub use cipher::OldCipher;
use running::Running;

/// What an encrypted stream begins with; eight bytes of salt follow.
const MAGIC: &[u8; 8] = b"Salted__";
const SALT_BYTES: usize = 8;
/// What MD5 makes.
const DIGEST_BYTES: usize = 16;
/// Ciphertext that is decrypted at a time: many blocks for the processor to work on side by side, and still in the cache.
const STRIDE_BYTES: usize = 64 << 10;

/// Key and iv, one behind the other, for the longest key: each 16 bytes are the MD5 of those before, passphrase and salt.
fn derive(passphrase: &[u8], salt: &[u8]) -> Zeroizing<[u8; 48]> {
    let mut keys = Zeroizing::new([0; 48]);
    for at in (0..keys.len()).step_by(DIGEST_BYTES) {
        let mut digest = Md5::new();
        digest.update(&keys[at.saturating_sub(DIGEST_BYTES)..at]);
        digest.update(passphrase);
        digest.update(salt);
        let mut piece = digest.finalize();
        keys[at..at + DIGEST_BYTES].copy_from_slice(&piece);
        piece.as_mut_slice().zeroize();
    }
    keys
}

/// Decrypts a stream. Its errors are `UnexpectedEof` where the stream is cut, `InvalidData` where it is none or its last
/// block makes no sense, and else those of what it reads from. After an error there is nothing more to be had from it.
pub struct Decryptor<R> {
    inner: R,
    cipher: OldCipher,
    /// Wiped once the key has been made of it.
    passphrase: Option<Locked>,
    running: Option<Box<dyn Running>>,
    /// Plaintext up to `plain`, ciphertext that waits for more behind it.
    buffer: Box<[u8]>,
    /// What of the plaintext has been given away.
    given: usize,
    plain: usize,
    filled: usize,
    is_at_end: bool,
}

impl<R: Read> Decryptor<R> {
    /// Reads a stream from its beginning.
    pub fn new(cipher: OldCipher, passphrase: &[u8], inner: R) -> Self {
        Self {
            inner,
            cipher,
            passphrase: Some(Locked::of(passphrase)),
            running: None,
            buffer: vec![0; STRIDE_BYTES].into_boxed_slice(),
            given: 0,
            plain: 0,
            filled: 0,
            is_at_end: false,
        }
    }

    /// Reads magic and salt, and makes the key.
    fn begin(&mut self) -> io::Result<()> {
        let Some(passphrase) = self.passphrase.take() else {
            // The first try has told its error.
            return Err(io::ErrorKind::InvalidData.into());
        };
        let mut head = [0; MAGIC.len() + SALT_BYTES];
        self.inner.read_exact(&mut head).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => cut(),
            _ => error,
        })?;
        let (magic, salt) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(DecryptFault::NoSalt.into());
        }
        let keys = leaving_nothing(|| derive(&passphrase, salt));
        let (key, rest) = keys.split_at(self.cipher.key_bytes());
        let running = self.cipher.begin(key, &rest[..self.cipher.iv_bytes()]);
        // Weak keys do not exist for this purpose, and the lengths are the cipher's own.
        self.running = Some(running.ok_or(DecryptFault::NoKey)?);
        Ok(())
    }

    /// Decrypts the next stride. Where content is padded, the last block is kept back until it is known whether it is the
    /// last: that one says how much of it is padding.
    fn refill(&mut self) -> io::Result<()> {
        if self.running.is_none() {
            self.begin()?;
        }
        let Some(running) = &mut self.running else {
            return Ok(());
        };
        self.buffer.copy_within(self.plain..self.filled, 0);
        self.filled -= self.plain;
        (self.given, self.plain) = (0, 0);
        let mut has_ended = false;
        while !has_ended && self.filled < self.buffer.len() {
            match self.inner.read(&mut self.buffer[self.filled..]) {
                Ok(0) => has_ended = true,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if !has_ended {
            self.plain = self.filled - self.cipher.padded_to().unwrap_or(0);
            running.decrypt(&mut self.buffer[..self.plain]);
            return Ok(());
        }
        // Emptied before anything can fail, so that a read after an error returns the error again and never an end.
        let last = std::mem::take(&mut self.filled);
        let Some(block_bytes) = self.cipher.padded_to() else {
            running.decrypt(&mut self.buffer[..last]);
            (self.plain, self.filled) = (last, last);
            self.is_at_end = true;
            return Ok(());
        };
        if last == 0 || !last.is_multiple_of(block_bytes) {
            return Err(cut());
        }
        running.decrypt(&mut self.buffer[..last]);
        let padding = padding_of(&self.buffer[..last], block_bytes).ok_or(DecryptFault::LastBlock)?;
        self.plain = last - padding;
        self.is_at_end = true;
        Ok(())
    }
}

impl<R: Read> Read for Decryptor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.given == self.plain {
            if self.is_at_end {
                return Ok(0);
            }
            self.refill()?;
        }
        let count = buffer.len().min(self.plain - self.given);
        buffer[..count].copy_from_slice(&self.buffer[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

impl<R> fmt::Debug for Decryptor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decryptor(…)")
    }
}

/// One byte to a whole block of them, each of which says how many they are.
fn padding_of(plain: &[u8], block_bytes: usize) -> Option<usize> {
    let count = usize::from(*plain.last()?);
    let padding = plain.get(plain.len().checked_sub(count)?..)?;
    ((1..=block_bytes).contains(&count) && padding.iter().all(|byte| usize::from(*byte) == count)).then_some(count)
}

/// The encrypted stream ends early.
fn cut() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

impl From<DecryptFault> for io::Error {
    fn from(fault: DecryptFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'what do ya want' | openssl enc -aes-X-cbc -md md5 -S 0102030405060708 -pass 'pass:pa ss'`, with the
    /// `Salted__` before it that newer versions leave out where they are told the salt.
    const SAMPLES: [(&str, &str); 3] = [
        ("aes-256-cbc", "2864badcd8694b8774c2a96134d35aa1"),
        ("aes-192-cbc", "91da16af525850a89bb40248115cdef8"),
        ("aes-128-cbc", "be231b56310da1514349a97acb263e59"),
    ];

    fn sample(hex: &str) -> Vec<u8> {
        let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let mut stream = b"Salted__\x01\x02\x03\x04\x05\x06\x07\x08".to_vec();
        stream.extend((0..hex.len()).step_by(2).map(digits));
        stream
    }

    fn read(cipher: OldCipher, passphrase: &str, stream: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        Decryptor::new(cipher, passphrase.as_bytes(), stream).read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn what_openssl_encrypted_is_decrypted() {
        for (cipher, hex) in SAMPLES {
            let known = OldCipher::from_name(cipher).unwrap();
            assert_eq!(
                read(known, "pa ss", &sample(hex)).unwrap(),
                b"what do ya want",
                "{cipher}"
            );
        }
    }

    #[test]
    fn every_cut_is_an_error_and_stays_one() {
        let stream = sample(SAMPLES[0].1);
        for cut in 0..stream.len() {
            let mut reader = Decryptor::new(OldCipher::USUAL, b"pa ss", &stream[..cut]);
            for _ in 0..3 {
                assert!(reader.read(&mut [0; 8]).is_err(), "{cut}");
            }
        }
    }

    #[test]
    fn a_wrong_passphrase_and_a_wrong_magic_are_no_data() {
        let mut stream = sample(SAMPLES[0].1);
        let kind = |stream: &[u8], passphrase| read(OldCipher::USUAL, passphrase, stream).unwrap_err().kind();
        assert_eq!(kind(&stream, "pa s"), io::ErrorKind::InvalidData);
        stream[3] ^= 1;
        assert_eq!(kind(&stream, "pa ss"), io::ErrorKind::InvalidData);
    }

    #[test]
    fn padding_is_whole_or_none() {
        assert_eq!(padding_of(&[1], 16), Some(1));
        assert_eq!(padding_of(&[16; 16], 16), Some(16));
        assert_eq!(padding_of(&[16; 16], 8), None);
        for bad in [&[][..], &[0; 16], &[2], &[1, 3, 3], &[3, 3, 1, 3], &[17; 32]] {
            assert_eq!(padding_of(bad, 16), None, "{bad:?}");
        }
    }
}
