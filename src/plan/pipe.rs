// SPDX-License-Identifier: GPL-3.0-or-later
//! A pipe that an archive comes through: its bytes come once, and in order.
//!
//! An archive is opened before its data is read, so what was read to open it is kept until then.

use std::{
    fmt,
    fs::File,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A pipe on this host.
pub struct Pipe {
    path: PathBuf,
    state: Mutex<PipeState>,
}

/// What is left of a pipe.
#[derive(Debug, Default)]
pub struct PipeState {
    /// The pipe, once it was opened.
    pub file: Option<File>,
    /// What was read so far; it is read again by whoever begins anew.
    pub kept: Vec<u8>,
    /// More was read than was kept: nobody can begin anew.
    pub is_spent: bool,
}

impl Pipe {
    /// A pipe that has not been opened yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            state: Mutex::default(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Works with what is left of it.
    pub fn with<T>(&self, work: impl FnOnce(&mut PipeState) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Every pipe is another one.
impl PartialEq for Pipe {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Pipe {}
