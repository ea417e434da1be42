// SPDX-License-Identifier: GPL-3.0-or-later
//! The devices of a VM that is restored: each is kept or dropped on its own.

use std::fmt;

use crate::inventory::Device;

/// Where a device hangs: what tells it from the others of a VM, by names in the archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DevicePort {
    /// Its class: pci, block, usb, mic, ...
    pub class: String,
    /// The VM that it hangs on.
    pub backend: String,
    /// Its port there.
    pub id: String,
}

impl DevicePort {
    /// Where that device hangs.
    pub fn of(device: &Device) -> Self {
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            class: device.class.clone(),
            backend: owned(device.backend()),
            id: owned(device.id()),
        }
    }
}

impl fmt::Display for DevicePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.class, self.backend, self.id)
    }
}

/// A device of a VM that is restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreDevice {
    /// Where it hangs, by names in the archive.
    pub port: DevicePort,
    /// The device as it will be assigned here: its backend follows renames, all else is as the archive has it.
    pub device: Device,
    /// What becomes of it.
    pub fate: DeviceFate,
}

impl RestoreDevice {
    /// The device as the archive has it.
    pub fn kept(device: &Device) -> Self {
        Self {
            port: DevicePort::of(device),
            device: device.in_one_way(),
            fate: DeviceFate::Kept,
        }
    }
}

/// What becomes of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceFate {
    /// It is assigned.
    Kept,
    /// The user does not want it.
    Dropped,
    /// The VM that it hangs on is neither here nor restored, so it is left out.
    NoBackend,
}
