// SPDX-License-Identifier: GPL-3.0-or-later
//! What the pages of a restore say.

use crate::{
    inventory::Domain,
    plan::{Cure, DeviceFate, PoolOffer, RestoreDevice, RestoreFinding, RestoreRow, RestoreTable, WhatFound},
    text::{
        class, date,
        i18n::{gettext, gettext_f, ngettext_f, pgettext},
        restore_problem, restore_remark, sanitize, size,
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
    if verifies_only {
        let count = table.selected().count() as u64;
        return ngettext_f(
            "{n} VM will be read and checked. Nothing on this system is changed.",
            "{n} VMs will be read and checked. Nothing on this system is changed.",
            count,
            &[],
        );
    }
    // The home is no VM, and a VM with a problem is not added as things stand.
    match table.ready().filter(|row| !row.is_home()).count() as u64 {
        0 => gettext("VMs that are here already are not touched, and nothing is changed before you press Next."),
        count => ngettext_f(
            "{n} VM will be added to this system. VMs that are here already are not touched, and nothing is changed before you press Next.",
            "{n} VMs will be added to this system. VMs that are here already are not touched, and nothing is changed before you press Next.",
            count,
            &[],
        ),
    }
}

/// Where dom0's home goes.
pub fn home_note() -> String {
    gettext("dom0's files go into a new folder home-restore-DATE in the home. Nothing in the home is overwritten.")
}

/// What a VM is called in the backup and, where that differs, here.
pub fn restore_name(row: &RestoreRow) -> String {
    let name = sanitize(&row.domain.name);
    if !row.is_selected || row.name_here == row.domain.name {
        return name;
    }
    // Translators: the name of a VM in the backup, and the one that it gets. The arrow points where one reads on.
    gettext_f("{old} → {new}", &[("old", &name), ("new", &sanitize(&row.name_here))])
}

/// What kind a VM is, and how much the backup holds of it.
pub fn restore_kind(row: &RestoreRow) -> String {
    let class = class(&row.domain.class);
    if row.is_made_up() {
        return class;
    }
    // Translators: the class of a VM, and how much the backup holds of it.
    gettext_f(
        "{class} · {size}",
        &[("class", &class), ("size", &size(row.content.size_bytes))],
    )
}

/// What happens to one VM, and what is worth knowing about it.
pub fn restore_action(row: &RestoreRow, verifies_only: bool) -> String {
    if !row.is_selected {
        let reason = row.remarks.iter().map(restore_remark).next();
        return reason.unwrap_or_else(|| gettext("Left out"));
    }
    if verifies_only {
        return gettext("Will be verified");
    }
    let made_up = row.is_made_up().then(|| {
        gettext(
            "The backup holds no data of it. Its old format only implies it, and it is made because others need it.",
        )
    });
    let lines: Vec<String> = made_up
        .into_iter()
        .chain(row.remarks.iter().map(restore_remark))
        .collect();
    let state = match (row.problems.is_empty(), lines.is_empty()) {
        (true, true) => Some(gettext("Will be restored")),
        (true, false) => None,
        (false, _) => Some(gettext("Cannot be restored yet")),
    };
    // One paragraph: GTK 4.8 measures several of them one pixel too low.
    state.into_iter().chain(lines).collect::<Vec<_>>().join(" · ")
}

/// All that a row says, for a screen reader.
pub fn restore_spoken(row: &RestoreRow, verifies_only: bool) -> String {
    let problems = row.problems.iter().map(|problem| restore_problem(problem).sentence);
    let mut parts = vec![restore_name(row), restore_kind(row), restore_action(row, verifies_only)];
    if !verifies_only && row.is_selected {
        parts.extend(problems);
    }
    parts.join(", ")
}

/// What the findings add up to: how many VMs cannot be restored yet, else how many remarks there are.
pub fn findings_title(blocked: usize, others: usize) -> String {
    if blocked > 0 {
        return ngettext_f(
            "{n} VM cannot be restored yet: solve its problems, or leave it out.",
            "{n} VMs cannot be restored yet: solve their problems, or leave them out.",
            blocked as u64,
            &[],
        );
    }
    ngettext_f(
        "{n} thing to know before you start",
        "{n} things to know before you start",
        others as u64,
        &[],
    )
}

/// One finding about a VM, which leads to its row.
pub fn restore_finding(finding: &RestoreFinding<'_>) -> String {
    let sentence = match finding.what {
        WhatFound::Problem(problem) => restore_problem(problem).sentence,
        WhatFound::Loss(remark) => restore_remark(remark),
    };
    // Translators: a VM of a backup and what was found about it.
    gettext_f(
        "{name}: {what}",
        &[("name", &sanitize(finding.vm)), ("what", &sentence)],
    )
}

/// The button that shows the findings for which there was no room.
pub fn more_findings(count: usize) -> String {
    ngettext_f("Show {n} more", "Show {n} more", count as u64, &[])
}

/// The button that leaves out every VM with a problem.
pub fn leave_out_all(count: usize) -> String {
    ngettext_f(
        "Leave out {n} VM that cannot be restored",
        "Leave out all {n} VMs that cannot be restored",
        count as u64,
        &[],
    )
}

/// How many of the VMs on the summary are left out; empty for none.
pub fn left_out_here(count: usize) -> String {
    if count == 0 {
        return String::new();
    }
    ngettext_f("{n} VM is left out.", "{n} VMs are left out.", count as u64, &[])
}

/// The label of a button that does what cures a problem, or that leads to where it is chosen or typed.
pub fn cure_button(cure: &Cure) -> String {
    match cure {
        Cure::RestoreToo { name } => gettext_f("Restore {name} too", &[("name", &sanitize(name))]),
        Cure::SolveFirst { name } => gettext_f("Go to {name}", &[("name", &sanitize(name))]),
        Cure::IgnoreMissing => gettext("Use the defaults"),
        Cure::IgnoreUserMismatch => gettext("Restore the home anyway"),
        Cure::RenameConflicting => gettext("Use a free name"),
        Cure::LeaveOut => gettext("Leave out"),
        Cure::ChooseName => gettext("Change the name"),
        Cure::ChooseTemplate => gettext("Choose a template"),
        Cure::ChooseNetVm => gettext("Choose a net VM"),
        Cure::ChooseDispVm => gettext("Choose a disposable template"),
        Cure::ChooseKernel => gettext("Choose a kernel"),
        Cure::ChoosePool => gettext("Choose a pool"),
    }
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

/// What the choice of a pool for all VMs is called.
pub fn pool_of_all() -> String {
    gettext("Storage pool for all")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        inventory::{ArchivePath, Class, Content},
        plan::{Renaming, RestoreProblem, RestoreRemark},
    };

    fn row(name: &str, class: Class) -> RestoreRow {
        let domain = Domain {
            name: name.to_owned(),
            class,
            ..Domain::default()
        };
        let content = Content {
            path: ArchivePath::new("vm1/"),
            size_bytes: 2048,
        };
        RestoreRow::new(domain, content)
    }

    #[test]
    fn only_what_can_be_added_now_is_counted() {
        let mut blocked = row("work", Class::AppVm);
        blocked.problems.push(RestoreProblem::NoDefaultTemplate);
        let mut left_out = row("old", Class::AppVm);
        left_out.is_selected = false;
        let (good, home) = (row("mail", Class::AppVm), row("dom0", Class::AdminVm));
        let mut table = RestoreTable {
            rows: vec![good, blocked, left_out, home],
        };
        assert!(restore_note(&table, false).starts_with("1 VM will be added"));
        assert!(restore_note(&table, true).starts_with("3 VMs will be read"));
        assert!(findings_title(table.blocked().count(), 0).starts_with("1 VM cannot be restored yet"));
        table.rows.remove(0);
        assert!(restore_note(&table, false).starts_with("VMs that are here already"));
    }

    #[test]
    fn a_row_says_why_a_name_changes_and_what_is_in_the_way() {
        let mut taken = row("work", Class::AppVm);
        taken.name_here = "work-1".to_owned();
        taken.remarks.push(RestoreRemark::Renamed {
            from: "work".to_owned(),
            to: "work-1".to_owned(),
            why: Renaming::TakenHere,
        });
        let why = "There is a VM called work already; it will be restored as work-1";
        assert_eq!(restore_action(&taken, false), why);
        assert_eq!(
            restore_spoken(&taken, false),
            format!("work → work-1, AppVM · 2.0 KiB, {why}")
        );
        taken.problems.push(RestoreProblem::NoDefaultTemplate);
        let said = restore_spoken(&taken, false);
        assert!(
            said.contains("Cannot be restored yet") && said.contains("this system has none"),
            "{said}"
        );
        assert_eq!(restore_action(&taken, true), "Will be verified");
    }
}
