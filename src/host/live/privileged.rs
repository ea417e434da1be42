// SPDX-License-Identifier: GPL-3.0-or-later
//! The helper as its caller sees it: started when it is needed for the first time, asked one question at a time.

mod running;
mod way;

use std::{
    collections::BTreeSet,
    fs::File,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::Duration,
};

use crate::{
    cancel::CancelToken,
    helper::{Answer, Question},
    host::HostError,
};

use super::{answer, daemon::LiveDaemon};
use running::Running;

/// The helper of one host. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Privileged {
    root: PathBuf,
    daemon: LiveDaemon,
    shared: Arc<Mutex<Shared>>,
    cancel: CancelToken,
}

#[derive(Debug, Default)]
struct Shared {
    running: Option<Running>,
    /// The VMs that are being restored. A helper that is started in the place of one that died hears of them.
    restoring: BTreeSet<String>,
}

impl Privileged {
    pub(super) fn new(root: &Path, daemon: &LiveDaemon) -> Self {
        Self {
            root: root.to_owned(),
            daemon: daemon.clone(),
            shared: Arc::default(),
            cancel: CancelToken::default(),
        }
    }

    /// The same helper, whose answers are waited for until the token is cancelled.
    pub(super) fn with_cancel(&self, cancel: &CancelToken) -> Self {
        let cancel = cancel.clone();
        Self { cancel, ..self.clone() }
    }

    /// Starts the helper if it does not run.
    pub(super) fn start(&self) -> Result<(), HostError> {
        let mut shared = self.lock()?;
        shared.helper(&self.root, &self.cancel).map(drop)
    }

    /// Asks a question and waits for its answer.
    pub(super) fn ask(&self, question: &Question) -> Result<(Answer, Option<OwnedFd>), HostError> {
        let mut shared = self.lock()?;
        let answered = shared.helper(&self.root, &self.cancel)?.ask(question, &self.cancel);
        if matches!(answered, Err(HostError::HelperGone)) {
            shared.running = None;
        }
        match answered? {
            (Answer::Failed(fault), _) => {
                if fault.is_of_an_absent_daemon() {
                    self.daemon.give_up();
                }
                Err(answer::of_helper(question, fault))
            }
            answer => Ok(answer),
        }
    }

    /// Asks a question whose answer is a descriptor.
    pub(super) fn ask_for_file(&self, question: &Question) -> Result<(Answer, File), HostError> {
        match self.ask(question)? {
            (answer, Some(descriptor)) => Ok((answer, File::from(descriptor))),
            (_, None) => Err(HostError::HelperGone),
        }
    }

    /// Says that a VM is being restored: it goes if this program does.
    pub(super) fn restoring(&self, vm: &str) -> Result<(), HostError> {
        let vm = vm.to_owned();
        self.ask(&Question::Restoring { vm: vm.clone() })?;
        self.lock()?.restoring.insert(vm);
        Ok(())
    }

    /// Says that a VM is complete, or gone.
    pub(super) fn settled(&self, vm: &str) -> Result<(), HostError> {
        let vm = vm.to_owned();
        let is_known = self.lock()?.restoring.contains(&vm);
        if !is_known {
            return Ok(());
        }
        self.ask(&Question::Settled { vm: vm.clone() })?;
        self.lock()?.restoring.remove(&vm);
        Ok(())
    }

    /// Leaves it to the helper to take away everything that is unfinished, and does not wait for it. Returns whether the
    /// helper heard of it.
    pub(super) fn give_up(&self) -> bool {
        let Ok(mut shared) = self.lock() else {
            return false;
        };
        let is_told = shared.tell(&Question::GiveUp);
        if is_told {
            shared.restoring.clear();
        }
        is_told
    }

    /// Asks something after a cancel too, when nobody waits for the answer.
    pub(super) fn ask_at_last(&self, question: &Question) -> Result<(), HostError> {
        match self.ask(question) {
            Err(HostError::Cancelled(_)) => {}
            answered => return answered.map(drop),
        }
        // That it was heard before and is heard again does no harm.
        let is_told = self.with_cancel(&CancelToken::default()).lock()?.tell(question);
        is_told.then_some(()).ok_or(HostError::HelperGone)
    }

    /// Takes the helper for itself. Another thread may be waiting for an answer.
    fn lock(&self) -> Result<MutexGuard<'_, Shared>, HostError> {
        loop {
            self.cancel.check()?;
            match self.shared.try_lock() {
                Ok(shared) => return Ok(shared),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(PoisonError::into_inner(poisoned)),
                Err(TryLockError::WouldBlock) => self.cancel.sleep(Duration::from_millis(5))?,
            }
        }
    }
}

impl Shared {
    /// Says something to the helper that runs; returns whether there is one.
    fn tell(&mut self, question: &Question) -> bool {
        self.running
            .as_mut()
            .is_some_and(|running| running.tell(question).is_ok())
    }

    fn helper(&mut self, root: &Path, cancel: &CancelToken) -> Result<&mut Running, HostError> {
        let running = match self.running.take() {
            Some(running) => running,
            None => {
                let mut started = Running::start(root, cancel)?;
                for vm in &self.restoring {
                    started.ask(&Question::StillRestoring { vm: vm.clone() }, cancel)?;
                }
                started
            }
        };
        Ok(self.running.insert(running))
    }
}
