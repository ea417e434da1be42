// SPDX-License-Identifier: GPL-3.0-or-later
//! How the place of an archive is reached, as a wizard offers it: a path, a server by ssh, cloud storage by rclone, or any
//! program that speaks SFTP.

/// How a place is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReachKind {
    /// By its path in dom0, or by the service of a VM, which takes a path or a command.
    #[default]
    Path,
    /// By ssh.
    Server,
    /// By rclone.
    Cloud,
    /// By a program that is written out.
    Program,
}

/// What stands before and after the name of a server.
const SSH: (&str, &str) = ("ssh -oBatchMode=yes -s -- ", " sftp");

/// What stands before the name of a remote.
const RCLONE: &str = "rclone serve sftp --stdio -- ";

impl ReachKind {
    /// All of them in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Path, Self::Server, Self::Cloud, Self::Program];

    /// Returns the program that reaches a server, a remote or a store by that name; none where a path is meant.
    pub fn program(self, name: &str) -> Option<String> {
        let name = name.trim();
        match self {
            Self::Path => None,
            Self::Server => Some(format!("{}{}{}", SSH.0, quoted(name), SSH.1)),
            // rclone tells a remote from a path by the colon.
            Self::Cloud if name.contains(':') => Some(format!("{RCLONE}{}", quoted(name))),
            Self::Cloud => Some(format!("{RCLONE}{}", quoted(&format!("{name}:")))),
            Self::Program => Some(name.to_owned()),
        }
    }

    /// Returns the kind and the name that a program stands for.
    pub fn of_program(program: &str) -> (Self, String) {
        let plain = |name: &str| (quoted(name) == name).then(|| name.to_owned());
        let server = program.strip_prefix(SSH.0).and_then(|rest| rest.strip_suffix(SSH.1));
        if let Some(name) = server.and_then(plain) {
            return (Self::Server, name);
        }
        match program.strip_prefix(RCLONE).and_then(plain) {
            Some(name) => (Self::Cloud, name),
            None => (Self::Program, program.to_owned()),
        }
    }
}

/// Returns a word as the shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@._:/+-=,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_name_becomes_a_program_and_is_found_in_it_again() {
        for (kind, name, program) in [
            (
                ReachKind::Server,
                "me@nas.local",
                "ssh -oBatchMode=yes -s -- me@nas.local sftp",
            ),
            (
                ReachKind::Cloud,
                "cloud:backups",
                "rclone serve sftp --stdio -- cloud:backups",
            ),
            (ReachKind::Program, "/opt/sftp -x", "/opt/sftp -x"),
        ] {
            assert_eq!(kind.program(name).as_deref(), Some(program));
            assert_eq!(ReachKind::of_program(program), (kind, name.to_owned()));
        }
        assert_eq!(ReachKind::Path.program("x"), None);
        assert_eq!(
            ReachKind::Cloud.program("cloud").as_deref(),
            Some("rclone serve sftp --stdio -- cloud:")
        );
    }

    #[test]
    fn no_name_is_more_than_one_word_of_the_shell() {
        for name in [
            "-oProxyCommand=touch x",
            "a b",
            "$(touch x)",
            "it's",
            "a;b",
            "\"",
            "`x`",
            "ü",
        ] {
            let program = ReachKind::Server.program(name).unwrap();
            let words = format!("printf '%s\\n' {}", program.strip_prefix("ssh ").unwrap());
            let output = Command::new("sh").args(["-c", &words]).output().unwrap();
            let expected = format!("-oBatchMode=yes\n-s\n--\n{name}\nsftp\n");
            assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
            // A name that had to be quoted is shown as the whole program.
            assert_eq!(ReachKind::of_program(&program), (ReachKind::Program, program));
        }
    }
}
