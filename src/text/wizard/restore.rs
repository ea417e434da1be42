// SPDX-License-Identifier: GPL-3.0-or-later
//! What the pages of a restore say.

use crate::{
    inventory::Domain,
    plan::{RestoreRow, RestoreTable},
    text::{
        class, date,
        i18n::{gettext, gettext_f, ngettext_f},
        restore_remark, sanitize,
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
    let kind = class(&row.domain.class);
    if verifies_only {
        // Translators: the class of a VM and what happens to it.
        return gettext_f("{class} · will be verified", &[("class", &kind)]);
    }
    if !row.problems.is_empty() {
        return gettext_f("{class} · cannot be restored yet", &[("class", &kind)]);
    }
    if row.remarks.is_empty() {
        return gettext_f("{class} · will be restored", &[("class", &kind)]);
    }
    let remarks: Vec<String> = row.remarks.iter().map(restore_remark).collect();
    format!("{kind} · {}", remarks.join(" · "))
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

/// The label of a field, with its mnemonic.
pub fn field_name_here() -> String {
    gettext("N_ame here")
}

/// The label of a field, with its mnemonic.
pub fn field_template() -> String {
    gettext("Tem_plate")
}

/// The label of a field, with its mnemonic.
pub fn field_netvm() -> String {
    gettext("Net _VM")
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
