// SPDX-License-Identifier: GPL-3.0-or-later
//! A VM on the summary of a restore: one line that says what becomes of it, what stands against that below it, and the
//! ways to change it where it is opened. What is not opened has no fields, so that hundreds of rows are made at once.

mod problems;

use std::cell::{Cell, OnceCell, RefCell};

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    plan::{Cure, RestoreProblem, RestoreRow},
    text::wizard as words,
};

use super::{BpCellsLayout, BpRestoreEditor, BpSwatch, Edit, Glyph, RowContext};

/// Who hears the edits.
type EditHandler = Box<dyn Fn(&str, Edit)>;

mod imp {
    use super::*;

    /// The class behind [`super::BpRestoreRow`].
    #[derive(Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/restore_row.ui")]
    pub struct BpRestoreRow {
        #[template_child]
        pub(super) line: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) spoken_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) no_arrow: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) expander: TemplateChild<gtk::Expander>,
        #[template_child]
        pub(super) head: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) swatch: TemplateChild<BpSwatch>,
        #[template_child]
        pub(super) layout: TemplateChild<BpCellsLayout>,
        #[template_child]
        pub(super) name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) kind_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) what_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) mark: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) back_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) problem_box: TemplateChild<gtk::Box>,
        /// The VM that is shown, and whether nothing is restored.
        pub(super) shown: RefCell<Option<(RestoreRow, bool)>>,
        pub(super) editor: OnceCell<BpRestoreEditor>,
        pub(super) is_narrow: Cell<bool>,
        pub(super) handler: RefCell<Option<EditHandler>>,
    }

    #[gtk::template_callbacks]
    impl BpRestoreRow {
        #[template_callback]
        fn on_expanded(&self) {
            if self.expander.is_expanded() {
                self.obj().add_editor();
                self.obj().tell(Edit::Opened);
            }
        }

        #[template_callback]
        fn on_take_back(&self) {
            self.obj().tell(Edit::TakeBack);
            self.obj().focus_row();
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpRestoreRow {
        const NAME: &'static str = "BpRestoreRow";
        type Type = super::BpRestoreRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpSwatch::ensure_type();
            BpCellsLayout::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpRestoreRow {}
    impl WidgetImpl for BpRestoreRow {}
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
    pub fn new(glyph: Glyph, is_narrow: bool, handler: impl Fn(&str, Edit) + 'static) -> Self {
        let row: Self = glib::Object::new();
        row.imp().swatch.show_glyph(glyph);
        row.imp().handler.replace(Some(Box::new(handler)));
        row.set_narrow(is_narrow);
        row
    }

    /// Shows what becomes of the VM.
    pub fn show_row(&self, model: &RestoreRow, context: &RowContext<'_>) {
        let imp = self.imp();
        let is_known = {
            let shown = imp.shown.borrow();
            let shown = shown.as_ref();
            shown.is_some_and(|(known, verifies)| known == model && *verifies == context.verifies_only)
        };
        if !is_known {
            imp.shown.replace(Some((model.clone(), context.verifies_only)));
            self.show_head(model, context.verifies_only);
            self.show_problems(model, context.verifies_only);
        }
        if let Some(editor) = imp.editor.get().filter(|_| imp.expander.is_expanded()) {
            editor.show_row(model, context);
        }
    }

    /// Opens the fields.
    pub fn open(&self) {
        self.imp().expander.set_expanded(true);
    }

    /// Puts the focus on what cures the first problem of this VM. Returns whether there is one.
    pub fn focus_problem(&self) -> bool {
        let problems = &self.imp().problem_box;
        problems.is_visible() && problems.child_focus(gtk::DirectionType::TabForward)
    }

    /// Puts the focus on this VM.
    pub fn focus_row(&self) -> bool {
        let imp = self.imp();
        let widgets: [&gtk::Widget; 2] = [imp.expander.upcast_ref(), imp.back_button.upcast_ref()];
        widgets
            .into_iter()
            .any(|widget| widget.is_visible() && widget.grab_focus())
    }

    /// Puts the columns beside or below each other.
    pub fn set_narrow(&self, is_narrow: bool) {
        let imp = self.imp();
        imp.is_narrow.set(is_narrow);
        imp.layout.set_narrow(is_narrow);
        if let Some(editor) = imp.editor.get() {
            editor.set_narrow(is_narrow);
        }
    }

    fn show_head(&self, model: &RestoreRow, verifies_only: bool) {
        let imp = self.imp();
        imp.name_label.set_label(&words::restore_name(model));
        imp.kind_label.set_label(&words::restore_kind(model));
        imp.what_label.set_label(&words::restore_action(model, verifies_only));
        imp.spoken_label.set_label(&words::restore_spoken(model, verifies_only));
        self.show_mark(model, verifies_only);
        self.set_editable(!verifies_only && may_edit(model));
        imp.back_button.set_visible(!model.is_selected && !is_unneeded(model));
        if model.is_selected {
            self.remove_css_class("left-out");
        } else {
            self.add_css_class("left-out");
        }
    }

    fn show_mark(&self, model: &RestoreRow, verifies_only: bool) {
        let imp = self.imp();
        let is_shown = model.is_selected && !verifies_only;
        let is_blocked = is_shown && !model.problems.is_empty();
        let has_loss = is_shown && model.remarks.iter().any(crate::plan::RestoreRemark::is_loss);
        let (icon, class) = if is_blocked {
            ("dialog-error-symbolic", "error")
        } else {
            ("dialog-warning-symbolic", "warning")
        };
        let is_marked = is_blocked || has_loss;
        imp.mark.set_visible(is_marked);
        if is_marked {
            imp.mark.set_icon_name(Some(icon));
            imp.mark.set_css_classes(&[class]);
        }
    }

    /// The line is the head of the expander, or stands by itself where there is nothing to change.
    fn set_editable(&self, is_editable: bool) {
        let imp = self.imp();
        let is_now = imp.expander.label_widget().is_some();
        if is_now == is_editable {
            return;
        }
        if is_editable {
            imp.line.remove(&*imp.head);
            imp.expander.set_label_widget(Some(&*imp.head));
        } else {
            imp.expander.set_expanded(false);
            imp.expander.set_label_widget(gtk::Widget::NONE);
            imp.line.insert_child_after(&*imp.head, Some(&*imp.no_arrow));
        }
        imp.expander.set_visible(is_editable);
        imp.no_arrow.set_visible(!is_editable);
    }

    /// What is done about a problem takes its button away, so the focus goes on before.
    fn cure(&self, cure: Cure) {
        if cure.is_choice() {
            self.open();
            if let Some(editor) = self.imp().editor.get() {
                editor.focus_for(&cure);
            }
            return;
        }
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
                let Some(row) = row.upgrade() else { return };
                match edit {
                    Edit::Entered => {
                        row.focus_row();
                        // The field shows the name that came of it now that nobody types in it.
                        row.tell(Edit::Opened);
                    }
                    Edit::Cure(cure) => row.cure(cure),
                    edit => row.tell(edit),
                }
            });
            editor.set_narrow(imp.is_narrow.get());
            imp.expander.set_child(Some(&editor));
            editor
        });
    }

    fn tell(&self, edit: Edit) {
        let shown = self.imp().shown.borrow();
        let vm = shown.as_ref().map(|(model, _)| model.domain.name.clone());
        drop(shown);
        if let (Some(vm), Some(handler)) = (vm, &*self.imp().handler.borrow()) {
            handler(&vm, edit);
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
