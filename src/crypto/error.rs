// SPDX-License-Identifier: GPL-3.0-or-later
//! The errors of a container that its reader or writer can act on.

use super::{KdfCost, passphrase::LONGEST_STOCK_PASSPHRASE_BYTES};

/// Why no key could be made for a new container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
    /// Parameters that mean nothing, or more than any reader accepts.
    #[error("the key cost {0} is out of bounds")]
    BadCost(KdfCost),
    /// There is not that much memory.
    #[error("not enough memory to derive a key ({0} bytes)")]
    NotEnoughMemory(u64),
    /// Backup id, name and passphrase together are more than the stock `scrypt` reads.
    #[error("backup id, name and passphrase together have {0} bytes, more than {LONGEST_STOCK_PASSPHRASE_BYTES}")]
    PassphraseTooLong(usize),
}

/// Why a container does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// It does not begin with `scrypt`.
    #[error("not an encrypted container: it does not begin with \"scrypt\"")]
    NotAContainer,
    /// Its version is not known.
    #[error("an encrypted container of an unknown version")]
    Version,
    /// The checksum of its header is wrong.
    #[error("an encrypted container with a wrong checksum of its header")]
    HeaderChecksum,
    /// It ends before the smallest container does.
    #[error("an encrypted container of {length} bytes is too short")]
    TooShort {
        /// Its bytes.
        length: usize,
    },
    /// Its header asks for more memory or work than allowed.
    #[error("the key derivation asked for ({cost}) is beyond all reason")]
    TooCostly {
        /// What it asks for.
        cost: KdfCost,
    },
    /// The derivation is within the limits, but this computer has not got the memory.
    #[error("not enough memory to derive a key ({bytes} bytes)")]
    NotEnoughMemory {
        /// What it takes.
        bytes: u64,
    },
    /// The key does not fit the header: a wrong passphrase, another name or backup, or an altered header.
    #[error("wrong passphrase, or an altered header")]
    WrongPassphrase,
    /// The key fits the header but not the content.
    #[error("the content does not match its authentication code")]
    Damaged,
}

/// Why a stream of `openssl enc` does not decrypt. It comes within an [`std::io::Error`] of the kind `InvalidData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptFault {
    /// The stream does not begin as `openssl enc` begins one.
    #[error("an encrypted stream has to begin with \"Salted__\"")]
    NoSalt,
    /// The cipher does not take the key that was made.
    #[error("the encrypted stream has no key")]
    NoKey,
    /// The last block does not end in padding.
    #[error("the last block does not decrypt: a wrong passphrase or cipher, or a stream that was cut or altered")]
    LastBlock,
}

#[cfg(test)]
mod each {
    use super::*;

    impl CryptoError {
        one_of_each! {
            NoRandomness,
            BadCost { 0: KdfCost::DEFAULT },
            NotEnoughMemory { 0: 7 },
            PassphraseTooLong { 0: 9 },
        }
    }

    impl ContainerError {
        one_of_each! {
            NotAContainer, Version, HeaderChecksum,
            TooShort { length: 7 },
            TooCostly { cost: KdfCost::DEFAULT },
            NotEnoughMemory { bytes: 7 },
            WrongPassphrase, Damaged,
        }
    }

    impl DecryptFault {
        one_of_each! { NoSalt, NoKey, LastBlock }
    }
}
