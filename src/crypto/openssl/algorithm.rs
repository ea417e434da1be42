// SPDX-License-Identifier: GPL-3.0-or-later
//! The algorithms of the old ciphers, and the modes in which they run.

/// What encrypts a block or a stream, with the length of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Algorithm {
    Aes256,
    Aes192,
    Aes128,
    Camellia256,
    Camellia192,
    Camellia128,
    Aria256,
    Aria192,
    Aria128,
    Sm4,
    TripleDes,
    TwoKeyDes,
    Des,
    Blowfish,
    Cast5,
    Idea,
    Rc2,
    Rc2Short,
    Rc2Shortest,
    Rc4,
    Rc4Shortest,
}

/// How the blocks of a cipher are chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    Cbc,
    Cfb,
    Cfb8,
    Ofb,
    Ctr,
    Ecb,
    /// The algorithm is no block cipher.
    Stream,
}
