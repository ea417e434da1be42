// SPDX-License-Identifier: GPL-3.0-or-later
//! All combinations of what can be wrong with one VM, held against the rules written down a second time, and each problem
//! cured by each of its cures.

use super::*;
use crate::plan::{Cure, Missing};

/// Where a VM is that another one names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Nowhere,
    Here,
    InArchive,
    /// In the archive, but not selected.
    Excluded,
    /// On both sides, so that the restored one gets another name.
    Both,
    /// On both sides, the one of the archive not selected.
    HereAndExcluded,
    /// In the archive, of another kind.
    WrongKind,
    /// In the archive, but not whole.
    Broken,
    /// Selected, with a name that is taken.
    Conflicting,
}

const EVERYWHERE: [Where; 9] = [
    Where::Nowhere,
    Where::Here,
    Where::InArchive,
    Where::Excluded,
    Where::Both,
    Where::HereAndExcluded,
    Where::WrongKind,
    Where::Broken,
    Where::Conflicting,
];

impl Where {
    fn is_here(self) -> bool {
        matches!(self, Self::Here | Self::Both | Self::HereAndExcluded)
    }

    fn is_archived(self) -> bool {
        !matches!(self, Self::Nowhere | Self::Here)
    }

    fn is_selected(self) -> bool {
        matches!(
            self,
            Self::InArchive | Self::Both | Self::WrongKind | Self::Broken | Self::Conflicting
        )
    }

    fn absence(self) -> Option<Absence> {
        match self {
            Self::Nowhere => Some(Absence::NotHere),
            Self::Excluded => Some(Absence::NotSelected),
            Self::WrongKind => Some(Absence::WrongKind),
            Self::Broken => Some(Absence::Incomplete),
            Self::Conflicting => Some(Absence::HasProblem),
            Self::Here | Self::InArchive | Self::Both | Self::HereAndExcluded => None,
        }
    }

    /// The name here of a VM that can be used. A name of the archive means the one that is restored.
    fn name_here(self, name: &str) -> Option<String> {
        match self {
            Self::Both => Some(format!("{name}-1")),
            _ => self.absence().is_none().then(|| name.to_owned()),
        }
    }
}

/// A VM `work` and what it names: template, net VM and disposable template at these places.
#[derive(Debug, Clone, Copy)]
struct Case {
    is_taken: bool,
    is_other_user: bool,
    is_old_kernel: bool,
    places: [Where; 3],
    ignores_missing: bool,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for template in EVERYWHERE {
            for netvm in EVERYWHERE {
                for dispvm in [
                    Where::Nowhere,
                    Where::Excluded,
                    Where::Both,
                    Where::Broken,
                    Where::Conflicting,
                ] {
                    for flags in 0..16_u8 {
                        all.push(Self {
                            is_taken: flags & 1 != 0,
                            is_other_user: flags & 2 != 0,
                            is_old_kernel: flags & 4 != 0,
                            ignores_missing: flags & 8 != 0,
                            places: [template, netvm, dispvm],
                        });
                    }
                }
            }
        }
        all
    }

    fn others() -> [(&'static str, Vm); 3] {
        // They name nothing that could be missing.
        let plain = |name: &str| vm(name, "AppVM").set("template", "debian");
        [
            ("fedora", tpl("fedora")),
            ("proxy", plain("proxy").set("provides_network", "True")),
            ("dvm", plain("dvm").set("template_for_dispvms", "True")),
        ]
    }

    fn build(self) -> (Inventory, System, RestoreChoices) {
        let mut choices = on_conflict(OnConflict::Rename);
        choices.policy.ignore_missing = self.ignores_missing;
        let mut selected = BTreeSet::from(["work".to_owned(), "dom0".to_owned()]);
        let mut held = Vec::new();
        let mut here = Vec::new();
        for ((name, usual), place) in Self::others().into_iter().zip(self.places) {
            if place.is_here() {
                here.push(usual.clone());
            }
            if place.is_archived() {
                held.push(match place {
                    Where::WrongKind => vm(name, "StandaloneVM"),
                    _ => usual,
                });
            }
            if place.is_selected() {
                selected.insert(name.to_owned());
            }
            if place == Where::Broken {
                let path = "private.img".to_owned();
                choices.missing.insert(name.to_owned(), Missing::Path { path });
            }
            if place == Where::Conflicting {
                choices.names.insert(name.to_owned(), "sys-net".to_owned());
            }
        }
        let kernel = if self.is_old_kernel { "5.4" } else { "6.6" };
        held.insert(
            held.len() / 2,
            app("work")
                .set("netvm", "proxy")
                .set("default_dispvm", "dvm")
                .set("kernel", kernel),
        );
        held.push(home(if self.is_other_user { "ada" } else { "user" }));
        if self.is_taken {
            // A name that the user insists on is no business of the rule.
            choices.names.insert("work".to_owned(), "taken".to_owned());
            here.push(app("taken"));
        }
        choices.selected = Some(selected);
        (archive(&held), host(&here), choices)
    }

    /// The problems of `work`, from the rules as they are written down.
    fn expected(self) -> Vec<RestoreProblem> {
        let [template, netvm, dispvm] = self.places;
        let mut problems = Vec::new();
        problems.extend(self.is_taken.then_some(RestoreProblem::NameTaken));
        if self.ignores_missing {
            return problems;
        }
        let name = "5.4".to_owned();
        problems.extend(
            self.is_old_kernel
                .then_some(RestoreProblem::KernelMissing { name, is_chosen: false }),
        );
        problems.extend(template.absence().map(|absence| template_missing("fedora", absence)));
        problems.extend(netvm.absence().map(|absence| netvm_missing("proxy", absence)));
        problems.extend(dispvm.absence().map(|absence| RestoreProblem::DispVmMissing {
            name: "dvm".to_owned(),
            absence,
            is_chosen: false,
        }));
        problems
    }
}

#[test]
fn every_combination_has_the_problems_that_the_rules_say_and_no_other() {
    for case in Case::all() {
        let (inventory, system, choices) = case.build();
        let table = resolve(&inventory, &system, &choices);
        let work = row(&table, "work");
        assert_eq!(work.problems, case.expected(), "{case:?}");
        let mismatch = RestoreProblem::UserMismatch {
            archived: "ada".to_owned(),
            here: "user".to_owned(),
        };
        let expected = if case.is_other_user { vec![mismatch] } else { Vec::new() };
        assert_problems(&table, "dom0", &expected);
        let [template, netvm, dispvm] = case.places;
        let or_default = |place: Where, name| place.name_here(name).map_or(Reference::Default, Reference::Named);
        if work.problems.is_empty() {
            let name = template.name_here("fedora").unwrap_or_else(|| "debian".to_owned());
            assert_eq!(work.template, Some(name), "{case:?}");
            assert_eq!(work.netvm, or_default(netvm, "proxy"), "{case:?}");
            assert_eq!(work.dispvm, or_default(dispvm, "dvm"), "{case:?}");
        }
    }
}

/// Does what a cure says; where something has to be chosen, the first that is offered. Gives whether it can be done here.
fn apply(choices: &mut RestoreChoices, system: &System, table: &RestoreTable, row: &RestoreRow, cure: &Cure) -> bool {
    let name = row.domain.name.clone();
    let offered = table.candidates(system, row);
    match cure {
        Cure::ChooseName => {
            choices.names.insert(name.clone(), format!("{name}-anew"));
        }
        Cure::RenameConflicting => {
            choices.policy.on_conflict = OnConflict::Rename;
            choices.names.remove(&name);
        }
        Cure::ChooseTemplate => {
            let template = offered.templates.iter().find(|name| system.vm(name).is_some());
            choices.templates.insert(name, template.unwrap().clone());
        }
        Cure::ChooseNetVm => {
            let netvm = offered.netvms.iter().find(|name| system.vm(name).is_some());
            choices.netvms.insert(name, named(netvm.unwrap()));
        }
        Cure::ChooseDispVm => {
            choices.dispvms.insert(name, Reference::None);
        }
        Cure::ChooseKernel => {
            choices.kernels.insert(name, named(&offered.kernels[0]));
        }
        Cure::ChoosePool => {
            choices.pools.insert(name, offered.pools[0].name.clone());
        }
        Cure::RestoreToo { name } => {
            choices.selected.as_mut().unwrap().insert(name.clone());
        }
        Cure::SolveFirst { name } => {
            let broken = table.row(name).unwrap();
            assert!(
                broken.is_selected && !broken.problems.is_empty(),
                "{name} has no problem"
            );
            return false;
        }
        Cure::IgnoreMissing => choices.policy.ignore_missing = true,
        Cure::IgnoreUserMismatch => choices.policy.ignore_user_mismatch = true,
        Cure::LeaveOut => {
            choices.selected.as_mut().unwrap().remove(&name);
        }
    }
    true
}

#[test]
fn every_cure_of_every_problem_makes_it_go_away() {
    for case in Case::all().into_iter().filter(|case| !case.ignores_missing) {
        let (inventory, system, choices) = case.build();
        let table = resolve(&inventory, &system, &choices);
        for row in table.selected() {
            for problem in &row.problems {
                for cure in problem.cures() {
                    let mut choices = choices.clone();
                    if !apply(&mut choices, &system, &table, row, &cure) {
                        continue;
                    }
                    let cured = resolve(&inventory, &system, &choices);
                    let after = cured.row(&row.domain.name).unwrap();
                    assert!(
                        !after.is_selected || !after.problems.contains(problem),
                        "{cure:?} does not cure {problem:?} in {case:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_table_becomes_ready_by_its_own_cures() {
    for case in Case::all() {
        let (inventory, system, mut choices) = case.build();
        let mut table = resolve(&inventory, &system, &choices);
        for _ in 0..16 {
            let Some((row, problem)) = table.selected().find_map(|row| Some((row, row.problems.first()?))) else {
                break;
            };
            let applied = problem
                .cures()
                .iter()
                .any(|cure| apply(&mut choices, &system, &table, row, cure));
            assert!(applied, "nothing cures {problem:?} in {case:?}");
            table = resolve(&inventory, &system, &choices);
        }
        assert!(table.is_ready(), "{case:?}: {table:#?}");
        assert!(
            row(&table, "work").is_selected,
            "nothing here forces the VM out: {case:?}"
        );
    }
}
