// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 4 of a restore: what happens to each VM, and what has to be solved first.

mod findings;
mod line;
mod rows;
mod slot;

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
};

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    plan::{Candidates, PoolOffer, RestoreRow, RestoreTable, Shortage},
    text::wizard as words,
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
    /// Whatever cannot be restored is left out.
    LeaveOutBlocked,
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
    /// The label colour of a VM by its name here, as 0xRRGGBB.
    pub color: &'a dyn Fn(&str) -> Option<u32>,
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
        pub(super) findings_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) findings_head: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) findings_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) leave_out_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) leave_out_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) findings: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) more_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) more_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) all_expander: TemplateChild<gtk::Expander>,
        #[template_child]
        pub(super) left_out_label: TemplateChild<gtk::Label>,
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
        /// The VMs that have a place and no row yet.
        pub(super) waiting: RefCell<Vec<slot::Slot>>,
        /// How high rows are, by the number of their problems.
        pub(super) heights: RefCell<BTreeMap<usize, i32>>,
        /// Whether rows are being made with each frame.
        pub(super) is_making: Cell<bool>,
        pub(super) is_narrow: Cell<bool>,
        /// The findings that are shown, and whether all of them are.
        pub(super) lines: RefCell<Vec<line::Line>>,
        pub(super) shows_all: Cell<bool>,
        /// The name of the button in the drop-down of the pools, which is not seen.
        pub(super) pool_label: gtk::Label,
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

        /// The button goes with what it does, so the focus goes to the first VM.
        #[template_callback]
        fn on_leave_out(&self) {
            self.obj().tell_all(ForAll::LeaveOutBlocked);
            self.obj().focus_first_row();
        }

        #[template_callback]
        fn on_more(&self) {
            self.obj().show_all_findings();
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
            self.pool_label
                .set_mnemonic_widget(self.pool_drop.first_child().as_ref());
            self.pool_label.set_label(&words::pool_of_all());
        }
    }

    impl WidgetImpl for BpRestoreSummaryPage {
        fn root(&self) {
            self.parent_root();
            follow_width(&*self.obj(), |page, is_narrow| {
                let imp = page.imp();
                let orientation = if is_narrow {
                    gtk::Orientation::Vertical
                } else {
                    gtk::Orientation::Horizontal
                };
                imp.pool_row.set_orientation(orientation);
                imp.findings_head.set_orientation(orientation);
                imp.is_narrow.set(is_narrow);
                imp.heights.borrow_mut().clear();
                imp.known.borrow().values().for_each(|row| row.set_narrow(is_narrow));
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
        imp.heights.borrow_mut().clear();
        imp.lines.take();
        imp.shows_all.set(false);
        remove_children(&*imp.findings);
        imp.shown.take();
        remove_children(&*imp.rows);
    }

    /// Shows the table. The first time after [`Self::forget_rows`], what has to be solved comes first, and this order is
    /// kept from then on; a VM that is left out here keeps its row.
    pub fn show_table(&self, view: &RestoreSummary<'_>) {
        self.show_head(view);
        self.show_for_all(view);
        self.show_findings(view);
        self.await_rows(view);
        self.imp()
            .shown
            .replace(Some((Arc::clone(view.table), view.verifies_only)));
        let context = RowContext {
            verifies_only: view.verifies_only,
            pool_of_all: view.pool_of_all,
            candidates: view.candidates,
            color: view.color,
        };
        let known = self.imp().known.borrow();
        for model in &view.table.rows {
            if let Some(row) = known.get(&model.domain.name) {
                row.show_row(model, &context);
            }
        }
        drop(known);
        self.make_more();
    }

    fn show_head(&self, view: &RestoreSummary<'_>) {
        let imp = self.imp();
        imp.note_label
            .set_label(&words::restore_note(view.table, view.verifies_only));
        let known = imp.known.borrow();
        let left_out = |row: &&RestoreRow| !row.is_selected && known.contains_key(&row.domain.name);
        let left_out = words::left_out_here(view.table.rows.iter().filter(left_out).count());
        imp.left_out_label.set_visible(!left_out.is_empty());
        imp.left_out_label.set_label(&left_out);
        let has_home = view.table.selected().any(RestoreRow::is_home) && !view.verifies_only;
        imp.home_box.set_visible(has_home);
        imp.home_label.set_label(&words::home_note());
    }

    fn show_for_all(&self, view: &RestoreSummary<'_>) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.defaults_check.set_active(view.ignores_missing);
        imp.devices_check.set_active(view.drops_devices);
        let has_devices = view.drops_devices || view.table.selected().any(|row| !row.devices.is_empty());
        let has_pools = view.pools.len() > 1;
        imp.devices_row.set_visible(has_devices);
        imp.pool_row.set_visible(has_pools);
        imp.all_expander
            .set_visible(!view.verifies_only && (has_devices || has_pools));
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
}
