// SPDX-License-Identifier: GPL-3.0-or-later
//! What the tools ask, on a terminal and on a pipe: texts, echo, and what an answer does.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use crate::support::{
    programs::{Run, finish, names, only_archive, qvm_backup, verify},
    roots,
    workspace::{PASSPHRASE, Workspace},
};

/// What a passphrase prompt begins with.
const BACKUP_PROMPT: &str = "Please enter the passphrase that will be used to encrypt and verify the backup: ";

#[test]
fn a_passphrase_comes_from_standard_input_after_the_answer() {
    let place = Workspace::new(&roots::small());
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
    let place = Workspace::new(&roots::small());
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
    let place = Workspace::new(&roots::small());
    let screen = on_terminal(&place, &[(BACKUP_PROMPT, "half a sec\u{3}")]);
    assert!(screen.contains("code 4"), "{screen}");
    let settings = screen.split("code 4").nth(1).unwrap_or_default();
    assert!(
        settings.contains(" echo ") && !settings.contains("-echo "),
        "{settings}"
    );
    assert!(names(&place.path("target")).is_empty());
}

/// A program that answers at once must neither lose its answer nor see it on the screen: the echo is off before the
/// question is there.
#[test]
fn who_answers_at_once_is_heard_and_leaves_nothing_on_the_screen() {
    let place = Workspace::new(&roots::small());
    for round in 0..50 {
        let mut terminal = Terminal::start(&place);
        terminal.wait_for(BACKUP_PROMPT);
        terminal.send("secret one\n");
        terminal.wait_for("Enter again for verification: ");
        terminal.send("secret two\n");
        let screen = terminal.end();
        assert!(screen.contains("Passphrase mismatch!"), "round {round}: {screen}");
        assert!(!screen.contains("secret"), "round {round}: {screen}");
    }
}

/// Both answers sent together, as soon as the first question is there.
#[test]
fn who_sends_both_answers_together_is_heard_too() {
    let place = Workspace::new(&roots::small());
    for round in 0..10 {
        let mut terminal = Terminal::start(&place);
        terminal.wait_for(BACKUP_PROMPT);
        terminal.send("secret one\nsecret two\n");
        let screen = terminal.end();
        assert!(screen.contains("Passphrase mismatch!"), "round {round}: {screen}");
        assert!(!screen.contains("secret"), "round {round}: {screen}");
    }
}

#[test]
fn what_was_typed_before_the_question_is_its_answer() {
    let place = Workspace::new(&roots::small());
    let mut terminal = Terminal::start(&place);
    // The terminal itself shows this one: nobody has turned its echo off yet.
    terminal.send("typed early\ntyped late\n");
    let screen = terminal.end();
    assert!(screen.contains("Passphrase mismatch!"), "{screen}");
}

/// A backup on a terminal of its own, whose screen is read as it is written.
struct Terminal {
    child: Child,
    keyboard: Option<ChildStdin>,
    shown: Receiver<u8>,
    screen: Vec<u8>,
}

impl Terminal {
    fn start(place: &Workspace) -> Self {
        let line = format!(
            "'{}' --root '{}' -y '{}' dvm",
            env!("CARGO_BIN_EXE_qvm-backup"),
            place.path("root").display(),
            place.path("target").display()
        );
        let mut child = Command::new("script")
            .args(["--quiet", "--flush", "--command", &line, "/dev/null"])
            .env("LC_ALL", "C.UTF-8")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script of util-linux");
        let (sender, shown) = channel();
        let mut output = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut byte = [0];
            while output.read(&mut byte).is_ok_and(|count| count == 1) && sender.send(byte[0]).is_ok() {}
        });
        Self {
            keyboard: child.stdin.take(),
            child,
            shown,
            screen: Vec::new(),
        }
    }

    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        while !self.screen.ends_with(text.as_bytes()) {
            match self.shown.recv_timeout(Duration::from_secs(10)) {
                Ok(byte) => self.screen.push(byte),
                Err(_) => panic!("waited for {text:?}: {}", String::from_utf8_lossy(&self.screen)),
            }
        }
    }

    fn send(&mut self, text: &str) {
        self.keyboard.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// What the terminal showed, once the program has ended, which it has to do soon.
    #[track_caller]
    fn end(mut self) -> String {
        loop {
            match self.shown.recv_timeout(Duration::from_secs(10)) {
                Ok(byte) => self.screen.push(byte),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    // The test has failed; nothing more is wanted of the program.
                    let _ = self.child.kill();
                    panic!("still waiting: {}", String::from_utf8_lossy(&self.screen));
                }
            }
        }
        drop(self.keyboard.take());
        self.child.wait().unwrap();
        String::from_utf8_lossy(&self.screen).into_owned()
    }
}

/// Runs a backup on a terminal of its own, answers what it asks, and returns what the terminal showed: at its end the exit
/// code and the settings of the terminal.
fn on_terminal(place: &Workspace, answers: &[(&str, &str)]) -> String {
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
