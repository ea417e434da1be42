// SPDX-License-Identifier: GPL-3.0-or-later
//! Backups that systemd repeats: a timer for each profile, how often it elapses, and the passphrase as an encrypted credential.
//!
//! All state is what systemd itself reads, below the folder that dom0's own paths are taken in: the link that enables
//! `pedos-backup@PROFILE.timer`, a drop-in with its rhythm, and `credstore.encrypted/pedos-backup.PROFILE`. So a user may change it with
//! `systemctl` as well. Setting it needs root's rights; reading it needs none. No passphrase is ever written in plain text.

mod fault;
mod unit;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{durable, secret::Passphrase};

pub use fault::ScheduleFault;
use unit::{instance, timer};

/// Where units and their drop-ins are kept that an administrator makes.
const UNITS: &str = "etc/systemd/system";
/// Where encrypted credentials are kept.
const CREDENTIALS: &str = "etc/credstore.encrypted";
/// The drop-in with the rhythm. Another one of the user's own may stand beside it.
const DROP_IN: &str = "rhythm.conf";
/// The folder of the links that enable timers.
const WANTED: &str = "timers.target.wants";
/// The name of the credential, which is a part of what is encrypted.
const CREDENTIAL: &str = "passphrase";
/// The units of a user's session that remind of backups.
const REMINDERS: [&str; 2] = ["pedos-backup-reminder.timer", "pedos-backup-reminder.path"];
/// Where systemd's own programs are. The caller's path is not asked: they run as root.
const PATH: &str = "/usr/bin:/bin:/usr/sbin:/sbin";

/// How often a backup is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// Every day at midnight.
    Daily,
    /// Every Monday at midnight.
    Weekly,
    /// On the first day of each month at midnight.
    Monthly,
}

impl Rhythm {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];

    /// Returns the word for it: on the command line, and as systemd's calendar event.
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// Returns the rhythm of that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rhythm| rhythm.name() == word)
    }

    /// Returns the longest time between two runs, if each begins when it is due.
    pub fn period(self) -> Duration {
        let days = match self {
            Self::Daily => 1,
            Self::Weekly => 7,
            Self::Monthly => 31,
        };
        Duration::from_secs(days * 24 * 60 * 60)
    }
}

/// Returns how often the backup of a profile is repeated; `None` where it is not.
pub fn rhythm(root: &Path, profile: &str) -> Option<Rhythm> {
    let timer = timer(profile);
    let units = root.join(UNITS);
    fs::symlink_metadata(units.join(WANTED).join(&timer)).ok()?;
    let drop_in = fs::read_to_string(drop_in(&units, &timer)).unwrap_or_default();
    let words = drop_in.lines().filter_map(|line| line.strip_prefix("OnCalendar="));
    // A timer that somebody enabled with systemctl has no drop-in, and is as its template says.
    Some(words.filter_map(Rhythm::named).next_back().unwrap_or(Rhythm::Weekly))
}

/// Has the backup of a profile repeated from now on. Without a passphrase the profile itself has to know it; an older credential
/// goes then.
///
/// # Errors
/// When a file cannot be written, or systemd does not do its part. A backup that was repeated before still is then.
pub fn repeat(
    root: &Path,
    profile: &str,
    rhythm: Rhythm,
    passphrase: Option<&Passphrase>,
) -> Result<(), ScheduleFault> {
    check(profile)?;
    let timer = timer(profile);
    let units = root.join(UNITS);
    let credential = credential(root, profile);
    match passphrase {
        Some(passphrase) => encrypt(&credential, passphrase)?,
        None => remove(&credential)?,
    }
    let drop_in = drop_in(&units, &timer);
    let content = format!("[Timer]\nOnCalendar=\nOnCalendar={}\n", rhythm.name());
    let failed = |error: io::Error| ScheduleFault::file(&drop_in, &error);
    fs::create_dir_all(drop_in.parent().unwrap_or(&units)).map_err(failed)?;
    durable::replace(&drop_in, content.as_bytes(), 0o644).map_err(failed)?;
    systemctl(root, &["enable", &timer])?;
    if is_running(root) {
        systemctl(root, &["daemon-reload"])?;
        systemctl(root, &["restart", &timer])?;
    }
    Ok(())
}

/// Has the user who calls this reminded of backups that need attention, where the PedOS is the one that runs here. It is a courtesy: a
/// user without a session of systemd, or a system without the units, goes without.
pub fn remind_user(root: &Path) {
    if root != Path::new("/") {
        return;
    }
    let mut enable = Command::new("systemctl");
    enable.args(["--user", "--quiet", "enable", "--now"]).args(REMINDERS);
    let output = enable.stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) => log::debug!("no reminders: {}", fault::last_words(&output.stderr)),
        Err(error) => log::debug!("no reminders: {error}"),
    }
}

/// Has the backup of a profile not repeated any more, and forgets its passphrase. One that was not repeated is none to worry about.
///
/// # Errors
/// When a file cannot be removed, or systemd does not do its part.
pub fn end(root: &Path, profile: &str) -> Result<(), ScheduleFault> {
    check(profile)?;
    let timer = timer(profile);
    let units = root.join(UNITS);
    if rhythm(root, profile).is_some() {
        systemctl(root, &["disable", &timer])?;
        if is_running(root) {
            systemctl(root, &["stop", &timer])?;
        }
    }
    let drop_in = drop_in(&units, &timer);
    remove(&drop_in)?;
    // The user's own drop-ins stay, and the folder with them.
    let _ = drop_in.parent().map(fs::remove_dir);
    remove(&credential(root, profile))
}

fn check(profile: &str) -> Result<(), ScheduleFault> {
    let is_fine = !profile.is_empty() && !profile.starts_with('.') && !profile.contains(['/', '\0', '\n']);
    // The names of the unit's files are no longer than a name may be.
    if is_fine && instance(profile).len() <= unit::LONGEST_INSTANCE_BYTES {
        return Ok(());
    }
    Err(ScheduleFault::Name {
        profile: profile.to_owned(),
    })
}

/// Whether systemd runs the units of that folder.
fn is_running(root: &Path) -> bool {
    root == Path::new("/") && Path::new("/run/systemd/system").is_dir()
}

fn drop_in(units: &Path, timer: &str) -> PathBuf {
    units.join(format!("{timer}.d")).join(DROP_IN)
}

fn credential(root: &Path, profile: &str) -> PathBuf {
    root.join(CREDENTIALS)
        .join(format!("pedos-backup.{}", instance(profile)))
}

fn remove(path: &Path) -> Result<(), ScheduleFault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ScheduleFault::file(path, &error)),
        _ => Ok(()),
    }
}

/// Puts the passphrase where the unit expects it, encrypted with the key of this computer.
fn encrypt(path: &Path, passphrase: &Passphrase) -> Result<(), ScheduleFault> {
    let encrypted = run(
        Command::new("systemd-creds").args(["encrypt", &format!("--name={CREDENTIAL}"), "-", "-"]),
        passphrase.as_bytes(),
    )?;
    let failed = |error: io::Error| ScheduleFault::file(path, &error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    durable::replace_private(path, &encrypted, 0o600).map_err(failed)
}

fn systemctl(root: &Path, arguments: &[&str]) -> Result<(), ScheduleFault> {
    let mut command = Command::new("systemctl");
    if root != Path::new("/") {
        let mut option = std::ffi::OsString::from("--root=");
        option.push(root);
        command.arg(option);
    }
    run(command.arg("--quiet").args(arguments), b"").map(drop)
}

/// Runs a program of systemd with that standard input, and returns what it prints.
fn run(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, ScheduleFault> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |error: io::Error| ScheduleFault::program(&program, &error);
    let mut child = command
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // A passphrase is shorter than a pipe; who does not read it says why.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = io::Write::write_all(&mut stdin, input);
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(ScheduleFault::Declined {
        program,
        said: fault::last_words(&output.stderr),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_rhythms_belong_together() {
        for rhythm in Rhythm::ALL {
            assert_eq!(Rhythm::named(rhythm.name()), Some(rhythm));
        }
        assert_eq!(Rhythm::named("hourly"), None);
        assert!(Rhythm::ALL.is_sorted_by_key(|rhythm| rhythm.period()));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_before_anything_is_written() {
        let root = tempfile::tempdir().unwrap();
        let long = "x".repeat(300);
        for name in ["", ".x", "../x", "a/b", "a\nb", long.as_str()] {
            let refused = repeat(root.path(), name, Rhythm::Daily, None);
            assert!(matches!(refused, Err(ScheduleFault::Name { .. })), "{name:?}");
            assert!(end(root.path(), name).is_err());
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_systemd_reads_is_what_is_read() {
        let root = tempfile::tempdir().unwrap();
        let units = root.path().join(UNITS);
        assert_eq!(rhythm(root.path(), "night"), None);
        fs::create_dir_all(units.join(WANTED)).unwrap();
        std::os::unix::fs::symlink("/nowhere", units.join(WANTED).join(timer("night"))).unwrap();
        assert_eq!(rhythm(root.path(), "night"), Some(Rhythm::Weekly));
        let path = drop_in(&units, &timer("night"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "[Timer]\nOnCalendar=\nOnCalendar=monthly\n").unwrap();
        assert_eq!(rhythm(root.path(), "night"), Some(Rhythm::Monthly));
        assert_eq!(rhythm(root.path(), "nigh"), None);
    }

    #[test]
    fn the_end_of_what_never_began_is_no_fault() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(end(root.path(), "night"), Ok(()));
    }
}
