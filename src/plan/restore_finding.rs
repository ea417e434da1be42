// SPDX-License-Identifier: GPL-3.0-or-later
//! What is found about the VMs of a restore, the worst first: what keeps them from being restored, then what is lost.

use super::{Cure, RestoreProblem, RestoreRemark, RestoreTable};

/// Something about a VM that its user should see before the restore begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreFinding<'a> {
    /// The VM by its name in the archive.
    pub vm: &'a str,
    /// What is found.
    pub what: WhatFound<'a>,
}

/// What is found about a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhatFound<'a> {
    /// It cannot be restored.
    Problem(&'a RestoreProblem),
    /// Something of it is lost.
    Loss(&'a RestoreRemark),
}

impl RestoreTable {
    /// What is found about the VMs that are to be restored: first what keeps a VM from it, then what keeps it from it only
    /// because of another VM, then what is lost. Within these the VMs stand as in the archive.
    pub fn findings(&self) -> Vec<RestoreFinding<'_>> {
        let mut findings: Vec<RestoreFinding<'_>> = Vec::new();
        for row in self.selected() {
            let vm = row.domain.name.as_str();
            let problems = row.problems.iter().map(WhatFound::Problem);
            let losses = row
                .remarks
                .iter()
                .filter(|remark| remark.is_loss())
                .map(WhatFound::Loss);
            findings.extend(problems.chain(losses).map(|what| RestoreFinding { vm, what }));
        }
        findings.sort_by_key(|finding| finding.what.rank());
        findings
    }
}

impl WhatFound<'_> {
    /// Whether it keeps the VM from being restored.
    pub fn is_blocking(self) -> bool {
        matches!(self, Self::Problem(_))
    }

    fn rank(self) -> u8 {
        match self {
            Self::Problem(problem) if follows(problem) => 1,
            Self::Problem(_) => 0,
            Self::Loss(_) => 2,
        }
    }
}

/// Whether a problem goes when that of another VM is solved.
fn follows(problem: &RestoreProblem) -> bool {
    problem
        .cures()
        .iter()
        .any(|cure| matches!(cure, Cure::SolveFirst { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        inventory::{ArchivePath, Content, Domain},
        plan::{Absence, RestoreRow},
    };

    fn row(name: &str) -> RestoreRow {
        let domain = Domain {
            name: name.to_owned(),
            ..Domain::default()
        };
        let content = Content {
            path: ArchivePath::new("vm1/"),
            size_bytes: 0,
        };
        RestoreRow::new(domain, content)
    }

    #[test]
    fn what_blocks_a_vm_comes_before_what_follows_from_it_and_before_what_is_lost() {
        let mut loses = row("loses");
        loses.remarks.push(RestoreRemark::TagDropped { tag: "t".into() });
        loses.remarks.push(RestoreRemark::PoolChosen { name: "p".into() });
        let mut follows = row("follows");
        follows.problems.push(RestoreProblem::TemplateMissing {
            name: "blocked".into(),
            absence: Absence::HasProblem,
            default: None,
        });
        let mut blocked = row("blocked");
        blocked.problems.push(RestoreProblem::NameTaken);
        let mut left_out = row("left-out");
        left_out.is_selected = false;
        left_out.problems.push(RestoreProblem::NameTaken);
        let table = RestoreTable {
            rows: vec![loses, follows, left_out, blocked, row("good")],
        };
        let found: Vec<(&str, bool)> = table
            .findings()
            .iter()
            .map(|finding| (finding.vm, finding.what.is_blocking()))
            .collect();
        assert_eq!(found, [("blocked", true), ("follows", true), ("loses", false)]);
        let names = |row: &RestoreRow| row.domain.name.clone();
        assert_eq!(table.ready().map(names).collect::<Vec<_>>(), ["loses", "good"]);
        assert_eq!(table.blocked().map(names).collect::<Vec<_>>(), ["follows", "blocked"]);
    }
}
