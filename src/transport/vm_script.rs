// SPDX-License-Identifier: GPL-3.0-or-later
//! Small shell scripts that the stock service `qubes.Backup` runs in a VM.
//!
//! The service runs any command that its first line names, with its own standard input and output, after it has printed
//! lines of its own. So each script prints a mark first, and only what stands behind the mark is an answer. The line is
//! read by a shell that may drop backslashes, so that none is written; arguments stand in single quotes.

use std::{io::Read, sync::mpsc, thread, time::Duration};

use crate::{
    cancel::CancelToken,
    host::{HostError, Service, Services},
};

/// What stands before the answer of a script.
pub(super) const MARK: &str = "@pedos-backup@";

/// The most that is read of an answer, in bytes.
const MOST_ANSWER_BYTES: u64 = 64 * 1024;

/// What every script begins with: the mark, and where the directory of the first argument is. In a VM of a root folder the
/// variable names the folder that stands for the VM's file system.
const PROLOGUE: &str = "echo; echo @pedos-backup@; case $1 in /*) d=${PEDOS_VM_ROOT-}$1;; *) d=$1;; esac; ";

/// Tells what a line means. Arguments: the line, and its first word. A file that a process has open is `used`.
pub(super) const PROBE: &str = "export LC_ALL=C; \
     used() { for p in /proc/[0-9]*/fd/*; do [ \"$p\" -ef \"$1\" ] && return; done; return 1; }; \
     if [ -d \"$d\" ]; then echo directory; \
     [ -w \"$d\" ] && [ -x \"$d\" ] && echo writable; \
     stat -f -c \"room %a %S %T\" -- \"$d\" 2>/dev/null; \
     for f in \"$d\"/pedos-backup-*.part; do [ -f \"$f\" ] && [ ! -L \"$f\" ] || continue; \
     u=free; used \"$f\" && u=used; echo \"part $u $(stat -c \"%s %Y\" -- \"$f\") ${f##*/}\"; done; \
     elif [ -f \"$d\" ]; then echo file; [ -r \"$d\" ] && echo readable; \
     stat -L -c \"size %s %Y\" -- \"$d\" 2>/dev/null; \
     elif [ -e \"$d\" ]; then echo other; \
     else u=${d%/*}; [ \"$u\" != \"$d\" ] || u=.; u=${u:-/}; \
     [ -d \"$u\" ] && { echo parent; [ -w \"$u\" ] && [ -x \"$u\" ] && echo roomy; }; fi; \
     case $2 in */*) [ -f \"$2\" ] && [ -x \"$2\" ];; *) command -v \"$2\" >/dev/null 2>&1;; esac && echo command; \
     echo end";

/// Makes a directory, and says what stands in its way. Argument: the directory.
pub(super) const MAKE: &str = "export LC_ALL=C; if said=$(mkdir -- \"$d\" 2>&1); then echo made; \
     else echo \"failed $said\"; fi";

/// Removes an archive that an earlier run has left, unless a process has it open. Arguments: the directory, and the
/// file's name.
pub(super) const CLEAR: &str = "f=$d/$2; [ -f \"$f\" ] && [ ! -L \"$f\" ] || { echo removed; exit; }; \
     for p in /proc/[0-9]*/fd/*; do [ \"$p\" -ef \"$f\" ] && { echo used; exit; }; done; \
     rm -f -- \"$f\" 2>/dev/null; [ -e \"$f\" ] || echo removed";

/// Takes an archive. Arguments: the directory, and the unfinished file's name.
pub(super) const WRITE: &str = "umask 077; export LC_ALL=C; exec dd of=\"$d/$2\" bs=64k conv=excl,fsync";

/// Renames an archive to its final name, if it has all of its bytes and the name is free. Arguments: the directory, the
/// unfinished file's name, the name, and the size in bytes.
pub(super) const NAME: &str = "[ \"$(stat -c %s -- \"$d/$2\")\" = \"$4\" ] || { echo cut; exit; }; \
     [ ! -e \"$d/$3\" ] || { echo taken; exit; }; \
     mv -nT -- \"$d/$2\" \"$d/$3\"; \
     [ ! -e \"$d/$2\" ] || { echo taken; exit; }; \
     sync \"$d\" 2>/dev/null || sync; echo named";

/// Removes an unfinished file. Arguments: the directory, and the file's name.
pub(super) const REMOVE: &str = "rm -f -- \"$d/$2\"; [ -e \"$d/$2\" ] || echo removed";

/// Returns the line that has the service run a script; `None` where an argument cannot be handed over unchanged.
pub(super) fn line(script: &str, arguments: &[&str]) -> Option<String> {
    let mut line = format!("sh -c '{PROLOGUE}{script}' sh");
    for argument in arguments {
        if argument.contains(['\\', '\n', '\r', '\0']) {
            return None;
        }
        line.push_str(" '");
        line.push_str(&argument.replace('\'', "'\"'\"'"));
        line.push('\'');
    }
    Some(line)
}

/// Runs a script and returns the lines of its answer; `None` where the VM's service did not run it.
pub(super) fn ask(
    vm: &str,
    line: &str,
    services: &dyn Services,
    cancel: &CancelToken,
    patience: Option<Duration>,
) -> Result<Option<Vec<String>>, HostError> {
    let mut process = services.start_service(vm, Service::Backup)?.ended_by(cancel);
    let _guard = patience.map(|patience| kill_after(patience, &process.control));
    if let Some(mut stdin) = process.stdin.take() {
        // A service that does not read its line says so by what it answers.
        let _ = std::io::Write::write_all(&mut stdin, format!("{line}\n").as_bytes());
    }
    // Read on the side, so that a service which prints much there does not wait.
    let mut errors = process.stderr;
    let listener = thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
    let mut answer = Vec::new();
    // One byte more than an answer may have tells that it is longer: what is left of a line that was cut could mean
    // something else.
    let read = (&mut process.stdout)
        .take(MOST_ANSWER_BYTES + 1)
        .read_to_end(&mut answer);
    if read.is_err() || answer.len() as u64 > MOST_ANSWER_BYTES {
        process.control.kill();
    }
    let _ = process.control.wait();
    drop(process.stdout);
    let _ = listener.join();
    cancel.check()?;
    Ok(lines_behind_mark(&answer))
}

/// The lines behind the mark; none where there is no mark, or the answer is longer than any.
fn lines_behind_mark(answer: &[u8]) -> Option<Vec<String>> {
    if answer.len() as u64 > MOST_ANSWER_BYTES {
        return None;
    }
    let text = String::from_utf8_lossy(answer);
    let mut lines = text.lines().map(str::trim_end);
    lines
        .any(|line| line == MARK)
        .then(|| lines.map(str::to_owned).collect())
}

/// Kills a service that has not ended by then, unless what is returned is dropped before.
pub(super) fn kill_after(
    patience: Duration,
    control: &std::sync::Arc<dyn crate::host::ServiceControl>,
) -> mpsc::Sender<()> {
    let (guard, ended) = mpsc::channel::<()>();
    let control = control.clone();
    thread::spawn(move || {
        if ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
            control.kill();
        }
    });
    guard
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What a script prints behind the mark, run as the service runs it.
    fn run(script: &str, arguments: &[&str]) -> Vec<String> {
        let line = line(script, arguments).unwrap();
        let service = "printf '%s\\n' \"$1\" | { read args; eval \"set -- $args\"; \"$@\"; }";
        let output = Command::new("sh").args(["-c", service, "sh", &line]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, answer) = text.split_once(&format!("{MARK}\n")).unwrap();
        answer.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_probe_tells_directories_files_and_commands_apart() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("it's \"my\" $disk; ü");
        std::fs::create_dir(&odd).unwrap();
        let part = odd.join("pedos-backup-x.part");
        std::fs::write(&part, "12345").unwrap();
        let odd = odd.to_str().unwrap();
        let found = run(PROBE, &[odd, "it"]);
        assert_eq!(found[..2], ["directory", "writable"]);
        assert!(found.iter().any(|line| line.starts_with("room ")));
        let named = |found: &[String], state: &str| {
            let is_it = |line: &String| line.starts_with(state) && line.ends_with(" pedos-backup-x.part");
            found.iter().any(is_it)
        };
        assert!(named(&found, "part free 5 "), "{found:?}");
        // A file that somebody writes is no leftover, and is not removed.
        let held = std::fs::OpenOptions::new().append(true).open(&part).unwrap();
        let found = run(PROBE, &[odd, "it"]);
        assert!(named(&found, "part used 5 "), "{found:?}");
        assert_eq!(run(CLEAR, &[odd, "pedos-backup-x.part"]), ["used"]);
        assert!(part.exists());
        drop(held);
        let file = run(PROBE, &[&format!("{odd}/pedos-backup-x.part"), "x"]);
        assert_eq!(file[..2], ["file", "readable"]);
        assert!(file[2].starts_with("size 5 ") && file[3] == "end", "{file:?}");
        assert_eq!(run(CLEAR, &[odd, "pedos-backup-x.part"]), ["removed"]);
        assert!(!part.exists());
        assert_eq!(
            run(PROBE, &["cat -u", "cat"]).last_chunk(),
            Some(&["command".to_owned(), "end".to_owned()])
        );
        assert_eq!(run(PROBE, &["/none/at/all", "/none/at/all"]), ["end"]);
    }

    #[test]
    fn a_file_that_can_be_run_is_a_file_and_a_command() {
        let found = run(PROBE, &["/bin/sh", "/bin/sh"]);
        assert_eq!(
            (found[0].as_str(), found[found.len() - 2].as_str()),
            ("file", "command")
        );
    }

    #[test]
    fn a_directory_is_made_in_one_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("my new one");
        let line = new.to_str().unwrap();
        assert_eq!(run(PROBE, &[line, "my"]), ["parent", "roomy", "end"]);
        assert_eq!(run(MAKE, &[line]), ["made"]);
        assert!(new.is_dir());
        let again = run(MAKE, &[line]);
        assert!(
            again[0].starts_with("failed ") && again[0].ends_with("File exists"),
            "{again:?}"
        );
    }

    #[test]
    fn only_a_whole_archive_gets_a_name_that_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let directory = path.to_str().unwrap();
        std::fs::write(path.join("a.part"), "12345").unwrap();
        assert_eq!(run(NAME, &[directory, "a.part", "a", "6"]), ["cut"]);
        std::fs::write(path.join("a"), "of another").unwrap();
        assert_eq!(run(NAME, &[directory, "a.part", "a", "5"]), ["taken"]);
        assert_eq!(run(NAME, &[directory, "a.part", "b", "5"]), ["named"]);
        assert_eq!(std::fs::read(path.join("b")).unwrap(), b"12345");
        assert_eq!(std::fs::read(path.join("a")).unwrap(), b"of another");
        std::fs::write(path.join("c.part"), "").unwrap();
        assert_eq!(run(REMOVE, &[directory, "c.part"]), ["removed"]);
        assert!(!path.join("c.part").exists());
    }

    #[test]
    fn what_cannot_be_handed_over_unchanged_is_not() {
        assert!(line(PROBE, &["/a\\b"]).is_none());
        assert!(line(PROBE, &["/a\nb"]).is_none());
        for script in [PROBE, MAKE, CLEAR, WRITE, NAME, REMOVE] {
            let line = line(script, &["/a b"]).unwrap();
            assert!(!line.contains(['\\', '\n']) && !script.contains('\''), "{line}");
        }
    }

    #[test]
    fn an_answer_is_read_up_to_the_most_bytes_and_a_longer_one_is_none() {
        let answer = |bytes: u64| {
            let mut answer = format!("{MARK}\n").into_bytes();
            answer.resize(usize::try_from(bytes).unwrap(), b'x');
            lines_behind_mark(&answer)
        };
        assert_eq!(answer(MOST_ANSWER_BYTES).map(|lines| lines.len()), Some(1));
        assert_eq!(answer(MOST_ANSWER_BYTES + 1), None);
    }
}
