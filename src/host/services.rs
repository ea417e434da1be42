// SPDX-License-Identifier: GPL-3.0-or-later
//! The services of running VMs. A reader of archives needs only this of a PedOS, and not even this where the archive
//! is a file.

use std::sync::Arc;

use super::{HostError, Service, ServiceProcess};

/// What somebody should know who hands an archive to a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness {
    /// The VM was halted and has been started.
    pub was_started: bool,
    /// The VM turns itself off when it shows no window for a while, whatever its services do.
    pub ends_when_idle: bool,
}

/// Starts services in running VMs.
pub trait Services: Send + Sync {
    /// Starts a VM if it is halted, so that its services can be reached.
    ///
    /// # Errors
    /// When it does not start.
    fn make_ready(&self, _vm: &str) -> Result<Readiness, HostError> {
        Ok(Readiness::default())
    }

    /// Returns the same services for one who outlives this borrow, where there are such.
    fn shared(&self) -> Option<Arc<dyn Services>> {
        None
    }

    /// Starts a service in a VM. On a live system a VM that is halted is started first.
    ///
    /// # Errors
    /// When the VM does not run or the service cannot be started.
    fn start_service(&self, vm: &str, service: Service) -> Result<ServiceProcess, HostError>;
}
