// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 4 of a restore: what happens to each VM, and what has to be solved first.

mod rows;

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    plan::{Candidates, PoolOffer, RestoreRow, RestoreTable, Shortage},
    text::{self, wizard as words},
    ui::{
        BpCheck, BpClampLayout, BpRestoreRow, Edit, Glyph, RowContext, chooser::Chooser, restore_editor::pools,
        widgets::remove_children, wizard::follow_width,
    },
};

/// Who hears what is changed, with the VM's name in the archive.
type EditHandler = Rc<dyn Fn(&str, Edit)>;

/// What the user changed for all VMs at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForAll {
    /// The pool of all that have none of their own.
    Pool(Option<String>),
    /// Whether no device is assigned.
    DropDevices(bool),
    /// Whether the host's defaults replace what is missing.
    IgnoreMissing(bool),
}

/// Who hears that.
type ForAllHandler = Rc<dyn Fn(ForAll)>;

/// What the page shows.
pub struct RestoreSummary<'a> {
    /// The table.
    pub table: &'a Arc<RestoreTable>,
    /// Nothing is restored.
    pub verifies_only: bool,
    /// The pools that may be too small for it.
    pub shortages: &'a [Shortage],
    /// The pools of the host.
    pub pools: &'a [PoolOffer],
    /// The pool that was chosen for all VMs.
    pub pool_of_all: Option<&'a str>,
    /// Whether no device is assigned.
    pub drops_devices: bool,
    /// Whether the host's defaults replace what is missing.
    pub ignores_missing: bool,
    /// What there is to choose from for a VM.
    pub candidates: &'a dyn Fn(&RestoreRow) -> Candidates,
    /// The sign of a VM.
    pub glyph: &'a dyn Fn(&RestoreRow) -> Glyph,
}

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
        pub(super) counts_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) counts_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) all_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) defaults_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) devices_row: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) devices_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) pool_row: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) pool_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) rows: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) home_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) home_label: TemplateChild<gtk::Label>,
        pub(super) pool: OnceCell<Rc<Chooser<Option<String>>>>,
        pub(super) known: RefCell<BTreeMap<String, BpRestoreRow>>,
        /// The VMs that have no row yet, with their signs.
        pub(super) waiting: RefCell<VecDeque<(String, Glyph)>>,
        /// Whether rows are being made with each frame.
        pub(super) is_making: Cell<bool>,
        pub(super) opened: Cell<usize>,
        /// The table that is shown, and whether nothing is restored: for rows that are made later.
        pub(super) shown: RefCell<Option<(Arc<RestoreTable>, bool)>>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
        pub(super) handler: RefCell<Option<EditHandler>>,
        pub(super) all_handler: RefCell<Option<ForAllHandler>>,
    }

    #[gtk::template_callbacks]
    impl BpRestoreSummaryPage {
        #[template_callback]
        fn on_defaults(&self) {
            self.obj()
                .tell_all(ForAll::IgnoreMissing(self.defaults_check.is_active()));
        }

        #[template_callback]
        fn on_devices(&self) {
            self.obj().tell_all(ForAll::DropDevices(self.devices_check.is_active()));
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpRestoreSummaryPage {
        const NAME: &'static str = "BpRestoreSummaryPage";
        type Type = super::BpRestoreSummaryPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            BpCheck::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpRestoreSummaryPage {
        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj().downgrade();
            let chooser = Chooser::new(&self.pool_drop, move |pool| {
                if let Some(page) = page.upgrade() {
                    page.tell_all(ForAll::Pool(pool));
                }
            });
            self.pool.get_or_init(|| chooser);
        }
    }

    impl WidgetImpl for BpRestoreSummaryPage {
        fn root(&self) {
            self.parent_root();
            follow_width(&*self.obj(), |page, is_narrow| {
                let orientation = if is_narrow {
                    gtk::Orientation::Vertical
                } else {
                    gtk::Orientation::Horizontal
                };
                page.imp().pool_row.set_orientation(orientation);
            });
        }
    }
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

    /// Hears what its user changes for all VMs.
    pub fn connect_for_all(&self, handler: impl Fn(ForAll) + 'static) {
        self.imp().all_handler.replace(Some(Rc::new(handler)));
    }

    /// Begins anew: the next table may be of another archive or selection.
    pub fn forget_rows(&self) {
        let imp = self.imp();
        imp.known.borrow_mut().clear();
        imp.waiting.borrow_mut().clear();
        imp.opened.set(0);
        imp.shown.take();
        remove_children(&*imp.rows);
    }

    /// Shows the table. The first time after [`Self::forget_rows`], what has to be solved comes first and its order is
    /// kept from then on; a VM that is left out here keeps its row.
    pub fn show_table(&self, view: &RestoreSummary<'_>) {
        self.show_head(view);
        self.show_for_all(view);
        self.await_rows(view);
        self.imp()
            .shown
            .replace(Some((Arc::clone(view.table), view.verifies_only)));
        let context = RowContext {
            verifies_only: view.verifies_only,
            pool_of_all: view.pool_of_all,
            candidates: view.candidates,
        };
        for (name, row) in &*self.imp().known.borrow() {
            if let Some(model) = view.table.row(name) {
                self.open_if_needed(row, model, view.verifies_only);
                row.show_row(model, &context);
            }
        }
        self.make_more();
    }

    /// Puts the focus on the first thing that has to be solved. Returns whether there is one.
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

    fn show_head(&self, view: &RestoreSummary<'_>) {
        let imp = self.imp();
        imp.note_label
            .set_label(&words::restore_note(view.table, view.verifies_only));
        let rows = imp.known.borrow();
        let left_out = |row: &&RestoreRow| !row.is_selected && rows.contains_key(&row.domain.name);
        let left_out = view.table.rows.iter().filter(left_out).count();
        let mut remarks = vec![words::restore_counts(view.table, left_out)];
        if !view.verifies_only {
            remarks.extend(view.shortages.iter().map(text::shortage));
        }
        remarks.retain(|remark| !remark.is_empty());
        imp.counts_box.set_visible(!remarks.is_empty());
        imp.counts_label.set_label(&remarks.join("\n"));
        let has_home = view.table.selected().any(RestoreRow::is_home) && !view.verifies_only;
        imp.home_box.set_visible(has_home);
        imp.home_label.set_label(&words::home_note());
    }

    fn show_for_all(&self, view: &RestoreSummary<'_>) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.all_box.set_visible(!view.verifies_only);
        imp.defaults_check.set_active(view.ignores_missing);
        imp.devices_check.set_active(view.drops_devices);
        let has_devices = view.table.selected().any(|row| !row.devices.is_empty());
        imp.devices_row.set_visible(has_devices || view.drops_devices);
        imp.pool_row.set_visible(view.pools.len() > 1);
        if let Some(pool) = imp.pool.get() {
            let chosen = view.pool_of_all.map(str::to_owned);
            // The choice of all is always a choice of its own here.
            pool.show(pools(view.pools, view.pool_of_all, None), &chosen);
        }
        imp.is_showing.set(false);
    }

    fn tell(&self, vm: &str, edit: Edit) {
        let handler = self.imp().handler.borrow().clone();
        if let Some(handler) = handler {
            handler(vm, edit);
        }
    }

    fn tell_all(&self, change: ForAll) {
        let handler = self.imp().all_handler.borrow().clone();
        if let Some(handler) = handler.filter(|_| !self.imp().is_showing.get()) {
            handler(change);
        }
    }

    fn focus_vm(&self, name: &str) {
        let row = self.imp().known.borrow().get(name).cloned();
        if let Some(row) = row {
            let _ = row.focus_problem() || row.focus_row();
        }
    }
}
