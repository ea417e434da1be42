// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys, ciphers and MACs of the archive formats. Refuses to know where bytes come from or go to.
//!
//! Format 4 puts every piece of an archive into a container of its own (`scrypt`), whose passphrase names the backup
//! and the piece (`passphrase`), so that pieces can be neither swapped nor taken from another backup.

mod cost;
mod error;
mod passphrase;
mod scrypt;

pub use cost::{KdfCost, KdfLimits};
pub use error::{ContainerError, CryptoError};
pub use passphrase::{LONGEST_STOCK_PASSPHRASE_BYTES, header_passphrase, part_passphrase};
pub use scrypt::{CONTAINER_OVERHEAD_BYTES, ContainerHeader, HEADER_BYTES, OpenKey, SealKey, Sealed, open_in_place};
