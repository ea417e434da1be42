// SPDX-License-Identifier: GPL-3.0-or-later
//! What `openssl enc` wrote in the days of the old archives: AES in CBC, its key made of passphrase and salt by MD5.
//!
//! It is only read, and it proves nothing: whether content is genuine has to be known (by its HMAC) before it comes here.

use std::{
    fmt,
    io::{self, Read},
};

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{Array, BlockModeDecrypt, KeyIvInit, consts::U16};
use md5::{Digest as _, Md5};
use zeroize::{Zeroize, Zeroizing};

/// What an encrypted stream begins with; eight bytes of salt follow.
const MAGIC: &[u8; 8] = b"Salted__";
const SALT_BYTES: usize = 8;
const BLOCK_BYTES: usize = 16;
/// Ciphertext that is decrypted at a time: many blocks for the processor to work on side by side, and still in the cache.
const STRIDE_BYTES: usize = 64 << 10;

/// A cipher that the header of an old archive may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is its name")]
pub enum OldCipher {
    Aes256Cbc,
    Aes192Cbc,
    Aes128Cbc,
}

impl OldCipher {
    /// All of them, the usual one first.
    pub const ALL: [Self; 3] = [Self::Aes256Cbc, Self::Aes192Cbc, Self::Aes128Cbc];

    /// The cipher of that name, in any of the spellings that `openssl enc` takes.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.to_ascii_lowercase();
        Self::ALL.into_iter().find(|cipher| {
            let full = cipher.name();
            // `aes256` is short for `aes-256-cbc`.
            plain == full || plain == format!("aes{}", cipher.key_bytes() * 8)
        })
    }

    /// Its name as the option of `openssl enc` has it, without the dash.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes256Cbc => "aes-256-cbc",
            Self::Aes192Cbc => "aes-192-cbc",
            Self::Aes128Cbc => "aes-128-cbc",
        }
    }

    fn key_bytes(self) -> usize {
        match self {
            Self::Aes256Cbc => 32,
            Self::Aes192Cbc => 24,
            Self::Aes128Cbc => 16,
        }
    }

    fn begin(self, passphrase: &[u8], salt: &[u8]) -> Running {
        let keys = derive(passphrase, salt);
        let (key, rest) = keys.split_at(self.key_bytes());
        let iv = &rest[..BLOCK_BYTES];
        let lengths = "key and iv are cut to the cipher's lengths";
        match self {
            Self::Aes256Cbc => Running::Aes256(cbc::Decryptor::new_from_slices(key, iv).expect(lengths)),
            Self::Aes192Cbc => Running::Aes192(cbc::Decryptor::new_from_slices(key, iv).expect(lengths)),
            Self::Aes128Cbc => Running::Aes128(cbc::Decryptor::new_from_slices(key, iv).expect(lengths)),
        }
    }
}

impl fmt::Display for OldCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Key and iv, one behind the other, for the longest key: each 16 bytes are the MD5 of those before, passphrase and salt.
fn derive(passphrase: &[u8], salt: &[u8]) -> Zeroizing<[u8; 48]> {
    let mut keys = Zeroizing::new([0; 48]);
    for at in (0..keys.len()).step_by(BLOCK_BYTES) {
        let mut digest = Md5::new();
        digest.update(&keys[at.saturating_sub(BLOCK_BYTES)..at]);
        digest.update(passphrase);
        digest.update(salt);
        let mut piece = digest.finalize();
        keys[at..at + BLOCK_BYTES].copy_from_slice(&piece);
        piece.as_mut_slice().zeroize();
    }
    keys
}

enum Running {
    Aes256(cbc::Decryptor<Aes256>),
    Aes192(cbc::Decryptor<Aes192>),
    Aes128(cbc::Decryptor<Aes128>),
}

impl Running {
    /// Decrypts whole blocks where they lie.
    fn decrypt(&mut self, bytes: &mut [u8]) {
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(bytes);
        debug_assert!(rest.is_empty());
        match self {
            Self::Aes256(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes192(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes128(cipher) => cipher.decrypt_blocks(blocks),
        }
    }
}

/// Decrypts a stream. Its errors are `UnexpectedEof` where the stream is cut, `InvalidData` where it is none or its last
/// block makes no sense, and else those of what it reads from. After an error there is nothing more to be had from it.
pub struct Decryptor<R> {
    inner: R,
    cipher: OldCipher,
    /// Wiped once the key has been made of it.
    passphrase: Option<Zeroizing<Vec<u8>>>,
    running: Option<Running>,
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
            passphrase: Some(Zeroizing::new(passphrase.to_vec())),
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
            return Err(invalid("the encrypted stream could not be begun"));
        };
        let mut head = [0; MAGIC.len() + SALT_BYTES];
        self.inner.read_exact(&mut head).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => cut(),
            _ => error,
        })?;
        let (magic, salt) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(invalid("an encrypted stream has to begin with \"Salted__\""));
        }
        self.running = Some(self.cipher.begin(&passphrase, salt));
        Ok(())
    }

    /// Decrypts the next stride. The last block is kept back until it is known whether it is the last: that one says
    /// how much of it is padding.
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
            self.plain = self.filled - BLOCK_BYTES;
            running.decrypt(&mut self.buffer[..self.plain]);
            return Ok(());
        }
        // Emptied before anything can fail, so that whoever reads on after an error meets it again, never an end.
        let last = std::mem::take(&mut self.filled);
        if last == 0 || !last.is_multiple_of(BLOCK_BYTES) {
            return Err(cut());
        }
        running.decrypt(&mut self.buffer[..last]);
        let padding = padding_of(&self.buffer[..last]).ok_or_else(|| {
            invalid(
                "the last block does not decrypt: a wrong passphrase or cipher, or a stream that was cut or altered",
            )
        })?;
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

/// One to sixteen bytes, each of which says how many they are.
fn padding_of(plain: &[u8]) -> Option<usize> {
    let count = usize::from(*plain.last()?);
    let padding = plain.get(plain.len().checked_sub(count)?..)?;
    ((1..=BLOCK_BYTES).contains(&count) && padding.iter().all(|byte| usize::from(*byte) == count)).then_some(count)
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the encrypted stream ends early")
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'what do ya want' | openssl enc -aes-X-cbc -md md5 -S 0102030405060708 -pass 'pass:pa ss'`, with the
    /// `Salted__` before it that newer versions leave out where they are told the salt.
    const SAMPLES: [(OldCipher, &str); 3] = [
        (OldCipher::Aes256Cbc, "2864badcd8694b8774c2a96134d35aa1"),
        (OldCipher::Aes192Cbc, "91da16af525850a89bb40248115cdef8"),
        (OldCipher::Aes128Cbc, "be231b56310da1514349a97acb263e59"),
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
            assert_eq!(
                read(cipher, "pa ss", &sample(hex)).unwrap(),
                b"what do ya want",
                "{cipher}"
            );
        }
    }

    #[test]
    fn every_cut_is_an_error_and_stays_one() {
        let stream = sample(SAMPLES[0].1);
        for cut in 0..stream.len() {
            let mut reader = Decryptor::new(OldCipher::Aes256Cbc, b"pa ss", &stream[..cut]);
            for _ in 0..3 {
                assert!(reader.read(&mut [0; 8]).is_err(), "{cut}");
            }
        }
    }

    #[test]
    fn a_wrong_passphrase_and_a_wrong_magic_are_no_data() {
        let mut stream = sample(SAMPLES[0].1);
        let kind = |stream: &[u8], passphrase| read(OldCipher::Aes256Cbc, passphrase, stream).unwrap_err().kind();
        assert_eq!(kind(&stream, "pa s"), io::ErrorKind::InvalidData);
        stream[3] ^= 1;
        assert_eq!(kind(&stream, "pa ss"), io::ErrorKind::InvalidData);
    }

    #[test]
    fn padding_is_whole_or_none() {
        assert_eq!(padding_of(&[1]), Some(1));
        assert_eq!(padding_of(&[16; 16]), Some(16));
        for bad in [&[][..], &[0; 16], &[2], &[1, 3, 3], &[3, 3, 1, 3], &[17; 32]] {
            assert_eq!(padding_of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn names_are_taken_as_openssl_takes_them() {
        for (name, cipher) in [
            ("aes-256-cbc", OldCipher::Aes256Cbc),
            ("AES-256-CBC", OldCipher::Aes256Cbc),
            ("aes256", OldCipher::Aes256Cbc),
            ("AES192", OldCipher::Aes192Cbc),
            ("aes-128-cbc", OldCipher::Aes128Cbc),
        ] {
            assert_eq!(OldCipher::from_name(name), Some(cipher), "{name}");
        }
        for name in ["", "aes", "aes-256-ctr", "des3", "camellia-256-cbc", "aes512"] {
            assert_eq!(OldCipher::from_name(name), None, "{name}");
        }
    }
}
