// SPDX-License-Identifier: GPL-3.0-or-later
//! What a line means in a VM. Its services take a path that is there first, and run what else is typed as a command: a small
//! script looks which it is. Where the VM's service runs no script, both are possible.

use std::time::Duration;

use crate::{
    cancel::CancelToken,
    host::{HostError, Services},
    transport::{
        LineProblem, check_line,
        file_system::FAT_LARGEST_FILE_BYTES,
        leftover::{self, Leftover, is_leftover_name},
        vm_script,
    },
};

use super::api::{PlaceKind, Probe, ProbeError, Purpose};

/// How long a VM may take to answer: it syncs its disks before.
const PATIENCE: Duration = Duration::from_secs(90);

/// Returns what the line alone tells, before the VM was asked.
///
/// # Errors
/// When the service would not do with it what its user means.
pub(super) fn by_line(line: &str) -> Result<Probe, ProbeError> {
    let line = line.trim();
    let is_path = line.starts_with('/') && !has_option(line);
    // Quotes and operators in a path are ordinary characters to the service.
    match check_line(line) {
        Ok(()) => {}
        Err(problem @ (LineProblem::Empty | LineProblem::LineBreak | LineProblem::Tilde)) => {
            return Err(ProbeError::Line(problem));
        }
        Err(_) if is_path && !line.contains(['|', '>', '<', ';', '&']) => {}
        Err(problem) => return Err(ProbeError::Line(problem)),
    }
    let program = first_word(line).to_owned();
    Ok(Probe::of(if is_written_as_command(line) {
        PlaceKind::VmCommand { program }
    } else {
        PlaceKind::VmPathOrCommand { program }
    }))
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// `/usr/bin/dd of=/x` or `/bin/cat -u` is a command, `/mnt/my disk` is not.
fn has_option(line: &str) -> bool {
    line.split_whitespace()
        .skip(1)
        .any(|word| word.starts_with('-') || word.contains('=') || word.starts_with(['/', '\'', '"']))
}

/// Whether nobody would write the path of a directory or a file so.
pub(in crate::transport) fn is_written_as_command(line: &str) -> bool {
    let line = line.trim();
    has_option(line) || (!line.starts_with('/') && line.contains(['\'', '"']))
}

/// Asks the VM what is there.
pub(super) fn look(
    vm: &str,
    line: &str,
    purpose: Purpose,
    services: &dyn Services,
    cancel: &CancelToken,
) -> Result<Probe, ProbeError> {
    let by_line = by_line(line)?;
    match ask_vm(vm, line, services, cancel).map_err(ProbeError::Host)? {
        None => Ok(by_line),
        Some(found) => match purpose {
            Purpose::Write => destination(line, found),
            Purpose::Read => source(line, &found, by_line),
        },
    }
}

/// The service writes into a directory, and runs everything else.
fn destination(line: &str, found: VmAnswer) -> Result<Probe, ProbeError> {
    if found.is_directory {
        return if found.is_writable {
            Ok(Probe {
                bytes: found.free_bytes,
                largest_file_bytes: found.is_fat.then_some(FAT_LARGEST_FILE_BYTES),
                is_readable_again: true,
                leftovers: found.leftovers,
                ..Probe::of(PlaceKind::VmPath)
            })
        } else {
            Err(ProbeError::NotWritable)
        };
    }
    if found.is_command {
        return Ok(command(line));
    }
    Err(if found.is_file || found.is_other {
        ProbeError::NotADirectory
    } else if is_written_as_command(line) {
        ProbeError::NoCommand {
            program: first_word(line).to_owned(),
        }
    } else if found.can_be_made {
        ProbeError::CanBeMade
    } else if found.has_parent {
        ProbeError::CannotBeMade
    } else {
        ProbeError::NotFound
    })
}

/// The service reads a file, and runs everything else.
fn source(line: &str, found: &VmAnswer, by_line: Probe) -> Result<Probe, ProbeError> {
    if found.is_file {
        return match (found.is_readable, found.size) {
            (false, _) => Err(ProbeError::NotReadable),
            (true, Some((0, _))) => Err(ProbeError::EmptyFile),
            (true, size) => Ok(Probe {
                bytes: size.map(|(bytes, _)| bytes),
                changed: size.map(|(_, changed)| changed),
                ..Probe::of(PlaceKind::VmPath)
            }),
        };
    }
    if found.is_command && !found.is_directory {
        return Ok(command(line));
    }
    if found.is_other {
        // A disk or a pipe.
        return Ok(by_line);
    }
    Err(if found.is_directory {
        ProbeError::NotAFile
    } else if is_written_as_command(line) {
        ProbeError::NoCommand {
            program: first_word(line).to_owned(),
        }
    } else {
        ProbeError::NotFound
    })
}

fn command(line: &str) -> Probe {
    let program = first_word(line).to_owned();
    Probe::of(PlaceKind::VmCommand { program })
}

/// Makes a directory in a VM.
pub(super) fn make_directory(
    vm: &str,
    line: &str,
    services: &dyn Services,
    cancel: &CancelToken,
) -> Result<(), ProbeError> {
    let script = vm_script::line(vm_script::MAKE, &[line.trim()]).ok_or(ProbeError::CannotBeMade)?;
    let answer = vm_script::ask(vm, &script, services, cancel, Some(PATIENCE)).map_err(ProbeError::Host)?;
    match answer.unwrap_or_default().last().map(String::as_str) {
        // Somebody was faster: what is there now is looked at.
        Some(said) if said == "made" || said.ends_with("File exists") => Ok(()),
        _ => Err(ProbeError::CannotBeMade),
    }
}

/// What a VM says of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::transport) struct VmAnswer {
    pub(in crate::transport) is_directory: bool,
    pub(in crate::transport) is_writable: bool,
    is_file: bool,
    is_readable: bool,
    is_other: bool,
    pub(in crate::transport) is_command: bool,
    has_parent: bool,
    can_be_made: bool,
    free_bytes: Option<u64>,
    is_fat: bool,
    /// Size in bytes and time of the last change of a file.
    size: Option<(u64, i64)>,
    leftovers: Vec<Leftover>,
}

/// Asks a VM what a line means there; `None` where its service runs no script.
pub(in crate::transport) fn ask_vm(
    vm: &str,
    line: &str,
    services: &dyn Services,
    cancel: &CancelToken,
) -> Result<Option<VmAnswer>, HostError> {
    let line = line.trim();
    let Some(script) = vm_script::line(vm_script::PROBE, &[line, first_word(line)]) else {
        return Ok(None);
    };
    let answer = vm_script::ask(vm, &script, services, cancel, Some(PATIENCE))?;
    Ok(answer.and_then(|lines| parse(&lines)))
}

/// Reads an answer; `None` where it has no end.
fn parse(lines: &[String]) -> Option<VmAnswer> {
    let mut answer = VmAnswer::default();
    for line in lines {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("directory", _) => answer.is_directory = true,
            ("writable", _) => answer.is_writable = true,
            ("file", _) => answer.is_file = true,
            ("readable", _) => answer.is_readable = true,
            ("other", _) => answer.is_other = true,
            ("command", _) => answer.is_command = true,
            ("parent", _) => answer.has_parent = true,
            ("roomy", _) => answer.can_be_made = true,
            ("room", rest) => {
                let mut words = rest.split(' ');
                let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
                answer.free_bytes = number()
                    .zip(number())
                    .and_then(|(blocks, size)| blocks.checked_mul(size));
                answer.is_fat = words.next() == Some("msdos");
            }
            ("size", rest) => {
                answer.size = rest
                    .split_once(' ')
                    .and_then(|(bytes, changed)| Some((bytes.parse().ok()?, changed.parse().ok()?)));
            }
            ("part", rest) => answer.leftovers.extend(leftover_of(rest)),
            ("end", _) => {
                answer.leftovers = leftover::sorted(answer.leftovers);
                return Some(answer);
            }
            _ => {}
        }
    }
    None
}

/// A file that nobody writes, as the script tells of it: `free SIZE TIME NAME`.
fn leftover_of(said: &str) -> Option<Leftover> {
    let mut words = said.splitn(4, ' ');
    let (state, bytes, changed, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
    (state == "free" && is_leftover_name(name)).then_some(())?;
    Some(Leftover {
        name: name.to_owned(),
        bytes: bytes.parse().ok()?,
        changed: changed.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(said: &[&str]) -> VmAnswer {
        let lines: Vec<String> = said.iter().chain(&["end"]).map(|line| (*line).to_owned()).collect();
        parse(&lines).unwrap()
    }

    fn written(line: &str, said: &[&str]) -> Result<Probe, ProbeError> {
        destination(line, answer(said))
    }

    fn read(line: &str, said: &[&str]) -> Result<Probe, ProbeError> {
        source(line, &answer(said), by_line(line).unwrap())
    }

    fn command_of(program: &str) -> PlaceKind {
        PlaceKind::VmCommand {
            program: program.to_owned(),
        }
    }

    #[test]
    fn a_word_that_the_vm_was_not_asked_about_is_a_path_or_a_command() {
        for line in ["backups", "backup1", "/usr/bin/cat", "/mnt/my disk", "my disk"] {
            let program = line.split(' ').next().unwrap().to_owned();
            assert_eq!(
                by_line(line).unwrap().kind,
                PlaceKind::VmPathOrCommand { program },
                "{line}"
            );
        }
        for line in ["/bin/cat -u", "dd of=/x", "sh -c 'cat >/x'", "/usr/bin/tee /x"] {
            assert_eq!(by_line(line).unwrap().kind, command_of(first_word(line)), "{line}");
        }
        assert!(matches!(
            by_line("~/backups"),
            Err(ProbeError::Line(LineProblem::Tilde))
        ));
    }

    #[test]
    fn a_word_is_a_directory_where_the_vm_has_one_and_else_a_command_or_something_to_make() {
        let kind = written("backups", &["directory", "writable", "room 10 512 ext2/ext3"]);
        let kind = kind.unwrap();
        assert_eq!(
            (kind.kind, kind.bytes, kind.is_readable_again),
            (PlaceKind::VmPath, Some(5120), true)
        );
        assert_eq!(
            written("cat", &["parent", "roomy", "command"]).unwrap().kind,
            command_of("cat")
        );
        assert_eq!(
            written("/usr/bin/cat", &["file", "command"]).unwrap().kind,
            command_of("/usr/bin/cat")
        );
        assert!(matches!(
            written("backups", &["parent", "roomy"]),
            Err(ProbeError::CanBeMade)
        ));
        assert!(matches!(written("/root/x", &["parent"]), Err(ProbeError::CannotBeMade)));
        assert!(matches!(written("/none/x", &[]), Err(ProbeError::NotFound)));
        assert!(matches!(
            written("/home/user/file", &["file"]),
            Err(ProbeError::NotADirectory)
        ));
        assert!(matches!(written("/mnt", &["directory"]), Err(ProbeError::NotWritable)));
        let missing = written("gzipp -c", &["parent", "roomy"]);
        assert!(matches!(missing, Err(ProbeError::NoCommand { program }) if program == "gzipp"));
    }

    #[test]
    fn a_word_is_a_file_where_the_vm_has_one_and_else_a_command() {
        let file = read("backup1", &["file", "readable", "size 12 1700000000"]).unwrap();
        let found = (file.kind, file.bytes, file.changed);
        assert_eq!(found, (PlaceKind::VmPath, Some(12), Some(1_700_000_000)));
        assert_eq!(read("cat", &["command"]).unwrap().kind, command_of("cat"));
        assert_eq!(
            read("/usr/bin/cat", &["file", "readable", "size 1 1", "command"])
                .unwrap()
                .kind,
            PlaceKind::VmPath
        );
        assert!(matches!(
            read("backup1", &["parent", "roomy"]),
            Err(ProbeError::NotFound)
        ));
        assert!(matches!(
            read("backups", &["directory", "writable"]),
            Err(ProbeError::NotAFile)
        ));
        assert!(matches!(
            read("backup1", &["file", "size 1 1"]),
            Err(ProbeError::NotReadable)
        ));
        assert!(matches!(
            read("backup1", &["file", "readable", "size 0 1"]),
            Err(ProbeError::EmptyFile)
        ));
    }

    #[test]
    fn only_what_nobody_writes_and_what_is_called_like_ours_is_a_leftover() {
        let found = answer(&[
            "directory",
            "part free 7 1700000000 pedos-backup-2026-01-02T030405.part",
            "part used 7 1700000000 pedos-backup-2026-01-02T030406.part",
            "part free 7 1700000000 pedos-backup-my own.part",
            "part free x 1700000000 pedos-backup-2026-01-02T030407.part",
        ]);
        let expected = Leftover {
            name: "pedos-backup-2026-01-02T030405.part".to_owned(),
            bytes: 7,
            changed: 1_700_000_000,
        };
        assert_eq!(found.leftovers, [expected]);
    }
}
