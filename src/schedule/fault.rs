// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a backup is not repeated, in a form that the helper can send.

use std::{io, path::Path, path::PathBuf};

use serde::{Deserialize, Serialize};

/// So much of what a program says is kept, in bytes: its last words say why it failed.
const MOST_WORDS_BYTES: usize = 500;

/// Why a backup is not repeated, or goes on to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ScheduleFault {
    /// This PedOS does not run, so nothing on it begins by itself.
    #[error("nothing begins by itself on a PedOS that does not run")]
    DoesNotRun,
    /// The name of the profile cannot be that of a unit.
    #[error("'{}' cannot be the name of a profile whose backup is repeated", profile.escape_debug())]
    Name {
        /// The name.
        profile: String,
    },
    /// A file could not be written or removed.
    #[error("{}: {}", path.display(), io::Error::from_raw_os_error(*errno))]
    File {
        /// The file.
        path: PathBuf,
        /// The number of the operating system's answer.
        errno: i32,
    },
    /// A program of systemd could not be started.
    #[error("{program}: {}", io::Error::from_raw_os_error(*errno))]
    Program {
        /// The program.
        program: String,
        /// The number of the operating system's answer.
        errno: i32,
    },
    /// A program of systemd did not do what it was asked for.
    #[error("{program}: {}", said.escape_debug())]
    Declined {
        /// The program.
        program: String,
        /// Its last words.
        said: String,
    },
}

impl ScheduleFault {
    pub(super) fn file(path: &Path, error: &io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            errno: error.raw_os_error().unwrap_or_default(),
        }
    }

    pub(super) fn program(program: &str, error: &io::Error) -> Self {
        Self::Program {
            program: program.to_owned(),
            errno: error.raw_os_error().unwrap_or_default(),
        }
    }
}

/// Returns the end of what a program said.
pub(super) fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let text = text.trim();
    let mut from = text.len().saturating_sub(MOST_WORDS_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..].to_owned()
}

#[cfg(test)]
impl ScheduleFault {
    one_of_each! {
        DoesNotRun,
        Name { profile: "x\u{1b}y".into() },
        File { path: "x\u{1b}y".into(), errno: 13 },
        Program { program: "systemctl".into(), errno: 2 },
        Declined { program: "systemctl".into(), said: "x\u{1b}y".into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_speech_is_kept_in_whole_letters() {
        let said = format!("{}\nFailed: ü\n", "ä".repeat(1000));
        let kept = last_words(said.as_bytes());
        assert!(kept.len() <= MOST_WORDS_BYTES && kept.ends_with("Failed: ü"), "{kept}");
    }

    #[test]
    fn a_speech_of_the_most_that_is_kept_is_kept_whole() {
        let whole = "x".repeat(MOST_WORDS_BYTES);
        assert_eq!(last_words(whole.as_bytes()), whole);
        assert_eq!(last_words(format!("y{whole}").as_bytes()), whole);
    }
}
