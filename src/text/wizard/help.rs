// SPDX-License-Identifier: GPL-3.0-or-later
//! What F1 says about each page, what keys there are, and what the program says of itself.

use crate::{
    draft::{BackupPage, RestorePage},
    text::i18n::{gettext, pgettext},
};

/// Returns the help about a page of a backup.
pub fn backup_help(page: BackupPage) -> String {
    match page {
        BackupPage::Vms => gettext(
            "Choose the VMs whose data goes into the backup. What is in the list “Selected” is saved; Enter or a double click moves a VM to the other list. A VM that runs is saved as it was before its start.",
        ),
        BackupPage::Destination => gettext(
            "Choose where the backup goes: a directory of dom0, or a directory or a command in a running VM, such as the one that holds a USB disk. The backup is one file; nothing that is there already is overwritten.",
        ),
        BackupPage::Passphrase => gettext(
            "The passphrase encrypts the backup and proves later that nobody changed it. It is not stored anywhere unless you ask for that, and without it nobody can restore anything.",
        ),
        BackupPage::Summary => gettext(
            "Everything once more before anything is written. Problems prevent the start and are listed first; warnings do not prevent it. The buttons beside them do something about them.",
        ),
        BackupPage::Backup => gettext(
            "The backup is written, and then read again if you chose to verify it. It has its final name only when it is whole. You may stop at any time; your VMs are not touched.",
        ),
    }
}

/// Returns the help about a page of a restore.
pub fn restore_help(page: RestorePage) -> String {
    match page {
        RestorePage::Source => gettext(
            "Choose the backup: a file of dom0, or a file or a command in a running VM. Nothing on this system changes before you start the restore on the summary.",
        ),
        RestorePage::Passphrase => gettext(
            "Enter the passphrase with which the backup was made. A wrong one is found out at once. The page then says what the backup holds and when it was made.",
        ),
        RestorePage::Vms => gettext(
            "Choose the VMs to restore. What is in the list “Selected” is restored; Enter or a double click moves a VM to the other list.",
        ),
        RestorePage::Summary => gettext(
            "Every VM that will be made, with its name here, its template and its net VM. A VM is never overwritten: one whose name is taken gets another name. Problems have to be solved, or their VMs left out.",
        ),
        RestorePage::Restore => gettext(
            "The data is checked while it is read. A VM that is not whole is removed again, and the others are restored all the same.",
        ),
    }
}

/// Returns the groups of keys: the title of each, and its keys with what they do. Where two keys do the same, there is a space
/// between them.
pub fn shortcuts() -> Vec<(String, Vec<(&'static str, String)>)> {
    vec![
        (
            gettext("Pages"),
            vec![
                ("Return", pgettext("key", "Next page")),
                ("<Alt>Left", pgettext("key", "Page before")),
                ("Escape", pgettext("key", "Cancel")),
                ("F1", pgettext("key", "Help about this page")),
                ("<Control>question", pgettext("key", "These keys")),
                // Translators: What the key F10 opens.
                ("F10", pgettext("key", "Menu")),
            ],
        ),
        (
            gettext("Lists of VMs"),
            vec![
                ("<Control>f", pgettext("key", "Search")),
                ("Return", pgettext("key", "Move to the other list")),
                ("space", pgettext("key", "Highlight")),
                // Translators: A key that highlights the VM under the cursor, or takes its highlight away.
                ("<Control>space", pgettext("key", "Highlight or not")),
                ("<Control>a", pgettext("key", "Highlight all")),
                ("<Control><Shift>a", pgettext("key", "Highlight none")),
                ("<Control>z", pgettext("key", "Undo the last move")),
                ("<Control><Shift>z <Control>y", pgettext("key", "Redo it")),
            ],
        ),
    ]
}

/// Returns the title of the window of help about a page.
pub fn help_title() -> String {
    gettext("Help")
}

/// Returns what the program says of itself.
pub fn about() -> String {
    gettext("Backs up the VMs of PedOS, restores them, and verifies backups.")
}

/// Returns who makes the program.
pub fn maintainers() -> String {
    gettext("The PedOS Backup maintainers")
}

/// Returns what is said while another wizard is open on the same PedOS.
pub fn another_wizard() -> String {
    gettext(
        "Another backup or restore window is open on this system. Let one of them finish before you start a job in the other.",
    )
}
