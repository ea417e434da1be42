// SPDX-License-Identifier: GPL-3.0-or-later
//! Errors in words: what happened, the facts behind it, and what can be done.
//!
//! One function for each kind of error, and one exhaustive match in each. What the operating system, an archive or a
//! service said goes into the facts, sanitised; it never takes the place of our own sentence.

mod archive;
mod by_hand;
mod call_fault;
mod damage;
mod format;
mod host;
mod input;
mod inventory;
mod io;
mod live;
mod parts;
mod plan;
mod profile;
mod reason;
mod refusal;
mod schedule;
mod setting;
mod store;
mod transport;

use self::io::{io_hint, is_of_the_device};
use crate::{
    engine::EngineError,
    host::Change,
    plan::{ArchivedFile, Finding},
};

use super::{
    finding,
    i18n::{gettext, gettext_f, ngettext_f},
    sanitize, sanitize_lines,
};

pub use archive::archive_error;
pub(super) use host::out_of_reach;
pub use host::{host_error, open_error};
pub use input::{anomaly, line_problem, passphrase_error};
pub use inventory::inventory_error;
pub use io::io_text;
pub use parts::Message;
pub use profile::profile_error;
pub(super) use reason::missing;
pub use setting::{name_fault, setting, unfit};
pub use store::store_error;
pub use transport::{destination_error, source_error};

/// Why a job, or a question to the host, ended before its end.
pub fn message(error: &EngineError) -> Message {
    match error {
        // A user who cancels knows what to do next: no hint.
        EngineError::Cancelled => Message::new(gettext("Cancelled")),
        EngineError::Host(error) => host_error(error),
        EngineError::Volume {
            vm,
            volume,
            source,
        } => Message::new(gettext_f(
            // Translators: {volume} is "root" or "private".
            "The volume {volume} of the VM {vm} could not be read",
            &[("volume", &sanitize(volume)), ("vm", &sanitize(vm))],
        ))
        .detail(io_text(source))
        .hint(volume_hint(source)),
        EngineError::VolumeChanged {
            vm,
            volume,
            change,
        } => Message::new(gettext_f(
            "The volume {volume} of the VM {vm} changed during the backup",
            &[("volume", &sanitize(volume)), ("vm", &sanitize(vm))],
        ))
        .detail(changed(*change))
        .hint(gettext(
            "The copy in the backup may mix two states of the volume. See that nothing writes to the volume, and back this VM up again.",
        )),
        EngineError::HomeIncomplete { path, count } => Message::new(ngettext_f(
            "{n} file of dom0's home is not in the backup, or changed while it was read",
            "{n} files of dom0's home are not in the backup, or changed while they were read",
            *count,
            &[],
        ))
        .detail(sanitize(&path.to_string_lossy()))
        .hint(gettext(
            "The warnings name each of them. Close the programs that use them, and back dom0 up again.",
        )),
        EngineError::Home { path, source } => Message::new(gettext_f(
            "There is trouble with a file of dom0's home: {path}",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .detail(io_text(source))
        .hint(io_hint(source).unwrap_or_else(|| {
            gettext("Look at this file, or leave dom0 out; the VMs can be backed up and restored without it.")
        })),
        EngineError::Destination(error) => destination_error(error),
        EngineError::Source(error) => source_error(error),
        EngineError::Archive(error) => archive_error(error),
        EngineError::NotInArchive { what } => Message::new(match what {
            ArchivedFile::Home => gettext("The backup does not hold dom0's home"),
            ArchivedFile::OfVm { vm, file } => gettext_f(
                "The backup does not hold {file} of the VM {vm}",
                &[("file", &sanitize(file)), ("vm", &sanitize(vm))],
            ),
        })
        .hint(gettext("Look at what it holds: qvm-backup-restore --list shows it.")),
        EngineError::NotReady(found) => not_ready(found),
        EngineError::Plan { why } => plan::plan_fault(why),
        EngineError::Key(error) => plan::key_error(error),
        EngineError::NoThread => Message::new(gettext("The system allows no more threads")).hint(gettext(
            "Close other programs, raise the limit (ulimit -u), or use fewer processors: --jobs 1.",
        )),
        EngineError::Internal { what } => Message::new(gettext("This is a bug in PedOS Backup"))
            // For the developers, who get it in a report.
            .detail(sanitize_lines(&what.to_string()))
            .hint(gettext(
                "Please report it with this text. Do not rely on anything that this run has left.",
            )),
    }
}

fn not_ready(found: &Finding) -> Message {
    let words = finding(&found.remark);
    let title = match &found.vm {
        // The others may go on.
        Some(vm) if found.unready_vm().is_some() => {
            gettext_f("The VM {vm} cannot be backed up", &[("vm", &sanitize(vm))])
        }
        Some(vm) => gettext_f(
            "The backup cannot start because of the VM {vm}",
            &[("vm", &sanitize(vm))],
        ),
        None => gettext("The backup cannot start"),
    };
    Message {
        title,
        detail: words.sentence,
        hint: words.hint,
    }
}

fn changed(change: Change) -> String {
    match change {
        Change::Size => gettext("Its size is another one than before."),
        Change::Content => gettext("It was written to."),
        Change::Gone => gettext("It was removed."),
        Change::Replaced => gettext("Another file took its place."),
    }
}

fn volume_hint(source: &std::io::Error) -> String {
    io_hint(source).unwrap_or_else(|| {
        if is_of_the_device(source) {
            gettext("The disk may be failing: look at the system log. The other VMs can be backed up without this one.")
        } else {
            gettext("Look at the system log for more. The other VMs can be backed up without this one.")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::*;
    use crate::{
        host::{HostError, Operation},
        io_error::IoError,
    };

    #[test]
    fn the_operating_system_is_quoted_without_its_number() {
        assert_eq!(io_text(&io::Error::from_raw_os_error(28)), "No space left on device");
        assert_eq!(io_text(&io::Error::other("odd\u{1b}[2J")), "odd\u{fffd}[2J");
    }

    #[test]
    fn only_an_answer_of_a_device_says_that_a_disk_may_be_failing() {
        let hints = |errno: Errno| {
            let source = || IoError::from(io::Error::from(errno));
            let volume = message(&EngineError::Volume {
                vm: "work".into(),
                volume: "private".into(),
                source: source(),
            });
            let destination = destination_error(&crate::transport::DestinationError::Io {
                place: "/x".into(),
                source: source(),
            });
            let host = host_error(&HostError::Io {
                operation: Operation::Random,
                source: source(),
            });
            [volume, destination, host].map(|message| message.hint.unwrap_or_default())
        };
        for errno in [Errno::IO, Errno::NXIO, Errno::NODEV, Errno::UCLEAN] {
            assert!(
                hints(errno).iter().all(|hint| hint.contains("disk may be failing")),
                "{errno}"
            );
        }
        for (errno, words) in [
            (Errno::MFILE, "limit"),
            (Errno::NFILE, "limit"),
            (Errno::FBIG, "ulimit -f"),
            (Errno::NAMETOOLONG, "shorter"),
            (Errno::LOOP, "circle"),
            (Errno::BUSY, "Another program"),
            (Errno::NOMEM, "other programs"),
            (Errno::STALE, "file server"),
            (Errno::INVAL, "system"),
        ] {
            for hint in hints(errno) {
                assert!(hint.contains(words) || errno == Errno::INVAL, "{errno}: {hint}");
                assert!(!hint.contains("failing"), "{errno}: {hint}");
            }
        }
    }

    /// Whether a text has a word like `TooLong`, as only a program would write it.
    fn has_word_of_code(text: &str) -> bool {
        let inner_capital = |word: &str| {
            let letters: Vec<char> = word.chars().collect();
            letters
                .windows(2)
                .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        };
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words
            .filter(|word| !["PedOS", "MiB", "GiB", "KiB", "TiB", "exFAT"].contains(word))
            .any(inner_capital)
    }

    #[test]
    fn every_reason_has_its_own_words() {
        let mut told = std::collections::BTreeMap::new();
        // A cancel is a cancel, wherever it was noticed.
        let is_told_twice = |error: &EngineError| matches!(error, EngineError::Host(HostError::Cancelled(_)));
        for error in EngineError::all().iter().filter(|error| !is_told_twice(error)) {
            let (name, text) = (format!("{error:?}"), message(error).full_text());
            assert!(!message(error).title.is_empty(), "{name}");
            assert!(!text.contains('\u{1b}'), "{name}: {text:?}");
            assert!(!text.contains(['{', '}']) && !text.contains("::"), "{name}: {text}");
            assert!(!has_word_of_code(&text), "{name}: {text}");
            assert!(!text.contains(": \n") && !text.ends_with(": "), "{name}: {text}");
            if let Some(other) = told.insert(text.clone(), name.clone()) {
                assert_eq!(other, name, "both say: {text}");
            }
        }
    }

    #[test]
    fn a_full_text_has_no_empty_lines() {
        let text = message(&EngineError::Cancelled).full_text();
        assert_eq!(text, "Cancelled");
        let volume = EngineError::Volume {
            vm: "work".into(),
            volume: "private".into(),
            source: io::Error::from_raw_os_error(5).into(),
        };
        assert_eq!(message(&volume).full_text().lines().count(), 3);
        assert!(message(&volume).title.contains("work"));
    }
}
