// SPDX-License-Identifier: GPL-3.0-or-later
//! A list of facts: what it is called at the left, what it is at the right.

use gtk::{CompositeTemplate, glib, prelude::*, subclass::prelude::*};

mod imp {
    use super::*;

    /// The class behind [`super::BpFacts`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/facts.ui")]
    pub struct BpFacts;

    #[glib::object_subclass]
    impl ObjectSubclass for BpFacts {
        const NAME: &'static str = "BpFacts";
        type Type = super::BpFacts;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpFacts {}
    impl WidgetImpl for BpFacts {}
    impl BoxImpl for BpFacts {}
}

glib::wrapper! {
    /// A list of facts.
    pub struct BpFacts(ObjectSubclass<imp::BpFacts>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpFacts {
    /// Shows these facts in place of the earlier ones.
    pub fn show_facts(&self, facts: &[(String, String)]) {
        super::flow::remove_children(self);
        for (name, value) in facts {
            let row = gtk::Box::new(gtk::Orientation::Horizontal, 12);
            row.add_css_class("card-row");
            let name = gtk::Label::builder()
                .label(name)
                .xalign(0.0)
                .wrap(true)
                .hexpand(true)
                .build();
            name.add_css_class("dim-label");
            let value = gtk::Label::builder()
                .label(value)
                .xalign(1.0)
                .wrap(true)
                .wrap_mode(gtk::pango::WrapMode::WordChar)
                .build();
            row.append(&name);
            row.append(&value);
            self.append(&row);
        }
    }
}
