// SPDX-License-Identifier: GPL-3.0-or-later
//! What the last page of a wizard says beside progress and result.

use std::time::Duration;

use crate::{
    draft::Way,
    text::{
        VmLine,
        i18n::{gettext, gettext_f, ngettext_f},
        sanitize, size,
    },
};

/// How long nothing may move before the page says what that means.
const STILL: Duration = Duration::from_secs(2);

/// Returns the label of the button that takes a way on, with its mnemonic.
pub fn way_label(way: &Way) -> String {
    match way {
        Way::TryAgain => gettext("Try _again"),
        Way::RestoreVerified { vms } => ngettext_f(
            "_Restore this {n} VM…",
            "_Restore these {n} VMs…",
            vms.len() as u64,
            &[],
        ),
        Way::RestoreMissing { vms } => ngettext_f(
            "_Restore the missing VM…",
            "_Restore the {n} missing VMs…",
            vms.len() as u64,
            &[],
        ),
        Way::OpenFolder { .. } => gettext("_Open the folder"),
        Way::Repeat => gettext("Re_peat This Backup…"),
        Way::Unmount { vm } => gettext_f("_Unmount in {name}…", &[("name", &sanitize(vm))]),
    }
}

/// Returns how a VM ended, with the size of what was done of it where anything was.
pub fn vm_result(line: &VmLine) -> String {
    let bytes: u64 = line.items.iter().map(|item| item.size_bytes).sum();
    if bytes == 0 || !line.is_done {
        return line.state.clone();
    }
    // Translators: the result of a VM and its size, as in "done · 1.5 GiB".
    gettext_f("{state} · {size}", &[("state", &line.state), ("size", &size(bytes))])
}

/// Returns what there is to say when the desktop could not show a folder.
pub fn folder_not_opened(why: &str) -> String {
    gettext_f("The folder could not be opened: {why}", &[("why", why)])
}

/// Returns what is being done while no data moves; `None` as long as that is usual.
pub fn stillness(since: Duration) -> Option<String> {
    (since >= STILL).then(|| {
        ngettext_f(
            "No data has moved for {n} second: keys are being derived, or the disk is busy.",
            "No data has moved for {n} seconds: keys are being derived, or the disk is busy.",
            since.as_secs(),
            &[],
        )
    })
}

/// Returns the title of the window while a job runs; `percent` is "42 %".
pub fn title_with_percent(percent: &str, title: &str) -> String {
    // Translators: the title of a window while a job runs, as in "42 % – Backup PedOS: Backup (5 of 5)".
    gettext_f("{percent} – {title}", &[("percent", percent), ("title", title)])
}

/// Returns when the computer will be turned off.
pub fn power_off_in(seconds: u32) -> String {
    ngettext_f(
        "The computer is turned off in {n} second. It stays on if you close this window.",
        "The computer is turned off in {n} seconds. It stays on if you close this window.",
        u64::from(seconds),
        &[],
    )
}

/// Returns what is said after the computer was told to stay on.
pub fn stays_on() -> String {
    gettext("The computer stays on.")
}

/// Returns why the settings were not kept as the default profile.
pub fn profile_not_kept() -> String {
    gettext("The settings were not saved as the default profile: only a backup that succeeded is repeated with them.")
}

/// Returns which VMs have come since the profile was saved.
pub fn new_since_profile(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| {
        let list = super::left_out(&names.iter().map(String::as_str).collect::<Vec<_>>(), false);
        ngettext_f(
            "{n} VM is new since this profile was saved: {list}",
            "{n} VMs are new since this profile was saved: {list}",
            names.len() as u64,
            &[("list", &list)],
        )
    })
}

/// Returns the label of the button that selects the VMs that are new.
pub fn add_new(count: usize) -> String {
    ngettext_f("Select _it too", "Select _them too", count as u64, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_pause_is_not_worth_a_word() {
        assert_eq!(stillness(Duration::from_millis(1900)), None);
        assert!(stillness(Duration::from_secs(9)).is_some_and(|said| said.contains("9 seconds")));
    }

    #[test]
    fn new_vms_are_counted_and_named() {
        assert_eq!(new_since_profile(&[]), None);
        let names = ["work".to_owned(), "bank".to_owned()];
        let said = new_since_profile(&names).unwrap();
        assert_eq!(said, "2 VMs are new since this profile was saved: work, bank");
    }
}
