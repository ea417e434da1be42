// SPDX-License-Identifier: GPL-3.0-or-later
//! Messages that only the tools at the command line have: they name options where a window has buttons.

mod history;
mod leftovers;
mod restore;
mod retention;
mod schedule;

use std::{io, ops::RangeInclusive, path::Path};

use crate::{
    crypto::{KdfCost, Strength},
    format::Compression,
    host::OpenError,
    plan::{BackupRemark, Finding, Unverified},
    profile::VmPassphraseError,
    secret::PassphraseAnomaly,
    transport::{Leftover, Location},
};

use super::{
    Message, anomaly, compressions, date, finding, host_error,
    i18n::{gettext, gettext_f},
    io_text, open_error, sanitize, size, unverified,
    wizard::strength,
};

pub use history::{history, newer_made};
pub use leftovers::{
    leftover_kept, leftovers_found, leftovers_removed, leftovers_to_remove, no_leftovers, waiting_for_turn,
};
pub use restore::{nothing_changed, nothing_to_decide, nothing_to_restore, problems};
pub use retention::{dry_run, retention_refused, will_be_removed};
pub use schedule::{ProfileLine, is_tried_again, no_credential, profiles, repeated, waits_for_turn};

/// Said before a backup of a VM that it will not hold.
pub fn will_be_left_out(found: &Finding) -> String {
    gettext_f(
        // Translators: {why} is a sentence with its full stop.
        "The VM {vm} cannot be backed up and will be left out: {why}",
        &[
            ("vm", &sanitize(found.vm.as_deref().unwrap_or_default())),
            ("why", &finding(&found.remark).sentence),
        ],
    )
}

/// Something that should be read could not be.
pub fn unread(what: &str, why: &str) -> Message {
    Message::new(gettext_f("{what} could not be read", &[("what", &sanitize(what))])).detail(sanitize(why))
}

/// What an answer or a passphrase is read from could not be read.
pub fn unreadable(what: &str, error: &io::Error) -> Message {
    Message::new(gettext_f("{what} could not be read", &[("what", &sanitize(what))])).detail(io_text(error))
}

/// Something that was printed did not arrive.
pub fn output_lost(error: &io::Error) -> Message {
    Message::new(gettext(
        "Standard output could not be written: the output is incomplete",
    ))
    .detail(io_text(error))
}

/// A file that should hold a passphrase holds nothing at all.
pub fn no_passphrase_in(what: &str) -> Message {
    Message::new(gettext_f(
        // Translators: {what} is the path of a file, or "standard input".
        "There is no passphrase in {what}: it is empty",
        &[("what", &sanitize(what))],
    ))
    .hint(gettext("The passphrase has to be in its first line."))
}

/// Nothing has changed since it was last backed up.
pub fn nothing_changed_since() -> String {
    gettext("Nothing has changed since the last backup, so none was made.")
}

/// A path that cannot stand in a profile.
pub fn path_is_no_text(path: &Path) -> Message {
    Message::new(gettext_f(
        "A profile cannot name {path}, which is not valid UTF-8",
        &[("path", &sanitize(&path.to_string_lossy()))],
    ))
    .hint(gettext("Choose another place, or back up without --save-profile."))
}

/// There is no PedOS to work on, with what the command line can do about it.
pub fn no_pedos(error: &OpenError) -> Message {
    let message = open_error(error);
    match error {
        OpenError::Host(_) => message,
        OpenError::Nowhere => message
            .detail(gettext("Neither --root nor PEDOS_ROOT names the folder of a PedOS, and none is running on this computer."))
            .hint(gettext("Give --root DIR with the folder that holds dom0's file system. qvm-backup --make-sample DIR makes one for trying things out; qvm-backup-restore --new-root DIR restores into a new one.")),
    }
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

/// A level that the compression method does not have.
pub fn no_such_level(method: Compression, levels: &RangeInclusive<u8>) -> String {
    let method = method.filter_name().unwrap_or("none");
    gettext_f(
        // Translators: {method} is a program such as gzip. "fast", "balanced" and "small" are words to be typed.
        "the compression {method} has the levels {first} to {last}, and fast, balanced and small",
        &[
            ("method", method),
            ("first", &levels.start().to_string()),
            ("last", &levels.end().to_string()),
        ],
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

/// A VM that a profile names and that is not there.
pub fn not_in_system(name: &str) -> String {
    gettext_f(
        "the profile names {name}, and there is no such VM: it is not backed up",
        &[("name", &sanitize(name))],
    )
}

/// The passphrase of a profile did not come from the VM that should tell it.
pub fn no_passphrase_from_vm(name: &str, profile: &str, error: &VmPassphraseError) -> Message {
    let message = Message::new(gettext_f(
        "The VM {vm} did not give the passphrase of the profile",
        &[("vm", &sanitize(name))],
    ));
    let hint = gettext_f(
        "Its service {service} has to print the passphrase on one line.",
        &[("service", &sanitize(&format!("qubes.BackupPassphrase+{profile}")))],
    );
    match error {
        VmPassphraseError::Host(error) => host_error(error),
        VmPassphraseError::Ended(code) => message.detail(gettext_f(
            "The service ended with {code}.",
            &[("code", &code.to_string())],
        )),
        VmPassphraseError::Unread => message.detail(gettext("Its answer could not be read.")),
        VmPassphraseError::NotALine => message.detail(gettext("Its answer is not one line of text.")),
    }
    .hint(hint)
}

/// What there is to say about a new passphrase that is weak.
pub fn weak_passphrase(judged: &Strength, cost: KdfCost) -> Option<String> {
    let text = || strength(judged, cost);
    judged.grade(cost).is_weak().then(|| {
        gettext_f(
            "the passphrase protects the backup poorly. {text}",
            &[("text", &text())],
        )
    })
}

/// What there is to say about a character of a new passphrase.
pub fn passphrase_anomaly(found: PassphraseAnomaly) -> String {
    gettext_f("about the passphrase: {text}", &[("text", &anomaly(found))])
}

/// A verification that was asked for will not be done.
pub fn will_not_verify(why: Unverified) -> String {
    gettext_f("the backup will not be verified: {why}", &[("why", &unverified(why))])
}

/// The data may not fit.
pub fn little_room(finding: &Finding) -> String {
    match finding.remark {
        BackupRemark::TooLittleSpace { needed, free, .. } => gettext_f(
            "this may need up to {needed}, and {free} are free",
            &[("needed", &size(needed)), ("free", &size(free))],
        ),
        _ => super::finding(&finding.remark).sentence,
    }
}

/// The directory of a location holds an archive that an earlier run has left unfinished, and that nobody writes now.
pub fn unfinished_backup(location: &Location, leftover: &Leftover) -> String {
    let place = match location.folder() {
        Some(folder) => folder.join(&leftover.name).display().to_string(),
        None => format!("{}/{}", location.to_string().trim_end_matches('/'), leftover.name),
    };
    gettext_f(
        "An unfinished backup of an earlier run lies at {place} ({size}, written {date}). It is no backup, and nothing is writing it: remove it.",
        &[
            ("place", &sanitize(&place)),
            ("size", &size(leftover.bytes)),
            ("date", &date(leftover.changed)),
        ],
    )
}

/// A destination that no profile can hold.
pub fn not_for_a_profile(location: &Location) -> Message {
    Message::new(gettext("A profile cannot hold this destination"))
        .detail(sanitize(&location.to_string()))
        .hint(gettext(
            "It can hold a directory or a file, and a directory or a command in a VM.",
        ))
}

/// A text was to be written beside a backup that goes into a VM.
pub fn no_recovery_text_in_vm() -> String {
    gettext("--recovery-text cannot be used for a backup that is not a file in dom0: nothing can be written beside it")
}

/// A VM that a listing names and whose data is not in the archive.
pub fn only_mentioned() -> String {
    gettext("only mentioned")
}

/// What stands above the notes of a VM.
pub fn notes_of(name: &str) -> String {
    gettext_f("Notes of {vm}:", &[("vm", &sanitize(name))])
}
