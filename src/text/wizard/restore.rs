// SPDX-License-Identifier: GPL-3.0-or-later
//! What the pages of a restore say.

use crate::{
    inventory::Domain,
    plan::{Cure, DeviceFate, PoolOffer, RestoreDevice, RestoreRemark, RestoreRow, RestoreTable},
    text::{
        class, date,
        i18n::{gettext, gettext_f, ngettext_f, pgettext},
        restore_remark, sanitize, size,
    },
};

/// The heading above the lists.
pub fn contents_heading(verifies_only: bool) -> String {
    if verifies_only {
        gettext("Select VMs to verify")
    } else {
        gettext("Select VMs to restore")
    }
}

/// The name of the last page.
pub fn restore_title(verifies_only: bool) -> String {
    if verifies_only {
        gettext("Verify")
    } else {
        gettext("Restore")
    }
}

/// What will happen on Next.
pub fn restore_note(table: &RestoreTable, verifies_only: bool) -> String {
    let count = table.selected().count() as u64;
    if verifies_only {
        ngettext_f(
            "{n} VM will be read and checked. Nothing on this system is changed.",
            "{n} VMs will be read and checked. Nothing on this system is changed.",
            count,
            &[],
        )
    } else {
        ngettext_f(
            "{n} VM will be added to this system. VMs that are here already are not touched, and nothing is changed before you press Next.",
            "{n} VMs will be added to this system. VMs that are here already are not touched, and nothing is changed before you press Next.",
            count,
            &[],
        )
    }
}

/// Where dom0's home goes.
pub fn home_note() -> String {
    gettext("dom0's files go into a new folder home-restore-DATE in the home. Nothing in the home is overwritten.")
}

/// What happens to one VM.
pub fn restore_action(row: &RestoreRow, verifies_only: bool) -> String {
    let class = class(&row.domain.class);
    let class = [("class", class.as_str())];
    if !row.is_selected {
        return gettext_f("{class} · left out", &class);
    }
    if verifies_only {
        // Translators: the class of a VM and what happens to it.
        return gettext_f("{class} · will be verified", &class);
    }
    if !row.problems.is_empty() {
        return gettext_f("{class} · cannot be restored yet", &class);
    }
    gettext_f("{class} · will be restored", &class)
}

/// What is worth knowing about one VM, a line for each thing; empty where there is nothing.
pub fn restore_remarks(row: &RestoreRow) -> String {
    let made_up = row.is_made_up().then(|| {
        gettext(
            "The backup holds no data of it. Its old format only implies it, and it is made because others need it.",
        )
    });
    let remarks = row.remarks.iter().filter(|remark| **remark != RestoreRemark::LeftOut);
    let lines: Vec<String> = made_up.into_iter().chain(remarks.map(restore_remark)).collect();
    lines.join("\n")
}

/// How many of the VMs on the summary can be restored, wait for a decision, or are left out.
pub fn restore_counts(table: &RestoreTable, left_out: usize) -> String {
    let waiting = table.selected().filter(|row| !row.problems.is_empty()).count();
    let mut parts = Vec::new();
    if waiting > 0 {
        parts.push(ngettext_f(
            "{n} VM cannot be restored yet: solve its problems, or leave it out.",
            "{n} VMs cannot be restored yet: solve their problems, or leave them out.",
            waiting as u64,
            &[],
        ));
    }
    if left_out > 0 {
        parts.push(ngettext_f(
            "{n} VM is left out.",
            "{n} VMs are left out.",
            left_out as u64,
            &[],
        ));
    }
    parts.join(" ")
}

/// The label of a button that does what cures a problem; `None` for what is chosen or typed in a field.
pub fn cure_button(cure: &Cure) -> Option<String> {
    Some(match cure {
        Cure::RestoreToo { name } => gettext_f("Restore {name} too", &[("name", &sanitize(name))]),
        Cure::SolveFirst { name } => gettext_f("Go to {name}", &[("name", &sanitize(name))]),
        Cure::IgnoreMissing => gettext("Use the defaults"),
        Cure::IgnoreUserMismatch => gettext("Restore the home anyway"),
        Cure::RenameConflicting => gettext("Use a free name"),
        Cure::LeaveOut => gettext("Leave out"),
        Cure::ChooseName
        | Cure::ChooseTemplate
        | Cure::ChooseNetVm
        | Cure::ChooseDispVm
        | Cure::ChooseKernel
        | Cure::ChoosePool => return None,
    })
}

/// A pool in a list of them.
pub fn pool_offer(pool: &PoolOffer) -> String {
    let name = sanitize(&pool.name);
    let name = if pool.is_default {
        // Translators: the name of the host's default storage pool.
        gettext_f("{name} (default)", &[("name", &name)])
    } else {
        name
    };
    match pool.free_bytes {
        // Translators: a storage pool and the room in it.
        Some(free) => gettext_f("{name}, {free} free", &[("name", &name), ("free", &size(free))]),
        None => name,
    }
}

/// The host's default pool, where it is not known which that is.
pub fn default_pool() -> String {
    pgettext("storage pool", "default")
}

/// A device of a VM, and why it cannot be assigned if so.
pub fn device(device: &RestoreDevice) -> String {
    let port = sanitize(&device.port.to_string());
    match device.fate {
        DeviceFate::Kept | DeviceFate::Dropped => port,
        DeviceFate::NoBackend => gettext_f(
            "{device}: {name} is neither here nor restored",
            &[("device", &port), ("name", &sanitize(&device.port.backend))],
        ),
    }
}

/// The template that a VM gets.
pub fn template(row: &RestoreRow) -> String {
    match &row.template {
        Some(name) => sanitize(name),
        None => "–".to_owned(),
    }
}

/// What was meant to be used and is not there, as the first entry of a list of what is.
pub fn missing(name: &str) -> String {
    // Translators: the name of a template or net VM that does not exist here.
    gettext_f("{name} (missing)", &[("name", &sanitize(name))])
}

/// Somebody may have handed over an old archive.
pub fn newer_known(count: usize, latest: i64) -> String {
    ngettext_f(
        "This is not the latest backup: {n} of its VMs was backed up again later, last on {date}.",
        "This is not the latest backup: {n} of its VMs were backed up again later, last on {date}.",
        count as u64,
        &[("date", &date(latest))],
    )
}

/// What kind a VM of the archive is, and what it is based on and connected through.
pub fn domain_detail(domain: &Domain) -> String {
    let mut parts = vec![class(&domain.class)];
    if let Some(template) = domain.property("template").filter(|name| !name.is_empty()) {
        parts.push(sanitize(template));
    }
    if let Some(netvm) = domain.property("netvm") {
        parts.push(if netvm.is_empty() {
            gettext("offline")
        } else {
            // Translators: what a VM reaches the network through.
            gettext_f("through {name}", &[("name", &sanitize(netvm))])
        });
    }
    parts.join(" · ")
}
