// SPDX-License-Identifier: GPL-3.0-or-later
//! A drop-down below its caption.

use std::cell::RefCell;

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

mod imp {
    use super::*;

    /// The class behind [`super::BpChoiceField`].
    #[derive(Debug, Default, CompositeTemplate, glib::Properties)]
    #[template(resource = "/org/pedos/Backup/ui/choice_field.ui")]
    #[properties(wrapper_type = super::BpChoiceField)]
    pub struct BpChoiceField {
        /// What it is called, with its mnemonic.
        #[property(get, set)]
        caption: RefCell<String>,
        #[template_child]
        pub(super) drop: TemplateChild<gtk::DropDown>,
        /// The name of the button that opens the list. It is not seen: the caption names only the drop-down, and the focus
        /// stands in the button.
        button_label: gtk::Label,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpChoiceField {
        const NAME: &'static str = "BpChoiceField";
        type Type = super::BpChoiceField;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for BpChoiceField {
        fn constructed(&self) {
            self.parent_constructed();
            self.button_label.set_mnemonic_widget(self.drop.first_child().as_ref());
            self.obj().connect_caption_notify(|field| {
                let caption = field.caption().replace('_', "");
                field.imp().button_label.set_label(&caption);
            });
        }
    }
    impl WidgetImpl for BpChoiceField {}
    impl BoxImpl for BpChoiceField {}
}

glib::wrapper! {
    /// A caption and a drop-down.
    pub struct BpChoiceField(ObjectSubclass<imp::BpChoiceField>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpChoiceField {
    /// The drop-down.
    pub fn drop_down(&self) -> gtk::DropDown {
        self.imp().drop.get()
    }
}

impl Default for BpChoiceField {
    fn default() -> Self {
        glib::Object::new()
    }
}
