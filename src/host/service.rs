// SPDX-License-Identifier: GPL-3.0-or-later
//! Services of running machines (qrexec): what the conversation looks like to the code above.

use std::{
    fmt,
    io::{self, Read, Write},
    sync::Arc,
};

/// The services that a backup or a restore speaks with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// Takes a destination line and then an archive.
    Backup,
    /// Takes a source line and a line of member prefixes; gives the wanted members as a qfile stream.
    Restore,
    /// Lets the user pick a directory in the machine.
    SelectDirectory,
    /// Lets the user pick a file in the machine.
    SelectFile,
    /// A service that stands for one archive: takes a line of member prefixes only, and answers as [`Service::Restore`].
    /// Named by its whole name, with its argument (`qubes.RestoreById+ID`).
    Registered(String),
}

impl Service {
    /// The name on the wire.
    pub fn wire_name(&self) -> &str {
        match self {
            Self::Backup => "qubes.Backup",
            Self::Restore => "qubes.Restore",
            Self::SelectDirectory => "qubes.SelectDirectory",
            Self::SelectFile => "qubes.SelectFile",
            Self::Registered(name) => name,
        }
    }
}

/// A service that has been started: its three streams and a hold on its life.
pub struct ServiceProcess {
    /// What the service reads; dropping it is the end of its input.
    pub stdin: Option<Box<dyn Write + Send>>,
    /// What the service answers.
    pub stdout: Box<dyn Read + Send>,
    /// What the service complains about.
    pub stderr: Box<dyn Read + Send>,
    /// Its life.
    pub control: Arc<dyn ServiceControl>,
}

impl fmt::Debug for ServiceProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceProcess")
    }
}

/// Ends a service or waits for its end; usable from another thread than the one that speaks with it.
pub trait ServiceControl: Send + Sync {
    /// Ends the service at once; reads and writes that hang on it return. Harmless when it has ended already.
    fn kill(&self);

    /// Waits for the end and gives the exit code (128+N for signal N, 125 to 127 for trouble on the way there).
    ///
    /// # Errors
    /// When its end cannot be learned.
    fn wait(&self) -> io::Result<i32>;
}
