// SPDX-License-Identifier: GPL-3.0-or-later
//! Why an archive could not be written or read, apart from what is in it.
//!
//! The services of a VM end with a number and a few words of their own. Where these tell the cause, the cause is said; where
//! they do not, both are shown as facts, below a sentence that says what this means here.

use std::{io, path::Path, time::Duration};

use crate::transport::{DestinationError, ServiceFault, SourceError, Unreadable};

use super::{
    super::{
        duration,
        i18n::{gettext, gettext_f, ngettext_f},
        sanitize,
    },
    Message, io_hint, io_text, is_of_the_device,
    parts::with_quote,
    store,
};

/// Why an archive could not be written.
pub fn destination_error(error: &DestinationError) -> Message {
    match error {
        DestinationError::Exists { path } => Message::new(gettext_f(
            "{path} exists already and is not overwritten",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .hint(gettext("Choose another name, or a directory: the backup then gets a new name in it.")),
        DestinationError::InUse { path } => Message::new(gettext_f(
            "Another program is writing {path} right now",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .hint(gettext("Wait until it has ended, or choose another name.")),
        DestinationError::Replaced { path } => Message::new(gettext_f(
            "{path} was replaced or removed while the backup was written to it",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .hint(gettext(
            "The backup did not get its name, and the file that is there now is not this backup. Make sure that no other program works in that directory, and start again.",
        )),
        DestinationError::NotMounted { path, made } => not_mounted(path, *made),
        DestinationError::NotADirectory { path } => Message::new(gettext_f(
            "{path} is not a directory",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .hint(gettext("Check whether it is there, and whether its disk is mounted.")),
        DestinationError::Full { place } => Message::new(gettext_f(
            "There is no space left at {place}",
            &[("place", &sanitize(place))],
        ))
        .hint(gettext("The unfinished backup was not kept. Make room on that disk, or choose another one.")),
        DestinationError::FileTooLarge { place } => file_too_large(place),
        DestinationError::Io { place, source } => Message::new(gettext_f(
            "The backup could not be written to {place}",
            &[("place", &sanitize(place))],
        ))
        .detail(io_text(source))
        .hint(write_hint(source)),
        DestinationError::NotWritable { place } => Message::new(gettext_f(
            "{place} may not be written to",
            &[("place", &sanitize(place))],
        ))
        .hint(gettext("Choose another directory, or change its permissions.")),
        DestinationError::OtherDisk { path } => other_disk(path),
        DestinationError::NothingThere { place } => Message::new(gettext_f(
            "There is neither a directory nor a command at {place}",
            &[("place", &sanitize(place))],
        ))
        .hint(gettext("Check the spelling, and whether the disk is mounted in that VM.")),
        DestinationError::NotKept { place } => Message::new(gettext_f(
            "The backup is not whole at {place}",
            &[("place", &sanitize(place))],
        ))
        .detail(gettext("The VM has taken all of it, but what it kept has another size."))
        .hint(gettext("Its disk may be full or failing, or something else works in that directory.")),
        DestinationError::Impossible { place } => Message::new(gettext_f(
            "A backup cannot be written to {place}",
            &[("place", &sanitize(place))],
        ))
        .hint(gettext("Choose a directory, a new file, or a command.")),
        DestinationError::Store { place, fault, said } => store::not_written(place, fault, said),
        DestinationError::Taken { place } => Message::new(gettext_f(
            "{path} exists already and is not overwritten",
            &[("path", &sanitize(place))],
        ))
        .hint(gettext("Start again, or choose another directory.")),
        DestinationError::Stalled { place, after } => stalled(place, *after),
        DestinationError::Command { command, code, said } => command_failed(command, *code, said),
        DestinationError::Service { vm, said, .. } if ServiceFault::of(said).is_some() => {
            service_fault(vm, said, true)
        }
        DestinationError::Service { vm, code, said } => Message::new(gettext_f(
            "Writing the backup to the VM {vm} failed",
            &[("vm", &sanitize(vm))],
        ))
        .detail(service_detail(*code, said))
        .hint(gettext(
            "In that VM: check that the directory is there and may be written to, that its disk has room, or that the command works.",
        )),
    }
}

fn not_mounted(path: &Path, made: usize) -> Message {
    Message::new(gettext_f(
        "No disk is mounted at {path}",
        &[("path", &sanitize(&path.to_string_lossy()))],
    ))
    .detail(ngettext_f(
        "{n} backup of this profile was made in it and is not there, and the directory lies on the disk of the system.",
        "{n} backups of this profile were made in it and none of them is there, and the directory lies on the disk of the system.",
        made as u64,
        &[],
    ))
    .hint(gettext(
        "Mount the disk. If you removed the older backups yourself, make one by hand: “qvm-backup --profile NAME”.",
    ))
}

fn file_too_large(place: &str) -> Message {
    Message::new(gettext_f(
        "The disk at {place} does not take files as large as this backup",
        &[("place", &sanitize(place))],
    ))
    .hint(gettext(
        "FAT disks take files of up to 4 GiB, and a limit of this user may be smaller (ulimit -f). Format the disk with ext4 or exFAT, choose another one, or back up fewer VMs at a time.",
    ))
}

fn stalled(place: &str, after: Duration) -> Message {
    Message::new(gettext_f(
        "{place} took nothing of the backup for {time}, so it was ended",
        &[("place", &sanitize(place)), ("time", &duration(after))],
    ))
    .hint(gettext(
        "Look whether that VM is paused, or whether its disk hangs, before you try again.",
    ))
}

fn command_failed(command: &str, code: i32, said: &str) -> Message {
    Message::new(gettext_f(
        "The command that was to take the backup failed: {command}",
        &[("command", &sanitize(command))],
    ))
    .detail(command_detail(code, said))
    .hint(gettext(
        "Try the command by itself. What it has kept of the backup is not whole.",
    ))
}

/// Why an archive could not be read, apart from what is in it.
pub fn source_error(error: &SourceError) -> Message {
    match error {
        SourceError::Program { program, source } if source.kind() == io::ErrorKind::NotFound => Message::new(gettext_f(
            "The program {program}, which is to decompress the backup, was not found",
            &[("program", &sanitize(program))],
        ))
        .hint(gettext(
            "Install it, or give its whole path with --compression-filter. PedOS Backup runs it exactly as you name it, with the option -d.",
        )),
        SourceError::Program { program, source } => Message::new(gettext_f(
            "The program {program}, which is to decompress the backup, cannot be run",
            &[("program", &sanitize(program))],
        ))
        .detail(io_text(source))
        .hint(gettext("Check whether it is a program, and whether this user may run it.")),
        SourceError::Io { place, source } => Message::new(gettext_f(
            "The backup could not be read from {place}",
            &[("place", &sanitize(place))],
        ))
        .detail(io_text(source))
        .hint(io_hint(source).unwrap_or_else(|| {
            if is_of_the_device(source) {
                gettext("The disk may be failing or was removed: check its cable, copy the file elsewhere and try again.")
            } else {
                gettext("Copy the file elsewhere and try again, or look at the system log for more.")
            }
        })),
        SourceError::NoPedos { vm } => Message::new(gettext_f(
            "The backup cannot be read from the VM {vm}: there is no PedOS here",
            &[("vm", &sanitize(vm))],
        ))
        .hint(gettext("Copy the backup to this computer, and name the copy.")),
        SourceError::NotReadable { place, kind } => {
            Message::new(gettext_f("{place} is not a backup", &[("place", &sanitize(place))])).detail(match kind {
                Unreadable::Directory => gettext("It is a directory."),
                Unreadable::Pipe => gettext("It is a pipe, which can be read only once and by itself."),
                Unreadable::Other => gettext("It is neither a file nor a disk nor a pipe."),
            })
        }
        SourceError::ReadAlready { place } => Message::new(gettext_f(
            "{place} can be read only once",
            &[("place", &sanitize(place))],
        ))
        .hint(gettext("Save it as a file first, and name that file.")),
        SourceError::Command { command, code, said } => Message::new(gettext_f(
            "The command that was to print the backup failed: {command}",
            &[("command", &sanitize(command))],
        ))
        .detail(command_detail(*code, said))
        .hint(gettext("Try the command by itself.")),
        SourceError::Store { place, fault, said } => store::not_read(place, fault, said),
        SourceError::Changed { place } => Message::new(gettext_f(
            "{place} was changed while it was read",
            &[("place", &sanitize(place))],
        ))
        .detail(gettext("After the connection was lost and made again, the file had another size or time."))
        .hint(gettext("Make sure that nothing writes it, and start again.")),
        SourceError::BrokenOff { vm, position } => Message::new(gettext_f(
            "What the VM {vm} sent breaks off",
            &[("vm", &sanitize(vm))],
        ))
        .detail(gettext_f("It ends at byte {position}.", &[("position", &position.to_string())]))
        .hint(gettext("Look at the file in that VM, and try again.")),
        SourceError::NotAStream { vm, .. } => Message::new(gettext_f(
            "What the VM {vm} sent is not a backup",
            &[("vm", &sanitize(vm))],
        ))
        .hint(gettext("Look at the file in that VM, or at the service qubes.Restore there.")),
        SourceError::Service { vm, said, .. } if ServiceFault::of(said).is_some() => service_fault(vm, said, false),
        SourceError::Service { vm, code, said } => Message::new(gettext_f(
            "Reading the backup from the VM {vm} failed",
            &[("vm", &sanitize(vm))],
        ))
        .detail(service_detail(*code, said))
        .hint(gettext(
            "In that VM: check that the file is there and may be read, or that the command prints the backup.",
        )),
    }
}

/// What the words of a service mean; the words themselves are in the details of a report.
fn service_fault(vm: &str, said: &str, is_destination: bool) -> Message {
    let name = sanitize(vm);
    let vm = [("name", name.as_str())];
    match ServiceFault::of(said) {
        Some(ServiceFault::NothingThere) if is_destination => {
            Message::new(gettext_f("There is no such directory or command in {name}", &vm)).hint(gettext(
                "Check the spelling, and whether the disk is mounted in that VM.",
            ))
        }
        Some(ServiceFault::NothingThere) => Message::new(gettext_f("There is no such file or command in {name}", &vm))
            .hint(gettext(
                "Check the spelling, and whether the disk is mounted in that VM.",
            )),
        Some(ServiceFault::Full) => Message::new(gettext_f("There is no space left in {name}", &vm)).hint(gettext(
            "The unfinished backup is no backup. Make room on the disk in that VM, or choose another one.",
        )),
        Some(ServiceFault::NotPermitted) if is_destination => {
            Message::new(gettext_f("The user of {name} may not write there", &vm))
                .hint(gettext("Choose another directory, or change its permissions."))
        }
        Some(ServiceFault::NotPermitted) => Message::new(gettext_f("The user of {name} may not read that", &vm))
            .hint(gettext("Choose another file, or change its permissions.")),
        Some(ServiceFault::ReadOnly) => Message::new(gettext_f("The disk in {name} can only be read", &vm))
            .hint(gettext("Mount it so that it can be written to, or choose another one.")),
        Some(ServiceFault::Device) | None => Message::new(gettext_f("The disk in {name} failed or was removed", &vm))
            .hint(gettext(
                "Check its cable and whether it is attached to that VM, or choose another one.",
            )),
    }
}

fn other_disk(path: &Path) -> Message {
    Message::new(gettext_f(
        "Another disk is at {path} than when it was chosen",
        &[("path", &sanitize(&path.to_string_lossy()))],
    ))
    .detail(gettext(
        "The disk that was there was unmounted or exchanged. Nothing was written.",
    ))
    .hint(gettext("Mount the disk again, or choose the directory once more."))
}

fn write_hint(source: &io::Error) -> String {
    io_hint(source).unwrap_or_else(|| {
        if is_of_the_device(source) {
            gettext("The disk may be failing or was removed: check its cable, or choose another one.")
        } else {
            gettext("Choose another place, or look at the system log for more.")
        }
    })
}

/// What a command of this computer said.
fn command_detail(code: i32, said: &str) -> String {
    let first = match code {
        0 => gettext("It ended before it had taken the whole backup."),
        127 => gettext("The shell did not find it (exit code 127)."),
        _ => gettext_f("It ended with exit code {code}.", &[("code", &code.to_string())]),
    };
    with_quote(first, said)
}

/// What the service said. 126 and 127 are the shell's, 125 is that of the way into the VM, 128 and above is a
/// service that was killed.
fn service_detail(code: i32, said: &str) -> String {
    let meaning = match code {
        0 => gettext("the service ended too early"),
        125 => gettext("the VM could not be reached"),
        126 => gettext("the request was refused"),
        127 => gettext("there is no such service or command in that VM"),
        128.. => gettext("the service was killed"),
        _ => gettext("the service ended with an error"),
    };
    let first = gettext_f(
        // Translators: {meaning} is "the service was killed" or the like.
        "Exit code {code}: {meaning}.",
        &[("code", &code.to_string()), ("meaning", &meaning)],
    );
    with_quote(first, said)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::io_error::IoError;

    #[test]
    fn an_empty_reason_of_a_service_still_says_something() {
        let message = destination_error(&DestinationError::Service {
            vm: "sys-usb".into(),
            code: 127,
            said: " \n".into(),
        });
        assert_eq!(
            message.detail,
            "Exit code 127: there is no such service or command in that VM."
        );
        assert!(message.hint.is_some());
    }

    #[test]
    fn the_words_of_a_service_are_turned_into_a_cause() {
        let written = |said: &str| {
            destination_error(&DestinationError::Service {
                vm: "sys-usb".into(),
                code: 1,
                said: said.into(),
            })
        };
        for (said, title) in [
            (
                "dd: writing to 'x': No space left on device",
                "There is no space left in sys-usb",
            ),
            (
                "Invalid command /none",
                "There is no such directory or command in sys-usb",
            ),
            (
                "dd: failed to open 'x': Permission denied",
                "The user of sys-usb may not write there",
            ),
        ] {
            let message = written(said);
            assert_eq!(message.title, title);
            // The words of the VM are in the details and nowhere else.
            assert!(
                !message.full_text().contains(said) && message.hint.is_some(),
                "{message:?}"
            );
        }
        assert!(written("it is a mystery").full_text().contains("it is a mystery"));
        let read = source_error(&SourceError::Service {
            vm: "sys-usb".into(),
            code: 2,
            said: "qubes.Restore: neither a file nor a command: backup1".into(),
        });
        assert_eq!(read.title, "There is no such file or command in sys-usb");
    }

    #[test]
    fn what_a_service_says_cannot_steer_a_terminal() {
        let message = source_error(&SourceError::Service {
            vm: "disp\u{1b}1".into(),
            code: 1,
            said: "no such file\u{1b}[31m\nreally".into(),
        });
        assert!(!message.full_text().contains('\u{1b}'));
        assert!(message.detail.ends_with("no such file\u{fffd}[31m\nreally"));
    }

    #[test]
    fn each_kind_of_failure_has_its_own_sentence_and_a_way_out() {
        let io = |code| IoError::from(io::Error::from_raw_os_error(code));
        let path = PathBuf::from("/mnt/x");
        let place = || "/mnt/x".to_owned();
        let all = [
            destination_error(&DestinationError::Exists { path: path.clone() }),
            destination_error(&DestinationError::InUse { path: path.clone() }),
            destination_error(&DestinationError::Replaced { path: path.clone() }),
            destination_error(&DestinationError::NotADirectory { path }),
            destination_error(&DestinationError::Full { place: place() }),
            destination_error(&DestinationError::FileTooLarge { place: place() }),
            destination_error(&DestinationError::Io {
                place: place(),
                source: io(5),
            }),
            source_error(&SourceError::Io {
                place: place(),
                source: io(13),
            }),
        ];
        let titles: std::collections::BTreeSet<_> = all.iter().map(|message| &message.title).collect();
        assert_eq!(titles.len(), all.len());
        assert!(
            all.iter()
                .all(|message| message.title.contains("/mnt/x") && message.hint.is_some())
        );
    }
}
