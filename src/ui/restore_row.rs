// SPDX-License-Identifier: GPL-3.0-or-later
//! A VM on the summary of a restore: what becomes of it, what stands against that, and the ways to change it.

use std::cell::{Cell, OnceCell, RefCell};

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    plan::{Candidates, Cure, RestoreProblem, RestoreRow},
    text::{FindingText, netvm, restore_problem, wizard as words},
};

use super::{BpFindingRow, BpRestoreEditor, BpSwatch, Edit, Glyph, widgets::remove_children, wizard::follow_width};

/// Who hears the edits.
type EditHandler = Box<dyn Fn(&str, Edit)>;

/// What a row shows beside its VM.
pub struct RowContext<'a> {
    /// Nothing is restored, so that there is nothing to change.
    pub verifies_only: bool,
    /// The pool that was chosen for all VMs.
    pub pool_of_all: Option<&'a str>,
    /// What there is to choose from for a VM; asked only where it is seen.
    pub candidates: &'a dyn Fn(&RestoreRow) -> Candidates,
}

mod imp {
    use super::*;

    /// The class behind [`super::BpRestoreRow`].
    #[derive(Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/restore_row.ui")]
    pub struct BpRestoreRow {
        #[template_child]
        pub(super) swatch: TemplateChild<BpSwatch>,
        #[template_child]
        pub(super) name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) what_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) back_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) edit_button: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) facts_grid: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) here_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) template_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) netvm_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) remarks_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) problem_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) edit_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) leave_button: TemplateChild<gtk::Button>,
        pub(super) model: RefCell<Option<RestoreRow>>,
        pub(super) editor: OnceCell<BpRestoreEditor>,
        pub(super) is_narrow: Cell<bool>,
        pub(super) is_showing: Cell<bool>,
        pub(super) handler: RefCell<Option<EditHandler>>,
    }

    #[gtk::template_callbacks]
    impl BpRestoreRow {
        #[template_callback]
        fn on_edit(&self) {
            if self.edit_button.is_active() {
                self.obj().add_editor();
            }
            if !self.is_showing.get() {
                self.obj().tell(Edit::Opened);
            }
        }

        #[template_callback]
        fn on_take_back(&self) {
            self.obj().tell(Edit::TakeBack);
            self.edit_button.grab_focus();
        }

        #[template_callback]
        fn on_leave_out(&self) {
            self.obj().cure(Cure::LeaveOut);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpRestoreRow {
        const NAME: &'static str = "BpRestoreRow";
        type Type = super::BpRestoreRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpSwatch::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpRestoreRow {}
    impl WidgetImpl for BpRestoreRow {
        fn root(&self) {
            self.parent_root();
            follow_width(&*self.obj(), super::BpRestoreRow::set_narrow);
        }
    }
    impl BoxImpl for BpRestoreRow {}
}

glib::wrapper! {
    /// A VM on the summary of a restore.
    pub struct BpRestoreRow(ObjectSubclass<imp::BpRestoreRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpRestoreRow {
    /// A row that tells `handler` what its user changes.
    pub fn new(glyph: Glyph, handler: impl Fn(&str, Edit) + 'static) -> Self {
        let row: Self = glib::Object::new();
        row.imp().swatch.show_glyph(glyph);
        row.imp().handler.replace(Some(Box::new(handler)));
        row
    }

    /// Shows what becomes of the VM.
    pub fn show_row(&self, model: &RestoreRow, context: &RowContext<'_>) {
        let imp = self.imp();
        imp.is_showing.set(true);
        if imp.model.borrow().as_ref() != Some(model) {
            imp.model.replace(Some(model.clone()));
            self.show_facts(model, context.verifies_only);
            self.show_problems(model);
        }
        let may_edit = may_edit(model) && !context.verifies_only;
        let is_open = may_edit && imp.edit_button.is_active();
        imp.edit_button.set_visible(may_edit);
        imp.facts_grid.set_visible(may_edit && !is_open);
        imp.edit_box.set_visible(is_open);
        imp.leave_button.set_visible(model.problems.is_empty());
        if let Some(editor) = imp.editor.get().filter(|_| is_open) {
            editor.show_row(model, &(context.candidates)(model), context.pool_of_all);
        }
        imp.is_showing.set(false);
    }

    /// Whether it has something to solve in its fields and did not have it before.
    pub fn wants_to_open(&self, model: &RestoreRow) -> bool {
        let imp = self.imp();
        let had_problems = imp
            .model
            .borrow()
            .as_ref()
            .is_some_and(|known| !known.problems.is_empty());
        !had_problems && !model.problems.is_empty() && may_edit(model) && !imp.edit_button.is_active()
    }

    /// Opens the fields, without telling anybody: what they offer is shown next.
    pub fn open(&self) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.edit_button.set_active(true);
        imp.is_showing.set(false);
    }

    /// Puts the focus where a problem of this VM can be solved. Returns whether there is one.
    pub fn focus_problem(&self) -> bool {
        let imp = self.imp();
        let first = imp
            .model
            .borrow()
            .as_ref()
            .and_then(|model| model.problems.first().cloned());
        let Some(first) = first else { return false };
        let is_field = imp.edit_box.is_visible() && imp.editor.get().is_some_and(|editor| editor.focus_for(&first));
        is_field || imp.problem_box.child_focus(gtk::DirectionType::TabForward) || self.focus_row()
    }

    /// Puts the focus on this VM.
    pub fn focus_row(&self) -> bool {
        let imp = self.imp();
        let buttons: [&gtk::Widget; 2] = [imp.edit_button.upcast_ref(), imp.back_button.upcast_ref()];
        buttons
            .into_iter()
            .any(|button| button.is_visible() && button.grab_focus())
            || self.child_focus(gtk::DirectionType::TabForward)
    }

    fn show_facts(&self, model: &RestoreRow, verifies_only: bool) {
        let imp = self.imp();
        imp.name_label.set_label(&words::shown_name(&model.domain.name));
        imp.what_label.set_label(&words::restore_action(model, verifies_only));
        imp.here_label.set_label(&words::shown_name(&model.name_here));
        imp.template_label.set_label(&words::template(model));
        imp.netvm_label.set_label(&netvm(&model.netvm));
        let remarks = words::restore_remarks(model);
        imp.remarks_label.set_visible(!remarks.is_empty());
        imp.remarks_label.set_label(&remarks);
        imp.back_button.set_visible(!model.is_selected && !is_unneeded(model));
        if model.is_selected {
            self.remove_css_class("left-out");
        } else {
            self.add_css_class("left-out");
        }
    }

    fn show_problems(&self, model: &RestoreRow) {
        let holder = &self.imp().problem_box;
        remove_children(&**holder);
        for problem in &model.problems {
            let text = FindingText {
                hint: None,
                ..restore_problem(problem)
            };
            let row = BpFindingRow::new("", &text, true);
            row.remove_css_class("card-row");
            for cure in problem.cures() {
                // Every problem can be cured by leaving its VM out; one button for that is enough.
                let is_last = model.problems.last() == Some(problem);
                if let Some(label) = words::cure_button(&cure).filter(|_| is_last || cure != Cure::LeaveOut) {
                    row.add_cure(&label, self.curing(cure));
                }
            }
            row.set_narrow(self.imp().is_narrow.get());
            holder.append(&row);
        }
        holder.set_visible(!model.problems.is_empty());
    }

    fn curing(&self, cure: Cure) -> impl Fn() + use<> {
        let row = self.downgrade();
        move || {
            if let Some(row) = row.upgrade() {
                row.cure(cure.clone());
            }
        }
    }

    /// What is done about a problem takes its button away, so the focus goes on before.
    fn cure(&self, cure: Cure) {
        let leads_elsewhere = matches!(cure, Cure::SolveFirst { .. });
        self.tell(Edit::Cure(cure));
        if !leads_elsewhere && !self.focus_problem() {
            self.focus_row();
        }
    }

    fn add_editor(&self) {
        let imp = self.imp();
        imp.editor.get_or_init(|| {
            let row = self.downgrade();
            let editor = BpRestoreEditor::new(move |edit| {
                if let Some(row) = row.upgrade() {
                    row.tell(edit);
                }
            });
            editor.set_narrow(imp.is_narrow.get());
            imp.edit_box.prepend(&editor);
            editor
        });
    }

    fn tell(&self, edit: Edit) {
        let vm = self
            .imp()
            .model
            .borrow()
            .as_ref()
            .map(|model| model.domain.name.clone());
        if let (Some(vm), Some(handler)) = (vm, &*self.imp().handler.borrow()) {
            handler(&vm, edit);
        }
    }

    fn set_narrow(&self, is_narrow: bool) {
        let imp = self.imp();
        imp.is_narrow.set(is_narrow);
        let orientation = if is_narrow {
            gtk::Orientation::Vertical
        } else {
            gtk::Orientation::Horizontal
        };
        imp.facts_grid.set_orientation(orientation);
        if let Some(editor) = imp.editor.get() {
            editor.set_narrow(is_narrow);
        }
        let mut child = imp.problem_box.first_child();
        while let Some(row) = child {
            if let Some(row) = row.downcast_ref::<BpFindingRow>() {
                row.set_narrow(is_narrow);
            }
            child = row.next_sibling();
        }
    }
}

/// Whether there is anything to change about a VM.
fn may_edit(model: &RestoreRow) -> bool {
    let can_be_made = !model.problems.contains(&RestoreProblem::ClassUnknown);
    model.is_selected && !model.is_home() && can_be_made
}

/// Whether nobody asked for it, so that taking it back would do nothing.
fn is_unneeded(model: &RestoreRow) -> bool {
    use crate::plan::RestoreRemark::{FoundHere, NotNeeded};
    let mut remarks = model.remarks.iter();
    remarks.any(|remark| matches!(remark, NotNeeded | FoundHere))
}
