// SPDX-License-Identifier: GPL-3.0-or-later
//! From a request to the method that does the work: what has another shape than the method takes is refused before.

use super::{
    lists, names,
    table::{
        ADMIN, INTERNAL, Method,
        Takes::{Nothing, Something},
        To,
    },
};
use crate::{
    answer::{Answer, Refusal},
    daemon::{Daemon, Socket},
    dialect::Dialect,
    request::Request,
};

/// A request to a method that is there, of the right shape.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The destination.
    pub(crate) vm: String,
    pub(crate) argument: &'a str,
    pub(crate) payload: &'a [u8],
    /// What stands in the method's name in the place of `*`.
    pub(crate) variant: &'a str,
}

/// Answers a request whose frame is right.
pub(crate) fn dispatch(daemon: &mut Daemon, socket: Socket, request: &Request) -> Answer {
    names::find(daemon, &request.source)?;
    let vm = names::find(daemon, &request.destination)?;
    let (method, variant) = find(daemon, socket, &request.method)?;
    if method.to == To::Dom0 && vm != "dom0" {
        return Err(daemon.protocol_error("expected destination to be AdminVM"));
    }
    if method.to == To::NotDom0 && vm == "dom0" {
        return Err(daemon.protocol_error("expected destination to not be AdminVM"));
    }
    if method.argument == Nothing && !request.argument.is_empty() {
        return Err(daemon.protocol_error("unexpected argument"));
    }
    if method.argument == Something && request.argument.is_empty() {
        return Err(match daemon.dialect {
            Dialect::V4_2 | Dialect::V4_3 => Refusal::value(""),
            Dialect::V4_4 => daemon.protocol_error("expected an argument"),
        });
    }
    if method.payload == Nothing && !request.payload.is_empty() {
        return Err(daemon.protocol_error("unexpected payload"));
    }
    if method.payload == Something && request.payload.is_empty() {
        return Err(daemon.protocol_error("expected payload"));
    }
    let call = Call {
        vm,
        argument: &request.argument,
        payload: &request.payload,
        variant,
    };
    (method.run)(daemon, &call)
}

/// Returns the method of that name and what stands in the place of `*`.
fn find<'n>(daemon: &mut Daemon, socket: Socket, name: &'n str) -> Result<(&'static Method, &'n str), Refusal> {
    let fits = |table: &'static [Method]| {
        table
            .iter()
            .find_map(|method| variant(method.name, name).map(|found| (method, found)))
    };
    let table: &'static [Method] = match socket {
        Socket::Admin => &ADMIN,
        Socket::Internal => &INTERNAL,
    };
    match fits(table) {
        Some((method, variant)) if (method.is_there)(daemon.differences()) && is_variant(method, variant) => {
            Ok((method, variant))
        }
        found => {
            if found.is_none() {
                daemon.violation(format!("the stand-in knows no method {name} on that socket"));
            }
            Err(daemon.protocol_error(format!("no such method: '{name}'")))
        }
    }
}

/// Whether there is such a class of devices. Classes of VMs are looked at by the method.
fn is_variant(method: &Method, variant: &str) -> bool {
    !method.name.starts_with("admin.vm.device.") || lists::DEVICE_CLASSES.contains(&variant)
}

fn variant<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    match pattern.split_once('*') {
        None => (pattern == name).then_some(""),
        Some((before, after)) => {
            let variant = name.strip_prefix(before)?.strip_suffix(after)?;
            (!variant.contains('.')).then_some(variant)
        }
    }
}

/// Returns the payload as text; `None` where it is not ASCII.
pub(super) fn ascii(payload: &[u8]) -> Option<&str> {
    std::str::from_utf8(payload).ok().filter(|text| text.is_ascii())
}
