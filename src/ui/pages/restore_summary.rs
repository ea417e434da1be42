// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 4 of a restore: what happens to each VM, and what has to be solved first.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use gtk::{CompositeTemplate, glib, prelude::*, subclass::prelude::*};

use crate::{
    plan::{RestoreRow, RestoreTable},
    text::wizard as words,
    ui::{BpClampLayout, BpRestoreRow, Candidates, Edit, Glyph, flow::remove_children},
};

/// Who hears what is changed, with the VM's name in the archive.
type EditHandler = Rc<dyn Fn(&str, Edit)>;

mod imp {
    use super::*;

    /// The class behind [`super::BpRestoreSummaryPage`].
    #[derive(Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/restore_summary.ui")]
    pub struct BpRestoreSummaryPage {
        #[template_child]
        pub(super) heading_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) note_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) rows: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) home_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) home_label: TemplateChild<gtk::Label>,
        pub(super) known: RefCell<BTreeMap<String, BpRestoreRow>>,
        pub(super) handler: RefCell<Option<EditHandler>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpRestoreSummaryPage {
        const NAME: &'static str = "BpRestoreSummaryPage";
        type Type = super::BpRestoreSummaryPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpRestoreSummaryPage {}

    impl WidgetImpl for BpRestoreSummaryPage {}
    impl BoxImpl for BpRestoreSummaryPage {}
}

glib::wrapper! {
    /// What the restore will do, VM by VM.
    pub struct BpRestoreSummaryPage(ObjectSubclass<imp::BpRestoreSummaryPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpRestoreSummaryPage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpRestoreSummaryPage {
    /// Hears what its user changes about a VM of the archive.
    pub fn connect_edit(&self, handler: impl Fn(&str, Edit) + 'static) {
        self.imp().handler.replace(Some(Rc::new(handler)));
    }

    /// Begins anew: the next table may be of another archive or selection.
    pub fn forget_rows(&self) {
        self.imp().known.borrow_mut().clear();
        remove_children(&*self.imp().rows);
    }

    /// Shows the table. Rows that are there already only take the new values.
    pub fn show_table(
        &self,
        table: &RestoreTable,
        candidates: &Candidates,
        verifies_only: bool,
        glyph: impl Fn(&RestoreRow) -> Glyph,
    ) {
        let imp = self.imp();
        imp.note_label.set_label(&words::restore_note(table, verifies_only));
        let has_home = table.selected().any(RestoreRow::is_home) && !verifies_only;
        imp.home_box.set_visible(has_home);
        imp.home_label.set_label(&words::home_note());
        let mut known = imp.known.borrow_mut();
        for model in table.selected() {
            let row = known.entry(model.domain.name.clone()).or_insert_with(|| {
                let row = self.new_row(glyph(model));
                imp.rows.append(&row);
                row
            });
            row.show_row(model, candidates, verifies_only);
        }
    }

    /// Puts the focus on the first thing that has to be solved. Gives whether there is one.
    pub fn focus_problem(&self) -> bool {
        let mut child = self.imp().rows.first_child();
        while let Some(row) = child {
            if row
                .downcast_ref::<BpRestoreRow>()
                .is_some_and(BpRestoreRow::focus_problem)
            {
                return true;
            }
            child = row.next_sibling();
        }
        false
    }

    fn new_row(&self, glyph: Glyph) -> BpRestoreRow {
        let handler = self.imp().handler.borrow().clone();
        BpRestoreRow::new(glyph, move |machine, edit| {
            if let Some(handler) = &handler {
                handler(machine, edit);
            }
        })
    }
}
