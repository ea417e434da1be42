// SPDX-License-Identifier: GPL-3.0-or-later
//! Warnings of a running job, in words.

use std::path::Path;

use crate::{
    engine::{HomeFault, HomeRefusal, LeftOut, NotRemoved, SettingFault, Warning},
    host::{
        NameFault, Restored,
        settings::{Setting, Unfit},
    },
    plan::Unverified,
    transport::RemovalError,
};

use super::{
    i18n::{gettext, gettext_f},
    message::{self as words, archive_error, host_error, message, store_error},
    sanitize, size,
};

/// Something that does not stop a job but must be known.
#[expect(clippy::too_many_lines, reason = "one sentence for each warning")]
pub fn warning(warning: &Warning) -> String {
    match warning {
        Warning::HomeFileLeftOut { path, why } => gettext_f(
            "A file of dom0's home could not be read and is not in the backup: {path} ({why})",
            &[("path", &shown(path)), ("why", &left_out(why))],
        ),
        Warning::HomeFileChanged { path } => gettext_f(
            "A file of dom0's home changed while it was read; its copy in the backup may be of no use: {path}",
            &[("path", &shown(path))],
        ),
        Warning::NameNotSynced { path, why } => gettext_f(
            "{path} is whole and has its name, but its directory could not be brought to the disk ({why}): a power cut may take it away. Check the disk, and copy the file elsewhere.",
            &[("path", &shown(path)), ("why", &words::io_text(why))],
        ),
        Warning::LeftoverReplaced { path } => gettext_f(
            "An unfinished file of an earlier run, which nobody was writing any more, was replaced: {path}",
            &[("path", &shown(path))],
        ),
        Warning::TakesNothing { place } => gettext_f(
            "{place} took nothing of the backup for half a minute: is it paused, or does its disk hang?",
            &[("place", &sanitize(place))],
        ),
        Warning::VmStarted { vm } => gettext_f(
            "The VM {vm} was halted and has been started for this backup.",
            &[("vm", &sanitize(vm))],
        ),
        Warning::VmEndsWhenIdle { vm } => gettext_f(
            "The VM {vm} turns itself off when no window of it is open for a while, also in the middle of a backup: keep a window of it open.",
            &[("vm", &sanitize(vm))],
        ),
        Warning::TemplateNotRestored { vm, template } => gettext_f(
            "{vm} was restored with all of its data and cannot start, because its template {template} was not restored. Restore the template, or give {vm} another one in its settings.",
            &[("vm", &sanitize(vm)), ("template", &sanitize(template))],
        ),
        Warning::UptakeUnknown { vm } => gettext_f(
            "It cannot be told here whether the VM {vm} has taken the last bytes of the backup: verify it before you rely on it.",
            &[("vm", &sanitize(vm))],
        ),
        Warning::NotRecorded { why } => gettext_f(
            "The backup is whole, but the system could not note its date: {why}",
            &[("why", &host_error(why).line())],
        ),
        Warning::NotVerified { why } => gettext_f(
            "The backup was written, but it is not verified: {why}",
            &[("why", &unverified(*why))],
        ),
        Warning::SettingNotRestored { vm, what, why } => gettext_f(
            "A setting of the VM {vm} could not be restored: {setting} ({why})",
            &[
                ("vm", &sanitize(vm)),
                ("setting", &restored(what)),
                ("why", &setting_fault(why)),
            ],
        ),
        Warning::SettingUnfit {
            vm,
            setting,
            value,
            why,
        } => setting_unfit(vm, setting, value, why),
        Warning::NameUnusable { vm, why } => name_unusable(vm, *why),
        Warning::UnknownFile { member } => gettext_f(
            "The backup holds a file that this program does not know and leaves alone: {name}",
            &[("name", &sanitize(member))],
        ),
        Warning::HomeFileNotRestored { path, why } => gettext_f(
            "A file of the restored home lacks its owner, mode or time: {path} ({why})",
            &[("path", &shown(path)), ("why", &words::io_text(why))],
        ),
        Warning::HomeEntryRefused { path, why } => gettext_f(
            "An entry of dom0's home cannot be restored and is left out: {path} ({why})",
            &[("path", &shown(path)), ("why", &home_refusal(why))],
        ),
        Warning::HomePrivilegesDropped { path } => gettext_f(
            "A file of dom0's home is restored without its set-user-ID and set-group-ID bits: {path}",
            &[("path", &shown(path))],
        ),
        Warning::LeftBehind { place } => gettext_f(
            "An unfinished file was left behind and is not a backup; please remove it: {place}",
            &[("place", &sanitize(place))],
        ),
        Warning::GoodAtSecondTry { member, position } => gettext_f(
            "{name} (byte {position}) was read wrong once and right the second time. Memory, cable or disk of this computer cannot be relied on.",
            &[("name", &sanitize(member)), ("position", &position.to_string())],
        ),
        Warning::VolumeSizeDiffers {
            vm,
            volume,
            announced,
            found,
        } => gettext_f(
            "The volume {volume} of the VM {vm} has {found} bytes, where the list of contents says {announced}. It may have been resized while the VM ran.",
            &[
                ("volume", &sanitize(volume)),
                ("vm", &sanitize(vm)),
                ("found", &found.to_string()),
                ("announced", &announced.to_string()),
            ],
        ),
        Warning::RecoveryTextNotWritten { path, why } => gettext_f(
            "The backup is whole, but the recovery text could not be written beside it: {path} ({why})",
            &[("path", &shown(path)), ("why", &words::io_text(why))],
        ),
        Warning::NotRemembered { why } => gettext_f(
            "This backup could not be put on the list of the backups that were made here ({why}): no older backup was removed.",
            &[("why", &words::io_text(why))],
        ),
        Warning::OlderKept => {
            gettext("Not everything of this backup is written and verified: no older backup was removed.")
        }
        Warning::OlderNotFound { why } => gettext_f(
            "It could not be found out which older backups are there ({why}): none was removed.",
            &[("why", &removal(why))],
        ),
        Warning::ArchiveNotRemoved { place, why } => gettext_f(
            "An older backup that should go was not removed: {place} ({why})",
            &[("place", &sanitize(place)), ("why", &not_removed(why))],
        ),
        Warning::RecoveryTextNotRemoved { path, why } => gettext_f(
            "An older backup was removed, and the recovery text beside it was not: {path} ({why})",
            &[("path", &shown(path)), ("why", &words::io_text(why))],
        ),
        Warning::RestUnreadable { why } => gettext_f(
            "The backup could not be read to its end: {why}",
            &[("why", &message(why).line())],
        ),
        Warning::Archive(error) => archive_error(error).line(),
        Warning::NamedFromTheStart { vm } => gettext_f(
            "The service of the VM {vm} gives the backup its name before it is whole. If this backup breaks off, remove the file that it leaves there.",
            &[("vm", &sanitize(vm))],
        ),
        Warning::BehindTheEnd { position } => gettext_f(
            "What comes after byte {position} of the file or device is not part of the backup and was left alone.",
            &[("position", &position.to_string())],
        ),
        Warning::NotTakenAway { vm, tag, why } => gettext_f(
            "The VM {vm} is not whole and could not be removed: {why}. It carries the tag {tag}; please remove it.",
            &[("vm", &sanitize(vm)), ("why", &host_error(why).line()), ("tag", tag)],
        ),
    }
}

/// Why an older backup that should go is still there.
fn not_removed(why: &NotRemoved) -> String {
    match why {
        NotRemoved::Another => gettext("what is there now is another file"),
        NotRemoved::Unreadable(error) => message(error).line(),
        NotRemoved::Removal(error) => removal(error),
        NotRemoved::Cancelled => gettext("the work was cancelled"),
    }
}

fn removal(error: &RemovalError) -> String {
    match error {
        RemovalError::NotThere => gettext("it is not there any more"),
        RemovalError::NotAFile => gettext("it is a link, a directory or a device"),
        RemovalError::Changed => gettext("it was replaced or changed in the meantime"),
        RemovalError::Kept => gettext("the VM did not remove it: look at its permissions there"),
        RemovalError::Impossible => gettext("nothing can be removed there"),
        RemovalError::Host(error) => host_error(error).line(),
        RemovalError::Store(error) => store_error(error).line(),
        RemovalError::Io(error) => words::io_text(error),
    }
}

/// Why a backup is not verified although that was asked for.
pub fn unverified(why: Unverified) -> String {
    match why {
        Unverified::InVm => gettext(
            "it goes to a command in a VM, or to a VM that does not say where it is, and cannot be read from there again.",
        ),
        Unverified::ToCommand => gettext("what a command makes of a backup cannot be read again."),
        Unverified::ToStandardOutput => gettext("what was written to standard output cannot be read again."),
        Unverified::Cancelled => gettext("the verification was cancelled."),
    }
}

fn setting_unfit(vm: &str, setting: &Setting, value: &str, why: &Unfit) -> String {
    gettext_f(
        "A setting of the VM {vm} is left out, because the system does not accept it: {setting} = {value} ({why})",
        &[
            ("vm", &sanitize(vm)),
            ("setting", &words::setting(setting)),
            ("value", &sanitize(value)),
            ("why", &words::unfit(why)),
        ],
    )
}

fn name_unusable(vm: &str, why: NameFault) -> String {
    gettext_f(
        "The VM {vm} can be restored only under another name. {why}",
        &[("vm", &sanitize(vm)), ("why", &words::name_fault(why))],
    )
}

/// Why an entry of a home is not in the backup.
fn left_out(why: &LeftOut) -> String {
    match why {
        LeftOut::System(error) => words::io_text(error),
        LeftOut::Socket => gettext("it is a socket, which exists only while its program runs"),
        LeftOut::Device => gettext("it is a device"),
    }
}

/// Something of a VM that a restore sets.
fn restored(what: &Restored) -> String {
    match what {
        Restored::Property(name) => words::setting(&Setting::Property(name.clone())),
        Restored::Feature(name) => words::setting(&Setting::Feature(name.clone())),
        Restored::Tag(name) => gettext_f("tag {name}", &[("name", &sanitize(name))]),
        Restored::Device { class, id } => gettext_f(
            "{class} device {id}",
            &[("class", &sanitize(class)), ("id", &sanitize(id))],
        ),
        Restored::Revisions(volume) => words::setting(&Setting::Revisions { volume: volume.clone() }),
        Restored::File(file) => file.file_name().to_owned(),
    }
}

fn setting_fault(why: &SettingFault) -> String {
    match why {
        SettingFault::Host(error) => host_error(error).line(),
        SettingFault::TooLarge { bytes } => gettext_f(
            "it has {size}, far more than a file of its kind",
            &[("size", &size(*bytes))],
        ),
    }
}

/// Why an entry of a home is left out.
fn home_refusal(why: &HomeRefusal) -> String {
    match why {
        HomeRefusal::System(error) => words::io_text(error),
        HomeRefusal::Fault(fault) => match fault {
            HomeFault::Outside => gettext("its name leads out of the home"),
            HomeFault::NameTooLong => gettext("its name is longer than any file system takes"),
            HomeFault::BelowAFile => gettext("it lies below something that is not a directory"),
            HomeFault::Twice => gettext("the backup holds it twice, and the first one is kept"),
            HomeFault::LinkToNothing => gettext("it is a second name of something that is not in the backup"),
            HomeFault::LinkThroughLink => gettext("it is a second name that leads through a symbolic link"),
            HomeFault::TooLarge => gettext("it is larger than any file can be"),
            HomeFault::Device => gettext("it is a device"),
        },
    }
}

fn shown(path: &Path) -> String {
    sanitize(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_a_home_are_made_safe() {
        let text = warning(&Warning::HomeFileChanged { path: "a\nb".into() });
        assert!(text.ends_with("a\u{fffd}b"), "{text}");
    }
}
