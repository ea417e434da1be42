// SPDX-License-Identifier: GPL-3.0-or-later
//! What the tools ask, on a terminal and on a pipe: texts, echo, and what an answer does.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]

mod support;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use support::{
    place::{PASSPHRASE, Place},
    programs::{Run, finish, names, only_archive, qvm_backup, verify},
    roots,
};

/// What a passphrase prompt begins with.
const BACKUP_PROMPT: &str = "Please enter the passphrase that will be used to encrypt and verify the backup: ";

#[test]
fn a_passphrase_comes_from_standard_input_after_the_answer() {
    let place = Place::new(&roots::small());
    let mut command = qvm_backup();
    command
        .arg("--root")
        .arg(place.path("root"))
        .args(["-p", "-"])
        .arg(place.path("target"))
        .arg("dvm");
    let no = finish_with_input(&mut command, format!("n\n{PASSPHRASE}\n").as_bytes()).expect(4);
    assert!(no.stdout.contains("Do you want to proceed? [y/N] "), "{}", no.stdout);
    assert!(names(&place.path("target")).is_empty());
    finish_with_input(&mut command, format!("y\n{PASSPHRASE}  \n").as_bytes()).expect(0);
    verify(&place.path("root"), &place.pass, &only_archive(&place.path("target"))).expect(0);
}

fn finish_with_input(command: &mut Command, input: &[u8]) -> Run {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    finish(command.stdin(Stdio::from(file)))
}

#[test]
fn prompts_have_no_echo_and_differing_passphrases_are_refused() {
    let place = Place::new(&roots::small());
    let screen = on_terminal(
        &place,
        &[
            (BACKUP_PROMPT, "secret one\n"),
            ("Enter again for verification: ", "secret two\n"),
        ],
    );
    assert!(screen.contains("qvm-backup: error: Passphrase mismatch!"), "{screen}");
    assert!(!screen.contains("secret"), "{screen}");
    assert!(screen.contains("code 1"), "{screen}");
    assert!(names(&place.path("target")).is_empty());
}

#[test]
fn ctrl_c_at_a_prompt_leaves_a_terminal_with_its_echo() {
    let place = Place::new(&roots::small());
    let screen = on_terminal(&place, &[(BACKUP_PROMPT, "half a sec\u{3}")]);
    assert!(screen.contains("code 4"), "{screen}");
    let settings = screen.split("code 4").nth(1).unwrap_or_default();
    assert!(
        settings.contains(" echo ") && !settings.contains("-echo "),
        "{settings}"
    );
    assert!(names(&place.path("target")).is_empty());
}

/// Runs a backup on a terminal of its own, answers what it asks, and gives what the terminal showed: at its end the exit
/// code and the settings of the terminal.
fn on_terminal(place: &Place, answers: &[(&str, &str)]) -> String {
    let screen = place.folder.path().join("screen");
    // Ctrl+C reaches the shell too: with a trap it outlives it, whichever shell it is.
    let line = format!(
        "trap : INT; '{}' --root '{}' -y '{}' dvm; echo code $?; stty -a",
        env!("CARGO_BIN_EXE_qvm-backup"),
        place.path("root").display(),
        place.path("target").display()
    );
    let mut child = Command::new("script")
        .args(["--quiet", "--flush", "--command", &line])
        .arg(&screen)
        .env("LC_ALL", "C.UTF-8")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("script of util-linux");
    let mut keyboard = child.stdin.take().unwrap();
    for (question, answer) in answers {
        wait_for_text(&screen, question);
        keyboard.write_all(answer.as_bytes()).unwrap();
    }
    wait_for_text(&screen, "speed");
    drop(keyboard);
    child.wait().unwrap();
    fs::read_to_string(&screen).unwrap()
}

#[track_caller]
fn wait_for_text(file: &Path, text: &str) {
    let start = Instant::now();
    loop {
        let shown = fs::read(file).unwrap_or_default();
        let shown = String::from_utf8_lossy(&shown).into_owned();
        if shown.contains(text) {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "waited for {text:?}: {shown}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
