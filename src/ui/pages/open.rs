// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 2 of a restore: what opens the archive, and what was found in it.

use std::{cell::Cell, sync::OnceLock};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    text::Message,
    ui::{BpCheck, BpClampLayout, BpFacts, pages::show_text_of, widgets::connect},
};

mod imp {
    use super::*;

    /// The class behind [`super::BpOpenPage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/open.ui")]
    pub struct BpOpenPage {
        #[template_child]
        pub(super) kept_note: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) look_note: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) weak_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) weak_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) entry: TemplateChild<gtk::PasswordEntry>,
        #[template_child]
        pub(super) show_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) state_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) opening_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) error_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) error_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) error_detail: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) error_hint: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) facts_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) facts: TemplateChild<BpFacts>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
    }

    #[gtk::template_callbacks]
    impl BpOpenPage {
        #[template_callback]
        fn on_changed(&self) {
            if !self.is_showing.get() {
                self.obj().emit_by_name::<()>("changed", &[]);
            }
        }

        #[template_callback]
        fn on_show(&self) {
            show_text_of(&self.entry, self.show_check.is_active());
        }

        #[template_callback]
        fn on_inside(&self) {
            self.obj().emit_by_name::<()>("inside", &[]);
        }

        #[template_callback]
        fn on_stop(&self) {
            self.obj().emit_by_name::<()>("stop", &[]);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpOpenPage {
        const NAME: &'static str = "BpOpenPage";
        type Type = super::BpOpenPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            BpCheck::ensure_type();
            BpFacts::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpOpenPage {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                ["changed", "stop", "inside"]
                    .map(|name| Signal::builder(name).build())
                    .into()
            })
        }
    }

    impl WidgetImpl for BpOpenPage {}
    impl BoxImpl for BpOpenPage {}
}

glib::wrapper! {
    /// Opens the archive. Signals `changed` and `stop`.
    pub struct BpOpenPage(ObjectSubclass<imp::BpOpenPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpOpenPage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpOpenPage {
    /// What takes the focus when the page is entered.
    pub fn first_fields(&self) -> Vec<gtk::Widget> {
        vec![self.imp().entry.get().upcast()]
    }

    /// Whether anything is typed.
    pub fn has_typed(&self) -> bool {
        !self.imp().entry.text().is_empty()
    }

    /// What is typed, to be moved on at once.
    pub fn typed(&self) -> zeroize::Zeroizing<String> {
        zeroize::Zeroizing::new(self.imp().entry.text().into())
    }

    /// Empties the field: its text was taken over.
    pub fn clear_typed(&self) {
        self.imp().is_showing.set(true);
        self.imp().entry.set_text("");
        self.imp().show_check.set_active(false);
        self.imp().is_showing.set(false);
    }

    /// Puts the focus into the field, all of it selected: what was wrong is typed over.
    pub fn focus_entry(&self) {
        self.imp().entry.grab_focus();
        self.imp().entry.select_region(0, -1);
    }

    /// Shows that nothing was tried yet.
    pub fn show_idle(&self) {
        self.show_state(false, None);
        self.imp().facts_box.set_visible(false);
        self.imp().kept_note.set_visible(false);
    }

    /// Shows that the archive is being opened.
    pub fn show_opening(&self) {
        self.show_state(true, None);
        self.imp().facts_box.set_visible(false);
        self.imp().kept_note.set_visible(false);
    }

    /// Shows why the archive was not opened.
    pub fn show_failed(&self, error: &Message) {
        self.show_state(false, Some(error));
        self.imp().facts_box.set_visible(false);
        self.imp().kept_note.set_visible(false);
    }

    /// Shows whether the archive is to be opened to look inside only.
    pub fn show_purpose(&self, looks_inside: bool) {
        self.imp().look_note.set_visible(looks_inside);
    }

    /// Shows what was opened, and what its format cannot show.
    pub fn show_opened(&self, facts: &[(String, String)], weakness: Option<&str>) {
        self.imp().weak_box.set_visible(weakness.is_some());
        self.imp().weak_label.set_label(weakness.unwrap_or_default());
        self.show_state(false, None);
        self.imp().facts.show_facts(facts);
        self.imp().facts_box.set_visible(true);
        self.imp().kept_note.set_visible(true);
    }

    fn show_state(&self, is_opening: bool, error: Option<&Message>) {
        let imp = self.imp();
        imp.state_box.set_visible(is_opening || error.is_some());
        imp.opening_box.set_visible(is_opening);
        imp.error_box.set_visible(error.is_some());
        // Insensitive would be the word, but GTK 4.8 loses track of the focus then.
        imp.entry.set_editable(!is_opening);
        if let Some(error) = error {
            imp.error_label.set_label(&error.title);
            imp.error_detail.set_label(&error.detail);
            imp.error_detail.set_visible(!error.detail.is_empty());
            imp.error_hint.set_label(error.hint.as_deref().unwrap_or_default());
            imp.error_hint.set_visible(error.hint.is_some());
        }
    }

    /// Hears that something on the page was changed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }

    /// Hears that what is inside is to be shown.
    pub fn connect_inside(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "inside", handler);
    }

    /// Hears that the opening is to be given up.
    pub fn connect_stop(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "stop", handler);
    }
}
