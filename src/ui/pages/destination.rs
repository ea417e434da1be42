// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 2 of a backup: where to, and what stands beside it there.

use std::{cell::Cell, sync::OnceLock};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    text::wizard as words,
    ui::{BpClampLayout, BpOption, BpPlaceField, widgets::connect},
};

mod imp {
    use super::*;

    /// The class behind [`super::BpDestinationPage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/destination.ui")]
    pub struct BpDestinationPage {
        #[template_child]
        pub(super) place: TemplateChild<BpPlaceField>,
        #[template_child]
        pub(super) file_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) file_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) recovery_check: TemplateChild<BpOption>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
    }

    #[gtk::template_callbacks]
    impl BpDestinationPage {
        #[template_callback]
        fn on_changed(&self) {
            if !self.is_showing.get() {
                self.obj().emit_by_name::<()>("changed", &[]);
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpDestinationPage {
        const NAME: &'static str = "BpDestinationPage";
        type Type = super::BpDestinationPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpOption::ensure_type();
            BpClampLayout::ensure_type();
            BpPlaceField::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpDestinationPage {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build()])
        }
    }

    impl WidgetImpl for BpDestinationPage {}
    impl BoxImpl for BpDestinationPage {}
}

glib::wrapper! {
    /// Where to write the backup. Signal `changed`.
    pub struct BpDestinationPage(ObjectSubclass<imp::BpDestinationPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpDestinationPage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpDestinationPage {
    /// Where the archive goes.
    pub fn place(&self) -> &BpPlaceField {
        &self.imp().place
    }

    /// Shows the name that the new file will have; `None` where the VM chooses it.
    pub fn show_file_name(&self, name: Option<&str>) {
        self.imp().file_box.set_visible(name.is_some());
        self.imp().file_label.set_label(name.unwrap_or_default());
    }

    /// Shows whether a recovery text will stand beside the archive, and whether there can be one.
    pub fn show_recovery(&self, is_wanted: bool, is_in_dom0: bool) {
        let imp = self.imp();
        let (label, note) = words::recovery_choice(is_in_dom0);
        imp.is_showing.set(true);
        imp.recovery_check.set_caption(label);
        imp.recovery_check.set_note(note);
        imp.recovery_check.set_active(is_wanted && is_in_dom0);
        imp.recovery_check.set_may_change(is_in_dom0);
        imp.is_showing.set(false);
    }

    /// Whether a recovery text is wanted; `None` where there can be none, so that nobody was asked.
    pub fn wants_recovery(&self) -> Option<bool> {
        let check = &self.imp().recovery_check;
        check.may_change().then(|| check.is_active())
    }

    /// Hears that something on the page was changed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }
}
