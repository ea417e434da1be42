// SPDX-License-Identifier: GPL-3.0-or-later
//! The words of the wizards that depend on what was chosen; those that never change stand in the templates.

mod help;
mod history;
mod inside;
mod lists;
mod place;
mod profiles;
mod restore;
mod run;
mod strength;
mod summary;

pub use help::{about, another_wizard, backup_help, help_title, maintainers, restore_help, shortcuts};
pub use history::{
    history_title, history_vms, no_runs, reading_history, restore_from, verify_again, wizard_not_started,
};
pub use inside::{
    NoteText, archived_file, bad_items, extracted_name, inside_count, inside_detail, inside_facts, known_backup,
    no_known_backup, note, notes_read, only_mentioned, quick_look, report_file, report_saved, save_report_title,
    take_out_title, weak_protection,
};
pub use lists::{
    add_all, list_count, nothing_available, nothing_found, nothing_selected, order_given, order_last_backup,
    order_name, order_size, remove_all, spoken,
};
pub use place::{
    LeftoverLine, ReachWords, StoreLine, Verdict, archive_place, ask_remove, backup_place, choose_in_store, kinds,
    leftover_kept, leftovers, path_or_command, pick_failed, place_caption, reach, remove_answers, remove_leftover,
    start_vm, store_lines, store_place_caption, store_reading, store_unread, target_note, unmount,
};
pub use profiles::{
    KnownProfile, ProfileRow, ask_remove_profile, ask_use_profile, is_repeated, no_profiles, passphrases_differ,
    profile_failed, profile_name_caption, profile_row, profiles_title, remove_profile, remove_profile_answers,
    rename_go, rename_profile, rename_title, repeat_caption, repeat_failed, repeat_go, repeat_note,
    repeat_passphrase_captions, repeat_profile, repeat_title, use_profile, use_profile_answers,
};
pub use restore::{
    contents_heading, cure_button, default_pool, device, domain_detail, findings_title, home_note, leave_out_all,
    left_out_here, missing, more_findings, newer_known, pool_of_all, pool_offer, restore_action, restore_finding,
    restore_kind, restore_name, restore_note, restore_spoken, restore_title,
};
pub use run::{
    add_new, folder_not_opened, new_since_profile, power_off_in, profile_not_kept, stays_on, stillness,
    title_with_percent, vm_result, way_label,
};
pub use strength::{ask_weak, strength, strength_with_advice, weak_answers};
pub use summary::{
    after, column_class, column_name, column_remarks, column_size, destination, has_levels, left_out, level_name,
    method, method_note, protection_of, several_unready,
};

use std::path::Path;

use crate::{
    draft::{BackupPage, Reason, RestorePage},
    host::{OpenError, Vm},
    job::JobKind,
    plan::{InventoryScope, Unverified, may_have_changed},
    secret::PassphraseAnomaly,
};

use super::{
    Message, anomaly, class, date,
    i18n::{gettext, gettext_f, ngettext_f},
    open_error, passphrase_error, sanitize, size, unverified,
};

/// The title of the window.
pub fn title(program: &str, page: &str, number: usize, of: usize) -> String {
    // Translators: the title of a window, as in "Backup PedOS: Destination (2 of 5)".
    gettext_f(
        "{program}: {page} ({number} of {all})",
        &[
            ("program", program),
            ("page", page),
            ("number", &number.to_string()),
            ("all", &of.to_string()),
        ],
    )
}

/// The name of the program that backs up.
pub fn backup_program() -> String {
    gettext("Backup PedOS")
}

/// The name of the program that restores.
pub fn restore_program() -> String {
    gettext("Restore Backup")
}

/// The name of a page of a backup.
pub fn backup_page(page: BackupPage) -> String {
    match page {
        BackupPage::Vms => gettext("VMs"),
        BackupPage::Destination => gettext("Destination"),
        BackupPage::Passphrase => gettext("Passphrase"),
        BackupPage::Summary => gettext("Summary"),
        BackupPage::Backup => gettext("Backup"),
    }
}

/// The name of a page of a restore.
///
/// The last one is called after what happens there.
pub fn restore_page(page: RestorePage, verifies_only: bool) -> String {
    match page {
        RestorePage::Restore if verifies_only => gettext("Verify"),
        RestorePage::Source => gettext("Source"),
        RestorePage::Passphrase => gettext("Passphrase"),
        RestorePage::Vms => gettext("VMs"),
        RestorePage::Summary => gettext("Summary"),
        RestorePage::Restore => gettext("Restore"),
    }
}

/// Returns the line that says which step this is where there is no room for the list of steps.
pub fn step(title: &str, number: usize, of: usize) -> String {
    // Translators: as in "Step 2 of 5: Destination".
    gettext_f(
        "Step {number} of {all}: {title}",
        &[
            ("number", &number.to_string()),
            ("all", &of.to_string()),
            ("title", title),
        ],
    )
}

/// Returns the name of a step for assistive technology, with how it stands.
pub fn spoken_step(title: &str, is_done: bool, is_current: bool) -> String {
    let state = match (is_done, is_current) {
        (false, false) => return title.to_owned(),
        (true, false) => gettext("done"),
        (false, true) => gettext("current step"),
        (true, true) => gettext("current step, done"),
    };
    // Translators: a step of a wizard as a screen reader says it, as in "Destination, current step".
    gettext_f("{step}, {state}", &[("step", title), ("state", &state)])
}

/// The way on, with its mnemonic.
pub fn next() -> String {
    gettext("_Next")
}

/// The way on where it starts a backup.
pub fn finish() -> String {
    gettext("_Finish")
}

/// The button that stops a job in a window of its own.
pub fn stop() -> String {
    gettext("_Stop")
}

/// The button that closes such a window.
pub fn close() -> String {
    gettext("_Close")
}

/// The button that gives up what a window asks for.
pub fn cancel() -> String {
    gettext("_Cancel")
}

/// Why the next page cannot be entered; `None` where the page says it itself.
pub fn reason(reason: &Reason) -> Option<String> {
    Some(match reason {
        Reason::StillReading => gettext("One moment: this is still being checked."),
        Reason::NoSystem => gettext("The list of VMs could not be read."),
        Reason::NothingSelected => gettext("Select at least one VM."),
        Reason::NoPlace => gettext("Enter a location first."),
        Reason::StillLooking => gettext("Looking at the location…"),
        Reason::BadPlace => gettext("This location cannot be used; see above."),
        Reason::NoPassphrase => gettext("Enter the passphrase."),
        Reason::NotConfirmed => gettext("Enter the same passphrase in both fields."),
        Reason::PassphrasesDiffer => gettext("The two passphrases differ."),
        Reason::PassphraseRefused(error) => {
            let message = passphrase_error(*error);
            // Translators: what is wrong, and what to do about it.
            gettext_f(
                "{title}. {hint}",
                &[
                    ("title", &message.title),
                    ("hint", message.hint.as_deref().unwrap_or_default()),
                ],
            )
        }
        Reason::BadProfileName => {
            gettext("Choose a name for the profile without slashes that does not begin with a dot.")
        }
        Reason::Problems(n) => ngettext_f(
            "{n} problem has to be solved first; see above.",
            "{n} problems have to be solved first; see above.",
            *n as u64,
            &[],
        ),
        Reason::StillOpening => gettext("Opening the backup…"),
        Reason::NotOpened => gettext("The backup has to be opened first."),
        Reason::Running => return None,
    })
}

/// A fact with its caption, for a line of several.
pub fn fact(caption: &str, value: &str) -> String {
    // Translators: as in "Made: 2026-03-01" or "Compression: gzip".
    gettext_f("{caption}: {value}", &[("caption", caption), ("value", value)])
}

/// What a selection comes to.
pub fn total(count: usize, bytes: u64) -> String {
    if count == 0 {
        return gettext("Nothing is selected");
    }
    // Translators: how much is selected, as in "Total size: 1.5 GiB in 3 VMs".
    ngettext_f(
        "Total size: {size} in {n} VM",
        "Total size: {size} in {n} VMs",
        count as u64,
        &[("size", &size(bytes))],
    )
}

/// Returns what a selection comes to, for a place whose caption says that it is a total.
pub fn amount(count: usize, bytes: u64, is_counted: bool) -> String {
    let values: &[(&str, &str)] = &[("size", &size(bytes))];
    if is_counted {
        // Translators: how much is selected, as in "1.5 GiB in 3 VMs".
        ngettext_f("{size} in {n} VM", "{size} in {n} VMs", count as u64, values)
    } else {
        ngettext_f(
            "at least {size} in {n} VM",
            "at least {size} in {n} VMs",
            count as u64,
            values,
        )
    }
}

/// What is selected where not all of it was counted yet.
pub fn total_so_far(count: usize, bytes: u64) -> String {
    // Translators: dom0's home is still being counted; as in "Total size: at least 1.5 GiB in 3 VMs".
    ngettext_f(
        "Total size: at least {size} in {n} VM",
        "Total size: at least {size} in {n} VMs",
        count as u64,
        &[("size", &size(bytes))],
    )
}

/// What a backup of a VM reads.
pub fn vm_size(vm: &Vm) -> String {
    // Translators: stands in the place of a size, for dom0's home, which takes its time to be counted.
    vm.backup_bytes.map_or_else(|| gettext("being counted"), size)
}

/// What kind a VM is and when it was last backed up.
pub fn vm_detail(vm: &Vm) -> String {
    let class = class(&vm.class);
    match vm.last_backup {
        // Translators: the class of a VM and when it was last backed up.
        Some(moment) if may_have_changed(vm) => gettext_f(
            "{class} · changed since {date}",
            &[("class", &class), ("date", &date(moment))],
        ),
        // Translators: the class of a VM and when it was last backed up.
        Some(moment) => gettext_f(
            "{class} · backed up {date}",
            &[("class", &class), ("date", &date(moment))],
        ),
        None => gettext_f("{class} · never backed up", &[("class", &class)]),
    }
}

/// Whether a VM runs, in a word.
pub fn running(is_running: bool) -> String {
    if is_running { gettext("running") } else { String::new() }
}

/// A name that came from elsewhere, made safe to show.
pub fn shown_name(name: &str) -> String {
    sanitize(name)
}

/// The time that a phase has taken so far.
pub fn elapsed(clock: &str) -> String {
    // Translators: {time} is "1:05" or "1:02:33".
    gettext_f("Elapsed: {time}", &[("time", clock)])
}

/// A job was asked to stop.
pub fn stopping() -> String {
    gettext("Stopping…")
}

/// A job has been started.
pub fn starting() -> String {
    gettext("Starting…")
}

/// What is worth knowing about a passphrase.
pub fn passphrase_hints(hints: &[PassphraseAnomaly]) -> String {
    hints.iter().copied().map(anomaly).collect::<Vec<_>>().join("\n")
}

/// The choice to verify a backup, and what there is to know about it where it goes.
pub fn verify_note(unverifiable: Option<Unverified>) -> String {
    match unverifiable {
        None => gettext("Reads the whole backup once more and compares it with its inventory."),
        Some(why) => gettext_f("Not possible here: {why}", &[("why", &unverified(why))]),
    }
}

/// The choice of a recovery text beside the archive, and what there is to know about it.
pub fn recovery_choice(is_in_dom0: bool) -> (String, String) {
    let note = if is_in_dom0 {
        gettext(
            "It has the commands that open exactly this backup with stock tools, without this program. It names no VM and holds no passphrase.",
        )
    } else {
        gettext("Only for a backup in dom0: in a VM nothing can be written beside it.")
    };
    (gettext("_Write a recovery text beside the backup"), note)
}

/// Returns which passphrase is used if nothing is typed.
pub fn kept_passphrase(is_from_profile: bool) -> String {
    if is_from_profile {
        gettext(
            "The passphrase of the default profile is used. Leave both fields empty to keep it, or type another one.",
        )
    } else {
        gettext(
            "The passphrase that you typed before is used. Leave both fields empty to keep it, or type another one.",
        )
    }
}

/// Returns what the inventory of the archive tells.
pub fn scope_note(scope: InventoryScope) -> String {
    match scope {
        InventoryScope::WholeHost => gettext(
            "The inventory inside the backup names all VMs of the system, selected or not. It is encrypted with the rest, but whoever can open the backup can read it.",
        ),
        InventoryScope::SelectedOnly => gettext(
            "The inventory inside the backup names the selected VMs, and those that they need. It tells nothing of the others.",
        ),
    }
}

/// What it means to keep the passphrase in the profile.
pub fn keep_warning(file: &Path) -> String {
    gettext_f(
        "The passphrase will be stored in plain text in dom0, in the file {path}.",
        &[("path", &sanitize(&file.to_string_lossy()))],
    )
}

/// The profile could not be saved.
pub fn profile_not_saved(why: &str) -> String {
    gettext_f("The profile could not be saved: {why}", &[("why", &sanitize(why))])
}

/// Whether a job that runs is to be stopped: a heading and what it means.
pub fn ask_stop(kind: JobKind) -> (String, String) {
    match kind {
        JobKind::Backup => (
            gettext("Stop the backup?"),
            gettext("Nothing of it will be kept. Your VMs are not touched."),
        ),
        JobKind::Restore => (
            gettext("Stop the restore?"),
            gettext("VMs that are finished stay. The one at work is removed again."),
        ),
        JobKind::Verify => (
            gettext("Stop the verification?"),
            gettext("Nothing can be said then of the backup as a whole. Nothing was changed on this system."),
        ),
        JobKind::Extract => (gettext("Stop the extraction?"), gettext("No file is made.")),
    }
}

/// Whether a wizard is to be left: a heading and what it means.
pub fn ask_leave() -> (String, String) {
    (
        gettext("Leave without finishing?"),
        gettext("What you have chosen so far is not kept."),
    )
}

/// The answers to [`ask_stop`]: to go on, and to stop.
pub fn stop_answers() -> (String, String) {
    (gettext("_Go on"), gettext("_Stop"))
}

/// The answers to [`ask_leave`]: to stay, and to leave.
pub fn leave_answers() -> (String, String) {
    (gettext("S_tay"), gettext("_Leave"))
}

/// Why the session is held while a job runs.
pub fn inhibit_reason(is_backup: bool) -> String {
    if is_backup {
        gettext("A backup is being written")
    } else {
        gettext("A backup is being read")
    }
}

/// The titles of the two file dialogs: for a directory, and for a file.
pub fn choose_directory() -> String {
    gettext("Select backup location")
}

/// The title of the dialog for an archive.
pub fn choose_archive() -> String {
    gettext("Select the backup")
}

/// The default profile names VMs that are not there.
pub fn unknown_in_profile(names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let shown: Vec<String> = names.iter().map(|name| sanitize(name)).collect();
    Some(gettext_f(
        "The default backup profile names VMs that are not here: {names}",
        &[("names", &shown.join(", "))],
    ))
}

/// The default profile could not be read.
pub fn profile_not_read(why: &str) -> String {
    gettext_f(
        "The default backup profile is not used: {why}",
        &[("why", &sanitize(why))],
    )
}

/// There is no PedOS to work on, with what can be done about it.
pub fn no_pedos(error: &OpenError) -> Message {
    let message = open_error(error);
    match error {
        OpenError::Host(_) => message,
        OpenError::Nowhere => message
            .detail(gettext(
                "This computer does not run PedOS, and no PedOS root folder was named.",
            ))
            .hint(gettext(
                "Start the program with --root DIR, or set the environment variable PEDOS_ROOT to a PedOS root folder.",
            )),
    }
}

/// What stands for the name of a new file, whose time is not known before the start.
pub fn file_pattern() -> String {
    // Translators: the letters stand for year, month, day, hour, minute and second; "pedos-backup" stays.
    gettext("pedos-backup-YYYY-MM-DDTHHMMSS")
}
