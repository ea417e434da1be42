// SPDX-License-Identifier: GPL-3.0-or-later
//! Whether an archive is the latest of its VMs, as far as the system knows that it restores into.

use crate::{host::System, inventory::Inventory, units::LocalTime};

/// A backup notes when it opened its volumes, and older programs noted its end: within a day, both are the same backup.
const SAME_BACKUP_SECS: i64 = 24 * 60 * 60;
/// The characters of a backup identifier that are a time, `YYYYMMDDTHHMMSS`.
const TIME_CHARACTERS: usize = 15;

/// Returns how many VMs of an archive were backed up again later, and when that was last, in seconds since 1970; `None` where none
/// were. A VM or a server that keeps archives may hand over an old one.
pub fn backed_up_again(backup_id: &str, inventory: &Inventory, system: &System) -> Option<(usize, i64)> {
    let made = LocalTime::parse_compact(backup_id.get(..TIME_CHARACTERS)?)?.unix_seconds()?;
    let domains = inventory.domains();
    let held = domains.iter().filter(|domain| domain.content().is_some());
    let later: Vec<i64> = held
        .filter_map(|domain| system.vm(&domain.name)?.last_backup)
        .filter(|moment| *moment > made + SAME_BACKUP_SECS)
        .collect();
    Some((later.len(), later.iter().copied().max()?))
}
