// SPDX-License-Identifier: GPL-3.0-or-later
//! What speaks against a backup, as the summary shows it, and what is done about it there.

use crate::plan::{BackupCure, FindingGroup, gather, unready_vms};

use super::{BackupDraft, BackupPage};

impl BackupDraft {
    /// Returns what was found, worst first; `None` while nothing is known yet.
    pub fn finding_groups(&self) -> Option<Vec<FindingGroup>> {
        Some(gather(self.findings()?))
    }

    /// Returns the cure of everything that is about single VMs, where it would solve more than one problem.
    pub fn cure_for_all(&self) -> Option<BackupCure> {
        let vms = unready_vms(self.findings()?);
        (vms.len() > 1).then_some(BackupCure::LeaveOut { vms })
    }

    /// Does something about a finding. Returns the page where its user goes on.
    pub fn apply(&mut self, cure: &BackupCure) -> BackupPage {
        match cure {
            BackupCure::LeaveOut { vms } => {
                let left: Vec<String> = self.selected().into_iter().filter(|name| !vms.contains(name)).collect();
                self.select(left);
            }
            BackupCure::SelectOthers => self.page = BackupPage::Vms,
            BackupCure::ChooseDestination => self.page = BackupPage::Destination,
        }
        self.page
    }
}
