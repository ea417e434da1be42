// SPDX-License-Identifier: GPL-3.0-or-later
//! What can be known of an archive beside restoring it: a quick look over the headers of a file, and a look inside.

use std::sync::Arc;

use crate::{
    draft::TypedPlace,
    engine::{EngineError, Notes, OpenedArchive, Outline},
    plan::Access,
    transport::PlaceKind,
};

use super::{
    RestoreDraft, RestorePage,
    state::{NotesRead, QuickLook},
};

impl RestoreDraft {
    /// Notes that the quick look begins, if there is a file that was not looked over yet. Returns whether it has to.
    pub fn begin_quick_look(&mut self) -> bool {
        let is_ranged = |kind: &PlaceKind| matches!(kind, PlaceKind::Local | PlaceKind::Store);
        let is_file = self.place.probe().is_some_and(|probe| is_ranged(&probe.kind));
        let is_due = is_file && matches!(self.quick, QuickLook::NotDone);
        if is_due {
            self.quick = QuickLook::Looking;
        }
        is_due
    }

    /// Takes what the quick look told; an answer to an older question is left alone.
    pub fn set_quick_look(&mut self, asked: &TypedPlace, answer: Result<Option<Outline>, EngineError>) {
        if asked != self.place.typed() {
            return;
        }
        self.quick = match answer {
            Ok(Some(outline)) => QuickLook::Done(outline),
            Ok(None) => QuickLook::NotDone,
            Err(error) => QuickLook::Failed(error),
        };
        self.find_missing();
    }

    /// How far the quick look is.
    pub fn quick_look(&self) -> &QuickLook {
        &self.quick
    }

    /// Goes to where the archive can be opened to look inside. Returns whether it is open already, so that it can be
    /// looked into at once.
    pub fn look_inside(&mut self) -> bool {
        if self.archive().is_some() {
            return true;
        }
        if self.page == RestorePage::Source && self.advance().is_ok() {
            self.wants_to_look = true;
        }
        false
    }

    /// Whether the archive is being opened to look inside, and not to go on.
    pub fn wants_to_look(&self) -> bool {
        self.wants_to_look
    }

    /// The look inside was taken, or is not wanted any more.
    pub fn forget_look_inside(&mut self) {
        self.wants_to_look = false;
    }

    /// How far the reading of the notes is.
    pub fn notes(&self) -> &NotesRead {
        &self.notes
    }

    /// Notes that the notes are being read. Returns what they are read from, if there is a need for it.
    pub fn begin_notes(&mut self) -> Option<(Access, Arc<OpenedArchive>)> {
        if matches!(self.notes, NotesRead::Reading | NotesRead::Done(_)) {
            return None;
        }
        let question = (self.access()?, Arc::clone(self.archive()?));
        self.notes = NotesRead::Reading;
        Some(question)
    }

    /// Takes the notes, or why they could not be read.
    pub fn set_notes(&mut self, answer: Result<Notes, EngineError>) {
        self.notes = match answer {
            Ok(notes) => NotesRead::Done(notes),
            Err(error) => NotesRead::Failed(error),
        };
    }

    /// Notes that the reading of the notes was given up. What was read stays.
    pub fn stop_notes(&mut self) {
        if matches!(self.notes, NotesRead::Reading) {
            self.notes = NotesRead::NotRead;
        }
    }

    /// Once both the headers and the contents list are known: of which VMs something is missing.
    pub(super) fn find_missing(&mut self) {
        if let (QuickLook::Done(outline), Some(archive)) = (&self.quick, self.archive()) {
            let missing = outline.missing(&archive.inventory);
            self.set_missing(missing);
        }
    }
}
