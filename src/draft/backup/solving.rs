// SPDX-License-Identifier: GPL-3.0-or-later
//! What speaks against a backup, as the summary shows it, and what is done about it there.

use crate::plan::{BackupCure, FindingGroup, gather, unready_vms};

use super::{BackupDraft, BackupPage};

impl BackupDraft {
    /// Returns what was found, worst first; `None` while nothing is known yet.
    pub fn finding_groups(&self) -> Option<Vec<FindingGroup>> {
        Some(gather(self.findings()?))
    }

    /// Returns the selected VMs that cannot be saved now, if there are several: they can be left out at once.
    pub fn unready_together(&self) -> Vec<String> {
        let vms = unready_vms(self.findings().unwrap_or_default());
        if vms.len() > 1 { vms } else { Vec::new() }
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
