// SPDX-License-Identifier: GPL-3.0-or-later
//! What the table of a restore says about each VM, in words.

use crate::plan::{Absence, Cure, Renaming, RestoreProblem, RestoreRemark, Shortage};

use super::{
    finding::FindingText,
    i18n::{gettext, gettext_f},
    kernel,
    message::missing,
    netvm, sanitize, size,
};

/// What must be solved before a VM can be restored, and what solves it in a window.
pub fn restore_problem(problem: &RestoreProblem) -> FindingText {
    let hint: Vec<String> = problem.cures().iter().map(restore_cure).collect();
    FindingText {
        sentence: sentence(problem),
        hint: Some(hint.join(" ")),
    }
}

fn sentence(problem: &RestoreProblem) -> String {
    match problem {
        RestoreProblem::NameTaken => gettext("A VM of this name exists already."),
        RestoreProblem::NameTwice => gettext("Another VM of this restore has the same name."),
        RestoreProblem::NameInvalid { why, .. } => super::name_fault(*why),
        RestoreProblem::TemplateMissing { name, absence, .. } => template_absent(name, *absence),
        RestoreProblem::NoDefaultTemplate => gettext("It is based on the default template, and this system has none."),
        RestoreProblem::NetVmMissing { name, absence, .. } => netvm_absent(name, *absence),
        RestoreProblem::NetVmCycle { name } => gettext_f(
            "Its net VM {name} would reach the network through this VM itself.",
            &[("name", &sanitize(name))],
        ),
        RestoreProblem::DispVmMissing { name, absence, .. } => dispvm_absent(name, *absence),
        RestoreProblem::KernelMissing { name, .. } => {
            gettext_f("Its kernel {name} is not here.", &[("name", &sanitize(name))])
        }
        RestoreProblem::PoolMissing { name } => {
            gettext_f("There is no storage pool {name} here.", &[("name", &sanitize(name))])
        }
        RestoreProblem::PoolOutOfReach { name, driver } => gettext_f(
            "The storage pool {name} ({driver}) is out of reach here.",
            &[("name", &sanitize(name)), ("driver", &sanitize(driver))],
        ),
        RestoreProblem::UserMismatch { archived, here } => gettext_f(
            "The home in the backup belongs to {archived}, but the user here is {here}.",
            &[("archived", &sanitize(archived)), ("here", &sanitize(here))],
        ),
        RestoreProblem::ClassUnknown => gettext("This program does not know how to create a VM of this class."),
        RestoreProblem::DataMissing { what } => gettext_f(
            "The backup does not hold all of it: {what}.",
            &[("what", &missing(what))],
        ),
    }
}

fn template_absent(name: &str, absence: Absence) -> String {
    let name = sanitize(name);
    let name = [("name", name.as_str())];
    match absence {
        Absence::NotHere => gettext_f("Its template {name} is neither here nor in the backup.", &name),
        Absence::NotSelected => gettext_f("Its template {name} is not here and not selected in the backup.", &name),
        Absence::HasProblem => gettext_f("Its template {name} cannot be restored yet.", &name),
        Absence::Incomplete => gettext_f("Its template {name} is not here and not whole in the backup.", &name),
        Absence::WrongKind => gettext_f(
            "It cannot be based on {name}, which is not a template that it can use.",
            &name,
        ),
    }
}

fn netvm_absent(name: &str, absence: Absence) -> String {
    let name = sanitize(name);
    let name = [("name", name.as_str())];
    match absence {
        Absence::NotHere => gettext_f("Its net VM {name} is neither here nor in the backup.", &name),
        Absence::NotSelected => gettext_f("Its net VM {name} is not here and not selected in the backup.", &name),
        Absence::HasProblem => gettext_f("Its net VM {name} cannot be restored yet.", &name),
        Absence::Incomplete => gettext_f("Its net VM {name} is not here and not whole in the backup.", &name),
        Absence::WrongKind => gettext_f("It cannot use {name} as its net VM, which provides no network.", &name),
    }
}

fn dispvm_absent(name: &str, absence: Absence) -> String {
    let name = sanitize(name);
    let name = [("name", name.as_str())];
    match absence {
        Absence::NotHere => gettext_f(
            "Its disposable template {name} is neither here nor in the backup.",
            &name,
        ),
        Absence::NotSelected => gettext_f(
            "Its disposable template {name} is not here and not selected in the backup.",
            &name,
        ),
        Absence::HasProblem => gettext_f("Its disposable template {name} cannot be restored yet.", &name),
        Absence::Incomplete => gettext_f(
            "Its disposable template {name} is not here and not whole in the backup.",
            &name,
        ),
        Absence::WrongKind => gettext_f(
            "Its disposables cannot be made from {name}, which is not a disposable template.",
            &name,
        ),
    }
}

/// A choice that makes a problem go away, as a window offers it.
pub fn restore_cure(cure: &Cure) -> String {
    match cure {
        Cure::ChooseName => gettext("Give it another name."),
        Cure::RenameConflicting => gettext("Let it get a free name."),
        Cure::ChooseTemplate => gettext("Choose another template."),
        Cure::ChooseNetVm => gettext("Choose another net VM."),
        Cure::ChooseDispVm => gettext("Choose another disposable template."),
        Cure::ChooseKernel => gettext("Choose another kernel."),
        Cure::ChoosePool => gettext("Choose another pool."),
        Cure::RestoreToo { name } => gettext_f("Restore {name} too.", &[("name", &sanitize(name))]),
        Cure::SolveFirst { name } => gettext_f("Solve the problem of {name}.", &[("name", &sanitize(name))]),
        Cure::IgnoreMissing => gettext("Take the defaults for everything that is missing."),
        Cure::IgnoreUserMismatch => gettext("Restore the home anyway."),
        Cure::LeaveOut => gettext("Leave it out."),
    }
}

/// A pool that may be too small for what is restored into it.
pub fn shortage(shortage: &Shortage) -> String {
    gettext_f(
        // Translators: {pool} is the name of a storage pool, {needed} and {free} are sizes such as "3.5 GiB".
        "The VMs had {needed} on the disk, and the storage pool {pool} has {free} free. They may not fit.",
        &[
            ("needed", &size(shortage.needed_bytes)),
            ("pool", &sanitize(&shortage.pool)),
            ("free", &size(shortage.free_bytes)),
        ],
    )
}

fn renamed(from: &str, to: &str, why: Renaming) -> String {
    let (from, to) = (sanitize(from), sanitize(to));
    let names = [("old", from.as_str()), ("name", to.as_str())];
    match why {
        Renaming::Chosen => gettext_f("Gets the name {name}", &names),
        Renaming::TakenHere => gettext_f(
            "There is a VM called {old} already; it will be restored as {name}",
            &names,
        ),
        Renaming::TakenByAnother => gettext_f(
            "Another VM of this restore gets the name {old}; this one will be restored as {name}",
            &names,
        ),
        Renaming::Invalid => gettext_f("No VM can be called {old}; it will be restored as {name}", &names),
    }
}

/// What is worth knowing about a row.
pub fn restore_remark(remark: &RestoreRemark) -> String {
    match remark {
        RestoreRemark::LeftOut => gettext("Left out"),
        RestoreRemark::SkippedConflict => gettext("Left out: a VM of this name exists already"),
        RestoreRemark::SkippedBroken { .. } => gettext("Left out because of its problems"),
        RestoreRemark::NotNeeded => gettext("Left out: nothing that is restored needs it"),
        RestoreRemark::FoundHere => gettext("Left out: the VM of this name on this system is used"),
        RestoreRemark::Renamed { from, to, why } => renamed(from, to, *why),
        RestoreRemark::TemplateChanged { from, to } => gettext_f(
            "Gets the template {new} in place of {old}",
            &[("old", &sanitize(from)), ("new", &sanitize(to))],
        ),
        RestoreRemark::NetVmChanged { from, to } => gettext_f(
            "Gets the net VM {new} in place of {old}",
            &[("old", &netvm(from)), ("new", &netvm(to))],
        ),
        RestoreRemark::DispVmChanged { from, to } => gettext_f(
            "Gets the disposable template {new} in place of {old}",
            &[("old", &netvm(from)), ("new", &netvm(to))],
        ),
        RestoreRemark::KernelChanged { from, to } => gettext_f(
            "Gets the kernel {new} in place of {old}",
            &[("old", &kernel(from)), ("new", &kernel(to))],
        ),
        RestoreRemark::PoolChosen { name } => {
            gettext_f("Its volumes go into the pool {name}", &[("name", &sanitize(name))])
        }
        RestoreRemark::DeviceDropped { port } => gettext_f(
            "The device {device} is not assigned",
            &[("device", &sanitize(&port.to_string()))],
        ),
        RestoreRemark::DeviceWithoutBackend { port } => gettext_f(
            "The device {device} is not assigned, because {name} is neither here nor restored",
            &[
                ("device", &sanitize(&port.to_string())),
                ("name", &sanitize(&port.backend)),
            ],
        ),
        RestoreRemark::VmMissing { property, name } => gettext_f(
            "{setting} is not set, because {name} is neither here nor restored",
            &[("setting", &sanitize(property)), ("name", &sanitize(name))],
        ),
        RestoreRemark::TagDropped { tag } => gettext_f(
            "The tag {tag} is not set, because the VM that it names is neither here nor restored",
            &[("tag", &sanitize(tag))],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Reference;

    #[test]
    fn names_from_an_archive_are_made_safe() {
        let problem = RestoreProblem::TemplateMissing {
            name: "a\u{202e}b".into(),
            absence: Absence::NotHere,
            default: None,
        };
        assert!(restore_problem(&problem).sentence.contains("a\u{fffd}b"));
        let remark = RestoreRemark::NetVmChanged {
            from: Reference::Named("x\n".into()),
            to: Reference::None,
        };
        assert_eq!(restore_remark(&remark), "Gets the net VM none in place of x\u{fffd}");
    }
}
