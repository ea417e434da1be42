// SPDX-License-Identifier: GPL-3.0-or-later
//! What a test holds in its hand.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    answer::encode,
    daemon::{Daemon, Socket},
    dialect::Dialect,
    fault::Fault,
    journal::Call,
    request::Request,
    server::{Server, lock},
    state::{Driver, Sample, State},
    storage::Part,
};

/// A live PedOS that is none.
#[derive(Debug)]
pub struct Standin {
    server: Arc<Server>,
    root: PathBuf,
    /// Taken away with it.
    _folder: Option<TempDir>,
}

/// Says what a PedOS looks like before it starts.
#[derive(Debug)]
pub struct Builder {
    dialect: Dialect,
    sample: Sample,
    root: Option<PathBuf>,
}

impl Builder {
    /// The driver of the pool of all VMs.
    #[must_use]
    pub fn pool_driver(mut self, driver: Driver) -> Self {
        self.sample.driver = driver;
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
        Ok(Standin {
            server,
            root,
            _folder: folder,
        })
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

impl Standin {
    /// Starts one in a temporary folder, with the VMs that the recordings begin with, in a pool of driver `file-reflink`.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self::builder(dialect).start()
    }

    /// Begins to say what one looks like.
    #[must_use]
    pub fn builder(dialect: Dialect) -> Builder {
        Builder {
            dialect,
            sample: Sample {
                driver: Driver::FileReflink,
                vms: 0,
                only: None,
            },
            root: None,
        }
    }

    /// The folder that stands for `/` of dom0.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path below the root of a path of dom0.
    #[must_use]
    pub fn path(&self, absolute: &str) -> PathBuf {
        crate::layout::below(&self.root, absolute)
    }

    /// All requests until now, in the order in which they were whole.
    #[must_use]
    pub fn journal(&self) -> Vec<Call> {
        lock(&self.server.journal).calls()
    }

    /// Forgets the requests until now.
    pub fn clear_journal(&self) {
        lock(&self.server.journal).clear();
    }

    /// The state as it is now.
    #[must_use]
    pub fn state(&self) -> State {
        lock(&self.server.daemon).state.clone()
    }

    /// Changes the state behind everybody's back, with neither event nor record: for states that no call makes.
    pub fn edit(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.server.daemon).state);
    }

    /// The events that were sent until now, heard or not: subject and name.
    #[must_use]
    pub fn events(&self) -> Vec<(String, String)> {
        lock(&self.server.daemon).hub.sent.clone()
    }

    /// How many listen to events.
    #[must_use]
    pub fn listeners(&self) -> usize {
        lock(&self.server.daemon).hub.count()
    }

    /// Takes what nobody should have sent.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let mut violations = std::mem::take(&mut lock(&self.server.daemon).violations);
        violations.append(&mut crate::services::violations(&self.root));
        violations
    }

    /// Lets the next call of a method go wrong. `*` at the end of the name stands for any end; faults for the same method
    /// come one after the other.
    pub fn on(&self, method: &str, fault: Fault) {
        lock(&self.server.faults).add(method, fault);
    }

    /// Lets the next calls of a method go wrong, so many of them.
    pub fn on_next(&self, calls: usize, method: &str, fault: &Fault) {
        for _ in 0..calls {
            self.on(method, fault.clone());
        }
    }

    /// Forgets the faults that wait.
    pub fn clear_faults(&self) {
        lock(&self.server.faults).clear();
    }

    /// Kills the daemon: its socket files stay, nobody answers, running requests end without a byte.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// Starts the daemon again. What it knew it knows.
    ///
    /// # Panics
    ///
    /// The sockets cannot be made.
    pub fn start(&self) {
        self.server.start().expect("the stand-in can make its sockets");
    }

    /// Kills the daemon, which is back after that time.
    pub fn restart_after(&self, time: Duration) {
        self.server.stop();
        self.server.start_after(time);
    }

    /// Starts a VM, as somebody else does, and with it those that it needs.
    ///
    /// # Panics
    ///
    /// It cannot be started.
    pub fn start_vm(&self, name: &str) {
        self.must("admin.vm.Start", name);
    }

    /// Stops a VM, as somebody else does.
    ///
    /// # Panics
    ///
    /// It cannot be stopped.
    pub fn halt_vm(&self, name: &str) {
        self.must("admin.vm.Shutdown", name);
    }

    fn must(&self, method: &str, vm: &str) {
        let answer = self.call(method, "", vm, b"");
        assert!(
            answer.starts_with(b"0\0"),
            "{method} {vm}: {:?}",
            String::from_utf8_lossy(&answer)
        );
    }

    /// Does a call as somebody else does it: with its events, but with neither a line in the journal nor a violation. Methods
    /// that begin with `internal` go to the internal socket.
    #[must_use]
    pub fn call(&self, method: &str, argument: &str, destination: &str, payload: &[u8]) -> Vec<u8> {
        let request = Request {
            method: method.to_owned(),
            argument: argument.to_owned(),
            source: "dom0".to_owned(),
            destination_type: "name".to_owned(),
            destination: destination.to_owned(),
            payload: payload.to_owned(),
        };
        let socket = if method.starts_with("internal") {
            Socket::Internal
        } else {
            Socket::Admin
        };
        let mut daemon = lock(&self.server.daemon);
        let before = daemon.violations.len();
        let answer = daemon.handle(socket, &request);
        daemon.violations.truncate(before);
        encode(&answer)
    }

    /// The path of the file with what is kept of a volume, below the root.
    ///
    /// # Panics
    ///
    /// There is no such volume.
    #[must_use]
    pub fn volume_path(&self, vm: &str, volume: &str) -> PathBuf {
        let daemon = lock(&self.server.daemon);
        let found = daemon.state.vm(vm).and_then(|vm| vm.volume(volume));
        let found = found.expect("the test names a volume that is there");
        daemon.storage.file(found, Part::Committed)
    }

    /// The path of the file that the running VM writes a volume to, below the root.
    ///
    /// # Panics
    ///
    /// There is no such volume.
    #[must_use]
    pub fn live_path(&self, vm: &str, volume: &str) -> PathBuf {
        let daemon = lock(&self.server.daemon);
        let found = daemon.state.vm(vm).and_then(|vm| vm.volume(volume));
        let found = found.expect("the test names a volume that is there");
        let part = match found.driver {
            Driver::File => Part::Committed,
            _ => Part::Live,
        };
        daemon.storage.file(found, part)
    }

    /// Gives a volume that content, and its size.
    ///
    /// # Panics
    ///
    /// There is no such volume, or it cannot be written to.
    pub fn fill_volume(&self, vm: &str, volume: &str, content: &[u8]) {
        let path = self.volume_path(vm, volume);
        fs::write(&path, content).expect("the stand-in can write to its volumes");
        let mut daemon = lock(&self.server.daemon);
        let volumes = daemon.state.vm_mut(vm).map(|vm| &mut vm.volumes);
        for known in volumes.into_iter().flatten().filter(|known| known.name == volume) {
            known.size_bytes = content.len() as u64;
        }
        let _ = daemon.save();
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.server.stop();
        let violations = self.violations();
        if !thread::panicking() {
            assert!(
                violations.is_empty(),
                "nobody should send this:\n{}",
                violations.join("\n")
            );
        }
    }
}
