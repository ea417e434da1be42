// SPDX-License-Identifier: GPL-3.0-or-later
//! How the result of a job is shown: its colour and its symbol.

use crate::engine::Degree;

/// How a result is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Everything that was selected is done.
    Success,
    /// Some of it is.
    Partial,
    /// None of it is, or what is done cannot be relied on.
    Failure,
    /// Its user stopped it.
    Cancelled,
}

impl From<Degree> for Tone {
    fn from(degree: Degree) -> Self {
        match degree {
            Degree::Complete => Self::Success,
            Degree::Partial => Self::Partial,
            Degree::Failed => Self::Failure,
            Degree::Cancelled => Self::Cancelled,
        }
    }
}
