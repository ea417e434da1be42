// SPDX-License-Identifier: GPL-3.0-or-later
//! The quick look over a file, and the look inside an archive.

use std::rc::Rc;

use crate::{
    draft::RestoreDraft,
    engine::quick_look,
    job::Task,
    text::wizard as words,
    ui::{BpInsideWindow, MachineItem, flow::when_answered},
};

use super::{
    RestoreFlow,
    show::{domain_item, held_bytes},
};

impl RestoreFlow {
    /// Looks the file over that was chosen. The look at one that was chosen before ends with this.
    pub(super) fn overlook_if_due(self: &Rc<Self>) {
        if !self.draft.borrow_mut().begin_quick_look() {
            return;
        }
        let asked = self.draft.borrow().look().clone();
        let source = asked.source();
        let task = Task::spawn(move |context| quick_look(&source, context));
        let waiting = when_answered(self, task, move |flow, answer| {
            flow.draft.borrow_mut().set_quick_look(&asked, answer);
            flow.refresh();
        });
        self.overlooking.replace(waiting);
    }

    /// Shows what is inside, or goes to where the archive is opened for that.
    pub(super) fn look_inside(self: &Rc<Self>) {
        if !self.draft.borrow_mut().look_inside() {
            self.show_page();
            return;
        }
        let draft = self.draft.borrow();
        let Some(archive) = draft.archive() else { return };
        let weakness = words::weak_protection(&archive.info);
        let facts = words::inside_facts(archive);
        BpInsideWindow::open(&self.wizard, &facts, weakness.as_deref(), machines(&draft));
    }
}

/// The VMs that an archive names, those first that it holds.
fn machines(draft: &RestoreDraft) -> Vec<MachineItem> {
    let (Some(archive), Some(system)) = (draft.archive(), draft.system()) else {
        return Vec::new();
    };
    let mut domains = archive.inventory.domains();
    domains.sort_by_key(|domain| domain.content().is_none());
    let item = |(position, domain)| {
        let bytes = held_bytes(domain);
        let item = domain_item(system, position, domain, bytes.unwrap_or(0));
        let detail = words::inside_detail(domain);
        match bytes {
            Some(_) => MachineItem { detail, ..item },
            None => MachineItem {
                detail,
                value: String::new(),
                state: words::only_mentioned(),
                ..item
            },
        }
    };
    domains.iter().enumerate().map(item).collect()
}
