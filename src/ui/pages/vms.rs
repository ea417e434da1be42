// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 1 of a backup: which VMs, and how the archive is compressed.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
    sync::OnceLock,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    format::{Compression, Level},
    plan::InventoryScope,
    text::{self, Message, wizard as words},
    ui::{
        BpCheck, BpClampLayout, BpDualList, BpOption, VmItem, chooser::Chooser, widgets::connect, wizard::follow_width,
    },
};

mod imp {
    use super::*;

    /// The class behind [`super::BpVmsPage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/vms.ui")]
    pub struct BpVmsPage {
        #[template_child]
        pub(super) lists: TemplateChild<BpDualList>,
        #[template_child]
        pub(super) profile_note: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) profile_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) new_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) changed_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) new_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) total_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) reading_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) error_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) error_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) retry_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) compress_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) choice_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) method_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) level_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) method_note: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) scope_check: TemplateChild<BpOption>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
        pub(super) methods: OnceCell<Rc<Chooser<Compression>>>,
        pub(super) levels: OnceCell<Rc<Chooser<Level>>>,
    }

    impl BpVmsPage {
        /// A drop-down of values; what its user chooses is a change of the page.
        fn chooser<T: Clone + PartialEq + 'static>(&self, drop: &gtk::DropDown) -> Rc<Chooser<T>> {
            let page = self.obj().downgrade();
            Chooser::new(drop, move |_| {
                if let Some(page) = page.upgrade() {
                    page.emit_by_name::<()>("changed", &[]);
                }
            })
        }
    }

    #[gtk::template_callbacks]
    impl BpVmsPage {
        #[template_callback]
        fn on_changed(&self) {
            if !self.is_showing.get() {
                self.obj().emit_by_name::<()>("changed", &[]);
            }
        }

        #[template_callback]
        fn on_select_changed(&self) {
            self.obj().emit_by_name::<()>("select-changed", &[]);
        }

        #[template_callback]
        fn on_new(&self) {
            self.obj().emit_by_name::<()>("add-new", &[]);
        }

        #[template_callback]
        fn on_retry(&self) {
            self.obj().emit_by_name::<()>("retry", &[]);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpVmsPage {
        const NAME: &'static str = "BpVmsPage";
        type Type = super::BpVmsPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            BpCheck::ensure_type();
            BpOption::ensure_type();
            BpDualList::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpVmsPage {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                ["changed", "retry", "add-new", "select-changed"]
                    .map(|name| Signal::builder(name).build())
                    .into()
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.methods.get_or_init(|| self.chooser(&self.method_drop));
            self.levels.get_or_init(|| self.chooser(&self.level_drop));
        }
    }

    impl WidgetImpl for BpVmsPage {
        fn root(&self) {
            self.parent_root();
            follow_width(&*self.obj(), |page, is_narrow| {
                let orientation = if is_narrow {
                    gtk::Orientation::Vertical
                } else {
                    gtk::Orientation::Horizontal
                };
                page.imp().choice_box.set_orientation(orientation);
            });
        }
    }
    impl BoxImpl for BpVmsPage {}
}

glib::wrapper! {
    /// Which VMs to back up. Signals `changed`, `retry`, `add-new` and `select-changed`.
    pub struct BpVmsPage(ObjectSubclass<imp::BpVmsPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpVmsPage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpVmsPage {
    /// What takes the focus when the page is entered.
    pub fn first_fields(&self) -> Vec<gtk::Widget> {
        self.imp().lists.first_fields()
    }

    /// Shows the VMs, and which of them are selected.
    pub fn show_vms(&self, items: &[VmItem], is_selected: impl Fn(&str) -> bool) {
        let imp = self.imp();
        imp.reading_box.set_visible(false);
        imp.error_box.set_visible(false);
        imp.lists.set_visible(true);
        imp.lists.show_items(items, is_selected);
    }

    /// Shows that the list is being read.
    pub fn show_reading(&self) {
        let imp = self.imp();
        imp.reading_box.set_visible(true);
        imp.error_box.set_visible(false);
        imp.lists.set_visible(false);
        imp.total_label.set_label("");
    }

    /// Shows why there is no list.
    pub fn show_error(&self, error: &Message) {
        let imp = self.imp();
        imp.reading_box.set_visible(false);
        imp.lists.set_visible(false);
        imp.error_label.set_label(&error.full_text());
        imp.error_box.set_visible(true);
    }

    /// Says what is wrong with the profile that the wizard began with; nothing if the text is empty.
    pub fn show_profile_note(&self, text: &str) {
        self.imp().profile_note.set_visible(!text.is_empty());
        self.imp().profile_label.set_label(text);
    }

    /// Offers to select VMs that the profile does not know; nothing if the label is empty.
    pub fn show_new(&self, label: &str) {
        self.imp().new_button.set_visible(!label.is_empty());
        self.imp().new_label.set_label(label);
    }

    /// Hears that those are to be selected.
    pub fn connect_new(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "add-new", handler);
    }

    /// Offers to select the VMs that have changed, if others have not.
    pub fn show_may_select_changed(&self, may_select: bool) {
        self.imp().changed_button.set_visible(may_select);
    }

    /// Hears that those are to be selected.
    pub fn connect_select_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "select-changed", handler);
    }

    /// Shows what the selection comes to.
    pub fn show_total(&self, total: &str) {
        self.imp().total_label.set_label(total);
    }

    /// Shows how the archive will be compressed and what its inventory will name.
    pub fn show_choices(&self, is_compressed: bool, method: Compression, level: Level, scope: InventoryScope) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.compress_check.set_active(is_compressed);
        if let (Some(methods), Some(levels)) = (imp.methods.get(), imp.levels.get()) {
            let all = Compression::WRITABLE.into_iter();
            let all = all.filter(|method| *method != Compression::None);
            methods.show(all.map(|method| (text::compression(method), method)).collect(), &method);
            let all = Level::NAMED.into_iter();
            levels.show(all.map(|level| (words::level_name(level), level)).collect(), &level);
        }
        imp.method_drop.set_sensitive(is_compressed);
        imp.level_drop.set_sensitive(is_compressed && words::has_levels(method));
        let shown = if is_compressed { method } else { Compression::None };
        imp.method_note.set_label(&words::method_note(shown, level));
        imp.scope_check.set_active(scope == InventoryScope::SelectedOnly);
        imp.scope_check.set_note(words::scope_note(scope));
        imp.is_showing.set(false);
    }

    /// The names of the selected VMs.
    pub fn selected(&self) -> Vec<String> {
        self.imp().lists.selected()
    }

    /// Whether the archive is to be compressed.
    pub fn is_compressed(&self) -> bool {
        self.imp().compress_check.is_active()
    }

    /// How it is to be compressed.
    pub fn method(&self) -> Compression {
        let methods = self.imp().methods.get();
        methods.and_then(|methods| methods.chosen()).unwrap_or_default()
    }

    /// How hard the compression is to work; `None` while none of the named levels is chosen.
    pub fn level(&self) -> Option<Level> {
        self.imp().levels.get()?.chosen()
    }

    /// Which VMs the inventory is to name.
    pub fn scope(&self) -> InventoryScope {
        if self.imp().scope_check.is_active() {
            InventoryScope::SelectedOnly
        } else {
            InventoryScope::WholeHost
        }
    }

    /// Hears that something on the page was changed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }

    /// Hears that the list is to be read again.
    pub fn connect_retry(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "retry", handler);
    }
}
