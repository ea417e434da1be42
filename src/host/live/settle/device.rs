// SPDX-License-Identifier: GPL-3.0-or-later
//! Assigns devices, in the words of the daemon that is there.

use crate::{
    adminapi::{Assignment, AssignmentMode, OldAttachment, PrintError},
    host::{
        HostError, NotTaken, Restored, UnfitRequest,
        settings::{self, Setting},
        wanted::note,
    },
    inventory::{Device, Domain},
};

use super::super::live_host::LiveHost;

/// The attribute and the option that say which device it must be.
const IDENTITY: &str = "identity";

/// Assigns devices to a VM.
pub(super) fn assign(
    host: &LiveHost,
    vm: &Domain,
    devices: &[Device],
    not_taken: &mut Vec<NotTaken>,
) -> Result<(), HostError> {
    if devices.is_empty() {
        return Ok(());
    }
    // Daemons that tell the identifiers of VMs have assignments; older ones only attach.
    let is_old = host.daemon.vm(&vm.name)?.uuid.is_none();
    let classes = host.daemon.device_classes()?;
    for device in devices {
        let refused = |why| {
            let setting = Setting::Device(device.class.clone());
            HostError::unfit(&vm.name, setting, device.id().unwrap_or_default(), why)
        };
        let is_known = classes.contains(&device.class);
        let assigned = settings::check_device(device).map_err(refused).and_then(|()| {
            if !is_known {
                return Err(HostError::Unsendable {
                    call: format!("admin.vm.device.{}.Assign", device.class),
                    why: UnfitRequest::NoSuchDeviceClass,
                });
            }
            if is_old {
                attach(host, &vm.name, device)
            } else {
                assign_one(host, &vm.name, device)
            }
        });
        note(not_taken, || Restored::device(device), assigned)?;
    }
    Ok(())
}

fn assign_one(host: &LiveHost, vm: &str, device: &Device) -> Result<(), HostError> {
    let assignment = Assignment {
        class: device.class.clone(),
        backend: device.backend().unwrap_or_default().to_owned(),
        port: device.id().unwrap_or_default().to_owned(),
        identity: identity(device).unwrap_or("*").to_owned(),
        mode: mode(device),
        frontend: Some(vm.to_owned()),
        options: options(device),
    };
    let call = format!("admin.vm.device.{}.Assign", device.class);
    let payload = assignment.payload().map_err(|error| unsendable(&call, error))?;
    host.daemon.assign(vm, &call, &assignment.argument(), &payload)
}

fn attach(host: &LiveHost, vm: &str, device: &Device) -> Result<(), HostError> {
    let attachment = OldAttachment {
        backend: device.backend().unwrap_or_default().to_owned(),
        port: device.id().unwrap_or_default().to_owned(),
        is_lasting: true,
        options: options(device),
    };
    let call = format!("admin.vm.device.{}.Attach", device.class);
    let payload = attachment.payload().map_err(|error| unsendable(&call, error))?;
    host.daemon.assign(vm, &call, &attachment.argument(), &payload)
}

fn unsendable(call: &str, error: PrintError) -> HostError {
    HostError::Unsendable {
        call: call.to_owned(),
        why: error.into(),
    }
}

fn attribute<'d>(device: &'d Device, name: &str) -> Option<&'d str> {
    let found = device.attributes.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

/// Which device it must be: an attribute in newer records, an option in some.
fn identity(device: &Device) -> Option<&str> {
    let option = || device.options.iter().find(|(name, _)| name == IDENTITY);
    attribute(device, IDENTITY).or_else(|| option().map(|(_, value)| value.as_str()))
}

fn options(device: &Device) -> Vec<(String, String)> {
    let options = device.options.iter().filter(|(name, _)| name != IDENTITY);
    options.cloned().collect()
}

/// When it is attached, by what records of all versions say of it.
fn mode(device: &Device) -> AssignmentMode {
    let told = match attribute(device, "required") {
        Some("yes" | "True" | "true" | "1") => Some(AssignmentMode::Required),
        Some(_) => Some(AssignmentMode::AutoAttach),
        None => attribute(device, "mode").and_then(AssignmentMode::of),
    };
    match told {
        // A VM gets a device of this class at its start or never.
        _ if device.class == "pci" => AssignmentMode::Required,
        told => told.unwrap_or(AssignmentMode::Required),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(class: &str, attributes: &[(&str, &str)], options: &[(&str, &str)]) -> Device {
        let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Device {
            class: class.to_owned(),
            attributes: owned(attributes),
            options: owned(options),
        }
    }

    #[test]
    fn the_mode_is_that_of_the_record_that_says_it() {
        for (attributes, expected) in [
            (&[][..], AssignmentMode::Required),
            (&[("required", "yes")], AssignmentMode::Required),
            (&[("required", "no")], AssignmentMode::AutoAttach),
            (&[("mode", "ask-to-attach")], AssignmentMode::AskToAttach),
            (&[("mode", "auto-attach")], AssignmentMode::AutoAttach),
            (
                &[("required", "yes"), ("mode", "auto-attach")],
                AssignmentMode::Required,
            ),
        ] {
            assert_eq!(mode(&device("block", attributes, &[])), expected, "{attributes:?}");
        }
        let pci = device("pci", &[("mode", "auto-attach")], &[]);
        assert_eq!(mode(&pci), AssignmentMode::Required);
    }

    #[test]
    fn the_identity_is_no_option() {
        let given = device("block", &[], &[("identity", "a:b"), ("read-only", "yes")]);
        assert_eq!(identity(&given), Some("a:b"));
        assert_eq!(options(&given), [("read-only".to_owned(), "yes".to_owned())]);
        let newer = device("block", &[("identity", "c")], &[("identity", "d")]);
        assert_eq!(identity(&newer), Some("c"));
    }
}
