// SPDX-License-Identifier: GPL-3.0-or-later
//! verify

use crate::{host::Host, plan::RestorePlan};

use super::{Context, EngineError, Report};

/// Carries it out.
///
/// # Errors
/// The first cause that ended it.
pub fn run(_plan: &RestorePlan, _host: &dyn Host, _context: &Context) -> Result<Report, EngineError> {
    Err(EngineError::Plan {
        what: "not yet".to_owned(),
    })
}
