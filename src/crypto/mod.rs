// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys, ciphers and MACs of the archive formats. Refuses to know where bytes come from or go to.
//!
//! Format 4 puts every piece of an archive into a container of its own (`scrypt`), whose passphrase names the backup
//! and the piece (`passphrase`), so that pieces can be neither swapped nor taken from another backup. Formats 2 and 3 have
//! a bare HMAC beside every piece (`digest`), and what `openssl enc` makes inside it (`openssl`).

mod cost;
mod derivation;
mod digest;
mod error;
#[cfg(feature = "tools")]
mod guessing;
mod key_cache;
mod openssl;
mod passphrase;
mod romix;
mod scratch;
mod scrypt;
mod stack;

pub use cost::{KdfCost, KdfLimits};
pub use derivation::{Derivation, DeriveFailure, Derived, Keys};
pub use digest::{Digest, Hmac};
pub use error::{ContainerError, CryptoError, DecryptFault};
#[cfg(feature = "tools")]
pub use guessing::{Grade, Strength};
pub use key_cache::KeyCache;
pub use openssl::{Decryptor, OldCipher};
pub use passphrase::{LONGEST_STOCK_PASSPHRASE_BYTES, header_passphrase, part_passphrase};
pub use scratch::Scratch;
pub use scrypt::{
    CONTAINER_OVERHEAD_BYTES, ContainerHeader, HEADER_BYTES, MAC_BYTES, OpenKey, SealKey, Sealed, Sealing,
    open_in_place,
};
