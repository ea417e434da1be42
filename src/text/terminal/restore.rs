// SPDX-License-Identifier: GPL-3.0-or-later
//! What the tool that restores says of its table: each problem names the options that remove it.

use crate::{
    plan::{Cure, RestoreProblem, RestoreTable},
    text::{
        Message,
        i18n::{gettext, gettext_f},
        restore_problem, sanitize,
    },
};

/// Nothing is left to restore.
pub fn nothing_to_restore() -> Message {
    Message::new(gettext("There is nothing to restore")).hint(gettext(
        "Every VM of the backup is left out: check the names and the options.",
    ))
}

/// What was decided about a VM that is not restored.
pub fn nothing_to_decide(name: &str) -> String {
    gettext_f(
        "{name} is left out, so nothing has to be decided about it",
        &[("name", &sanitize(name))],
    )
}

/// The end of a run that only shows what would happen.
pub fn nothing_changed() -> String {
    gettext("Everything can be restored. Nothing was changed.")
}

/// What stands in the way of a restore, one message for each kind, with the options that remove it.
pub fn problems(table: &RestoreTable) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let all = table
        .selected()
        .flat_map(|row| row.problems.iter().map(move |problem| (row, problem)));
    for (row, problem) in all {
        let name = sanitize(&row.domain.name);
        let options: Vec<String> = problem.cures().iter().map(|cure| option(&name, cure)).collect();
        let line = format!(
            "{name}: {}\n    {}",
            restore_problem(problem).sentence,
            options.join("\n    ")
        );
        let (title, hint) = kind(problem);
        match messages.iter_mut().find(|message| message.title == title) {
            Some(message) => {
                message.detail.push('\n');
                message.detail.push_str(&line);
            }
            None => messages.push(Message::new(title).detail(line).hint(hint)),
        }
    }
    messages
}

/// What to do on the command line so that a problem of a VM goes away.
fn option(vm: &str, cure: &Cure) -> String {
    match cure {
        Cure::RestoreToo { name } => gettext_f("restore {name} too", &[("name", &sanitize(name))]),
        Cure::SolveFirst { name } => gettext_f("solve the problem of {name}", &[("name", &sanitize(name))]),
        cure => cure.option(vm).unwrap_or_default(),
    }
}

fn kind(problem: &RestoreProblem) -> (String, String) {
    match problem {
        RestoreProblem::NameTaken => (
            gettext("VMs with names from the backup exist already"),
            gettext(
                "Remove or rename them on this system, or give --skip-conflicting to leave those of the backup out, --rename-conflicting to restore them under new names, or --rename VM=NAME with a name of your own.",
            ),
        ),
        RestoreProblem::NameTwice | RestoreProblem::NameInvalid { is_chosen: true, .. } => (
            gettext("VMs of the backup need other names"),
            gettext("Give --rename VM=NAME, or --exclude VM to leave it out."),
        ),
        RestoreProblem::NameInvalid { .. } => (
            gettext("VMs of the backup have names that no VM can have"),
            gettext(
                "Give --rename-conflicting to restore them under similar names, --rename VM=NAME with a name of your own, or --exclude VM to leave it out.",
            ),
        ),
        RestoreProblem::TemplateMissing { .. } | RestoreProblem::NetVmMissing { .. } => (
            gettext("Templates or net VMs are missing"),
            gettext(
                "Restore them too, or give --template VM=NAME or --netvm VM=NAME with one that is here, --ignore-missing to take the default ones, or --skip-broken to leave these VMs out.",
            ),
        ),
        RestoreProblem::NoDefaultTemplate => (
            gettext("There is no default template"),
            gettext("Give --template VM=NAME, or --skip-broken to leave these VMs out."),
        ),
        RestoreProblem::NetVmCycle { .. } => (
            gettext("Net VMs reach the network through each other"),
            gettext(
                "Give --netvm VM=NAME, or --netvm VM=none for one of them, or --skip-broken to leave them all out.",
            ),
        ),
        RestoreProblem::DispVmMissing { .. } => (
            gettext("Disposable templates are missing"),
            gettext(
                "Restore them too, or give --dispvm VM=NAME, --dispvm VM=default or --dispvm VM=none, --ignore-missing to take the default for all, or --skip-broken to leave these VMs out.",
            ),
        ),
        RestoreProblem::KernelMissing { .. } => (
            gettext("Kernels are missing"),
            gettext(
                "Give --kernel VM=NAME or --kernel VM=default, --ignore-missing to take the default for all, or --skip-broken to leave these VMs out.",
            ),
        ),
        RestoreProblem::PoolMissing { .. } | RestoreProblem::PoolOutOfReach { .. } => (
            gettext("Nothing can be written into the chosen pool"),
            gettext("Give --pool NAME or --pool VM=NAME with another pool, or leave --pool out."),
        ),
        RestoreProblem::UserMismatch { .. } => (
            gettext("dom0's home belongs to a user of another name"),
            gettext("Give --ignore-username-mismatch to restore it anyway, or --skip-dom0-home to leave it out."),
        ),
        RestoreProblem::ClassUnknown => (
            gettext("VMs of the backup cannot be created here"),
            gettext("Give --skip-broken to leave them out, or --exclude for each of them."),
        ),
        RestoreProblem::DataMissing { .. } => (
            gettext("The backup does not hold all of its VMs"),
            gettext("Give --skip-broken to restore the others, or --exclude for each of these."),
        ),
    }
}
