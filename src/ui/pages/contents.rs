// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 3 of a restore: which VMs of the archive.

use std::sync::OnceLock;

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    text::wizard as words,
    ui::{BpClampLayout, BpDualList, VmItem, widgets::connect},
};

mod imp {
    use super::*;

    /// The class behind [`super::BpContentsPage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/contents.ui")]
    pub struct BpContentsPage {
        #[template_child]
        pub(super) heading_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) total_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) newer_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) newer_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) lists: TemplateChild<BpDualList>,
        #[template_child]
        pub(super) facts_label: TemplateChild<gtk::Label>,
    }

    #[gtk::template_callbacks]
    impl BpContentsPage {
        #[template_callback]
        fn on_changed(&self) {
            self.obj().emit_by_name::<()>("changed", &[]);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpContentsPage {
        const NAME: &'static str = "BpContentsPage";
        type Type = super::BpContentsPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            BpDualList::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpContentsPage {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build()])
        }
    }

    impl WidgetImpl for BpContentsPage {}
    impl BoxImpl for BpContentsPage {}
}

glib::wrapper! {
    /// Which VMs to restore. Signal `changed`.
    pub struct BpContentsPage(ObjectSubclass<imp::BpContentsPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpContentsPage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpContentsPage {
    /// What takes the focus when the page is entered.
    pub fn first_fields(&self) -> Vec<gtk::Widget> {
        self.imp().lists.first_fields()
    }

    /// Shows the VMs of the archive, and which of them are selected.
    pub fn show_vms(&self, items: &[VmItem], is_selected: impl Fn(&str) -> bool) {
        self.imp().lists.show_items(items, is_selected);
    }

    /// Says what will happen to the selected ones.
    pub fn show_purpose(&self, verifies_only: bool) {
        self.imp()
            .heading_label
            .set_label(&words::contents_heading(verifies_only));
    }

    /// Shows what the selection comes to.
    pub fn show_total(&self, count: usize, bytes: u64) {
        self.imp().total_label.set_label(&words::total(count, bytes));
    }

    /// Shows what the archive says of itself.
    pub fn show_facts(&self, facts: &[(String, String)], newer: Option<&str>) {
        let facts: Vec<String> = facts.iter().map(|(name, value)| words::fact(name, value)).collect();
        self.imp().facts_label.set_label(&facts.join(" · "));
        self.imp().newer_box.set_visible(newer.is_some());
        self.imp().newer_label.set_label(newer.unwrap_or_default());
    }

    /// The names of the selected VMs.
    pub fn selected(&self) -> Vec<String> {
        self.imp().lists.selected()
    }

    /// Hears that something on the page was changed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }
}
