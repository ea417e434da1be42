// SPDX-License-Identifier: GPL-3.0-or-later
//! Devices that are assigned to VMs, and such that are there.

use super::{Call, ascii};
use crate::{
    answer::{Answer, Refusal, done, lines},
    daemon::Daemon,
    state::{Assignment, Device},
};

/// The modes that an assignment can have.
const MODES: [&str; 3] = ["required", "auto-attach", "ask-to-attach"];

pub(super) fn available(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let devices = daemon.state.devices.iter();
    let mine = devices.filter(|device| device.backend == call.vm && device.class == call.variant);
    let has_identity = daemon.differences().assigns_devices;
    let line = |device: &Device| {
        let Device {
            class,
            backend,
            port,
            identity,
        } = device;
        if has_identity {
            format!(
                "{port}:{identity} device_id='{identity}' port_id='{port}' devclass='{class}' backend_domain='{backend}'"
            )
        } else {
            format!("{port} description=")
        }
    };
    lines(mine.map(line))
}

/// Reads `key='value'` words; `None` where they are no such.
fn words(text: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (key, after) = rest.split_once("='")?;
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '\'') => break at,
                (_, '\\') => value.push(characters.next()?.1),
                (_, c) => value.push(c),
            }
        };
        let is_key = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if key.is_empty() || !key.chars().all(is_key) {
            return None;
        }
        found.push((key.to_owned(), value));
        rest = &after[end + 1..];
        if !rest.is_empty() {
            rest = rest.strip_prefix(' ')?;
        }
    }
    Some(found)
}

/// Returns backend and port of an argument `BACKEND+PORT+IDENTITY`.
fn port<'a>(daemon: &Daemon, call: &Call<'a>) -> Result<(&'a str, &'a str), Refusal> {
    let (backend, rest) = call.argument.split_once('+').ok_or(Refusal::Silence)?;
    let port = rest.split_once('+').map_or(rest, |(port, _)| port);
    if daemon.state.vm(backend).is_none() {
        return Err(Refusal::Silence);
    }
    Ok((backend, port))
}

pub(super) fn assign(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let (backend, port) = port(daemon, call)?;
    let words = ascii(call.payload).and_then(words).ok_or(Refusal::Silence)?;
    let get = |wanted: &str| {
        let found = words.iter().find(|(key, _)| key == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let mode = get("mode").unwrap_or("required");
    let agree = |key: &str, value: &str| get(key).is_none_or(|found| found == value);
    if !MODES.contains(&mode)
        || !agree("backend_domain", backend)
        || !agree("port_id", port)
        || !agree("devclass", call.variant)
    {
        return Err(Refusal::Silence);
    }
    let options = words.iter().filter_map(|(key, value)| {
        let key = key.strip_prefix('_')?;
        Some((key.to_owned(), value.clone()))
    });
    let assignment = Assignment {
        class: call.variant.to_owned(),
        backend: backend.to_owned(),
        port: port.to_owned(),
        identity: get("device_id").unwrap_or("*").to_owned(),
        mode: mode.to_owned(),
        options: options.collect(),
    };
    add(daemon, &call.vm, assignment)
}

fn add(daemon: &mut Daemon, vm: &str, assignment: Assignment) -> Answer {
    let Assignment {
        class,
        backend,
        port,
        identity,
        ..
    } = &assignment;
    let is_same = |known: &Assignment| {
        (&known.class, &known.backend, &known.port, &known.identity) == (class, backend, port, identity)
    };
    if daemon.vm(vm)?.devices.iter().any(is_same) {
        return Err(Refusal::new(
            "DeviceAlreadyAssigned",
            format!("'{class} device {backend}:{port}:{identity} already assigned to {vm}'"),
        ));
    }
    let device = format!("{backend}+{port}:{identity}");
    let class = class.clone();
    daemon
        .hub
        .send(vm, &format!("device-pre-assign:{class}"), &[("device", &device)]);
    daemon.vm_mut(vm)?.devices.push(assignment);
    daemon
        .hub
        .send(vm, &format!("device-assign:{class}"), &[("device", &device)]);
    daemon.save()?;
    done()
}

pub(super) fn unassign(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let (backend, port) = port(daemon, call)?;
    let is_it = |device: &Assignment| device.class == call.variant && device.backend == backend && device.port == port;
    let devices = &mut daemon.vm_mut(&call.vm)?.devices;
    let Some(index) = devices.iter().position(is_it) else {
        return Err(Refusal::new(
            "DeviceNotAssigned",
            format!("'{} device {backend}:{port} not assigned to {}'", call.variant, call.vm),
        ));
    };
    let gone = devices.remove(index);
    let device = format!("{}+{}:{}", gone.backend, gone.port, gone.identity);
    daemon.hub.send(
        &call.vm,
        &format!("device-unassign:{}", gone.class),
        &[("device", &device)],
    );
    daemon.save()?;
    done()
}

pub(super) fn assigned(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let vm = daemon.vm(&call.vm)?;
    let line = |device: &Assignment| {
        let Assignment {
            class,
            backend,
            port,
            identity,
            mode,
            options,
        } = device;
        let options: String = options
            .iter()
            .map(|(name, value)| format!(" _{name}='{}'", value.replace('\'', "\\'")))
            .collect();
        format!(
            "{backend}+{port}:{identity} device_id='{identity}' port_id='{port}' devclass='{class}' \
             backend_domain='{backend}' mode='{mode}' frontend_domain='{}'{options}",
            vm.name
        )
    };
    let mine = vm.devices.iter().filter(|device| device.class == call.variant);
    lines(mine.map(line))
}

pub(super) fn attached(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    daemon.vm(&call.vm)?;
    done()
}

/// The older way: `option=value … persistent=yes`, for a device that is there.
pub(super) fn attach(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    if daemon.differences().assigns_devices {
        return Err(daemon.protocol_error("Invalid chars in property name: {' ', '='}"));
    }
    let (backend, port) = port(daemon, call)?;
    let text = ascii(call.payload).ok_or(Refusal::Silence)?;
    let words: Option<Vec<(&str, &str)>> = text
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| word.split_once('='))
        .collect();
    let words = words.ok_or(Refusal::Silence)?;
    let is_there = |device: &Device| device.class == call.variant && device.backend == backend && device.port == port;
    if !daemon.state.devices.iter().any(is_there) {
        let text = match call.variant {
            "pci" => format!("Invalid PCI device: {port}"),
            class => format!("Invalid {class} device: {port}"),
        };
        return Err(Refusal::new("QubesException", text));
    }
    let lasts = words.contains(&("persistent", "yes"));
    if !lasts {
        return match daemon.vm(&call.vm)?.is_running() {
            true => done(),
            false => Err(Refusal::new(
                "QubesVMNotRunningError",
                format!("Domain not running: '{}'", call.vm),
            )),
        };
    }
    let options = words.iter().filter(|(name, _)| *name != "persistent");
    let assignment = Assignment {
        class: call.variant.to_owned(),
        backend: backend.to_owned(),
        port: port.to_owned(),
        identity: "*".to_owned(),
        mode: "required".to_owned(),
        options: options
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    add(daemon, &call.vm, assignment)
}

pub(super) fn list(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let vm = daemon.vm(&call.vm)?;
    let line = |device: &Assignment| {
        let options: String = device
            .options
            .iter()
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        format!("{}+{}{options} persistent=yes", device.backend, device.port)
    };
    let mine = vm.devices.iter().filter(|device| device.class == call.variant);
    lines(mine.map(line))
}
