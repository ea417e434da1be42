// SPDX-License-Identifier: GPL-3.0-or-later
//! What is said of a place while it is being typed.

use crate::{
    draft::{PlaceProblem, PlaceState, TypedPlace},
    host::DOM0,
    text::{
        Tone, date,
        i18n::{gettext, gettext_f},
        line_problem, message, sanitize, size,
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
        PlaceState::Bad(problem) => bad(problem, true),
        PlaceState::Good(place) => good_destination(typed, place, expected_bytes),
    }
}

/// The verdict on the source of a restore.
pub fn archive_place(typed: &TypedPlace, state: &PlaceState) -> Verdict {
    match state {
        PlaceState::Empty => nothing(),
        PlaceState::Probing => success(gettext("Looking…"), String::new()),
        PlaceState::Bad(problem) => bad(problem, false),
        PlaceState::Good(place) => good_source(typed, place),
    }
}

/// The note below the list of targets; `absent` is the VM that the profile wants and that does not run.
pub fn target_note(absent: Option<&str>) -> String {
    match absent {
        None => gettext("Only running VMs are listed."),
        Some(name) => gettext_f(
            "Only running VMs are listed. The profile lists {name} as the destination, but it is not running now.",
            &[("name", &sanitize(name))],
        ),
    }
}

/// How to take a disk away afterwards; nothing to say for dom0 itself.
pub fn unmount(target: &str) -> Option<String> {
    (target != DOM0).then(|| {
        gettext_f(
            "The disk is attached to the VM {name}. Unmount it there before you unplug it.",
            &[("name", &sanitize(target))],
        )
    })
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
            if place.is_readable_again {
                with_room(text, place, expected_bytes)
            } else {
                success(
                    text,
                    gettext("Whether the directory exists and has room can only be seen when the backup starts."),
                )
            }
        }
        PlaceKind::Stream => nothing(),
        PlaceKind::VmCommand { program } => success(
            gettext_f(
                "The backup will be given to the command {command} in the VM {name}.",
                &[("command", &sanitize(program)), ("name", &sanitize(&typed.target))],
            ),
            gettext("A directory would begin with a slash. What the command does with the backup is up to it."),
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

fn good_source(typed: &TypedPlace, place: &Probe) -> Verdict {
    match &place.kind {
        PlaceKind::Local => {
            let bytes = place.bytes.map(size).unwrap_or_default();
            let detail = match place.changed {
                // Translators: the size of a file and when it was last written.
                Some(moment) => gettext_f("{size}, written {date}", &[("size", &bytes), ("date", &date(moment))]),
                None => bytes,
            };
            success(gettext("This file can be read."), detail)
        }
        PlaceKind::VmPath => success(
            gettext_f(
                "The backup will be read from this file in the VM {name}.",
                &[("name", &sanitize(&typed.target))],
            ),
            String::new(),
        ),
        PlaceKind::Stream => nothing(),
        PlaceKind::VmCommand { program } => success(
            gettext_f(
                "The backup will be read from the command {command} in the VM {name}.",
                &[("command", &sanitize(program)), ("name", &sanitize(&typed.target))],
            ),
            gettext("A file would begin with a slash."),
        ),
    }
}

fn bad(problem: &PlaceProblem, is_destination: bool) -> Verdict {
    let found = match problem {
        PlaceProblem::NotRunning { vm } => {
            return failure(
                gettext_f("The VM {name} is not running.", &[("name", &sanitize(vm))]),
                gettext("Start it, or choose another one."),
            );
        }
        PlaceProblem::Found(found) => found,
    };
    let (text, detail) = match found {
        ProbeError::Line(problem) => {
            let message = line_problem(*problem);
            let facts = [Some(message.detail), message.hint];
            let detail: Vec<String> = facts.into_iter().flatten().filter(|text| !text.is_empty()).collect();
            (message.title, detail.join("\n"))
        }
        ProbeError::NotAbsolute => (
            gettext("This is not a path in dom0."),
            gettext("A path begins with a slash, or with ~ for your own home. Commands can only be run in another VM."),
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
        ProbeError::Io(error) => (gettext("This location cannot be used."), sanitize(&error.to_string())),
    };
    failure(text, detail)
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
