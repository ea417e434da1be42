// SPDX-License-Identifier: GPL-3.0-or-later
//! The history of a system: how each backup, restore and verification of all programs ended.
//!
//! It is a file beside the profiles with a report to a line, in the form of `docs/schema/report.schema.json`. A line is appended
//! when a job ends, before anybody hears of its end. A line that a crash has torn is passed over, and the next one begins on a
//! line of its own.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::Deserialize;

use crate::{
    durable,
    engine::ArchiveInfo,
    host::LocalDir,
    job::{Ended, JobKind, Outcome},
    json::{self, Unopened, WhyUnopened},
};

/// The file beside the profiles. Its ending keeps it out of every list of profiles.
const FILE: &str = "pedos-backup.history";

/// The largest history in bytes: a year of daily backups of 300 VMs. When it is reached, the older half is forgotten.
const MOST_BYTES: u64 = 16 << 20;

/// Room for the longest line.
const ROOM_BYTES: u64 = 1 << 20;

/// The mode of the file: it names places and VMs of its user.
const MODE: u32 = 0o600;

/// The outcome of a backup whose place is not there.
pub const WAITING: &str = "waiting";

/// How a run ended, as far as a list of runs says it. Untrusted: every user who may write into
/// the folder of profiles can change it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PastRun {
    /// What it was there for: "backup", "restore" or "verify".
    pub job: String,
    /// "done", "partial", "failed", "cancelled" or "waiting".
    pub outcome: String,
    /// What reading the archive has shown: "good", "bad" or "not_verified".
    pub verdict: String,
    /// Where the archive is, for display.
    pub place: String,
    /// The profile by which a backup was made. Lines of older versions do not say it.
    #[serde(default)]
    pub profile: Option<String>,
    /// When it ended, in ISO 8601 with the offset of that time.
    pub ended_at: String,
    /// How long it took.
    pub elapsed_seconds: Option<f64>,
    /// The size of the archive.
    pub archive_bytes: Option<u64>,
    /// Each VM.
    pub vms: Vec<PastVm>,
    /// Why it failed, where one cause stands for all of it.
    pub error: Option<PastError>,
}

/// A VM of a past run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastVm {
    /// By name in the archive.
    pub name: String,
    /// How it ended, as the report's schema has it.
    pub state: String,
}

/// Why a past run failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastError {
    /// A sentence in English.
    pub text: String,
}

/// What the history says of a job beside its outcome.
#[derive(Debug, Clone)]
pub struct Noted {
    /// What the job is there for.
    pub kind: JobKind,
    /// Where the archive is, for display, where the report does not say it.
    pub place: String,
    /// What the archive says of itself, where it was opened.
    pub archive: Option<ArchiveInfo>,
    /// The profile by which a backup is made.
    pub profile: Option<String>,
}

/// Returns what notes the end of a job, for [`crate::job::spawn_noted`]. What goes wrong with that is logged: the job is what it is.
pub fn noting(folder: Option<LocalDir>, noted: Noted) -> impl FnOnce(&Outcome) + Send + 'static {
    move |outcome| {
        let Some(folder) = folder.filter(|_| noted.kind != JobKind::Extract) else {
            return;
        };
        let said = match outcome {
            Outcome::Done(report) if !report.place.is_empty() => &report.place,
            _ => &noted.place,
        };
        let ended = Ended {
            kind: noted.kind,
            outcome,
            place: said,
            archive: noted.archive.as_ref(),
            profile: noted.profile.as_deref(),
            at: SystemTime::now(),
        };
        note(&folder, &json::report(&ended));
    }
}

/// Notes a backup of a profile that ended before it began. One that goes on to wait for its place is noted once: it is tried
/// every few minutes.
pub fn note_unopened(folder: &LocalDir, ended: &Unopened<'_>) {
    let is_of_profile = |run: &PastRun| run.job == ended.job && run.profile.as_deref() == ended.profile;
    let waits = matches!(ended.why, WhyUnopened::Waiting(_));
    if waits
        && let Ok(runs) = past_runs(folder)
        && runs
            .iter()
            .find(|run| is_of_profile(run))
            .is_some_and(|run| run.outcome == WAITING)
    {
        return;
    }
    note(folder, &json::unopened(ended));
}

fn note(folder: &LocalDir, report: &str) {
    if let Err(error) = append(folder, &json::in_one_line(report)) {
        log::warn!("the history was not written: {error}");
    }
}

/// Makes sure that a line can be appended by a program that may do nothing else in the folder, and returns the file; `None` where
/// there can be no history.
pub fn made_ready(folder: &LocalDir) -> Option<PathBuf> {
    let prepare = || {
        let _lock = folder.lock()?;
        let (path, file) = open(folder)?;
        if file.metadata()?.len() + ROOM_BYTES > MOST_BYTES {
            durable::replace(&path, newer_half(&read(&path)?).as_bytes(), MODE)?;
        }
        Ok(path)
    };
    let made: io::Result<PathBuf> = prepare();
    made.inspect_err(|error| log::warn!("the history cannot be written: {error}"))
        .ok()
}

/// Opens the history to append to it, and makes it where there is none.
fn open(folder: &LocalDir) -> io::Result<(PathBuf, File)> {
    let path = folder.path().join(FILE);
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).mode(MODE).open(&path)?;
    if file.metadata()?.len() == 0 {
        durable::hand_over(&file, folder.path());
    }
    Ok((path, file))
}

/// Returns the runs of the history, the newest first.
///
/// # Errors
/// When there is a history and it cannot be read.
pub fn past_runs(folder: &LocalDir) -> io::Result<Vec<PastRun>> {
    let lines = lines(folder)?;
    let runs = lines.iter().rev().filter_map(|line| serde_json::from_str(line).ok());
    Ok(runs.collect())
}

/// Returns the history as one document, as `docs/schema/history.schema.json` describes it; the newest run first.
///
/// # Errors
/// When there is a history and it cannot be read.
pub fn document(folder: &LocalDir) -> io::Result<String> {
    let lines = lines(folder)?;
    let is_run = |line: &&String| serde_json::from_str::<PastRun>(line).is_ok();
    Ok(json::history(lines.iter().rev().filter(is_run).map(String::as_str)))
}

/// Appends a line, which ends with a line end.
fn append(folder: &LocalDir, line: &str) -> io::Result<()> {
    // Runs that end at the same time wait for each other.
    let _lock = folder.lock()?;
    let (path, mut file) = open(folder)?;
    let bytes = file.metadata()?.len();
    if bytes + line.len() as u64 > MOST_BYTES {
        let mut text = newer_half(&read(&path)?);
        text.push_str(line);
        return durable::replace(&path, text.as_bytes(), MODE);
    }
    let mut text = String::new();
    if bytes > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            // A crash has torn the line before.
            text.push('\n');
        }
    }
    text.push_str(line);
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// The newer half of a text, in whole lines.
fn newer_half(text: &str) -> String {
    let middle = text.len() / 2;
    let from = text.as_bytes()[middle..].iter().position(|byte| *byte == b'\n');
    // Behind a line end there is no middle of a letter.
    from.map_or_else(String::new, |at| text[middle + at + 1..].to_owned())
}

fn lines(folder: &LocalDir) -> io::Result<Vec<String>> {
    match read(&folder.path().join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        text => Ok(text?.lines().map(str::to_owned).collect()),
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    // Another program may have made it larger.
    File::open(path)?.take(2 * MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::engine::{EngineError, Partial, Report};

    fn note_end(folder: &LocalDir, kind: JobKind, outcome: &Outcome) {
        let noted = Noted {
            kind,
            place: "/mnt/disk".to_owned(),
            archive: None,
            profile: None,
        };
        noting(Some(folder.clone()), noted)(outcome);
    }

    fn report(place: &str) -> Outcome {
        Outcome::Done(Box::new(Report {
            place: place.to_owned(),
            archive_bytes: 7,
            ..Report::default()
        }))
    }

    #[test]
    fn what_ended_is_kept_in_its_order_and_an_extraction_is_not() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path().join("etc"));
        assert_eq!(past_runs(&folder).unwrap(), []);
        note_end(&folder, JobKind::Backup, &report("/mnt/disk/a"));
        note_end(&folder, JobKind::Extract, &report("/mnt/disk/a"));
        note_end(
            &folder,
            JobKind::Verify,
            &Outcome::Failed(EngineError::NoThread, Partial::default()),
        );
        let runs = past_runs(&folder).unwrap();
        let said: Vec<_> = runs
            .iter()
            .map(|run| (run.job.as_str(), run.outcome.as_str(), run.place.as_str()))
            .collect();
        assert_eq!(
            said,
            [("verify", "failed", "/mnt/disk"), ("backup", "done", "/mnt/disk/a")]
        );
        assert_eq!(runs[1].archive_bytes, Some(7));
        assert!(runs[0].error.is_some());
    }

    #[test]
    fn a_torn_line_costs_itself_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path());
        note_end(&folder, JobKind::Backup, &report("/1"));
        note_end(&folder, JobKind::Backup, &report("/2"));
        let path = folder.path().join(FILE);
        let whole = fs::read(&path).unwrap();
        for cut in 1..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            note_end(&folder, JobKind::Backup, &report("/3"));
            let places: Vec<String> = past_runs(&folder).unwrap().into_iter().map(|run| run.place).collect();
            let first_end = whole.iter().position(|byte| *byte == b'\n').unwrap();
            let before = if cut >= whole.len() - 1 {
                2
            } else {
                usize::from(cut >= first_end)
            };
            assert_eq!(places.len(), before + 1, "{cut}");
            assert_eq!(places[0], "/3");
        }
    }

    #[test]
    fn it_is_bounded_and_forgets_the_oldest_first() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path());
        note_end(&folder, JobKind::Backup, &report("/old"));
        let path = folder.path().join(FILE);
        let line = fs::read_to_string(&path).unwrap();
        let count = usize::try_from(MOST_BYTES).unwrap() / line.len();
        fs::write(&path, line.repeat(count)).unwrap();
        note_end(
            &folder,
            JobKind::Backup,
            &report("/new and a little longer than what was there"),
        );
        let runs = past_runs(&folder).unwrap();
        assert!(
            runs.len() > count / 3 && runs.len() <= count / 2 + 2,
            "{} of {count}",
            runs.len()
        );
        assert!(runs[0].place.starts_with("/new") && runs[1].place == "/old");
        assert!(fs::metadata(&path).unwrap().len() < MOST_BYTES);
    }

    #[test]
    fn a_backup_that_waits_is_noted_once_until_something_else_happens() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path());
        let absent = EngineError::NoThread;
        let unopened = |why| Unopened {
            job: "backup",
            place: "/mnt/disk",
            profile: Some("night"),
            why,
        };
        let note = |why| note_unopened(&folder, &unopened(why));
        note(WhyUnopened::Waiting(&absent));
        note_end(&folder, JobKind::Backup, &report("/by/hand"));
        note(WhyUnopened::Waiting(&absent));
        note(WhyUnopened::Said("no passphrase"));
        note(WhyUnopened::Said("no passphrase"));
        note(WhyUnopened::Waiting(&absent));
        let runs = past_runs(&folder).unwrap();
        let outcomes: Vec<&str> = runs.iter().rev().map(|run| run.outcome.as_str()).collect();
        assert_eq!(outcomes, ["waiting", "done", "failed", "failed", "waiting"]);
        assert_eq!(runs[0].profile.as_deref(), Some("night"));
        assert_eq!(runs[1].error.as_ref().unwrap().text, "no passphrase");
    }

    #[test]
    fn a_history_grows_to_its_largest_size_and_loses_its_older_half_then() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path().to_owned());
        let path = scratch.path().join(FILE);
        let line = "x".repeat(1023) + "\n";
        let most = usize::try_from(MOST_BYTES).unwrap();
        fs::write(&path, line.repeat(most / 1024 - 1)).unwrap();
        append(&folder, &line).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), MOST_BYTES);
        append(&folder, "\n").unwrap();
        let kept = fs::read_to_string(&path).unwrap();
        assert!(kept.ends_with("x\n\n") && kept.len() <= most / 2 + 1, "{}", kept.len());
    }

    #[test]
    fn a_history_that_is_made_ready_has_room_for_a_line() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = LocalDir::new(scratch.path().to_owned());
        let path = scratch.path().join(FILE);
        let line = "x".repeat(1023) + "\n";
        let whole = line.repeat(usize::try_from(MOST_BYTES - ROOM_BYTES).unwrap() / line.len());
        for (text, is_kept) in [(whole.clone(), true), (whole + "\n", false)] {
            fs::write(&path, &text).unwrap();
            assert_eq!(made_ready(&folder).as_ref(), Some(&path));
            let bytes = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
            assert_eq!(bytes == text.len(), is_kept);
            assert!(bytes == text.len() || bytes <= text.len() / 2, "{bytes}");
        }
    }
}
