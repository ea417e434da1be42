// SPDX-License-Identifier: GPL-3.0-or-later
//! What the table of a restore says about each machine, in words.

use crate::plan::{RestoreProblem, RestoreRemark};

use super::{
    finding::FindingText,
    i18n::{gettext, gettext_f},
    netvm, sanitize,
};

/// What must be solved before a machine can be restored.
pub fn restore_problem(problem: &RestoreProblem) -> FindingText {
    let (sentence, hint) = match problem {
        RestoreProblem::NameTaken => (
            gettext("A VM of this name exists already."),
            gettext("Give it another name, or leave it out."),
        ),
        RestoreProblem::NameTwice => (
            gettext("Another VM of this restore has the same name."),
            gettext("Give one of them another name."),
        ),
        RestoreProblem::NameInvalid => (
            gettext("No VM can have this name."),
            gettext("A name begins with a letter and has up to 31 letters, digits, dots, underscores and hyphens."),
        ),
        RestoreProblem::TemplateMissing { name } => (
            gettext_f(
                "Its template {name} is neither here nor among what is restored.",
                &[("name", &sanitize(name))],
            ),
            gettext("Choose another template, restore that one too, or leave the VM out."),
        ),
        RestoreProblem::NetVmMissing { name } => (
            gettext_f(
                "Its net VM {name} is neither here nor among what is restored.",
                &[("name", &sanitize(name))],
            ),
            gettext("Choose another net VM, restore that one too, or leave the VM out."),
        ),
        RestoreProblem::UserMismatch { archived, here } => (
            gettext_f(
                "The home in the backup belongs to {archived}, the user here is {here}.",
                &[("archived", &sanitize(archived)), ("here", &sanitize(here))],
            ),
            gettext("Ignore the difference, or leave the home out."),
        ),
        RestoreProblem::ClassUnknown => (
            gettext("This program does not know how to create a VM of this class."),
            gettext("Leave it out."),
        ),
    };
    FindingText {
        sentence,
        hint: Some(hint),
    }
}

/// What is worth knowing about a row.
pub fn restore_remark(remark: &RestoreRemark) -> String {
    match remark {
        RestoreRemark::LeftOut => gettext("Left out"),
        RestoreRemark::SkippedConflict => gettext("Left out: a VM of this name exists already"),
        RestoreRemark::SkippedBroken => gettext("Left out because of its problems"),
        RestoreRemark::Renamed { to } => gettext_f("Gets the name {name}", &[("name", &sanitize(to))]),
        RestoreRemark::TemplateChanged { from, to } => gettext_f(
            "Gets the template {new} in place of {old}",
            &[("old", &sanitize(from)), ("new", &sanitize(to))],
        ),
        RestoreRemark::NetVmChanged { from, to } => gettext_f(
            "Gets the net VM {new} in place of {old}",
            &[("old", &sanitize(from)), ("new", &netvm(to))],
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
        };
        assert!(restore_problem(&problem).sentence.contains("a\u{fffd}b"));
        let remark = RestoreRemark::NetVmChanged {
            from: "x\n".into(),
            to: Reference::None,
        };
        assert_eq!(restore_remark(&remark), "Gets the net VM none in place of x\u{fffd}");
    }
}
