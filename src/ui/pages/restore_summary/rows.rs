// SPDX-License-Identifier: GPL-3.0-or-later
//! The rows of the table of a restore, which are made a few at a time: hundreds at once would keep the window waiting.

use gtk::{prelude::*, subclass::prelude::*};

use crate::{
    plan::{Candidates, Cure, RestoreRow},
    ui::{BpRestoreRow, Edit, Glyph, RowContext},
};

use super::{BpRestoreSummaryPage, RestoreSummary};

/// How many rows are made before the page is first seen: more than fit on a screen.
const FIRST_ROWS: usize = 16;

/// How many rows are made for each frame afterwards, so that the window answers in between.
const MORE_ROWS: usize = 4;

/// How many VMs with problems are opened by themselves. Where there are more, one cure for all is what is wanted.
const OPENED_ROWS: usize = 6;

impl BpRestoreSummaryPage {
    /// Finds the VMs that have no row yet, and makes the first rows.
    pub(super) fn await_rows(&self, view: &RestoreSummary<'_>) {
        let imp = self.imp();
        let is_new = imp.known.borrow().is_empty() && imp.waiting.borrow().is_empty();
        {
            let (known, mut waiting) = (imp.known.borrow(), imp.waiting.borrow_mut());
            let has_row = |name: &String| known.contains_key(name) || waiting.iter().any(|(other, _)| other == name);
            let mut missing: Vec<&RestoreRow> =
                view.table.selected().filter(|row| !has_row(&row.domain.name)).collect();
            missing.sort_by_key(|row| row.problems.is_empty());
            waiting.extend(
                missing
                    .into_iter()
                    .map(|row| (row.domain.name.clone(), (view.glyph)(row))),
            );
        }
        if is_new {
            self.make_rows(FIRST_ROWS);
        }
    }

    /// Makes rows for the next VMs that wait for one, and gives them. What they show is told afterwards.
    fn make_rows(&self, count: usize) -> Vec<(String, BpRestoreRow)> {
        let imp = self.imp();
        let count = count.min(imp.waiting.borrow().len());
        let next: Vec<(String, Glyph)> = imp.waiting.borrow_mut().drain(..count).collect();
        let made = next.into_iter().map(|(name, glyph)| {
            let row = self.new_row(glyph);
            imp.rows.append(&row);
            imp.known.borrow_mut().insert(name.clone(), row.clone());
            (name, row)
        });
        made.collect()
    }

    /// The other rows are made a few for each frame that is drawn. To find room for a row takes longer than to make it,
    /// so that whatever is made between two frames delays the second one.
    pub(super) fn make_more(&self) {
        let imp = self.imp();
        if imp.waiting.borrow().is_empty() || imp.is_making.replace(true) {
            return;
        }
        self.add_tick_callback(|page, _| {
            page.make_and_show_rows();
            let is_over = page.imp().waiting.borrow().is_empty();
            page.imp().is_making.set(!is_over);
            if is_over {
                glib::ControlFlow::Break
            } else {
                glib::ControlFlow::Continue
            }
        });
    }

    /// Makes a few more rows, and shows in them what the table said last. What there is to choose from for a row that
    /// opens by itself is asked for as for one that its user opens.
    fn make_and_show_rows(&self) {
        let imp = self.imp();
        let made = self.make_rows(MORE_ROWS);
        let shown = imp.shown.borrow().clone();
        let Some((table, verifies_only)) = shown else { return };
        let context = RowContext {
            verifies_only,
            pool_of_all: None,
            candidates: &|_| Candidates::default(),
        };
        let mut has_opened = false;
        for (name, row) in &made {
            if let Some(model) = table.row(name) {
                has_opened |= self.open_if_needed(row, model, verifies_only);
                row.show_row(model, &context);
            }
        }
        if has_opened {
            self.tell("", Edit::Opened);
        }
    }

    /// What has to be solved is open from the start; what was opened stays open. Returns whether this row was opened.
    pub(super) fn open_if_needed(&self, row: &BpRestoreRow, model: &RestoreRow, verifies_only: bool) -> bool {
        let imp = self.imp();
        let wants = !verifies_only && row.wants_to_open(model) && imp.opened.get() < OPENED_ROWS;
        if wants {
            imp.opened.set(imp.opened.get() + 1);
            row.open();
        }
        wants
    }

    fn new_row(&self, glyph: Glyph) -> BpRestoreRow {
        let page = self.downgrade();
        BpRestoreRow::new(glyph, move |vm, edit| {
            let Some(page) = page.upgrade() else { return };
            match edit {
                Edit::Cure(Cure::SolveFirst { name }) => page.focus_vm(&name),
                edit => page.tell(vm, edit),
            }
        })
    }
}
