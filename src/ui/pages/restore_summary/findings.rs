// SPDX-License-Identifier: GPL-3.0-or-later
//! What is found about the VMs, above all of them and the worst first: each line leads to its VM, and what cannot be
//! restored is left out with one button.

use gtk::{prelude::*, subclass::prelude::*};

use crate::{
    plan::{Cure, RestoreProblem},
    text::{self, wizard as words},
    ui::widgets::remove_children,
};

use super::{BpRestoreSummaryPage, RestoreSummary, line::Line};

/// How many findings are shown before their user asks for all of them.
const FIRST_FINDINGS: usize = 3;

impl BpRestoreSummaryPage {
    /// Shows the findings of a table, and what cures them for all VMs.
    pub(super) fn show_findings(&self, view: &RestoreSummary<'_>) {
        let imp = self.imp();
        let lines = if view.verifies_only { Vec::new() } else { lines(view) };
        let blocked = view.table.blocked().count();
        let has_default = |problem: &RestoreProblem| problem.cures().contains(&Cure::IgnoreMissing);
        let may_ignore = view.ignores_missing || view.table.blocked().any(|row| row.problems.iter().any(has_default));
        imp.defaults_check.set_visible(may_ignore);
        imp.findings_box
            .set_visible(!view.verifies_only && (may_ignore || !lines.is_empty()));
        imp.findings_head.set_visible(!lines.is_empty());
        imp.findings_label
            .set_label(&words::findings_title(blocked, lines.len()));
        imp.leave_out_button.set_visible(blocked > 0);
        imp.leave_out_label.set_label(&words::leave_out_all(blocked));
        if *imp.lines.borrow() != lines {
            imp.lines.replace(lines);
            self.show_lines();
        }
    }

    /// Shows those findings too for which there was no room.
    pub(super) fn show_all_findings(&self) {
        self.imp().shows_all.set(true);
        self.show_lines();
        // The button is gone, and the first of what it brought has the focus.
        let first = self.imp().findings.first_child();
        let next = (0..FIRST_FINDINGS).try_fold(first, |line, _| Some(line?.next_sibling()));
        if let Some(line) = next.flatten() {
            line.grab_focus();
        }
    }

    /// Puts the focus on the first VM that has to be solved. Returns whether there is one.
    pub fn focus_problem(&self) -> bool {
        let is_first_blocking = self.imp().lines.borrow().first().is_some_and(|line| line.is_blocking);
        let first = self.imp().findings.first_child();
        first.is_some_and(|line| is_first_blocking && line.is_mapped() && line.grab_focus())
    }

    fn show_lines(&self) {
        let imp = self.imp();
        remove_children(&*imp.findings);
        let lines = imp.lines.borrow();
        let shown = if imp.shows_all.get() {
            lines.len()
        } else {
            FIRST_FINDINGS
        };
        for line in lines.iter().take(shown) {
            imp.findings.append(&self.new_line(line));
        }
        let hidden = lines.len().saturating_sub(shown);
        imp.more_button.set_visible(hidden > 0);
        imp.more_label.set_label(&words::more_findings(hidden));
    }

    fn new_line(&self, line: &Line) -> gtk::Widget {
        let (icon, class) = if line.is_blocking {
            ("dialog-error-symbolic", "error")
        } else {
            ("dialog-warning-symbolic", "warning")
        };
        let icon = gtk::Image::builder()
            .icon_name(icon)
            .css_classes([class])
            .valign(gtk::Align::Start)
            .accessible_role(gtk::AccessibleRole::Presentation)
            .build();
        let label = gtk::Label::builder()
            .label(&line.text)
            .xalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .hexpand(true)
            .build();
        let content = gtk::Box::new(gtk::Orientation::Horizontal, 9);
        content.append(&icon);
        content.append(&label);
        let Some(vm) = line.vm.clone() else {
            content.add_css_class("finding");
            return content.upcast();
        };
        let button = gtk::Button::builder()
            .child(&content)
            .css_classes(["flat", "finding"])
            .build();
        // Names the button for assistive technology.
        label.set_mnemonic_widget(Some(&button));
        let page = self.downgrade();
        button.connect_clicked(move |_| {
            if let Some(page) = page.upgrade() {
                page.focus_vm(&vm);
            }
        });
        button.upcast()
    }
}

/// The findings of a table: what keeps VMs from being restored, pools that may be too small, what is lost.
fn lines(view: &RestoreSummary<'_>) -> Vec<Line> {
    let of_pools = view.shortages.iter().map(|shortage| Line {
        vm: None,
        text: text::shortage(shortage),
        is_blocking: false,
    });
    let of_vms = view.table.findings().into_iter().map(|finding| Line {
        vm: Some(finding.vm.to_owned()),
        text: words::restore_finding(&finding),
        is_blocking: finding.what.is_blocking(),
    });
    let (mut blocking, losses): (Vec<Line>, Vec<Line>) = of_vms.partition(|line| line.is_blocking);
    blocking.extend(of_pools.chain(losses));
    blocking
}
