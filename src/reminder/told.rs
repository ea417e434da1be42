// SPDX-License-Identifier: GPL-3.0-or-later
//! What a user was reminded of, and when: nobody wants to hear the same every day.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::{DAY, Reminder};
use crate::durable;

/// So many days later what is still so is said again.
const AGAIN_DAYS: i64 = 3;
/// The same of what is less urgent.
const LATER_DAYS: i64 = 14;
/// The largest file that is read, in bytes.
const LARGEST_BYTES: u64 = 1 << 20;

/// What a user was reminded of: a file of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Told(BTreeMap<String, i64>);

impl Told {
    /// Reads the file. What cannot be read is said again, which does less harm than a silence.
    pub fn read(path: &Path) -> Self {
        let content = durable::read_at_most(path, LARGEST_BYTES + 1).unwrap_or_default();
        if content.len() as u64 > LARGEST_BYTES {
            return Self::default();
        }
        serde_json::from_slice(&content).unwrap_or_default()
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let content = serde_json::to_vec(self).map_err(io::Error::other)?;
        durable::replace_private(path, &content, 0o600)
    }

    /// Returns those that are to be said at that time, and takes them for said. What is not so any more is forgotten.
    pub fn news(&mut self, due: Vec<Reminder>, now: i64) -> Vec<Reminder> {
        let keys: Vec<String> = due.iter().map(key).collect();
        self.0.retain(|known, _| keys.contains(known));
        let is_news = |reminder: &Reminder| {
            let said = self.0.get(&key(reminder));
            // A clock that was set back says it once too often.
            said.is_none_or(|said| now < *said || now - said >= pause(reminder))
        };
        let news: Vec<Reminder> = due.into_iter().filter(is_news).collect();
        self.0.extend(news.iter().map(|reminder| (key(reminder), now)));
        news
    }
}

fn key(reminder: &Reminder) -> String {
    match reminder {
        // Each failure is one of its own.
        Reminder::Failed { profile, at, .. } => format!("failed {at} {profile}"),
        Reminder::Overdue { profile, .. } => format!("overdue {profile}"),
        Reminder::NeverVerified { profile } => format!("never verified {profile}"),
    }
}

fn pause(reminder: &Reminder) -> i64 {
    match reminder {
        Reminder::Failed { .. } | Reminder::Overdue { .. } => AGAIN_DAYS * DAY,
        Reminder::NeverVerified { .. } => LATER_DAYS * DAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overdue(days: u32) -> Reminder {
        Reminder::Overdue {
            profile: "night".to_owned(),
            days: Some(days),
            is_waiting: false,
        }
    }

    #[test]
    fn what_was_said_is_said_again_only_after_some_days() {
        let mut told = Told::default();
        assert_eq!(told.news(vec![overdue(9)], 0).len(), 1);
        assert_eq!(told.news(vec![overdue(10)], DAY), []);
        assert_eq!(told.news(vec![overdue(12)], 3 * DAY).len(), 1);
        assert_eq!(told.news(vec![overdue(12)], 4 * DAY), []);
        // It was mended in between.
        assert_eq!(told.news(vec![], 5 * DAY), []);
        assert_eq!(told.news(vec![overdue(9)], 5 * DAY).len(), 1);
    }

    #[test]
    fn each_failure_is_news() {
        let failed = |at: &str| Reminder::Failed {
            profile: "night".to_owned(),
            at: at.to_owned(),
            why: None,
        };
        let mut told = Told::default();
        assert_eq!(told.news(vec![failed("1")], 0).len(), 1);
        assert_eq!(told.news(vec![failed("2")], 1).len(), 1);
        assert_eq!(told.news(vec![failed("2")], 2), []);
    }

    #[test]
    fn it_comes_back_from_its_file_and_a_broken_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/told");
        assert_eq!(Told::read(&path), Told::default());
        let mut told = Told::default();
        told.news(vec![overdue(9)], 7);
        told.write(&path).unwrap();
        assert_eq!(Told::read(&path), told);
        fs::write(&path, "{").unwrap();
        assert_eq!(Told::read(&path), Told::default());
    }

    #[test]
    fn a_file_is_read_up_to_its_largest_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("told");
        let read_of = |bytes: u64| {
            let mut content = b"{\"overdue x\":7}".to_vec();
            content.resize(usize::try_from(bytes).unwrap(), b' ');
            fs::write(&path, content).unwrap();
            Told::read(&path).0.len()
        };
        assert_eq!((read_of(LARGEST_BYTES), read_of(LARGEST_BYTES + 1)), (1, 0));
        // A device in its place says that it has no bytes.
        assert_eq!(Told::read(Path::new("/dev/zero")), Told::default());
    }
}
