// SPDX-License-Identifier: GPL-3.0-or-later
//! What a host refuses, and what it was doing when the operating system failed, in words.

use crate::host::{FileFault, Operation, Refusal};

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize, size,
    },
    inventory::firewall_error,
    setting::name_fault,
};

/// Why a host does not do what it was asked for, a sentence.
pub(super) fn refusal(why: &Refusal) -> String {
    let shown = |path: &std::path::Path| sanitize(&path.to_string_lossy());
    match why {
        Refusal::NotEmpty { path } => gettext_f(
            "{path} is not empty: a new PedOS needs a directory of its own.",
            &[("path", &shown(path))],
        ),
        Refusal::NoSnapshot { vm, volume } => gettext_f(
            "The VM {vm} runs, and snapshots of its volume {volume} are disabled.",
            &[("vm", &sanitize(vm)), ("volume", &sanitize(volume))],
        ),
        Refusal::WrittenInPlace { vm, volume } => gettext_f(
            "The VM {vm} runs and writes to the only copy of its volume {volume}.",
            &[("vm", &sanitize(vm)), ("volume", &sanitize(volume))],
        ),
        Refusal::NotAFile { path } => gettext_f("{path} is not a file.", &[("path", &shown(path))]),
        Refusal::NoSuchFile { vm, file } => gettext_f(
            "The VM {vm} cannot have the file {file}.",
            &[("vm", &sanitize(vm)), ("file", file.file_name())],
        ),
        Refusal::VmName { name, fault } => gettext_f(
            // Translators: {why} is a sentence.
            "'{name}' cannot be the name of a VM. {why}",
            &[("name", &sanitize(name)), ("why", &name_fault(*fault))],
        ),
        Refusal::Class { class } => gettext_f(
            "VMs of the class {class} cannot be created.",
            &[("class", &sanitize(class))],
        ),
        Refusal::Pool { pool } => gettext_f(
            "This program cannot write to the storage pool {pool}.",
            &[("pool", &sanitize(pool))],
        ),
        Refusal::NoPool => gettext("There is no storage pool to which this program could write."),
        Refusal::TooManyDisposables => gettext("There are too many disposables already."),
        Refusal::Dom0 => gettext("dom0 cannot be removed."),
        Refusal::InTheWay { path } => gettext_f(
            "{path} is in the way of a new VM: it belongs to no VM, and is not empty.",
            &[("path", &shown(path))],
        ),
        Refusal::FixedProperty { vm, property } => gettext_f(
            "The property {property} of the VM {vm} cannot be changed.",
            &[("property", &sanitize(property)), ("vm", &sanitize(vm))],
        ),
        Refusal::FileTooLong { path, limit } => gettext_f(
            "{path} is larger than {limit}.",
            &[("path", &shown(path)), ("limit", &size(*limit))],
        ),
        Refusal::FileContent { file, fault } => gettext_f(
            // Translators: {why} says what is wrong with the file, without a full stop.
            "The file {file} is not accepted: {why}.",
            &[("file", file.file_name()), ("why", &file_fault(fault))],
        ),
        Refusal::BehindTheEnd { vm, volume, size_bytes } => gettext_f(
            "The volume {volume} of the VM {vm} has {size}, and data for it lies behind its end.",
            &[
                ("volume", &sanitize(volume)),
                ("vm", &sanitize(vm)),
                ("size", &size(*size_bytes)),
            ],
        ),
        Refusal::OutOfOrder => gettext("The data of the file comes in another order than it is written in."),
        Refusal::ServiceName { name } => gettext_f(
            "'{name}' cannot be the name of a service.",
            &[("name", &sanitize(name))],
        ),
    }
}

fn file_fault(fault: &FileFault) -> String {
    match fault {
        FileFault::TooLong { limit } => gettext_f("it is larger than {limit}", &[("limit", &size(*limit))]),
        FileFault::NotAscii => gettext("it has other characters than plain ASCII"),
        FileFault::NotUtf8 => gettext("it is not UTF-8"),
        FileFault::RulesRefused => gettext("it holds a rule that the system does not take"),
        FileFault::Firewall(error) => firewall_error(error),
    }
}

/// What failed, a sentence without a full stop.
pub(super) fn operation(operation: &Operation) -> String {
    let shown = |path: &std::path::Path| sanitize(&path.to_string_lossy());
    match operation {
        Operation::Open(path) => gettext_f("{path} could not be opened", &[("path", &shown(path))]),
        Operation::Read(path) => gettext_f("{path} could not be read", &[("path", &shown(path))]),
        Operation::Write(path) => gettext_f("{path} could not be written", &[("path", &shown(path))]),
        Operation::Make(path) => gettext_f("{path} could not be created", &[("path", &shown(path))]),
        Operation::Remove(path) => gettext_f("{path} could not be removed", &[("path", &shown(path))]),
        Operation::Lock(path) => gettext_f("{path} could not be locked", &[("path", &shown(path))]),
        Operation::WriteOutput => gettext("The standard output could not be written to"),
        Operation::MakeVolumes(vm) => gettext_f(
            "The volumes of the VM {vm} could not be created",
            &[("vm", &sanitize(vm))],
        ),
        Operation::Random => gettext("The system gave no random number"),
        Operation::StartService { service, vm } => gettext_f(
            "The service {service} in the VM {vm} could not be started",
            &[("service", &sanitize(service)), ("vm", &sanitize(vm))],
        ),
        Operation::StartHelper => gettext("The helper that reads and fills volumes could not be started"),
    }
}
