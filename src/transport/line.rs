// SPDX-License-Identifier: GPL-3.0-or-later
//! The line that the service of a VM is told: a path there, or a command.

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
    /// The service does not take `~` for a home: it would look for a directory or a command of that very name.
    #[error("the directory or command begins with '~': write the full path")]
    Tilde,
}

/// Checks a directory or command before it goes to `qubes.Backup` or `qubes.Restore`.
///
/// # Errors
/// When the service would not do with it what its user means.
pub fn check_line(line: &str) -> Result<(), LineProblem> {
    let line = line.trim();
    if line.is_empty() {
        return Err(LineProblem::Empty);
    }
    if line.starts_with('~') {
        return Err(LineProblem::Tilde);
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
            assert_eq!(check_line(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn what_would_lose_the_archive_is_refused() {
        assert_eq!(check_line("gzip > /x.gz"), Err(LineProblem::ShellOperator('>')));
        assert_eq!(check_line("a | b"), Err(LineProblem::ShellOperator('|')));
        assert_eq!(check_line("a && b"), Err(LineProblem::ShellOperator('&')));
        assert_eq!(check_line("a 'b"), Err(LineProblem::OpenQuote));
        assert_eq!(check_line("/a\n/b"), Err(LineProblem::LineBreak));
        assert_eq!(check_line("  "), Err(LineProblem::Empty));
    }

    #[test]
    fn a_home_that_the_service_would_not_find_is_refused_and_one_that_its_shell_finds_passes() {
        for line in ["~", "~/backups", " ~user/backups", "~/bin/take -x"] {
            assert_eq!(check_line(line), Err(LineProblem::Tilde), "{line}");
        }
        assert_eq!(check_line("dd of=~/backup"), Ok(()));
    }
}
