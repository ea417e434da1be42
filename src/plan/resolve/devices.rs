// SPDX-License-Identifier: GPL-3.0-or-later
//! The devices that restored VMs get: a device hangs on a VM, which may have another name here or be missing.

use crate::plan::{DeviceFate, RestoreRemark, RestoreRow};

use super::{
    Resolver,
    peers::{Kind, Peers},
};

impl Resolver<'_> {
    /// Says what becomes of each device of a row. None of it keeps the VM from being restored.
    pub(super) fn find_devices(self, row: &mut RestoreRow, peers: &Peers) {
        let choices = self.choices.devices.get(&row.domain.name);
        for device in &mut row.devices {
            let chosen = choices.and_then(|choices| choices.get(&device.port));
            let is_wanted = chosen.copied().unwrap_or(!self.choices.policy.drop_devices);
            let port = device.port.clone();
            if !is_wanted {
                device.fate = DeviceFate::Dropped;
                row.remarks.push(RestoreRemark::DeviceDropped { port });
                continue;
            }
            let Some(backend) = device.device.backend() else {
                continue;
            };
            match self.other(backend, peers, Kind::Any) {
                Some(found) => device.device.set_backend(&found),
                None => {
                    device.fate = DeviceFate::NoBackend;
                    row.remarks.push(RestoreRemark::DeviceWithoutBackend { port });
                }
            }
        }
    }
}
