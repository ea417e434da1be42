// SPDX-License-Identifier: GPL-3.0-or-later
//! The rows of the table of a restore. Every VM has its place at once. The rows that are seen first are there at once too, the
//! others follow a few with each frame, and those that somebody scrolls to before the rest: hundreds at once would keep the
//! window waiting.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use gtk::{graphene, prelude::*, subclass::prelude::*};

use crate::{
    plan::{Candidates, Cure, RestoreRow},
    ui::{BpRestoreRow, Edit, Glyph, RowContext},
};

use super::{
    BpRestoreSummaryPage, RestoreSummary,
    slot::{Slot, shown_problems},
};

/// How many rows are made before the page is first seen: about as many as fit into a window of the usual size.
const FIRST_ROWS: usize = 10;

/// How many of the rows that should be seen already are made with one frame.
const SEEN_ROWS_PER_FRAME: usize = 5;

/// How many others are made with one frame, at most.
const MOST_ROWS_PER_FRAME: usize = 16;

/// How long a frame may take with the others in it, so that the window answers in between.
const FRAME: Duration = Duration::from_millis(40);

impl BpRestoreSummaryPage {
    /// Makes a place for each VM that has none yet, and the first rows.
    pub(super) fn await_rows(&self, view: &RestoreSummary<'_>) {
        let imp = self.imp();
        let is_new = imp.known.borrow().is_empty() && imp.waiting.borrow().is_empty();
        {
            let (known, mut waiting) = (imp.known.borrow(), imp.waiting.borrow_mut());
            let has_place = |name: &String| known.contains_key(name) || waiting.iter().any(|slot| slot.vm == *name);
            let mut missing: Vec<&RestoreRow> = view
                .table
                .selected()
                .filter(|row| !has_place(&row.domain.name))
                .collect();
            missing.sort_by_key(|row| row.problems.is_empty());
            for row in missing {
                let slot = Slot::new(&row.domain.name, (view.glyph)(row));
                imp.rows.append(&slot.holder);
                waiting.push(slot);
            }
            for slot in waiting.iter_mut() {
                if let Some(model) = view.table.row(&slot.vm) {
                    slot.show(model, view.verifies_only, self.height_of());
                }
            }
        }
        if is_new {
            (0..FIRST_ROWS).map_while(|_| self.make_row(0)).for_each(drop);
        }
    }

    /// Makes the row of a VM that waits for one, and gives both. What it shows is told afterwards.
    fn make_row(&self, index: usize) -> Option<(String, BpRestoreRow)> {
        let imp = self.imp();
        if index >= imp.waiting.borrow().len() {
            return None;
        }
        let slot = imp.waiting.borrow_mut().remove(index);
        let row = self.new_row(slot.glyph);
        imp.rows.insert_child_after(&row, Some(&slot.holder));
        imp.rows.remove(&slot.holder);
        imp.known.borrow_mut().insert(slot.vm.clone(), row.clone());
        Some((slot.vm, row))
    }

    /// Makes the other rows, some with each frame that is drawn.
    pub(super) fn make_more(&self) {
        let imp = self.imp();
        if imp.waiting.borrow().is_empty() || imp.is_making.replace(true) {
            return;
        }
        // To find room for a row takes longer than to make it, so that it delays the frame after this one.
        let (pace, last) = (Cell::new(1), Cell::new(Instant::now()));
        self.add_tick_callback(move |page, _| {
            page.learn_heights();
            pace.set(if last.replace(Instant::now()).elapsed() > FRAME {
                (pace.get() / 2).max(1)
            } else {
                (pace.get() + 1).min(MOST_ROWS_PER_FRAME)
            });
            let seen = page.slots_in_sight();
            if seen.is_empty() {
                page.make_rows(0, pace.get());
            } else {
                // From the last to the first, so that those that are left keep their numbers.
                let first = seen.iter().take(SEEN_ROWS_PER_FRAME).rev();
                first.for_each(|index| page.make_rows(*index, 1));
            }
            let is_over = page.imp().waiting.borrow().is_empty();
            page.imp().is_making.set(!is_over);
            if is_over {
                glib::ControlFlow::Break
            } else {
                glib::ControlFlow::Continue
            }
        });
    }

    /// Makes the rows of some VMs that wait, from this one on, and shows in them what the table said last.
    fn make_rows(&self, index: usize, count: usize) {
        let shown = self.imp().shown.borrow().clone();
        let Some((table, verifies_only)) = shown else { return };
        // Rows that nobody has opened yet offer nothing.
        let context = RowContext {
            verifies_only,
            pool_of_all: None,
            candidates: &|_| Candidates::default(),
            color: &|_| None,
        };
        for (name, row) in (0..count).map_while(|_| self.make_row(index)) {
            if let Some(model) = table.row(&name) {
                row.show_row(model, &context);
            }
        }
    }

    /// The VMs that wait for a row although their place is seen, by their numbers.
    fn slots_in_sight(&self) -> Vec<usize> {
        let Some(scroller) = self.ancestor(gtk::ScrolledWindow::static_type()) else {
            return Vec::new();
        };
        let sight = graphene::Rect::new(0.0, 0.0, scroller.width() as f32, scroller.height() as f32);
        let is_seen = |slot: &Slot| {
            // One that was not laid out yet is nowhere.
            let bounds = slot
                .holder
                .compute_bounds(&scroller)
                .filter(|_| slot.holder.height() > 0);
            bounds.is_some_and(|bounds| bounds.intersection(&sight).is_some())
        };
        let waiting = self.imp().waiting.borrow();
        let seen = waiting.iter().enumerate().filter(|(_, slot)| is_seen(slot));
        seen.map(|(index, _)| index).collect()
    }

    /// Makes places as high as rows with as many problems are.
    fn learn_heights(&self) {
        let imp = self.imp();
        let Some((table, verifies_only)) = imp.shown.borrow().clone() else {
            return;
        };
        let has_learned = {
            let mut heights = imp.heights.borrow_mut();
            let before = heights.len();
            for (name, row) in imp.known.borrow().iter().filter(|(_, row)| row.height() > 0) {
                if let Some(model) = table.row(name) {
                    heights
                        .entry(shown_problems(model, verifies_only))
                        .or_insert_with(|| row.allocated_height());
                }
            }
            heights.len() > before
        };
        if has_learned {
            let waiting = imp.waiting.borrow();
            waiting.iter().for_each(|slot| slot.show_height(self.height_of()));
        }
    }

    /// The heights of rows with so many problems.
    fn height_of(&self) -> impl Fn(usize) -> Option<i32> + '_ {
        |problems| self.imp().heights.borrow().get(&problems).copied()
    }

    /// Puts the focus on a VM: on what cures it, or on its row.
    pub(super) fn focus_vm(&self, name: &str) {
        let index = self.imp().waiting.borrow().iter().position(|slot| slot.vm == name);
        if let Some(index) = index {
            self.make_rows(index, 1);
        }
        let row = self.imp().known.borrow().get(name).cloned();
        let Some(row) = row else { return };
        let focus = |row: &BpRestoreRow| row.focus_problem() || row.focus_row();
        if row.height() > 0 {
            focus(&row);
            return;
        }
        // The window scrolls to what has the focus, which has to have its place first.
        row.add_tick_callback(move |row, _| {
            if row.height() == 0 {
                return glib::ControlFlow::Continue;
            }
            focus(row);
            glib::ControlFlow::Break
        });
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
