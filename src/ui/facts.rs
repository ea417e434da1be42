// SPDX-License-Identifier: GPL-3.0-or-later
//! A list of facts: what it is called at the left, what it is at the right; or, where there is little room above something
//! else, in columns.

use std::cell::Cell;

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

mod imp {
    use super::*;

    /// The class behind [`super::BpFacts`].
    #[derive(Debug, Default, CompositeTemplate, glib::Properties)]
    #[template(resource = "/org/pedos/Backup/ui/facts.ui")]
    #[properties(wrapper_type = super::BpFacts)]
    pub struct BpFacts {
        /// Whether they stand in columns.
        #[property(get, set)]
        is_compact: Cell<bool>,
    }

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

    #[glib::derived_properties]
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
        super::widgets::remove_children(self);
        if self.is_compact() {
            self.append(&in_columns(facts));
            return;
        }
        for (name, value) in facts {
            let row = gtk::Box::new(gtk::Orientation::Horizontal, 12);
            row.add_css_class("card-row");
            row.append(&label(name, 0.0, true));
            row.append(&label(value, 1.0, false));
            self.append(&row);
        }
    }
}

/// Each fact below its name, as many beside each other as there is room for.
fn in_columns(facts: &[(String, String)]) -> gtk::FlowBox {
    let columns = gtk::FlowBox::builder()
        .selection_mode(gtk::SelectionMode::None)
        .homogeneous(true)
        .min_children_per_line(2)
        .max_children_per_line(4)
        .column_spacing(12)
        .row_spacing(9)
        .build();
    columns.add_css_class("card-row");
    for (name, value) in facts {
        let cell = gtk::Box::new(gtk::Orientation::Vertical, 2);
        let name = label(name, 0.0, true);
        name.add_css_class("caption");
        cell.append(&name);
        cell.append(&label(value, 0.0, false));
        // There is nothing to do with a fact, so the focus does not stop there.
        columns.append(&gtk::FlowBoxChild::builder().child(&cell).focusable(false).build());
    }
    columns
}

fn label(text: &str, xalign: f32, is_name: bool) -> gtk::Label {
    let label = gtk::Label::builder()
        .label(text)
        .xalign(xalign)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .hexpand(is_name)
        .build();
    if is_name {
        label.add_css_class("dim-label");
    }
    label
}
