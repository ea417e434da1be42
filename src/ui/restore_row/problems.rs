// SPDX-License-Identifier: GPL-3.0-or-later
//! What stands against a VM of a restore, with a button for each cure; seen without opening the row.

use gtk::{prelude::*, subclass::prelude::*};

use crate::{
    plan::{Cure, RestoreProblem, RestoreRow},
    text::{restore_problem, wizard as words},
    ui::{BpFlowLayout, widgets::remove_children},
};

use super::BpRestoreRow;

impl BpRestoreRow {
    /// Shows the problems of a VM that is to be restored.
    pub(super) fn show_problems(&self, model: &RestoreRow, verifies_only: bool) {
        let holder = &*self.imp().problem_box;
        let has_problems = model.is_selected && !verifies_only && !model.problems.is_empty();
        holder.set_visible(has_problems);
        remove_children(holder);
        if !has_problems {
            return;
        }
        for problem in &model.problems {
            let is_last = model.problems.last() == Some(problem);
            holder.append(&self.new_problem(problem, is_last));
        }
    }

    fn new_problem(&self, problem: &RestoreProblem, is_last: bool) -> gtk::Box {
        let sentence = gtk::Label::builder()
            .label(restore_problem(problem).sentence)
            .xalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .css_classes(["error"])
            .build();
        let cures = gtk::Box::new(gtk::Orientation::Horizontal, 0);
        cures.set_layout_manager(Some(BpFlowLayout::default()));
        for cure in problem.cures() {
            // Every problem can be cured by leaving its VM out; one button for that is enough.
            if is_last || cure != Cure::LeaveOut {
                cures.append(&self.new_cure(cure));
            }
        }
        let holder = gtk::Box::new(gtk::Orientation::Vertical, 3);
        holder.append(&sentence);
        holder.append(&cures);
        holder
    }

    fn new_cure(&self, cure: Cure) -> gtk::Button {
        let button = gtk::Button::builder().css_classes(["text-button", "small"]).build();
        let label = gtk::Label::builder()
            .label(words::cure_button(&cure))
            // One line is measured in no time, and a button of one line has its full width unless the window has less.
            .ellipsize(gtk::pango::EllipsizeMode::End)
            // Names the button for assistive technology.
            .mnemonic_widget(&button)
            .build();
        button.set_child(Some(&label));
        let row = self.downgrade();
        button.connect_clicked(move |_| {
            if let Some(row) = row.upgrade() {
                row.cure(cure.clone());
            }
        });
        button
    }
}
