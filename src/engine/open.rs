// SPDX-License-Identifier: GPL-3.0-or-later
//! Opens an archive as far as its inventory.

use crate::{host::Host, plan::Source, secret::Passphrase};

use super::{Context, EngineError, OpenedArchive};

/// Reads and authenticates header and inventory.
///
/// # Errors
/// [`super::ArchiveError::WrongPassphrase`] where the header does not authenticate.
pub fn open_archive(
    _source: &Source,
    _passphrase: &Passphrase,
    _host: &dyn Host,
    _context: &Context,
) -> Result<OpenedArchive, EngineError> {
    Err(EngineError::Plan {
        what: "not yet".to_owned(),
    })
}
