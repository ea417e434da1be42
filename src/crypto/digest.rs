// SPDX-License-Identifier: GPL-3.0-or-later
//! The digests that the header of an old archive may name, and the authentication codes (HMAC) made with them.
//!
//! Names are those of `openssl dgst`. A digest is read here whatever its age: it protects nothing that is newly written.

use std::fmt;

use hmac::{KeyInit, Mac, SimpleHmac};

use super::stack::leaving_nothing;

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is its name")]
pub enum Digest {
    Sha512,
    Sha1,
    Sha256,
    Md5,
    Sha384,
    Sha224,
    Ripemd160,
    Whirlpool,
    Sha512_256,
    Sha512_224,
    Sha3_512,
    Sha3_384,
    Sha3_256,
    Sha3_224,
    Blake2b512,
    Blake2s256,
    Sm3,
    Md4,
}

impl Digest {
    /// All of them; those that archives really were made with come first.
    pub const ALL: [Self; 18] = [
        Self::Sha512,
        Self::Sha1,
        Self::Sha256,
        Self::Md5,
        Self::Sha384,
        Self::Sha224,
        Self::Ripemd160,
        Self::Whirlpool,
        Self::Sha512_256,
        Self::Sha512_224,
        Self::Sha3_512,
        Self::Sha3_384,
        Self::Sha3_256,
        Self::Sha3_224,
        Self::Blake2b512,
        Self::Blake2s256,
        Self::Sm3,
        Self::Md4,
    ];

    /// The digest of that name in any of the spellings that `openssl dgst` takes, or gives in its lists.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain: String = name
            .chars()
            .filter(|character| !matches!(character, '-' | '_' | '/'))
            .map(|character| character.to_ascii_lowercase())
            .collect();
        // Signatures were listed among the digests, named after the digest that they sign.
        let plain = ["rsa", "dsawith", "ecdsawith", "dsa", "ssl2", "ssl3"]
            .iter()
            .find_map(|prefix| plain.strip_prefix(prefix).filter(|rest| !rest.is_empty()))
            .unwrap_or(&plain);
        let plain = plain.strip_suffix("withrsaencryption").unwrap_or(plain);
        Some(match plain {
            "sha512" | "sha2512" => Self::Sha512,
            // What DSA signs where nothing else is said.
            "sha1" | "dsa" => Self::Sha1,
            "sha256" | "sha2256" => Self::Sha256,
            "md5" => Self::Md5,
            "sha384" | "sha2384" => Self::Sha384,
            "sha224" | "sha2224" => Self::Sha224,
            "ripemd160" | "rmd160" | "ripemd" => Self::Ripemd160,
            "whirlpool" => Self::Whirlpool,
            "sha512256" | "sha2512256" => Self::Sha512_256,
            "sha512224" | "sha2512224" => Self::Sha512_224,
            "sha3512" => Self::Sha3_512,
            "sha3384" => Self::Sha3_384,
            "sha3256" => Self::Sha3_256,
            "sha3224" => Self::Sha3_224,
            "blake2b512" => Self::Blake2b512,
            "blake2s256" => Self::Blake2s256,
            "sm3" => Self::Sm3,
            "md4" => Self::Md4,
            _ => return None,
        })
    }

    /// Its name as the option of `openssl dgst` has it, without the dash.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha512 => "sha512",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Md5 => "md5",
            Self::Sha384 => "sha384",
            Self::Sha224 => "sha224",
            Self::Ripemd160 => "ripemd160",
            Self::Whirlpool => "whirlpool",
            Self::Sha512_256 => "sha512-256",
            Self::Sha512_224 => "sha512-224",
            Self::Sha3_512 => "sha3-512",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_224 => "sha3-224",
            Self::Blake2b512 => "blake2b512",
            Self::Blake2s256 => "blake2s256",
            Self::Sm3 => "sm3",
            Self::Md4 => "md4",
        }
    }

    /// The length of its output, and so of a code made with it, in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Sha512 | Self::Whirlpool | Self::Sha3_512 | Self::Blake2b512 => 64,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha256 | Self::Sha512_256 | Self::Sha3_256 | Self::Blake2s256 | Self::Sm3 => 32,
            Self::Sha224 | Self::Sha512_224 | Self::Sha3_224 => 28,
            Self::Sha1 | Self::Ripemd160 => 20,
            Self::Md5 | Self::Md4 => 16,
        }
    }

    /// The digests that can have made a code of that many bytes, the likeliest first: what is left to try where nobody
    /// says which one it was.
    pub fn of_length(bytes: usize) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |digest| digest.bytes() == bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An authentication code in the making, keyed by a passphrase.
pub struct Hmac(Box<dyn Running + Send>);

impl Hmac {
    /// Begins a code.
    pub fn new(digest: Digest, passphrase: &[u8]) -> Self {
        Self(match digest {
            Digest::Sha512 => begin::<hmac::Hmac<sha2::Sha512>>(passphrase),
            Digest::Sha1 => begin::<hmac::Hmac<sha1::Sha1>>(passphrase),
            Digest::Sha256 => begin::<hmac::Hmac<sha2::Sha256>>(passphrase),
            Digest::Md5 => begin::<hmac::Hmac<md5::Md5>>(passphrase),
            Digest::Sha384 => begin::<hmac::Hmac<sha2::Sha384>>(passphrase),
            Digest::Sha224 => begin::<hmac::Hmac<sha2::Sha224>>(passphrase),
            Digest::Ripemd160 => begin::<hmac::Hmac<ripemd::Ripemd160>>(passphrase),
            Digest::Whirlpool => begin::<hmac::Hmac<whirlpool::Whirlpool>>(passphrase),
            Digest::Sha512_256 => begin::<hmac::Hmac<sha2::Sha512_256>>(passphrase),
            Digest::Sha512_224 => begin::<hmac::Hmac<sha2::Sha512_224>>(passphrase),
            // These two families do not show the blocks that the faster form works on.
            Digest::Sha3_512 => begin::<SimpleHmac<sha3::Sha3_512>>(passphrase),
            Digest::Sha3_384 => begin::<SimpleHmac<sha3::Sha3_384>>(passphrase),
            Digest::Sha3_256 => begin::<SimpleHmac<sha3::Sha3_256>>(passphrase),
            Digest::Sha3_224 => begin::<SimpleHmac<sha3::Sha3_224>>(passphrase),
            Digest::Blake2b512 => begin::<SimpleHmac<blake2::Blake2b512>>(passphrase),
            Digest::Blake2s256 => begin::<SimpleHmac<blake2::Blake2s256>>(passphrase),
            Digest::Sm3 => begin::<hmac::Hmac<sm3::Sm3>>(passphrase),
            Digest::Md4 => begin::<hmac::Hmac<md4::Md4>>(passphrase),
        })
    }

    /// Takes more of the content.
    pub fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    /// Whether a code is the one of what came; compared in constant time.
    #[must_use]
    pub fn is(self, code: &[u8]) -> bool {
        self.0.is(code)
    }

    /// The code.
    pub fn finish(self) -> Vec<u8> {
        self.0.finish()
    }

    /// Whether a code is the one of a content; compared in constant time.
    #[must_use]
    pub fn verify(digest: Digest, passphrase: &[u8], content: &[u8], code: &[u8]) -> bool {
        leaving_nothing(|| {
            let mut hmac = Self::new(digest, passphrase);
            hmac.update(content);
            hmac.is(code)
        })
    }
}

impl fmt::Debug for Hmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hmac(…)")
    }
}

/// What all the codes have in common, whatever their digest.
trait Running {
    fn update(&mut self, content: &[u8]);
    fn is(self: Box<Self>, code: &[u8]) -> bool;
    fn finish(self: Box<Self>) -> Vec<u8>;
}

impl<M: Mac> Running for M {
    fn update(&mut self, content: &[u8]) {
        Mac::update(self, content);
    }

    fn is(self: Box<Self>, code: &[u8]) -> bool {
        (*self).verify_slice(code).is_ok()
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        (*self).finalize().into_bytes().to_vec()
    }
}

fn begin<M: Mac + KeyInit + Send + 'static>(passphrase: &[u8]) -> Box<dyn Running + Send> {
    Box::new(<M as KeyInit>::new_from_slice(passphrase).expect("HMAC takes keys of every length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn code(digest: Digest, key: &[u8], content: &[u8]) -> String {
        let mut hmac = Hmac::new(digest, key);
        for piece in content.chunks(3) {
            hmac.update(piece);
        }
        hex(&hmac.finish())
    }

    #[test]
    fn the_published_codes_come_out() {
        // RFC 2202, RFC 2286 and RFC 4231, the second case of each.
        let (key, content) = (b"Jefe", b"what do ya want for nothing?");
        for (digest, expected) in [
            (Digest::Md5, "750c783e6ab0b503eaa86e310a5db738"),
            (Digest::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Digest::Ripemd160, "dda6c0213a485a9e24f4742064a7f033b43c4069"),
            (
                Digest::Sha224,
                "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
            ),
            (
                Digest::Sha256,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                Digest::Sha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                Digest::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
                 caeab1a34d4a6b4b636e070a38bce737",
            ),
        ] {
            assert_eq!(code(digest, key, content), expected, "{digest}");
        }
        // Keys longer than a block.
        let content = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            code(Digest::Md5, &[0xaa; 80], content),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
        );
        assert_eq!(
            code(Digest::Sha1, &[0xaa; 80], content),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112"
        );
        assert_eq!(
            code(Digest::Sha256, &[0xaa; 131], content),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn only_the_right_code_of_the_right_length_is_taken() {
        for digest in Digest::ALL {
            let mut hmac = Hmac::new(digest, b"key");
            hmac.update(b"content");
            let code = hmac.finish();
            assert_eq!(code.len(), digest.bytes(), "{digest}");
            assert!(Hmac::verify(digest, b"key", b"content", &code));
            assert!(!Hmac::verify(digest, b"keY", b"content", &code));
            assert!(!Hmac::verify(digest, b"key", b"contenT", &code));
            assert!(!Hmac::verify(digest, b"key", b"content", &code[..code.len() - 1]));
            assert!(!Hmac::verify(digest, b"key", b"content", b""));
            assert!(!Hmac::verify(digest, b"key", b"content", &[&code[..], &[0]].concat()));
        }
    }

    #[test]
    fn names_are_taken_in_every_spelling() {
        for digest in Digest::ALL {
            assert_eq!(Digest::from_name(digest.name()), Some(digest));
            assert_eq!(Digest::from_name(&digest.name().to_uppercase()), Some(digest));
            assert!(Digest::of_length(digest.bytes()).any(|found| found == digest));
        }
        for (name, digest) in [
            ("SHA512", Digest::Sha512),
            ("sha-512", Digest::Sha512),
            ("SHA2-512", Digest::Sha512),
            ("RSA-SHA512", Digest::Sha512),
            ("sha512WithRSAEncryption", Digest::Sha512),
            ("SHA2-512/256", Digest::Sha512_256),
            ("RSA-SHA512/224", Digest::Sha512_224),
            ("SHA-1", Digest::Sha1),
            ("ssl3-sha1", Digest::Sha1),
            ("DSA", Digest::Sha1),
            ("DSA-SHA1", Digest::Sha1),
            ("ecdsa-with-SHA1", Digest::Sha1),
            ("ssl2-md5", Digest::Md5),
            ("RMD160", Digest::Ripemd160),
            ("ripemd", Digest::Ripemd160),
            ("SHA3-224", Digest::Sha3_224),
            ("BLAKE2b512", Digest::Blake2b512),
            ("RSA-SM3", Digest::Sm3),
        ] {
            assert_eq!(Digest::from_name(name), Some(digest), "{name}");
        }
        for name in ["", "scrypt", "sha", "mdc2", "shake256", "sha51", "sha5122", "-"] {
            assert_eq!(Digest::from_name(name), None, "{name}");
        }
        assert_eq!(Digest::of_length(20).next(), Some(Digest::Sha1));
        assert_eq!(Digest::of_length(64).next(), Some(Digest::Sha512));
        assert_eq!(Digest::of_length(0).count(), 0);
    }
}
