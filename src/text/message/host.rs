// SPDX-License-Identifier: GPL-3.0-or-later
//! What a host refused or failed at, in words.
//!
//! The titles of errors that the existing tools have too keep the words that scripts look for ("no such domain").

use std::{io, path::Path, time::Duration};

use crate::host::{HostError, OpenError, settings::Setting};

use super::{
    super::{
        duration,
        i18n::{gettext, gettext_f},
        sanitize,
    },
    inventory::inventory_error,
    io::{io_hint, io_text, is_of_the_device},
    live,
    parts::Message,
    refusal::{operation, refusal},
    schedule::not_repeated,
    setting::{setting, unfit},
};

/// What a host refused or failed at.
pub fn host_error(error: &HostError) -> Message {
    match error {
        HostError::NotARoot { path } => not_a_root(path),
        HostError::Inventory(error) => {
            let why = inventory_error(error);
            Message::new(gettext("The system's own record of its VMs cannot be understood"))
                .detail(why.full_text())
                .hint(gettext(
                    "The file var/lib/qubes/qubes.xml is damaged: repair it or take its last good copy.",
                ))
        }
        HostError::NoSuchVm { name } => {
            Message::new(gettext_f("no such domain: '{name}'", &[("name", &sanitize(name))]))
                .hint(gettext("Check the name for a typo; capital and small letters differ."))
        }
        HostError::NoSuchVolume { vm, volume } => Message::new(gettext_f(
            "The VM {vm} has no volume {volume}",
            &[("vm", &sanitize(vm)), ("volume", &sanitize(volume))],
        ))
        .hint(gettext(
            "The VM here has another class than the one in the backup: restore it under another name.",
        )),
        HostError::PoolOutOfReach {
            vm,
            volume,
            pool,
            driver,
        } => Message::new(gettext_f(
            "The volume {volume} of the VM {vm} is out of reach",
            &[("vm", &sanitize(vm)), ("volume", &sanitize(volume))],
        ))
        .detail(out_of_reach(pool, driver))
        .hint(gettext(
            "Leave this VM out, or move its volumes to a pool of files first.",
        )),
        HostError::NameTaken { name } => Message::new(gettext_f(
            "A VM named {name} exists already",
            &[("name", &sanitize(name))],
        ))
        .hint(gettext("Choose another name for the VM, or remove the existing one.")),
        HostError::Unfit {
            vm,
            setting: about,
            value,
            why,
        } => Message::new(unfit_value(vm, about, value)).detail(unfit(why)),
        HostError::Refused { why } => Message::new(gettext("The system refused a change"))
            .detail(refusal(why))
            .hint(gettext(
                "If it is about one VM or setting, leave that one out and set it by hand afterwards.",
            )),
        HostError::NotRunning { name } => not_running(name),
        HostError::NotHalted { name } => not_halted(name),
        HostError::Gone { name } => gone(name),
        HostError::Denied { call } => denied(call),
        HostError::ConnectionLost { call } => connection_lost(call),
        HostError::TimedOut { call, after } => timed_out(call, *after),
        HostError::RecordLocked { path, after } => record_locked(path, *after),
        HostError::NobodyAnswers { socket, source } => live::nobody_answers(socket, source),
        HostError::Declined { call, class, text } => live::declined(call, class, text),
        HostError::Unspoken { call } => live::unspoken(call),
        HostError::Garbled { call, why } => live::garbled(call, why),
        HostError::Unsendable { call, why } => live::unsendable(call, why),
        HostError::NoPrivilege => live::no_privilege(),
        HostError::Untrusted { path } => live::untrusted(path),
        HostError::HelperGone => live::helper_gone(),
        HostError::NotBeingRestored { name } => live::not_being_restored(name),
        HostError::NotRepeated { why } => not_repeated(why),
        HostError::Cancelled(_) => Message::new(gettext("Cancelled")),
        HostError::Io {
            operation: what,
            source,
        } => Message::new(operation(what))
            .detail(io_text(source))
            .hint(host_hint(source)),
    }
}

fn not_a_root(path: &Path) -> Message {
    Message::new(gettext_f(
        "{path} is not the root folder of a PedOS",
        &[("path", &sanitize(&path.to_string_lossy()))],
    ))
    .detail(gettext("It has no file var/lib/qubes/qubes.xml that could be read."))
    .hint(gettext(
        "Name the folder that holds dom0's file system, with var, etc and home in it.",
    ))
}

fn not_running(name: &str) -> Message {
    Message::new(gettext_f("The VM {vm} is not running", &[("vm", &sanitize(name))]))
        .hint(gettext("Start it and try again."))
}

fn not_halted(name: &str) -> Message {
    Message::new(gettext_f("The VM {vm} is not halted", &[("vm", &sanitize(name))]))
        .hint(gettext("Shut it down and try again."))
}

fn gone(name: &str) -> Message {
    Message::new(gettext_f(
        "The VM {vm} has been removed meanwhile",
        &[("vm", &sanitize(name))],
    ))
    .hint(gettext("Start again: the list of VMs will be read anew."))
}

/// Why there is no PedOS to work on. What can be done depends on the program: it is for the caller to say.
pub fn open_error(error: &OpenError) -> Message {
    match error {
        OpenError::Host(error) => host_error(error),
        OpenError::Nowhere => Message::new(gettext("There is no PedOS here")),
    }
}

fn unfit_value(vm: &str, about: &Setting, value: &str) -> String {
    gettext_f(
        "A setting of the VM {vm} cannot have this value: {setting} = {value}",
        &[
            ("vm", &sanitize(vm)),
            ("setting", &setting(about)),
            ("value", &sanitize(value)),
        ],
    )
}

fn denied(call: &str) -> Message {
    Message::new(gettext("The policy of the system does not allow this"))
        .detail(of_call(call))
        .hint(gettext(
            "Run the program as a user who may administer the system, or let its policy allow this call.",
        ))
}

fn connection_lost(call: &str) -> Message {
    Message::new(gettext("The connection to the system was lost"))
        .detail(of_call(call))
        .hint(gettext(
            "Its daemon may have been restarted. Look at the list of VMs for what was done before you try again.",
        ))
}

fn timed_out(call: &str, after: Duration) -> Message {
    Message::new(gettext_f(
        "The system did not answer within {time}",
        &[("time", &duration(after))],
    ))
    .detail(of_call(call))
    .hint(gettext(
        "It may be busy. Look at the list of VMs for what was done before you try again.",
    ))
}

fn record_locked(path: &Path, after: Duration) -> Message {
    Message::new(gettext("Another program is changing the list of VMs"))
        .detail(gettext_f(
            "It has kept {path} locked for {time}.",
            &[("path", &sanitize(&path.to_string_lossy())), ("time", &duration(after))],
        ))
        .hint(gettext("Wait until it is done, or end it, and try again."))
}

/// The call that an error is about, by its name in the system's interface.
fn of_call(call: &str) -> String {
    gettext_f("The call was {call}.", &[("call", &sanitize(call))])
}

fn host_hint(source: &io::Error) -> String {
    io_hint(source).unwrap_or_else(|| {
        if is_of_the_device(source) {
            gettext("The disk may be failing: look at the system log before you go on.")
        } else {
            gettext("Look at the system log for more before you go on.")
        }
    })
}

/// Where a volume lies that cannot be read here.
pub(in crate::text) fn out_of_reach(pool: &str, driver: &str) -> String {
    gettext_f(
        "It lies in the pool {pool} ({driver}), which this program cannot read here.",
        &[("pool", &sanitize(pool)), ("driver", &sanitize(driver))],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{InventoryError, InventoryFault};

    #[test]
    fn scripts_find_the_words_of_the_existing_tools() {
        let error = HostError::NoSuchVm { name: "wrok".into() };
        assert_eq!(host_error(&error).title, "no such domain: 'wrok'");
    }

    #[test]
    fn a_broken_record_says_where_it_is_broken() {
        let error = HostError::Inventory(InventoryError::Invalid {
            fault: InventoryFault::NoClass,
            position: Some(77),
        });
        assert!(host_error(&error).detail.contains("byte 77"));
    }
}
