// SPDX-License-Identifier: GPL-3.0-or-later
//! A check box with what there is to know about it.

use std::cell::RefCell;

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use super::BpCheck;

mod imp {
    use super::*;

    /// The class behind [`super::BpOption`].
    #[derive(Debug, Default, CompositeTemplate, glib::Properties)]
    #[template(resource = "/org/pedos/Backup/ui/option.ui")]
    #[properties(wrapper_type = super::BpOption)]
    pub struct BpOption {
        /// What it is called, with its mnemonic.
        #[property(get, set)]
        caption: RefCell<String>,
        /// What there is to know about it.
        #[property(get, set)]
        note: RefCell<String>,
        /// Whether it is ticked. Notified of by the box alone: a notice that tells nothing new, out of the handler of another,
        /// would make GLib begin that one anew, without end.
        #[property(name = "active", type = bool, get = Self::is_active, set = Self::set_active, explicit_notify)]
        #[template_child]
        pub(super) check: TemplateChild<BpCheck>,
    }

    #[gtk::template_callbacks]
    impl BpOption {
        #[template_callback]
        fn on_active(&self) {
            self.obj().notify_active();
        }

        fn is_active(&self) -> bool {
            self.check.is_active()
        }

        fn set_active(&self, is_active: bool) {
            self.check.set_active(is_active);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpOption {
        const NAME: &'static str = "BpOption";
        type Type = super::BpOption;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpCheck::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for BpOption {}
    impl WidgetImpl for BpOption {}
    impl BoxImpl for BpOption {}
}

glib::wrapper! {
    /// A check box with a note below it.
    pub struct BpOption(ObjectSubclass<imp::BpOption>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpOption {
    /// Whether it is ticked.
    pub fn is_active(&self) -> bool {
        self.active()
    }

    /// Whether its user may tick it.
    pub fn may_change(&self) -> bool {
        self.imp().check.is_sensitive()
    }

    /// Lets its user tick it or not. The box itself is greyed out: of something around it assistive technology hears nothing
    /// from GTK 4.8.
    pub fn set_may_change(&self, may: bool) {
        self.imp().check.set_sensitive(may);
    }
}
