// SPDX-License-Identifier: GPL-3.0-or-later
//! The services of running VMs. A reader of archives needs only this of a PedOS, and not even this where the archive
//! is a file.

use super::{HostError, Service, ServiceProcess};

/// Starts services in running VMs.
pub trait Services: Send + Sync {
    /// Starts a service in a running VM.
    ///
    /// # Errors
    /// When the VM does not run or the service cannot be started.
    fn start_service(&self, vm: &str, service: Service) -> Result<ServiceProcess, HostError>;
}
