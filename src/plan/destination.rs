// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive goes to and comes from.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Pipe;

/// Where a backup is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A new file with the standard name in this folder.
    Directory(PathBuf),
    /// This file, which must not exist yet.
    File(PathBuf),
    /// A service of a running VM; the line is a directory there, or a command that reads the archive.
    Service {
        /// The VM.
        vm: String,
        /// What the VM is told: one line.
        line: String,
    },
}

/// Why a verification that was asked for is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// The archive goes into a VM, where it cannot be read back yet.
    #[error("only an archive that is a file on this host can be read again")]
    InVm,
    /// Its user stopped it; the archive itself was written before.
    #[error("the verification was cancelled")]
    Cancelled,
}

impl Destination {
    /// Why an archive that was written there cannot be read again; `None` where it can be.
    pub fn unverifiable(&self) -> Option<Unverified> {
        match self {
            Self::Directory(_) | Self::File(_) => None,
            Self::Service { .. } => Some(Unverified::InVm),
        }
    }
}

/// Where an archive is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Several files that are one archive in this order.
    Parts(Vec<PathBuf>),
    /// A pipe, whose bytes come once and in order.
    Pipe(Arc<Pipe>),
    /// A service of a running VM; the line is a file there, or a command that prints the archive.
    Service {
        /// The VM.
        vm: String,
        /// What the VM is told: one line.
        line: String,
    },
    /// A service of a running VM that stands for one archive, by its whole name.
    Registered {
        /// The VM.
        vm: String,
        /// The service, with its argument.
        service: String,
    },
}

impl Source {
    /// The file, where the archive is one on this host.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Parts(_) | Self::Pipe(_) | Self::Service { .. } | Self::Registered { .. } => None,
        }
    }

    /// Whether it is read on this host, without a VM of it.
    pub fn is_here(&self) -> bool {
        matches!(self, Self::File(_) | Self::Parts(_) | Self::Pipe(_))
    }

    /// Whether it can be read more than once, and anywhere.
    pub fn is_seekable(&self) -> bool {
        matches!(self, Self::File(_) | Self::Parts(_))
    }
}

/// Why a line cannot be given to the service of a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// There is nothing in it.
    #[error("no directory or command is given")]
    Empty,
    /// A line end or a NUL in it would make two lines of it.
    #[error("the directory or command contains a line break")]
    LineBreak,
    /// The service runs one simple command; unquoted `|`, `>`, `<`, `;`, `&` would act on something else and the
    /// archive would be lost without an error.
    #[error("the command contains an unquoted '{0}': write sh -c '...' around it")]
    ShellOperator(char),
    /// A quote is opened and not closed.
    #[error("the command has an open quote")]
    OpenQuote,
}

/// Checks a directory or command before it goes to `qubes.Backup` or `qubes.Restore`.
///
/// # Errors
/// When the service would not do with it what its user means.
pub fn check_service_line(line: &str) -> Result<(), LineProblem> {
    let line = line.trim();
    if line.is_empty() {
        return Err(LineProblem::Empty);
    }
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (c, quote) {
            ('\n' | '\r' | '\0', _) => return Err(LineProblem::LineBreak),
            ('\\', None | Some('"')) => {
                characters.next();
            }
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('|' | '>' | '<' | ';' | '&', None) => return Err(LineProblem::ShellOperator(c)),
            _ => {}
        }
    }
    if quote.is_some() {
        Err(LineProblem::OpenQuote)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_and_a_simple_command_pass() {
        for line in [
            "/mnt/disk",
            "/mnt/my disk",
            "dd of=/x bs=1M",
            "sh -c 'gzip > /x.gz'",
            "sh -c \"a | b\"",
            "a \\> b",
        ] {
            assert_eq!(check_service_line(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn what_would_lose_the_archive_is_refused() {
        assert_eq!(check_service_line("gzip > /x.gz"), Err(LineProblem::ShellOperator('>')));
        assert_eq!(check_service_line("a | b"), Err(LineProblem::ShellOperator('|')));
        assert_eq!(check_service_line("a && b"), Err(LineProblem::ShellOperator('&')));
        assert_eq!(check_service_line("a 'b"), Err(LineProblem::OpenQuote));
        assert_eq!(check_service_line("/a\n/b"), Err(LineProblem::LineBreak));
        assert_eq!(check_service_line("  "), Err(LineProblem::Empty));
    }
}
