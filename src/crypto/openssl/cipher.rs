// SPDX-License-Identifier: GPL-3.0-or-later
//! The ciphers that the header of an old archive may name, as `openssl enc` names them.

use std::fmt;

use super::{
    algorithm::{Algorithm, Mode},
    running::{self, Running},
};

/// A cipher that the header of an old archive may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OldCipher(&'static Spec);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Spec {
    name: &'static str,
    algorithm: Algorithm,
    mode: Mode,
}

macro_rules! specs {
    ($($algorithm:ident: $($mode:ident $name:literal),+;)*) => {
        [$($(Spec { name: $name, algorithm: Algorithm::$algorithm, mode: Mode::$mode }),+),*]
    };
}

/// All of them, the usual one first. What `openssl enc` of those days had besides is not here: the 1-bit modes, seed, desx
/// and rc5, for which there is no well-kept code.
static SPECS: [Spec; 93] = specs! {
    Aes256: Cbc "aes-256-cbc", Cfb "aes-256-cfb", Cfb8 "aes-256-cfb8", Ofb "aes-256-ofb", Ctr "aes-256-ctr", Ecb "aes-256-ecb";
    Aes192: Cbc "aes-192-cbc", Cfb "aes-192-cfb", Cfb8 "aes-192-cfb8", Ofb "aes-192-ofb", Ctr "aes-192-ctr", Ecb "aes-192-ecb";
    Aes128: Cbc "aes-128-cbc", Cfb "aes-128-cfb", Cfb8 "aes-128-cfb8", Ofb "aes-128-ofb", Ctr "aes-128-ctr", Ecb "aes-128-ecb";
    Camellia256: Cbc "camellia-256-cbc", Cfb "camellia-256-cfb", Cfb8 "camellia-256-cfb8", Ofb "camellia-256-ofb",
        Ctr "camellia-256-ctr", Ecb "camellia-256-ecb";
    Camellia192: Cbc "camellia-192-cbc", Cfb "camellia-192-cfb", Cfb8 "camellia-192-cfb8", Ofb "camellia-192-ofb",
        Ctr "camellia-192-ctr", Ecb "camellia-192-ecb";
    Camellia128: Cbc "camellia-128-cbc", Cfb "camellia-128-cfb", Cfb8 "camellia-128-cfb8", Ofb "camellia-128-ofb",
        Ctr "camellia-128-ctr", Ecb "camellia-128-ecb";
    Aria256: Cbc "aria-256-cbc", Cfb "aria-256-cfb", Cfb8 "aria-256-cfb8", Ofb "aria-256-ofb", Ctr "aria-256-ctr", Ecb "aria-256-ecb";
    Aria192: Cbc "aria-192-cbc", Cfb "aria-192-cfb", Cfb8 "aria-192-cfb8", Ofb "aria-192-ofb", Ctr "aria-192-ctr", Ecb "aria-192-ecb";
    Aria128: Cbc "aria-128-cbc", Cfb "aria-128-cfb", Cfb8 "aria-128-cfb8", Ofb "aria-128-ofb", Ctr "aria-128-ctr", Ecb "aria-128-ecb";
    Sm4: Cbc "sm4-cbc", Cfb "sm4-cfb", Ofb "sm4-ofb", Ctr "sm4-ctr", Ecb "sm4-ecb";
    TripleDes: Cbc "des-ede3-cbc", Cfb "des-ede3-cfb", Cfb8 "des-ede3-cfb8", Ofb "des-ede3-ofb", Ecb "des-ede3";
    TwoKeyDes: Cbc "des-ede-cbc", Cfb "des-ede-cfb", Ofb "des-ede-ofb", Ecb "des-ede";
    Des: Cbc "des-cbc", Cfb "des-cfb", Cfb8 "des-cfb8", Ofb "des-ofb", Ecb "des-ecb";
    Blowfish: Cbc "bf-cbc", Cfb "bf-cfb", Ofb "bf-ofb", Ecb "bf-ecb";
    Cast5: Cbc "cast5-cbc", Cfb "cast5-cfb", Ofb "cast5-ofb", Ecb "cast5-ecb";
    Idea: Cbc "idea-cbc", Cfb "idea-cfb", Ofb "idea-ofb", Ecb "idea-ecb";
    Rc2: Cbc "rc2-cbc", Cfb "rc2-cfb", Ofb "rc2-ofb", Ecb "rc2-ecb";
    Rc2Short: Cbc "rc2-64-cbc";
    Rc2Shortest: Cbc "rc2-40-cbc";
    Rc4: Stream "rc4";
    Rc4Shortest: Stream "rc4-40";
};

/// Other names that `openssl enc` takes.
const ALIASES: [(&str, &str); 23] = [
    ("aes256", "aes-256-cbc"),
    ("aes192", "aes-192-cbc"),
    ("aes128", "aes-128-cbc"),
    ("camellia256", "camellia-256-cbc"),
    ("camellia192", "camellia-192-cbc"),
    ("camellia128", "camellia-128-cbc"),
    ("aria256", "aria-256-cbc"),
    ("aria192", "aria-192-cbc"),
    ("aria128", "aria-128-cbc"),
    ("sm4", "sm4-cbc"),
    ("des3", "des-ede3-cbc"),
    ("des-ede3-ecb", "des-ede3"),
    ("des-ede-ecb", "des-ede"),
    ("des", "des-cbc"),
    ("bf", "bf-cbc"),
    ("blowfish", "bf-cbc"),
    ("cast", "cast5-cbc"),
    ("cast-cbc", "cast5-cbc"),
    ("idea", "idea-cbc"),
    ("rc2", "rc2-cbc"),
    ("rc2-128", "rc2-cbc"),
    ("rc2-64", "rc2-64-cbc"),
    ("rc2-40", "rc2-40-cbc"),
];

impl OldCipher {
    /// The usual one.
    pub const USUAL: Self = Self(&SPECS[0]);

    /// All of them, the usual one first.
    pub fn all() -> impl Iterator<Item = Self> {
        SPECS.iter().map(Self)
    }

    /// The cipher of that name, in any of the spellings that `openssl enc` takes.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        let name = alias.map_or(name.as_str(), |(_, name)| name);
        Self::all().find(|cipher| cipher.name() == name)
    }

    /// Its name as the option of `openssl enc` has it, without the dash.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub(super) fn key_bytes(self) -> usize {
        use Algorithm as A;
        match self.0.algorithm {
            A::Aes256 | A::Camellia256 | A::Aria256 => 32,
            A::Aes192 | A::Camellia192 | A::Aria192 | A::TripleDes => 24,
            A::Aes128 | A::Camellia128 | A::Aria128 | A::Sm4 | A::TwoKeyDes => 16,
            A::Blowfish | A::Cast5 | A::Idea | A::Rc2 | A::Rc4 => 16,
            A::Des | A::Rc2Short => 8,
            A::Rc2Shortest | A::Rc4Shortest => 5,
        }
    }

    fn block_bytes(self) -> usize {
        use Algorithm as A;
        match self.0.algorithm {
            A::TripleDes | A::TwoKeyDes | A::Des | A::Blowfish | A::Cast5 => 8,
            A::Idea | A::Rc2 | A::Rc2Short | A::Rc2Shortest => 8,
            A::Rc4 | A::Rc4Shortest => 1,
            _ => 16,
        }
    }

    pub(super) fn iv_bytes(self) -> usize {
        match self.0.mode {
            Mode::Ecb | Mode::Stream => 0,
            _ => self.block_bytes(),
        }
    }

    /// The blocks that content is padded to, where it is.
    pub(super) fn padded_to(self) -> Option<usize> {
        matches!(self.0.mode, Mode::Cbc | Mode::Ecb).then(|| self.block_bytes())
    }

    /// Begins to decrypt, with key and iv of the right lengths.
    pub(super) fn begin(self, key: &[u8], iv: &[u8]) -> Option<Box<dyn Running>> {
        running::begin(self.0.algorithm, self.0.mode, key, iv)
    }
}

impl fmt::Display for OldCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_as_openssl_takes_them() {
        for (name, cipher) in [
            ("aes-256-cbc", "aes-256-cbc"),
            ("AES-256-CBC", "aes-256-cbc"),
            ("aes256", "aes-256-cbc"),
            ("AES192", "aes-192-cbc"),
            ("des3", "des-ede3-cbc"),
            ("camellia256", "camellia-256-cbc"),
            ("bf", "bf-cbc"),
            ("rc4", "rc4"),
        ] {
            assert_eq!(OldCipher::from_name(name).unwrap().name(), cipher, "{name}");
        }
        for name in ["", "aes", "aes-256-cfb1", "seed-cbc", "desx", "aes512", "-aes256"] {
            assert_eq!(OldCipher::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_cipher_begins_and_every_other_name_is_one_of_them() {
        for cipher in OldCipher::all() {
            let (key, iv) = (vec![7; cipher.key_bytes()], vec![7; cipher.iv_bytes()]);
            assert!(cipher.begin(&key, &iv).is_some(), "{cipher}");
        }
        for (alias, name) in ALIASES {
            assert_eq!(OldCipher::from_name(alias).map(OldCipher::name), Some(name));
        }
    }
}
