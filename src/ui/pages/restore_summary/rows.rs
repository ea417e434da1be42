// SPDX-License-Identifier: GPL-3.0-or-later
//! The rows of the table of a restore. Those that are seen first are there at once, the others follow a few at a time:
//! hundreds at once would keep the window waiting.

use std::time::{Duration, Instant};

use gtk::{prelude::*, subclass::prelude::*};

use crate::{
    plan::{Candidates, Cure, RestoreRow},
    ui::{BpRestoreRow, Edit, Glyph, RowContext},
};

use super::{BpRestoreSummaryPage, RestoreSummary};

/// How many rows are made before the page is first seen: more than fit on a screen.
const FIRST_ROWS: usize = 16;

/// How long rows are made for each frame afterwards, so that the window answers in between.
const ROWS_PER_FRAME: Duration = Duration::from_millis(8);

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
            (0..FIRST_ROWS).map_while(|_| self.make_row()).for_each(drop);
        }
    }

    /// Makes a row for the next VM that waits for one, and gives both. What it shows is told afterwards.
    fn make_row(&self) -> Option<(String, BpRestoreRow)> {
        let imp = self.imp();
        let (name, glyph) = imp.waiting.borrow_mut().pop_front()?;
        let row = self.new_row(glyph);
        imp.rows.append(&row);
        imp.known.borrow_mut().insert(name.clone(), row.clone());
        Some((name, row))
    }

    /// The other rows are made a few for each frame that is drawn. To find room for a row takes longer than to make it,
    /// so that whatever is made between two frames delays the second one.
    pub(super) fn make_more(&self) {
        let imp = self.imp();
        if imp.waiting.borrow().is_empty() || imp.is_making.replace(true) {
            return;
        }
        self.add_tick_callback(|page, _| {
            let start = Instant::now();
            page.make_while(|| start.elapsed() < ROWS_PER_FRAME);
            let is_over = page.imp().waiting.borrow().is_empty();
            page.imp().is_making.set(!is_over);
            if is_over {
                glib::ControlFlow::Break
            } else {
                glib::ControlFlow::Continue
            }
        });
    }

    /// Makes more rows, and shows in them what the table said last.
    fn make_while(&self, may_go_on: impl Fn() -> bool) {
        let shown = self.imp().shown.borrow().clone();
        let Some((table, verifies_only)) = shown else { return };
        // Rows that nobody has opened yet offer nothing.
        let context = RowContext {
            verifies_only,
            pool_of_all: None,
            candidates: &|_| Candidates::default(),
            color: &|_| None,
        };
        while may_go_on() {
            let Some((name, row)) = self.make_row() else { return };
            if let Some(model) = table.row(&name) {
                row.show_row(model, &context);
            }
        }
    }

    /// Puts the focus on a VM: on what cures it, or on its row.
    pub(super) fn focus_vm(&self, name: &str) {
        let has_row = || self.imp().known.borrow().contains_key(name);
        self.make_while(|| !has_row());
        let row = self.imp().known.borrow().get(name).cloned();
        if let Some(row) = row {
            let _ = row.focus_problem() || row.focus_row();
        }
    }

    /// Puts the focus on the first VM.
    pub(super) fn focus_first_row(&self) {
        if let Some(row) = self.imp().rows.first_child().and_downcast::<BpRestoreRow>() {
            row.focus_row();
        }
    }

    fn new_row(&self, glyph: Glyph) -> BpRestoreRow {
        let page = self.downgrade();
        BpRestoreRow::new(glyph, self.imp().is_narrow.get(), move |vm, edit| {
            let Some(page) = page.upgrade() else { return };
            match edit {
                Edit::Cure(Cure::SolveFirst { name }) => page.focus_vm(&name),
                edit => page.tell(vm, edit),
            }
        })
    }
}
