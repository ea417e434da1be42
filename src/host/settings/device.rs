// SPDX-License-Identifier: GPL-3.0-or-later
//! What the system takes as a device that is assigned for good.
//!
//! The loader of a record reads the way of assignment from `required` where that is there, else from `mode`, and refuses
//! the whole record over a word that it does not know, and over a PCI device that is none.

use super::{
    Unfit,
    text::{characters, words},
};
use crate::{
    host::{DOM0, check_vm_name},
    inventory::{self, Device},
};

/// The classes of devices of the system and of its usual extensions.
const PCI: &str = "pci";
/// The ways in which a device is assigned for good.
const MODES: [&str; 3] = ["required", "auto-attach", "ask-to-attach"];
/// Stands for whatever hangs at a port, or for whatever port a device hangs at.
const ANY: &str = "*";
/// What the names of options cannot hold, and printable ASCII otherwise can.
const NOT_IN_OPTIONS: &str = " \"'`=";

/// Checks a device with its options.
///
/// # Errors
/// With what is wrong with it.
pub fn check_device(device: &Device) -> Result<(), Unfit> {
    words(&device.class, "_-")?;
    for (name, value) in &device.attributes {
        match name.as_str() {
            "backend-domain" => check_backend(device, value)?,
            "id" => check_id(device, value)?,
            "identity" => printable(value)?,
            "mode" if !MODES.contains(&value.as_str()) => return Err(Unfit::DeviceMode { mode: value.clone() }),
            "required" if !inventory::is_truth(value) => return Err(Unfit::Truth),
            _ => {}
        }
    }
    for (name, value) in &device.options {
        if name.is_empty() {
            return Err(Unfit::Empty);
        }
        characters(name, |c| c.is_ascii_graphic() && !NOT_IN_OPTIONS.contains(c))?;
        printable(value)?;
    }
    Ok(())
}

fn check_backend(device: &Device, name: &str) -> Result<(), Unfit> {
    match name {
        DOM0 => Ok(()),
        _ if device.class == PCI => Err(Unfit::DeviceBackend),
        name => Ok(check_vm_name(name)?),
    }
}

fn check_id(device: &Device, id: &str) -> Result<(), Unfit> {
    let fits = match device.class.as_str() {
        _ if id == ANY => true,
        PCI => is_pci(id),
        _ => !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:+,".contains(c)),
    };
    if fits { Ok(()) } else { Err(Unfit::DeviceId) }
}

/// Whether it is the place of a PCI device: `[SSSS_]BB_DD.F`, and behind bridges a path of such places, in which only
/// the first one has a segment.
fn is_pci(id: &str) -> bool {
    let mut places = id.split('-');
    let first = places.next().unwrap_or_default();
    let first = match first.split_once(['_', ':']) {
        Some((segment, rest)) if segment.len() == 4 && is_hex(segment) => rest,
        _ => first,
    };
    is_pci_place(first) && places.all(is_pci_place)
}

/// `BB_DD.F`; the name of a device in the kernel has a colon in it.
fn is_pci_place(place: &str) -> bool {
    let Some((bus, rest)) = place.split_once(['_', ':']) else {
        return false;
    };
    let Some((device, function)) = rest.split_once('.') else {
        return false;
    };
    [(bus, 2), (device, 2), (function, 1)]
        .iter()
        .all(|(part, length)| part.len() == *length && is_hex(part))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn printable(text: &str) -> Result<(), Unfit> {
    characters(text, |c| matches!(c, ' '..='~'))
}
