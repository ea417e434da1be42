// SPDX-License-Identifier: GPL-3.0-or-later
//! Messages that only the tools at the command line have: they name options where a window has buttons.

use std::path::Path;

use crate::plan::{RestoreProblem, RestoreTable};

use super::{
    Message, compressions,
    i18n::{gettext, gettext_f},
    restore_problem, sanitize, size,
};

/// Something that should be read could not be.
pub fn unread(what: &str, why: &str) -> Message {
    Message::new(gettext_f("{what} could not be read", &[("what", &sanitize(what))])).detail(sanitize(why))
}

/// Nothing says which PedOS to work on.
pub fn no_host() -> Message {
    Message::new(gettext("There is no PedOS here"))
        .detail(gettext("Neither --root nor PEDOS_ROOT names the folder of a PedOS, and none is running on this machine."))
        .hint(gettext("Give --root DIR with the folder that holds dom0's file system. qvm-backup --make-sample DIR makes one for trying things out; qvm-backup-restore --new-root DIR restores into a new one."))
}

/// A PedOS runs here, which this program cannot work on yet.
pub fn live_host() -> Message {
    Message::new(gettext("Working on the running PedOS comes with a later version")).hint(gettext(
        "Give --root DIR with the folder that holds the file system of a PedOS.",
    ))
}

/// The two typed passphrases differ. The title is the one of the existing tools.
pub fn passphrase_mismatch() -> Message {
    Message::new("Passphrase mismatch!".to_owned()).hint(gettext(
        "Nothing was written. Start again and type the same passphrase twice.",
    ))
}

/// The question was answered with no.
pub fn declined() -> Message {
    Message::new(gettext("Not confirmed: nothing was done"))
}

/// A backup that seems to be damaged was decompressed by a choice of its user.
pub fn chosen_filter(chosen: &str) -> Message {
    Message::new(gettext_f(
        "The backup was decompressed with {program}, as --compression-filter says, whatever its header says",
        &[("program", &sanitize(chosen))],
    ))
    .hint(gettext("Try it without this option."))
}

/// A compression that this program does not write.
pub fn unknown_compression(name: &str) -> String {
    gettext_f(
        // Translators: {methods} is "gzip, zstd, xz, bzip2".
        "the compression '{name}' is not available: use one of {methods}",
        &[("name", &sanitize(name)), ("methods", &compressions())],
    )
}

/// A sample was made.
pub fn sample_made(place: &Path) -> String {
    gettext_f(
        "A sample PedOS is in {path}: use it with --root.",
        &[("path", &sanitize(&place.to_string_lossy()))],
    )
}

/// Settings are kept in a profile, with the passphrase.
pub fn profile_warning(place: &Path) -> String {
    gettext_f(
        "the passphrase is saved in plain text in {path}",
        &[("path", &sanitize(&place.to_string_lossy()))],
    )
}

/// Something to leave out that is not there.
pub fn nothing_to_exclude(name: &str) -> String {
    gettext_f("there is no VM {name} to leave out", &[("name", &sanitize(name))])
}

/// A key of a profile that means nothing.
pub fn unknown_key(key: &str) -> String {
    gettext_f(
        "the profile has a key that is not known: {key}",
        &[("key", &sanitize(key))],
    )
}

/// A machine that a profile names and that is not there.
pub fn not_in_system(name: &str) -> String {
    gettext_f(
        "the profile names {name}, and there is no such VM: it is not backed up",
        &[("name", &sanitize(name))],
    )
}

/// The passphrase of a profile is to come from a machine.
pub fn passphrase_in_vm(name: &str) -> Message {
    Message::new(gettext_f(
        "The profile takes its passphrase from the VM {vm}, which comes with a later version",
        &[("vm", &sanitize(name))],
    ))
    .hint(gettext(
        "Save the passphrase in the profile, or leave it out to be asked for it.",
    ))
}

/// The data may not fit.
pub fn little_room(needed: u64, free: u64) -> String {
    gettext_f(
        "this may need up to {needed}, and {free} are free",
        &[("needed", &size(needed)), ("free", &size(free))],
    )
}

/// The verification that was asked for could not be done.
pub fn not_verified() -> Message {
    Message::new(gettext("The backup was written, but not verified"))
}

/// Nothing is left to restore.
pub fn nothing_to_restore() -> Message {
    Message::new(gettext("There is nothing to restore")).hint(gettext(
        "Every VM of the backup is left out: check the names and the options.",
    ))
}

/// What stands in the way of a restore, one message for each kind, with the options that remove it.
pub fn problems(table: &RestoreTable) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let all = table
        .selected()
        .flat_map(|row| row.problems.iter().map(move |problem| (row, problem)));
    for (row, problem) in all {
        let line = format!("{}: {}", sanitize(&row.domain.name), restore_problem(problem).sentence);
        let (title, hint) = kind(problem);
        match messages.iter_mut().find(|message| message.title == title) {
            Some(message) => {
                message.detail.push('\n');
                message.detail.push_str(&line);
            }
            None => messages.push(Message::new(title).detail(line).hint(hint)),
        }
    }
    messages
}

fn kind(problem: &RestoreProblem) -> (String, String) {
    match problem {
        RestoreProblem::NameTaken => (
            gettext("VMs with names from the backup exist already"),
            gettext(
                "Remove or rename them on this system, or give --skip-conflicting to leave those of the backup out, --rename-conflicting to restore them under new names, or --rename VM=NAME with a name of your own.",
            ),
        ),
        RestoreProblem::NameTwice | RestoreProblem::NameInvalid => (
            gettext("VMs of the backup need other names"),
            gettext("Give --rename VM=NAME, or --exclude VM to leave it out."),
        ),
        RestoreProblem::TemplateMissing { .. } | RestoreProblem::NetVmMissing { .. } => (
            gettext("Templates or net VMs are missing"),
            gettext(
                "Restore them too, or give --template VM=NAME or --netvm VM=NAME with one that is here, --ignore-missing to take the default ones, or --skip-broken to leave these VMs out.",
            ),
        ),
        RestoreProblem::NoDefaultTemplate => (
            gettext("There is no default template"),
            gettext("Give --template VM=NAME, or --skip-broken to leave these VMs out."),
        ),
        RestoreProblem::NetVmCycle { .. } => (
            gettext("Net VMs reach the network through each other"),
            gettext(
                "Give --netvm VM=NAME, or --netvm VM=none for one of them, or --skip-broken to leave them all out.",
            ),
        ),
        RestoreProblem::DispVmMissing { .. } => (
            gettext("Disposable templates are missing"),
            gettext(
                "Restore them too, or give --dispvm VM=NAME, --dispvm VM=default or --dispvm VM=none, --ignore-missing to take the default for all, or --skip-broken to leave these VMs out.",
            ),
        ),
        RestoreProblem::KernelMissing { .. } => (
            gettext("Kernels are missing"),
            gettext(
                "Give --kernel VM=NAME or --kernel VM=default, --ignore-missing to take the default for all, or --skip-broken to leave these VMs out.",
            ),
        ),
        RestoreProblem::PoolMissing { .. } | RestoreProblem::PoolOutOfReach { .. } => (
            gettext("Nothing can be written into the chosen pool"),
            gettext("Give --pool NAME or --pool VM=NAME with another pool, or leave --pool out."),
        ),
        RestoreProblem::UserMismatch { .. } => (
            gettext("dom0's home belongs to a user of another name"),
            gettext("Give --ignore-username-mismatch to restore it all the same, or --skip-dom0-home to leave it out."),
        ),
        RestoreProblem::ClassUnknown => (
            gettext("VMs of the backup cannot be created here"),
            gettext("Give --skip-broken to leave them out, or --exclude for each of them."),
        ),
        RestoreProblem::DataMissing { .. } => (
            gettext("The backup does not hold all of its VMs"),
            gettext("Give --skip-broken to restore the others, or --exclude for each of these."),
        ),
    }
}
