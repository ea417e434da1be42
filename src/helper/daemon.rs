// SPDX-License-Identifier: GPL-3.0-or-later
//! The few calls that the helper makes.

use std::path::Path;

use crate::adminapi::{
    ADMIN_SOCKET, AdminClient, AdminRequest, AdminVolume, AnswerError, CallError, Deadline, INTERNAL_SOCKET,
    ImportTarget, ListedVm, PoolInfo, PowerState, parse_flag,
};

use super::fault::HelperFault;

/// How an import ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    Bad,
}

/// The daemon, as the helper needs it.
#[derive(Debug, Clone)]
pub(super) struct Daemon {
    admin: AdminClient,
    internal: AdminClient,
}

impl Daemon {
    pub(super) fn new(root: &Path) -> Self {
        let admin = AdminClient::new(root.join(ADMIN_SOCKET));
        Self {
            internal: admin.beside(root.join(INTERNAL_SOCKET)),
            admin,
        }
    }

    fn ask<T>(
        &self,
        request: &AdminRequest,
        read: impl FnOnce(&[u8]) -> Result<T, AnswerError>,
    ) -> Result<T, HelperFault> {
        let answer = self.admin.ask(request);
        let read = answer.and_then(|content| Ok(read(&content)?));
        read.map_err(|error| HelperFault::call(request, &error))
    }

    /// What the daemon knows of a volume.
    pub(super) fn volume(&self, vm: &str, volume: &str) -> Result<AdminVolume, HelperFault> {
        let request = AdminRequest::new("admin.vm.volume.Info", vm).with_argument(volume);
        self.ask(&request, AdminVolume::parse)
    }

    /// How a pool is set up.
    pub(super) fn pool(&self, pool: &str) -> Result<PoolInfo, HelperFault> {
        let request = AdminRequest::new("admin.pool.Info", "dom0").with_argument(pool);
        self.ask(&request, PoolInfo::parse)
    }

    /// Whether a VM runs.
    pub(super) fn is_running(&self, vm: &str) -> Result<bool, HelperFault> {
        let listed = self.ask(&AdminRequest::new("admin.vm.List", vm), ListedVm::parse_all)?;
        Ok(listed
            .iter()
            .any(|listed| listed.name == vm && listed.state != PowerState::Halted))
    }

    /// Whether there is a VM of that name.
    pub(super) fn is_there(&self, vm: &str) -> Result<bool, HelperFault> {
        let listed = self.ask(&AdminRequest::new("admin.vm.List", "dom0"), ListedVm::parse_all)?;
        Ok(listed.iter().any(|listed| listed.name == vm))
    }

    /// Whether a VM has a tag.
    pub(super) fn has_tag(&self, vm: &str, tag: &str) -> Result<bool, HelperFault> {
        let request = AdminRequest::new("admin.vm.tag.Get", vm).with_argument(tag);
        self.ask(&request, parse_flag)
    }

    /// Removes a VM with all its data.
    pub(super) fn remove(&self, vm: &str) -> Result<(), HelperFault> {
        let request = AdminRequest::new("admin.vm.Remove", vm);
        let removed = self.admin.change(&request, Deadline::Unlimited, || Ok(None));
        removed.map(drop).map_err(|error| HelperFault::call(&request, &error))
    }

    /// Begins an import. If the answer is lost, `is_begun` looks whether the import was begun.
    pub(super) fn begin_import(
        &self,
        vm: &str,
        volume: &str,
        size_bytes: u64,
        is_begun: impl Fn() -> bool,
    ) -> Result<ImportTarget, HelperFault> {
        let request = AdminRequest::new("internal.vm.volume.ImportBegin", vm)
            .with_argument(volume)
            .with_payload(size_bytes.to_string());
        // An import that was begun and whose answer was lost is in the way of the next one.
        let begin_anew = || {
            if is_begun() {
                let is_ended = || Ok((!is_begun()).then(Vec::new));
                let end = end_of(vm, volume, Verdict::Bad);
                let ended = self.internal.change(&end, Deadline::Unlimited, is_ended);
                ended.or_else(refused)?;
            }
            Ok(None)
        };
        let begun = self.internal.change(&request, Deadline::Usual, begin_anew);
        let begun = begun.and_then(|content| Ok(ImportTarget::parse(&content)?));
        begun.map_err(|error| HelperFault::call(&request, &error))
    }

    /// Ends an import. If the answer is lost, it is known by the place that took the data whether the import is ended.
    pub(super) fn end_import(&self, vm: &str, volume: &str, verdict: Verdict, path: &Path) -> Result<(), HelperFault> {
        let request = end_of(vm, volume, verdict);
        let is_ended = || Ok((!path.exists()).then(Vec::new));
        let ended = self.internal.change(&request, Deadline::Unlimited, is_ended);
        let ended = match verdict {
            Verdict::Good => ended,
            Verdict::Bad => ended.or_else(refused),
        };
        ended.map(drop).map_err(|error| HelperFault::call(&request, &error))
    }
}

/// To the word that an import failed the daemon answers by saying so.
fn refused(error: CallError) -> Result<Vec<u8>, CallError> {
    match error {
        CallError::Exception(_) => Ok(Vec::new()),
        error => Err(error),
    }
}

fn end_of(vm: &str, volume: &str, verdict: Verdict) -> AdminRequest {
    let payload = match verdict {
        Verdict::Good => "ok",
        Verdict::Bad => "fail\nthe restore ended before the volume was complete",
    };
    AdminRequest::new("internal.vm.volume.ImportEnd", vm)
        .with_argument(volume)
        .with_payload(payload)
}
