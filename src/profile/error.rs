// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a backup profile cannot be used or kept. Nothing of the file but its keys is in it: it may hold a passphrase.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a profile cannot be used or kept.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The profiles lie in dom0, whose file system this program does not reach.
    #[error("the backup profiles of this PedOS are out of reach from here")]
    OutOfReach,
    /// There is none of that name.
    #[error("there is no backup profile {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A name that is no file name.
    #[error("'{}' cannot be the name of a backup profile", name.escape_debug())]
    BadName {
        /// The name.
        name: String,
    },
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The file is larger than any profile.
    #[error("{} has {bytes} bytes, more than {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// Not YAML, or beyond what a profile holds.
    #[error("the backup profile cannot be read: {0}")]
    Syntax(#[from] SyntaxFault),
    /// A key is missing.
    #[error("the backup profile lacks '{key}'")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong kind.
    #[error("in the backup profile, '{key}' has to be {expected}")]
    Wrong {
        /// The key.
        key: &'static str,
        /// What it should be.
        expected: Expected,
    },
    /// A compression that this program does not have.
    #[error("the backup profile wants the compression '{}', which is not known", name.escape_debug())]
    UnknownCompression {
        /// Its name.
        name: String,
    },
}

impl ProfileError {
    /// Returns the error that an answer of the operating system is for the file of a profile.
    pub(super) fn of_file(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Io { path, source },
        }
    }
}

/// Why a text is no profile, whatever its keys say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxFault {
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It is not YAML.
    #[error("it is not YAML in line {line}, column {column}")]
    NotYaml {
        /// The line, from one.
        line: usize,
        /// The column, from one.
        column: usize,
    },
    /// It is not a mapping from keys to values.
    #[error("it is not a mapping")]
    NotAMapping,
    /// It has more than one document.
    #[error("there is a second document in it")]
    SecondDocument,
    /// It ends before its values do.
    #[error("it ends early")]
    Unfinished,
    /// A key is a list or a mapping.
    #[error("a key is not a word")]
    Key,
    /// A key stands in it a second time.
    #[error("'{}' stands in it twice", key.escape_debug())]
    Twice {
        /// The key.
        key: String,
    },
    /// A list holds lists or mappings.
    #[error("a list holds more than words")]
    List,
    /// A value refers to another one.
    #[error("a value refers to another one")]
    Reference,
}

/// What the value of a key has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Expected {
    /// A text.
    #[error("a text")]
    Text,
    /// A list of names.
    #[error("a list of names")]
    Names,
    /// Whether to compress, or the name of a compression.
    #[error("true, false or the name of a compression")]
    Compression,
    /// A mapping from keys to values.
    #[error("a mapping")]
    Mapping,
    /// Yes or no.
    #[error("true or false")]
    Truth,
    /// A level of compression.
    #[error("fast, balanced, small or a number")]
    Level,
    /// How expensive each guess at the passphrase is.
    #[error("default or reference")]
    Strength,
    /// How many there are of something.
    #[error("a number from 1 on")]
    Count,
    /// How many days.
    #[error("a number of days")]
    Days,
}

#[cfg(all(test, feature = "tools"))]
mod each {
    use super::*;

    fn text() -> String {
        "x\u{1b}y".to_owned()
    }

    impl ProfileError {
        one_of_each! {
            OutOfReach,
            NotFound { path: text().into() },
            BadName { name: text() },
            Io { path: text().into(), source: io::ErrorKind::PermissionDenied.into() },
            TooLarge { path: text().into(), bytes: 9, limit: 7 },
            Syntax { 0: SyntaxFault::Key },
            Missing { key: "include" },
            Wrong { key: "include", expected: Expected::Names },
            UnknownCompression { name: text() },
        }

        /// One of every kind, with one of every kind of what it holds.
        pub(crate) fn all() -> Vec<Self> {
            let wrong = |expected| Self::Wrong {
                key: "include",
                expected,
            };
            let mut all = Self::one_of_each();
            all.retain(|error| !matches!(error, Self::Syntax(_) | Self::Wrong { .. }));
            all.extend(SyntaxFault::one_of_each().into_iter().map(Self::Syntax));
            all.extend(Expected::one_of_each().into_iter().map(wrong));
            all
        }
    }

    impl SyntaxFault {
        one_of_each! {
            NotUtf8,
            NotYaml { line: 2, column: 7 },
            NotAMapping, SecondDocument, Unfinished, Key,
            Twice { key: text() },
            List, Reference,
        }
    }

    impl Expected {
        one_of_each! { Text, Names, Compression, Mapping, Truth, Level, Strength, Count, Days }
    }
}
