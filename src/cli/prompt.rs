// SPDX-License-Identifier: GPL-3.0-or-later
//! Questions at a terminal, and passphrases from a terminal, a file or standard input.
//!
//! Input is read byte by byte up to the end of its line, so that what follows stays for the next question. A terminal
//! gets its echo back however a question ends, Ctrl-C included; a passphrase stays in memory that is wiped.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::OFlags,
    io::{Errno, read},
    termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
};
use zeroize::Zeroizing;

use crate::{engine::EngineError, text};

use super::{console::tell, interrupt::Interrupt, stop::Stop};

/// The longest line that is read: no passphrase and no answer comes near it, and an endless file must end somewhere.
const LONGEST_LINE_BYTES: usize = 64 * 1024;

/// How often a waiting question looks whether the user wants to stop, in nanoseconds.
const LOOK_UP_NANOSECONDS: i64 = 100_000_000;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum PromptError {
    /// The user wants to stop.
    #[error("interrupted")]
    Interrupted,
    /// The input ended before anything was said.
    #[error("the input has ended")]
    Ended,
    /// What was said is no UTF-8.
    #[error("the input is not valid UTF-8")]
    NotUtf8,
    /// The line does not end.
    #[error("the line is too long")]
    TooLong,
    /// The operating system's answer.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Asks a question on standard output, or on standard error where that is taken, and reads the answer from standard input.
///
/// # Errors
/// When there is no answer.
pub(super) fn ask(question: &str, is_output_taken: bool, interrupt: &Interrupt) -> Result<String, PromptError> {
    let mut to: Box<dyn Write> = if is_output_taken {
        Box::new(io::stderr())
    } else {
        Box::new(io::stdout())
    };
    // Where the question cannot be shown the answer may still be there: a script knows what is asked.
    let _ = write!(to, "{question}");
    let _ = to.flush();
    let answer = read_line(io::stdin().as_fd(), interrupt);
    if answer.is_err() {
        let _ = writeln!(to);
    }
    Ok(answer?.trim().to_owned())
}

/// Asks for passphrases at the terminal, without echo; where there is no terminal, reads them from standard input.
///
/// # Errors
/// When one of the questions has no answer.
pub(super) fn passphrases<const N: usize>(
    questions: [&str; N],
    interrupt: &Interrupt,
) -> Result<[Zeroizing<String>; N], PromptError> {
    let mut answers = questions.map(|_| Zeroizing::default());
    let terminal = File::options()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NOCTTY.bits().cast_signed())
        .open("/dev/tty");
    match terminal {
        Ok(mut terminal) => {
            // The echo is off before the first question is shown, and until the last answer has come: a program that
            // answers at once, or sends both answers together, leaves nothing on the screen.
            let _silent = Silence::over(terminal.try_clone()?)?;
            for (question, answer) in questions.iter().zip(&mut answers) {
                wait_for(terminal.as_fd(), PollFlags::OUT, interrupt)?;
                write!(terminal, "{question}")?;
                terminal.flush()?;
                let line = read_line(terminal.as_fd(), interrupt);
                writeln!(terminal)?;
                *answer = line?;
            }
        }
        Err(_) => {
            let stdin = io::stdin();
            let own = stdin.is_terminal().then(|| stdin.as_fd().try_clone_to_owned());
            let _silent = own.transpose()?.map(|own| Silence::over(own.into())).transpose()?;
            for (question, answer) in questions.iter().zip(&mut answers) {
                // Where the question cannot be shown the answer may still be there.
                let _ = write!(io::stderr(), "{question}");
                let line = read_line(stdin.as_fd(), interrupt);
                tell(format_args!(""));
                *answer = line?;
            }
        }
    }
    Ok(answers)
}

/// Reads a passphrase from the first line of a file ("-" is standard input), without the white space at its end.
///
/// # Errors
/// When there is none.
pub(super) fn passphrase_from(path: &Path, interrupt: &Interrupt) -> Result<Zeroizing<String>, PromptError> {
    let line = if path == Path::new("-") {
        read_line(io::stdin().as_fd(), interrupt)?
    } else {
        // Without O_NONBLOCK the opening of a named pipe waits for a writer and hears no signal.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = File::options()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)?;
        read_line(file.as_fd(), interrupt)?
    };
    Ok(Zeroizing::new(line.trim_end().to_owned()))
}

fn read_line(input: BorrowedFd<'_>, interrupt: &Interrupt) -> Result<Zeroizing<String>, PromptError> {
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE_BYTES));
    loop {
        wait_for(input, PollFlags::IN, interrupt)?;
        let mut byte = [0];
        match read(input, &mut byte) {
            Ok(0) if line.is_empty() => return Err(PromptError::Ended),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() == LONGEST_LINE_BYTES => return Err(PromptError::TooLong),
            Ok(_) => line.push(byte[0]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
    match std::str::from_utf8(&line) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(PromptError::NotUtf8),
    }
}

/// Waits until the file can be read from or written to without blocking, as long as the user does not want to stop.
fn wait_for(file: BorrowedFd<'_>, for_what: PollFlags, interrupt: &Interrupt) -> Result<(), PromptError> {
    loop {
        if interrupt.is_hit() {
            return Err(PromptError::Interrupted);
        }
        let mut wanted = [PollFd::from_borrowed_fd(file, for_what)];
        let patience = Timespec {
            tv_sec: 0,
            tv_nsec: LOOK_UP_NANOSECONDS,
        };
        match poll(&mut wanted, Some(&patience)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
}

/// A terminal without echo; it has it again when this goes.
struct Silence {
    terminal: File,
    before: Termios,
}

impl Silence {
    /// Turns the echo off at once, and keeps what has been typed already: an answer that comes early is an answer.
    fn over(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // Nothing has been written yet that would have to be waited for, which could take for ever at a terminal that
        // was halted with Ctrl-S.
        tcsetattr(&terminal, OptionalActions::Now, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(&self.terminal, OptionalActions::Now, &self.before) {
            log::warn!("the terminal stays without echo: {error}");
        }
    }
}

impl PromptError {
    /// Returns how a tool ends that could not read `what`.
    pub(super) fn into_stop(self, what: &str) -> Stop {
        match self {
            Self::Interrupted => EngineError::Cancelled.into(),
            Self::Io(source) => Stop::failed(text::terminal::unreadable(what, &source)),
            error => Stop::failed(text::terminal::unread(what, &error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Seek;

    use super::*;

    fn from(content: &[u8]) -> Result<String, PromptError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        passphrase_from(file.path(), &Interrupt::default()).map(|line| line.to_string())
    }

    #[test]
    fn a_passphrase_file_gives_its_first_line_without_trailing_blanks() {
        assert_eq!(from(b"  two words\t \r\nmore\n").unwrap(), "  two words");
        assert_eq!(from("ohne Ende ß".as_bytes()).unwrap(), "ohne Ende ß");
        assert_eq!(from(b"\nsecond\n").unwrap(), "");
    }

    #[test]
    fn no_line_other_bytes_and_endless_lines_are_told_apart() {
        assert!(matches!(from(b""), Err(PromptError::Ended)));
        assert!(matches!(from(b"\xff\n"), Err(PromptError::NotUtf8)));
        let longest = vec![b'a'; LONGEST_LINE_BYTES];
        assert_eq!(from(&longest).unwrap().len(), LONGEST_LINE_BYTES);
        assert!(matches!(
            from(&[&longest[..], b"a"].concat()),
            Err(PromptError::TooLong)
        ));
        let missing = passphrase_from(Path::new("/nonexistent"), &Interrupt::default());
        assert!(matches!(missing, Err(PromptError::Io(_))));
    }

    #[test]
    fn what_follows_a_line_stays_for_the_next_question() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"one\ntwo\n").unwrap();
        file.rewind().unwrap();
        let interrupt = Interrupt::default();
        assert_eq!(*read_line(file.as_fd(), &interrupt).unwrap(), "one");
        assert_eq!(*read_line(file.as_fd(), &interrupt).unwrap(), "two");
    }
}
