// SPDX-License-Identifier: GPL-3.0-or-later
//! VMs go from one list to the other, and the focus goes where the user can go on.

use std::collections::BTreeSet;

use gtk::{prelude::*, subclass::prelude::*};

use crate::ui::BpVmRow;

use super::{BpDualList, history::Step};

impl BpDualList {
    /// Moves VMs as the user wants, who may take it back.
    pub(super) fn move_by_user(&self, vms: Vec<String>, is_selected: bool) {
        let moved = self.move_vms(vms, is_selected);
        if !moved.is_empty() {
            self.imp().history.borrow_mut().remember(Step {
                vms: moved,
                is_selected,
            });
            self.emit_by_name::<()>("changed", &[]);
        }
    }

    /// Takes the last move back. One whose VMs are all gone is left out.
    pub(super) fn undo(&self) {
        self.follow_history(|lists| lists.imp().history.borrow_mut().undo());
    }

    /// Does again what was taken back last.
    pub(super) fn redo(&self) {
        self.follow_history(|lists| lists.imp().history.borrow_mut().redo());
    }

    fn follow_history(&self, next: impl Fn(&Self) -> Option<Step>) {
        while let Some(step) = next(self) {
            if !self.move_vms(step.vms, step.is_selected).is_empty() {
                self.emit_by_name::<()>("changed", &[]);
                return;
            }
        }
    }

    /// Moves those of the VMs that are there and not in that list yet; returns their names.
    fn move_vms(&self, vms: Vec<String>, is_selected: bool) -> Vec<String> {
        let wanted: BTreeSet<String> = vms.into_iter().collect();
        let moving = self.names(|item, is_there| is_there != is_selected && wanted.contains(&item.name));
        if moving.is_empty() {
            return moving;
        }
        let names: BTreeSet<&str> = moving.iter().map(String::as_str).collect();
        let leaves =
            |row: &BpVmRow, was_selected: bool| was_selected != is_selected && names.contains(row.name().as_str());
        let had_focus = self.leave_rows(leaves);
        let mut chosen = self.imp().chosen.borrow_mut();
        for name in &moving {
            if is_selected {
                chosen.insert(name.clone());
            } else {
                chosen.remove(name);
            }
        }
        drop(chosen);
        // Where the focus goes if nothing is left in the list that they come from.
        if let Some(row) = moving.first().and_then(|name| self.known_row(name)) {
            self.list(is_selected).set_cursor(&row);
        }
        self.arrange();
        if let Some(was_selected) = had_focus {
            self.focus_list(was_selected);
        }
        moving
    }

    /// Prepares that rows leave their lists: the row after them, or the one before them, gets the focus if one of
    /// them has it, or else when its list gets it next. Returns the list that has the focus, if a row that leaves has it.
    pub(super) fn leave_rows(&self, leaves: impl Fn(&BpVmRow, bool) -> bool) -> Option<bool> {
        let mut had_focus = None;
        for is_selected in [false, true] {
            let list = self.list(is_selected);
            let rows = list.shown_rows();
            let focused = list.focused_row().filter(|row| leaves(row, is_selected));
            let at = match &focused {
                Some(focused) => rows.iter().position(|row| row == focused),
                None => rows.iter().rposition(|row| leaves(row, is_selected)),
            };
            let Some(at) = at else { continue };
            let after = rows[at..].iter().find(|row| !leaves(row, is_selected));
            let heir = after.or_else(|| rows[..at].iter().rfind(|row| !leaves(row, is_selected)));
            if let Some(heir) = heir {
                list.set_cursor(heir);
            }
            if focused.is_some() {
                had_focus = Some(is_selected);
                // Before its row goes, so that the focus is never nowhere.
                if let Some(heir) = heir {
                    heir.grab_focus();
                }
            }
        }
        had_focus
    }
}
