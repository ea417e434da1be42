// SPDX-License-Identifier: GPL-3.0-or-later
//! Values of properties: which of them the daemon takes, and in which form it keeps them.

use super::labels;
use crate::{
    answer::Refusal,
    daemon::Daemon,
    properties::{self, Kind},
    state::{Class, Vm},
};

/// Reads a payload by the type of the property.
pub(super) fn by_kind(daemon: &Daemon, name: &str, kind: Kind, payload: &[u8]) -> Result<String, Refusal> {
    let Some(text) = super::ascii(payload) else {
        return Err(Refusal::value("Non-ASCII bytes in property value"));
    };
    match kind {
        Kind::Str => Ok(text.to_owned()),
        Kind::Int => match text.parse::<i64>() {
            Ok(number) => Ok(number.to_string()),
            Err(_) => Err(Refusal::value("Failed to parse property value as int")),
        },
        Kind::Bool => match text.to_ascii_lowercase().as_str() {
            "1" | "yes" | "true" | "on" => Ok("True".to_owned()),
            "0" | "no" | "false" | "off" => Ok("False".to_owned()),
            _ => Err(Refusal::value(format!(
                "Invalid literal for boolean property: '{text}'"
            ))),
        },
        Kind::Label if daemon.state.label(text).is_none() => Err(labels::unknown(text)),
        Kind::Vm if !text.is_empty() && daemon.state.vm(text).is_none() => Err(Refusal::property(format!(
            "Can't set {name} to non-existing qube {text}"
        ))),
        Kind::Label | Kind::Vm => Ok(text.to_owned()),
    }
}

/// Refuses what a property of that VM cannot be.
pub(super) fn of_vm(daemon: &Daemon, vm: &str, name: &str, value: &str) -> Result<(), Refusal> {
    let own = daemon.vm(vm)?;
    match name {
        "memory" | "vcpus" | "qrexec_timeout" | "shutdown_timeout" if value.parse::<i64>().is_ok_and(|n| n <= 0) => {
            Err(Refusal::property(format!("{name} must be positive")))
        }
        "kernel" if !value.is_empty() && !daemon.state.kernels.iter().any(|kernel| kernel == value) => {
            Err(Refusal::property(format!("Kernel '{value}' not installed")))
        }
        "virt_mode" if !["hvm", "pv", "pvh"].contains(&value) => Err(Refusal::property(
            "Invalid virtualization mode, supported values: hvm, pv, pvh",
        )),
        "netvm" if !value.is_empty() => netvm(daemon, own, value),
        "default_dispvm" if !value.is_empty() && daemon.differences().checks_default_dispvm => {
            if daemon.vm(value)?.is("template_for_dispvms") {
                return Ok(());
            }
            Err(Refusal::property(format!(
                "Cannot set invalid property to qube '{vm}', default_dispvm '{value}' has template_for_dispvms set to \
                 False"
            )))
        }
        "template" => template(daemon, own, value),
        _ => Ok(()),
    }
}

fn netvm(daemon: &Daemon, own: &Vm, value: &str) -> Result<(), Refusal> {
    if !daemon.vm(value)?.is("provides_network") {
        return Err(Refusal::value(format!("The {value} qube does not provide network")));
    }
    let mut next = value.to_owned();
    while let Some(vm) = daemon.state.vm(&next) {
        if vm.name == own.name {
            return Err(Refusal::value("Loops in network are unsupported"));
        }
        next = properties::value(&daemon.state, vm, "netvm").1;
    }
    Ok(())
}

fn template(daemon: &Daemon, own: &Vm, value: &str) -> Result<(), Refusal> {
    let template = daemon.state.vm(value);
    let class = template.map_or("NoneType", |template| template.class.name());
    let is_right = match own.class {
        Class::Disposable => template.is_some_and(|template| template.is("template_for_dispvms")),
        _ => template.is_some_and(|template| template.class == Class::Template),
    };
    if !is_right && own.class == Class::Disposable {
        return Err(not_for_disposables(daemon, value));
    }
    if !is_right {
        return Err(Refusal::property(format!(
            "wrong VM class: domains['{value}'] is of type {class} and not TemplateVM"
        )));
    }
    if own.is_running() {
        return Err(Refusal::new(
            "QubesVMNotHaltedError",
            "Cannot change template while qube is running",
        ));
    }
    Ok(())
}

/// A disposable cannot be made from that VM.
pub(super) fn not_for_disposables(daemon: &Daemon, template: &str) -> Refusal {
    let disposable = daemon.differences().disposable;
    Refusal::value(format!(
        "template for {disposable} ({template}) needs to be an AppVM with template_for_dispvms=True"
    ))
}
