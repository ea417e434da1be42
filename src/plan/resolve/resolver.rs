// SPDX-License-Identifier: GPL-3.0-or-later
//! What every step of the resolution reads: the host and the decisions of the user.

use crate::{host::System, plan::RestoreChoices};

/// What every step looks at.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'a> {
    pub(super) system: &'a System,
    pub(super) choices: &'a RestoreChoices,
}
