// SPDX-License-Identifier: GPL-3.0-or-later
//! What a test holds in its hand.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    answer::encode,
    builder::Builder,
    daemon::Socket,
    dialect::Dialect,
    fault::Fault,
    journal::Call,
    layout,
    request::Request,
    server::{Server, lock},
    services::{self, Service},
    state::{Driver, State},
    storage::{self, Part},
};

/// A live PedOS that is none.
#[derive(Debug)]
pub struct Standin {
    server: Arc<Server>,
    root: PathBuf,
    /// Taken away with it.
    _folder: Option<TempDir>,
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
        Builder::new(dialect)
    }

    pub(crate) fn new_at(server: Arc<Server>, root: PathBuf, folder: Option<TempDir>) -> Self {
        Self {
            server,
            root,
            _folder: folder,
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
        layout::below(&self.root, absolute)
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

    /// Changes the state behind everybody's back, and the record, but neither files nor with events: for states that no call
    /// makes.
    pub fn edit(&self, change: impl FnOnce(&mut State)) {
        let mut daemon = lock(&self.server.daemon);
        change(&mut daemon.state);
        let _ = daemon.save();
    }

    /// Lets that time pass between the events of a change and the record that knows of it. A real daemon needs some of it.
    pub fn delay_record(&self, time: Duration) {
        lock(&self.server.daemon).record_delay = time;
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

    /// All starts of `qrexec-client` until now.
    #[must_use]
    pub fn services(&self) -> Vec<Service> {
        services::services(&self.root)
    }

    /// The folder that stands for `/` of a VM, whether it runs or not.
    #[must_use]
    pub fn vm_root(&self, vm: &str) -> PathBuf {
        self.path(layout::VM_FOLDER).join(vm)
    }

    /// Puts a program into a VM in the place of a service of that name: it is run in the VM's home, with that home in `HOME`
    /// and the VM's file system in `STANDIN_VM_ROOT`.
    ///
    /// # Panics
    ///
    /// The stand-in cannot write it.
    pub fn install_service(&self, vm: &str, service: &str, program: &str) {
        let folder = self.vm_root(vm).join("etc/qubes-rpc");
        let result = fs::create_dir_all(&folder).and_then(|()| layout::write_program(&folder.join(service), program));
        result.expect("the stand-in can write to its folder");
    }

    /// What is chosen in a VM when it is asked for a file or a folder; `None`: nothing, it is cancelled.
    ///
    /// # Panics
    ///
    /// The stand-in cannot note it.
    pub fn choose(&self, vm: &str, path: Option<&str>) {
        let file = self.path(layout::OWN_FOLDER).join(format!("select.{vm}"));
        let result = match path {
            Some(path) => fs::write(file, path),
            None => storage::remove(&file),
        };
        result.expect("the stand-in can write to its folder");
    }

    /// Takes what nobody should have sent.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let mut violations = std::mem::take(&mut lock(&self.server.daemon).violations);
        violations.append(&mut services::violations(&self.root));
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
        self.must("admin.vm.Start", "", name, "");
    }

    /// Stops a VM, as somebody else does.
    ///
    /// # Panics
    ///
    /// It cannot be stopped.
    pub fn halt_vm(&self, name: &str) {
        self.must("admin.vm.Shutdown", "", name, "");
    }

    /// Does a call that must succeed as somebody else does it, and returns the content of the answer.
    ///
    /// # Panics
    ///
    /// It does not succeed.
    pub fn must(&self, method: &str, argument: &str, destination: &str, payload: &str) -> String {
        let answer = self.call(method, argument, destination, payload.as_bytes());
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let content = answer.strip_prefix("0\0");
        content
            .unwrap_or_else(|| panic!("{method}+{argument} {destination}: {answer:?}"))
            .to_owned()
    }

    /// Does a call as somebody else does it: with its events, but with neither a line in the journal nor a violation. Methods
    /// that begin with `internal` go to the internal socket.
    #[must_use]
    pub fn call(&self, method: &str, argument: &str, destination: &str, payload: &[u8]) -> Vec<u8> {
        let request = Request {
            method: method.to_owned(),
            argument: argument.to_owned(),
            source: "dom0".to_owned(),
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
        let mut daemon = lock(&self.server.daemon);
        let storage = daemon.storage.clone();
        let volumes = daemon.state.vm_mut(vm).map(|vm| &mut vm.volumes);
        let known = volumes.into_iter().flatten().find(|known| known.name == volume);
        let known = known.expect("the test names a volume that is there");
        let filled = storage.fill(known, content);
        filled.expect("the stand-in can write to its volumes");
        let _ = daemon.save();
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.server.end();
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
