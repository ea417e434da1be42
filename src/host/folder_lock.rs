// SPDX-License-Identifier: GPL-3.0-or-later
//! The turn to restore into a PedOS: a lock on a folder of it, which goes with the process that holds it and
//! leaves no file behind.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use rustix::{
    fs::{FlockOperation, flock, major, minor},
    io::Errno,
};

use crate::host::{HostError, Operation, RestoreTurn, TurnGuard};

/// The locks of all processes, as the system lists them.
const ALL_LOCKS: &str = "/proc/locks";

/// The turn of one opened PedOS. What is taken twice within it is the same turn: a tool takes it before it looks
/// at names, and the job that it starts takes it again.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Weak<File>>);

impl Turns {
    /// Takes the turn, or says who has it.
    pub(super) fn take(&self, folder: &Path) -> Result<RestoreTurn, HostError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = held.upgrade() {
            return Ok(RestoreTurn::Mine(TurnGuard::holding(lock)));
        }
        let failed = |error| HostError::io(Operation::Lock(folder.to_owned()), error);
        let folder = File::open(folder).map_err(failed)?;
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let lock = Arc::new(folder);
                *held = Arc::downgrade(&lock);
                Ok(RestoreTurn::Mine(TurnGuard::holding(lock)))
            }
            Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(RestoreTurn::Taken {
                process: holder(&folder),
            }),
            Err(error) => Err(failed(error.into())),
        }
    }
}

/// The process that holds the lock on a folder, where the system tells.
fn holder(folder: &File) -> Option<u32> {
    let folder = folder.metadata().ok()?;
    let device = folder.dev();
    let wanted = format!("{:02x}:{:02x}:{}", major(device), minor(device), folder.ino());
    process_of(&fs::read_to_string(ALL_LOCKS).ok()?, &wanted)
}

/// The process in the line of an exclusive lock on a file, such as `3: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`.
fn process_of(locks: &str, file: &str) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            // A line with an arrow is a process that waits for the lock.
            [_, "FLOCK", _, "WRITE", process, of, ..] if of == file => {
                process.parse().ok().filter(|number| *number != 0)
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_turn_is_had_once_and_again_when_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Turns::default(), Turns::default());
        let RestoreTurn::Mine(guard) = one.take(folder.path()).unwrap() else {
            panic!("nobody has it");
        };
        let RestoreTurn::Mine(again) = one.take(folder.path()).unwrap() else {
            panic!("it is the same one");
        };
        drop(guard);
        let RestoreTurn::Taken { process } = other.take(folder.path()).unwrap() else {
            panic!("two have it");
        };
        assert!(
            process.is_none_or(|process| process == std::process::id()),
            "{process:?}"
        );
        drop(again);
        assert!(matches!(other.take(folder.path()), Ok(RestoreTurn::Mine(_))));
    }

    #[test]
    fn the_holder_of_a_lock_is_told_from_those_who_wait_for_it() {
        let locks = "1: FLOCK  ADVISORY  WRITE 11 08:01:7 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 12 08:01:77 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 13 08:01:77 0 EOF\n\
                     3: -> FLOCK  ADVISORY  WRITE 14 08:01:77 0 EOF\n";
        assert_eq!(process_of(locks, "08:01:77"), Some(13));
        assert_eq!(process_of(locks, "08:01:8"), None);
        assert_eq!(process_of("x\n\n", "08:01:8"), None);
    }
}
