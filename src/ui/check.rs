// SPDX-License-Identifier: GPL-3.0-or-later
//! A check button that assistive technology can toggle: GTK 4.8 gives its own no action.

use gtk::{prelude::*, subclass::prelude::*};

mod imp {
    use super::*;

    /// The class behind [`super::BpCheck`].
    #[derive(Debug, Default)]
    pub struct BpCheck;

    #[glib::object_subclass]
    impl ObjectSubclass for BpCheck {
        const NAME: &'static str = "BpCheck";
        type Type = super::BpCheck;
        type ParentType = gtk::CheckButton;

        fn class_init(class: &mut Self::Class) {
            class.install_action("check.toggle", None, |check, _, _| check.set_active(!check.is_active()));
        }
    }

    impl ObjectImpl for BpCheck {}
    impl WidgetImpl for BpCheck {}
    impl CheckButtonImpl for BpCheck {}
}

glib::wrapper! {
    /// A check button with the action `check.toggle`.
    pub struct BpCheck(ObjectSubclass<imp::BpCheck>)
        @extends gtk::CheckButton, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}
