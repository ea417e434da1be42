// SPDX-License-Identifier: GPL-3.0-or-later
//! What a PedOS looks like before it starts.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    daemon::Daemon,
    dialect::Dialect,
    server::Server,
    standin::Standin,
    state::{Driver, Sample},
};

/// Says what a PedOS looks like before it starts.
#[derive(Debug)]
pub struct Builder {
    dialect: Dialect,
    sample: Sample,
    root: Option<PathBuf>,
}

impl Builder {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            sample: Sample {
                driver: Driver::FileReflink,
                has_devices: false,
                vms: 0,
                only: None,
            },
            root: None,
        }
    }

    /// The driver of the pool of all VMs.
    #[must_use]
    pub fn pool_driver(mut self, driver: Driver) -> Self {
        self.sample.driver = driver;
        self
    }

    /// Makes a block device of each logical volume, which only root can ([`crate::can_make_devices`]).
    #[must_use]
    pub fn block_devices(mut self) -> Self {
        self.sample.has_devices = true;
        self
    }

    /// How many VMs there are, dom0 included. Those beyond the usual ones are halted `AppVM`s.
    #[must_use]
    pub fn vms(mut self, count: usize) -> Self {
        self.sample.vms = count;
        self
    }

    /// Leaves only these of the usual VMs, and dom0.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        self.sample.only = Some(names.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// The folder to lay it out in, instead of a temporary one.
    #[must_use]
    pub fn root(mut self, root: &Path) -> Self {
        self.root = Some(root.to_owned());
        self
    }

    /// Lays it out and starts the daemon.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to, or its path is too long for a socket.
    pub fn try_start(self) -> io::Result<Standin> {
        let folder = match self.root {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("pedos").tempdir()?),
        };
        let root = match (&self.root, &folder) {
            (Some(root), _) => root.clone(),
            (None, Some(folder)) => folder.path().to_owned(),
            (None, None) => PathBuf::new(),
        };
        let daemon = Daemon::new(&root, self.dialect, &self.sample)?;
        let server = Server::new(&root, daemon);
        server.start()?;
        Ok(Standin::new_at(server, root, folder))
    }

    /// Lays it out and starts the daemon.
    ///
    /// # Panics
    ///
    /// The folder cannot be written to.
    #[must_use]
    pub fn start(self) -> Standin {
        self.try_start().expect("the stand-in can lay out its folder")
    }
}
