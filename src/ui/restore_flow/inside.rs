// SPDX-License-Identifier: GPL-3.0-or-later
//! The quick look over a file, and the look inside an archive.

use std::{collections::BTreeMap, rc::Rc, sync::Arc};

use gtk::prelude::*;

use crate::{
    draft::{NotesRead, RestoreDraft, WizardDraft},
    engine::{held_files, quick_look, read_notes},
    job::Task,
    plan::ArchivedFile,
    text::{self, wizard as words},
    ui::{
        BpInsideWindow, VmItem,
        flow::{Flow, Waiting, when_answered},
    },
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
        let draft = self.draft.borrow();
        let (asked, source) = (draft.place().typed().clone(), draft.source());
        drop(draft);
        let host = Arc::clone(&self.shell.host);
        let task = Task::spawn(move |context| {
            let view = host.with_cancel(&context.cancel);
            quick_look(&source, Some(&*view), context)
        });
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
        let window = BpInsideWindow::open(
            &self.shell.wizard,
            &facts,
            weakness.as_deref(),
            vms(&draft),
            held(&draft),
        );
        show_notes(&window, &draft);
        window.connect_take_out(self.hearing(Self::take_out));
        window.connect_notes(self.hearing(Self::read_notes));
        window.connect_stop(self.hearing(Self::stop_notes));
    }

    fn read_notes(self: &Rc<Self>, window: &BpInsideWindow) {
        let question = self.draft.borrow_mut().begin_notes();
        let Some((access, archive)) = question else { return };
        let host = Arc::clone(&self.shell.host);
        let task = Task::spawn(move |context| {
            let host = host.with_cancel(&context.cancel);
            read_notes(&access, &archive, Some(host.as_ref()), context)
        });
        let waited_for = window.downgrade();
        let waiting = when_answered(self, task, move |flow, answer| {
            flow.draft.borrow_mut().set_notes(answer);
            if let Some(window) = waited_for.upgrade() {
                show_notes(&window, &flow.draft.borrow());
            }
        });
        self.noting.replace(waiting);
        show_notes(window, &self.draft.borrow());
    }

    fn stop_notes(self: &Rc<Self>, window: &BpInsideWindow) {
        self.noting.replace(Waiting::default());
        self.draft.borrow_mut().stop_notes();
        show_notes(window, &self.draft.borrow());
    }
}

/// Shows how far the reading of the notes is.
fn show_notes(window: &BpInsideWindow, draft: &RestoreDraft) {
    let state = draft.notes();
    let mut texts = BTreeMap::new();
    if let (NotesRead::Done(notes), Some(archive)) = (state, draft.archive()) {
        for domain in archive.inventory.domains() {
            if let Some(read) = notes.of(&domain.name) {
                texts.insert(domain.name, words::note(read));
            }
        }
    }
    let failed = texts.values().filter(|note| note.is_failed).count();
    let verdict = words::notes_read(state, texts.len() - failed, failed);
    let is_reading = matches!(state, NotesRead::Reading);
    let may_read = matches!(state, NotesRead::NotRead | NotesRead::Failed(_));
    window.show_notes(verdict.as_ref(), is_reading, may_read, texts);
}

/// The VMs that an archive names, those first that it holds.
fn vms(draft: &RestoreDraft) -> Vec<VmItem> {
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
            Some(_) => VmItem { detail, ..item },
            None => VmItem {
                detail,
                value: String::new(),
                size_bytes: None,
                spoken: words::spoken(&[&item.name, &text::class(&domain.class), &words::only_mentioned()]),
                state: words::only_mentioned(),
                ..item
            },
        }
    };
    domains.iter().enumerate().map(item).collect()
}

/// What can be taken out of an archive, by the names of its VMs.
fn held(draft: &RestoreDraft) -> BTreeMap<String, Vec<ArchivedFile>> {
    let domains = draft.archive().map(|archive| archive.inventory.domains());
    let domains = domains.into_iter().flatten();
    domains
        .map(|domain| (domain.name.clone(), held_files(&domain)))
        .filter(|(_, files)| !files.is_empty())
        .collect()
}
