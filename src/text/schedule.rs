// SPDX-License-Identifier: GPL-3.0-or-later
//! How often a backup is repeated, in words.

use crate::{profile::Profile, schedule::Rhythm};

use super::{i18n::pgettext, sanitize};

/// Returns how often a backup is repeated.
pub fn rhythm(rhythm: Option<Rhythm>) -> String {
    match rhythm {
        None => pgettext("how often a backup is repeated", "Never"),
        Some(Rhythm::Daily) => pgettext("how often a backup is repeated", "Daily"),
        Some(Rhythm::Weekly) => pgettext("how often a backup is repeated", "Weekly"),
        Some(Rhythm::Monthly) => pgettext("how often a backup is repeated", "Monthly"),
    }
}

/// Returns where the backups of a profile go: a path in dom0, or a VM and what is meant there.
pub fn profile_place(profile: &Profile) -> String {
    sanitize(&profile.place())
}
