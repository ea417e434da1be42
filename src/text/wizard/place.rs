// SPDX-License-Identifier: GPL-3.0-or-later
//! What is said of a place while it is being typed.

mod browser;
mod halted;
mod leftover;
mod store;

pub use browser::{StoreLine, choose_in_store, store_lines, store_reading, store_unread};
pub use halted::start_vm;
pub use leftover::{LeftoverLine, ask_remove, leftover_kept, leftovers, remove_answers, remove_leftover};
pub(super) use store::place_line;
pub use store::{ReachWords, kinds, reach, store_place_caption};

use crate::{
    draft::{PlaceProblem, PlaceState, QuickLook, TypedPlace},
    engine::{ArchiveError, EngineError},
    text::{
        Tone, date,
        i18n::{gettext, gettext_f},
        line_problem, message, sanitize, size, store_error,
    },
    transport::{PlaceKind, Probe, ProbeError},
};

/// What was found at a place or will be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How to show it.
    pub tone: Tone,
    /// The sentence; empty where there is nothing to say.
    pub text: String,
    /// What belongs to it, or what can be done; may be empty.
    pub detail: String,
}

/// The verdict on the destination of a backup of at most that many bytes.
pub fn backup_place(typed: &TypedPlace, state: &PlaceState, expected_bytes: u64) -> Verdict {
    match state {
        PlaceState::Empty => nothing(),
        PlaceState::Probing => success(gettext("Looking…"), String::new()),
        PlaceState::Starting => starting(&typed.target),
        PlaceState::Bad(problem) => bad(typed, problem, true),
        PlaceState::Good(place) => good_destination(typed, place, expected_bytes),
    }
}

/// The verdict on the source of a restore, and on the file that was looked over there.
pub fn archive_place(typed: &TypedPlace, state: &PlaceState, quick: &QuickLook) -> Verdict {
    match (state, quick) {
        (PlaceState::Empty, _) => nothing(),
        (PlaceState::Probing, _) => success(gettext("Looking…"), String::new()),
        (PlaceState::Starting, _) => starting(&typed.target),
        (PlaceState::Bad(problem), _) => bad(typed, problem, false),
        // Whether it will do is not known before its headers were read.
        (PlaceState::Good(_), QuickLook::Looking) => nothing(),
        (PlaceState::Good(_), QuickLook::Failed(EngineError::Archive(error @ ArchiveError::NotABackup { .. }))) => {
            let message = message(&EngineError::Archive(error.clone()));
            warning(
                // Translators: {why} says why, without a full stop.
                gettext_f("This file is not a backup: {why}.", &[("why", &message.detail)]),
                message.hint.unwrap_or_default(),
            )
        }
        (PlaceState::Good(_), QuickLook::Failed(error)) => {
            warning(gettext("The file could not be examined."), message(error).full_text())
        }
        (PlaceState::Good(place), QuickLook::NotDone | QuickLook::Done(_)) => good_source(typed, place),
    }
}

/// What the field of the place is called, with its mnemonic: commands are run in other VMs only.
pub fn place_caption(is_destination: bool, is_local: bool) -> String {
    match (is_destination, is_local) {
        (true, true) => gettext("Backup _directory"),
        (true, false) => gettext("Backup _directory or command"),
        (false, true) => gettext("Backup _file"),
        (false, false) => gettext("Backup _file or command"),
    }
}

/// The note below the list of targets; `absent` is the VM that the profile names and that does not run.
pub fn target_note(absent: Option<&str>) -> String {
    match absent {
        None => gettext("Only running VMs are listed."),
        Some(name) => gettext_f(
            "Listed are running VMs, and {name}, which the profile names as the destination and which is not running now.",
            &[("name", &sanitize(name))],
        ),
    }
}

/// How to take a disk away afterwards that is attached to a VM.
pub fn unmount(vm: &str) -> String {
    gettext_f(
        "The disk is attached to the VM {name}. Unmount it there before you unplug it.",
        &[("name", &sanitize(vm))],
    )
}

/// The picker of a VM gave nothing useful.
pub fn pick_failed(vm: &str) -> Verdict {
    failure(
        gettext_f(
            "The VM {name} offers no file dialog, or its answer could not be used.",
            &[("name", &sanitize(vm))],
        ),
        gettext("Type the location instead."),
    )
}

fn good_destination(typed: &TypedPlace, place: &Probe, expected_bytes: u64) -> Verdict {
    match &place.kind {
        PlaceKind::Local => {
            let text = gettext("A new file will be written into this directory.");
            with_room(text, place, expected_bytes)
        }
        PlaceKind::VmPath => {
            let text = gettext_f(
                "A new file will be written into this directory of the VM {name}.",
                &[("name", &sanitize(&typed.target))],
            );
            with_room(text, place, expected_bytes)
        }
        PlaceKind::Store => with_room(
            gettext("A new file will be written into this directory of the store."),
            place,
            expected_bytes,
        ),
        PlaceKind::Stream => nothing(),
        PlaceKind::VmCommand { program } => success(
            gettext_f(
                "The backup will be given to the command {command} in the VM {name}.",
                &[("command", &sanitize(program)), ("name", &sanitize(&typed.target))],
            ),
            gettext("What the command does with the backup is up to it."),
        ),
        PlaceKind::VmPathOrCommand { program } => success(
            path_or_command(&typed.target, &typed.text, program, true),
            gettext("Which it is, and whether there is room, can only be seen when the backup starts."),
        ),
    }
}

fn with_room(text: String, place: &Probe, expected_bytes: u64) -> Verdict {
    let Some(free) = place.bytes else {
        return success(text, String::new());
    };
    let room = gettext_f(
        "{free} free, the backup takes at most {needed}.",
        &[("free", &size(free)), ("needed", &size(expected_bytes))],
    );
    match place.largest_file_bytes {
        _ if free < expected_bytes => warning(gettext("There may be too little room in this directory."), room),
        Some(largest) if largest < expected_bytes => warning(
            gettext("The backup may be larger than a file can be on this disk."),
            gettext_f(
                "Files on it are at most {largest} large; the backup takes at most {needed}. Another file system than FAT has no such limit.",
                &[("largest", &size(largest)), ("needed", &size(expected_bytes))],
            ),
        ),
        _ => success(text, room),
    }
}

/// What a line means in a VM that could not be asked, in the order in which its service tries it.
pub fn path_or_command(vm: &str, line: &str, program: &str, is_destination: bool) -> String {
    let (line, name, command) = (sanitize(line.trim()), sanitize(vm), sanitize(program));
    let values = [("line", line.as_str()), ("name", &name), ("command", &command)];
    match (is_destination, line.starts_with('/')) {
        (true, false) => gettext_f(
            "If there is a directory {line} in the home of {name}, the backup is written into it; otherwise {command} is run as a command.",
            &values,
        ),
        (true, true) => gettext_f(
            "If there is a directory {line} in {name}, the backup is written into it; otherwise {command} is run as a command.",
            &values,
        ),
        (false, false) => gettext_f(
            "If there is a file {line} in the home of {name}, the backup is read from it; otherwise {command} is run as a command.",
            &values,
        ),
        (false, true) => gettext_f(
            "If there is a file {line} in {name}, the backup is read from it; otherwise {command} is run as a command.",
            &values,
        ),
    }
}

/// Size and time of a file.
fn file_facts(place: &Probe) -> String {
    let bytes = place.bytes.map(size).unwrap_or_default();
    match place.changed {
        // Translators: the size of a file and when it was last written.
        Some(moment) => gettext_f("{size}, written {date}", &[("size", &bytes), ("date", &date(moment))]),
        None => bytes,
    }
}

fn good_source(typed: &TypedPlace, place: &Probe) -> Verdict {
    match &place.kind {
        PlaceKind::Local => success(gettext("This file can be read."), file_facts(place)),
        PlaceKind::VmPath => success(
            gettext_f(
                "The backup will be read from this file in the VM {name}.",
                &[("name", &sanitize(&typed.target))],
            ),
            file_facts(place),
        ),
        PlaceKind::Store => success(
            gettext("The backup will be read from this file in the store."),
            file_facts(place),
        ),
        PlaceKind::Stream => nothing(),
        PlaceKind::VmCommand { program } => success(
            gettext_f(
                "The backup will be read from the command {command} in the VM {name}.",
                &[("command", &sanitize(program)), ("name", &sanitize(&typed.target))],
            ),
            String::new(),
        ),
        PlaceKind::VmPathOrCommand { program } => success(
            path_or_command(&typed.target, &typed.text, program, false),
            gettext("Which it is can only be seen when the backup is opened."),
        ),
    }
}

fn starting(vm: &str) -> Verdict {
    let (text, detail) = halted::starting(vm);
    success(text, detail)
}

fn bad(typed: &TypedPlace, problem: &PlaceProblem, is_destination: bool) -> Verdict {
    let failed = |(text, detail)| failure(text, detail);
    let found = match problem {
        PlaceProblem::NotRunning { vm, can_start } => return failed(halted::not_running(vm, *can_start)),
        PlaceProblem::NotStarted { vm, why } => return failed(halted::not_started(vm, why)),
        PlaceProblem::Found(found) => found,
    };
    if let Some((text, detail)) = store::not_found(typed, found) {
        return failure(text, detail);
    }
    let (text, detail) = match found {
        ProbeError::Line(problem) => line_problem(*problem).into_title_and_rest(),
        ProbeError::NotAbsolute => (
            gettext("This is not a path in dom0."),
            gettext("A path begins with a slash, or with ~ for your own home. Commands can only be run in another VM."),
        ),
        ProbeError::CanBeMade => (no_directory(typed), gettext("Create it here, or choose another one.")),
        ProbeError::CannotBeMade => (
            no_directory(typed),
            gettext(
                "You may not create it, because the directory above it may not be written to. Choose another place, or change the permissions.",
            ),
        ),
        ProbeError::NoCommand { program } => (
            gettext_f(
                "There is no command {command} in {name}.",
                &[("command", &sanitize(program)), ("name", &sanitize(&typed.target))],
            ),
            gettext("Check the spelling, or install it there."),
        ),
        ProbeError::NotFound if is_destination && !typed.is_local() => (
            no_directory(typed),
            gettext("Check the spelling, and whether the disk is mounted in that VM."),
        ),
        ProbeError::NotFound if !typed.is_local() => (
            no_file(typed),
            gettext("Check the spelling, and whether the disk is mounted in that VM."),
        ),
        ProbeError::NotFound if is_destination => (
            gettext("There is no such directory."),
            gettext("Create it first, or choose another one."),
        ),
        ProbeError::NotFound => (
            gettext("There is no such file."),
            gettext("Check the spelling, or use the button."),
        ),
        ProbeError::NotADirectory => (
            gettext("This is not a directory."),
            gettext("Choose the directory for the new file."),
        ),
        ProbeError::NotAFile => (
            gettext("This is not a file."),
            gettext("Choose the file that holds the backup."),
        ),
        ProbeError::NotWritable => (
            gettext("You may not write into this directory."),
            gettext("Choose another one, or change its permissions."),
        ),
        ProbeError::NotReadable => (
            gettext("You may not look at this location."),
            gettext("Choose another one, or change its permissions."),
        ),
        ProbeError::EmptyFile => (
            gettext("This file is empty."),
            gettext("It holds no backup. Choose another one."),
        ),
        ProbeError::Host(error) => {
            let message = message(&error.clone().into());
            (message.title, message.detail)
        }
        ProbeError::Store(error) => store_error(error).into_title_and_rest(),
        ProbeError::Io(error) => (gettext("This location cannot be used."), sanitize(&error.to_string())),
    };
    failure(text, detail)
}

/// Says that there is no such directory and, where the line could be a command, no such command.
fn no_directory(typed: &TypedPlace) -> String {
    let name = sanitize(&typed.target);
    if typed.is_local() {
        gettext("There is no such directory.")
    } else if typed.is_below_home() {
        gettext_f(
            "There is neither a directory {line} in the home of {name} nor such a command.",
            &[("line", &sanitize(typed.text.trim())), ("name", &name)],
        )
    } else {
        gettext_f("There is no such directory in {name}.", &[("name", &name)])
    }
}

/// Says that there is no such file and, where the line could be a command, no such command.
fn no_file(typed: &TypedPlace) -> String {
    let name = sanitize(&typed.target);
    if typed.is_below_home() {
        gettext_f(
            "There is neither a file {line} in the home of {name} nor such a command.",
            &[("line", &sanitize(typed.text.trim())), ("name", &name)],
        )
    } else {
        gettext_f("There is no such file in {name}.", &[("name", &name)])
    }
}

fn nothing() -> Verdict {
    success(String::new(), String::new())
}

fn success(text: String, detail: String) -> Verdict {
    let tone = Tone::Success;
    Verdict { tone, text, detail }
}

fn warning(text: String, detail: String) -> Verdict {
    let tone = Tone::Partial;
    Verdict { tone, text, detail }
}

fn failure(text: String, detail: String) -> Verdict {
    let tone = Tone::Failure;
    Verdict { tone, text, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::LineProblem;

    fn local(bytes: u64, largest: Option<u64>) -> PlaceState {
        PlaceState::Good(Probe {
            device: None,
            kind: PlaceKind::Local,
            bytes: Some(bytes),
            largest_file_bytes: largest,
            changed: None,
            is_readable_again: true,
            leftovers: Vec::new(),
        })
    }

    #[test]
    fn too_little_room_and_small_files_are_warned_of() {
        let typed = TypedPlace::default();
        assert_eq!(backup_place(&typed, &local(100, None), 50).tone, Tone::Success);
        assert_eq!(backup_place(&typed, &local(100, None), 200).tone, Tone::Partial);
        assert_eq!(backup_place(&typed, &local(100, Some(20)), 50).tone, Tone::Partial);
    }

    fn in_work(text: &str) -> TypedPlace {
        TypedPlace {
            target: "work".to_owned(),
            text: text.to_owned(),
            ..TypedPlace::default()
        }
    }

    fn unasked(line: &str) -> PlaceState {
        let program = line.split(' ').next().unwrap().to_owned();
        let kind = PlaceKind::VmPathOrCommand { program };
        PlaceState::Good(Probe {
            kind,
            is_readable_again: false,
            ..probe_of(&local(0, None))
        })
    }

    fn probe_of(state: &PlaceState) -> Probe {
        match state {
            PlaceState::Good(probe) => probe.clone(),
            _ => unreachable!("a good place"),
        }
    }

    #[test]
    fn where_the_vm_cannot_be_asked_both_possibilities_are_said_in_the_order_of_the_service() {
        let said = |line: &str| backup_place(&in_work(line), &unasked(line), 0).text;
        assert_eq!(
            said("backups"),
            "If there is a directory backups in the home of work, the backup is written into it; otherwise backups is run as a command."
        );
        assert_eq!(
            said("/usr/bin/cat"),
            "If there is a directory /usr/bin/cat in work, the backup is written into it; otherwise /usr/bin/cat is run as a command."
        );
        let read = archive_place(&in_work("backup1"), &unasked("backup1"), &QuickLook::NotDone);
        assert_eq!(
            read.text,
            "If there is a file backup1 in the home of work, the backup is read from it; otherwise backup1 is run as a command."
        );
    }

    #[test]
    fn what_is_not_in_a_vm_is_said_of_that_vm() {
        let said = |line: &str, error| {
            let state = PlaceState::Bad(PlaceProblem::Found(error));
            backup_place(&in_work(line), &state, 0).text
        };
        assert_eq!(
            said("backups", ProbeError::CanBeMade),
            "There is neither a directory backups in the home of work nor such a command."
        );
        assert_eq!(
            said("/x/y", ProbeError::NotFound),
            "There is no such directory in work."
        );
        let program = "gzipp".to_owned();
        assert_eq!(
            said("gzipp -c", ProbeError::NoCommand { program }),
            "There is no command gzipp in work."
        );
    }

    #[test]
    fn a_file_that_is_no_backup_has_no_tick() {
        use crate::engine::NotABackup;
        let place = "/x".to_owned();
        let why = NotABackup::OtherBeginning;
        let foreign = QuickLook::Failed(ArchiveError::NotABackup { place, why }.into());
        let typed = TypedPlace::default();
        let verdict = archive_place(&typed, &local(100, None), &foreign);
        assert_eq!(verdict.tone, Tone::Partial);
        assert_eq!(
            verdict.text,
            "This file is not a backup: it does not begin like a backup."
        );
        // Before that is known there is no tick either.
        assert_eq!(archive_place(&typed, &local(100, None), &QuickLook::Looking), nothing());
        let done = QuickLook::Done(crate::engine::Outline::default());
        assert_eq!(archive_place(&typed, &local(100, None), &done).tone, Tone::Success);
    }

    #[test]
    fn commands_are_named_only_where_they_can_be_run() {
        for is_destination in [true, false] {
            assert!(!place_caption(is_destination, true).contains("command"));
            assert!(place_caption(is_destination, false).ends_with(" or command"));
        }
    }

    #[test]
    fn a_refused_command_says_what_to_write_instead() {
        let state = PlaceState::Bad(PlaceProblem::Found(ProbeError::Line(LineProblem::ShellOperator('|'))));
        let verdict = backup_place(&TypedPlace::default(), &state, 0);
        assert!(
            format!("{} {}", verdict.text, verdict.detail).contains("sh -c"),
            "{verdict:?}"
        );
    }
}
