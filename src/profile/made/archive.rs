// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive as the list of archives knows it.

use crate::{format::BackupId, plan::Series, transport::Location};

/// An archive that was made on this system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeArchive {
    /// The identifier in its header.
    pub id: BackupId,
    /// The series that it belongs to.
    pub series: Series,
    /// When it was begun, in seconds since 1970.
    pub made: i64,
    /// Where it is.
    pub location: Location,
    /// Whether it was verified after it was written.
    pub is_verified: bool,
}
