// SPDX-License-Identifier: GPL-3.0-or-later
//! A live PedOS that was opened: what its calls need.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use super::{daemon::LiveDaemon, known::Known, privileged::Privileged, rules};
use crate::{
    cancel::CancelToken,
    host::{HostError, NewVm, Operation, System, folder_lock::Turns, layout::Layout, picture},
    inventory::Inventory,
};

/// A PedOS that runs.
#[derive(Debug, Clone)]
pub(in crate::host) struct LiveHost {
    pub(super) layout: Layout,
    pub(super) daemon: LiveDaemon,
    pub(super) helper: Privileged,
    pub(super) known: Arc<Known>,
    pub(super) turns: Arc<Turns>,
    /// The VMs that were started for a service, until that is told.
    pub(super) started: Arc<Mutex<BTreeSet<String>>>,
    pub(super) cancel: CancelToken,
}

impl LiveHost {
    /// Opens the PedOS whose paths lie below that folder.
    ///
    /// # Errors
    /// When its daemon does not answer.
    pub(in crate::host) fn open(root: &Path) -> Result<Self, HostError> {
        let absolute = root.canonicalize();
        let root = absolute.map_err(|error| HostError::io(Operation::Open(root.to_owned()), error))?;
        let daemon = LiveDaemon::new(&root);
        daemon.without_patience().vms()?;
        Ok(Self {
            helper: Privileged::new(&root, &daemon),
            daemon,
            known: Arc::default(),
            turns: Arc::default(),
            started: Arc::default(),
            layout: Layout { root },
            cancel: CancelToken::default(),
        })
    }

    /// The picture of the system, with what only a call tells of these VMs.
    pub(super) fn look(&self, vms: Option<&[String]>) -> Result<System, HostError> {
        let record = self.record()?;
        let sight = self.known.sight(&self.daemon, &record, vms, &self.cancel)?;
        Ok(System {
            // Known before anything begins.
            lacks_rights: matches!(self.helper.start(), Err(HostError::NoPrivilege)),
            ..picture::system(&self.layout, &record, &sight)
        })
    }

    /// The record of the VMs, which the daemon replaces whole after each change.
    pub(super) fn record(&self) -> Result<Inventory, HostError> {
        self.cancel.check()?;
        let path = self.layout.record();
        let bytes = fs::read(&path).map_err(|error| HostError::io(Operation::Read(path), error))?;
        Ok(Inventory::parse_record(&bytes)?)
    }

    /// The host for what has to be done after a cancel too.
    pub(super) fn way_back(&self) -> Self {
        let cancel = CancelToken::default();
        Self {
            daemon: self.daemon.with_cancel(&cancel),
            helper: self.helper.with_cancel(&cancel),
            cancel,
            ..self.clone()
        }
    }

    /// Gives a new VM its tags.
    pub(super) fn tag(&self, new: &NewVm) -> Result<(), HostError> {
        // A disposable takes over the tags of its template, which may be in the middle of a restore as well.
        let domain = self.record()?.domain(&new.name);
        let has = |tag: &&String| domain.as_ref().is_some_and(|domain| domain.tags.contains(tag));
        let mut missing = new.tags.iter().filter(|tag| !has(tag));
        missing.try_for_each(|tag| self.daemon.add_tag(&new.name, tag))
    }

    /// Gives a VM these rules, if it has others.
    pub(super) fn set_rules(&self, vm: &str, wanted: &str) -> Result<(), HostError> {
        let now = self.daemon.rules(vm)?;
        if rules::normal(&now).as_deref() == Some(wanted) {
            return Ok(());
        }
        self.daemon.set_rules(vm, wanted)
    }
}
