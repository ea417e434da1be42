// SPDX-License-Identifier: GPL-3.0-or-later
//! One step in the list at the side of a wizard.

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::text::wizard as words;

mod imp {
    use super::*;

    /// The class behind [`super::BpStepRow`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/step_row.ui")]
    pub struct BpStepRow {
        #[template_child]
        pub(super) mark: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) number: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) tick: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) title_label: TemplateChild<gtk::Label>,
        /// The name for assistive technology, with the state in it: nobody sees it.
        #[template_child]
        pub(super) spoken_label: TemplateChild<gtk::Label>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpStepRow {
        const NAME: &'static str = "BpStepRow";
        type Type = super::BpStepRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpStepRow {}
    impl WidgetImpl for BpStepRow {}
    impl BoxImpl for BpStepRow {}
}

glib::wrapper! {
    /// One step: its number or a tick, and its name.
    pub struct BpStepRow(ObjectSubclass<imp::BpStepRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpStepRow {
    /// The step of that number, counted from 1.
    pub fn new(number: usize, title: &str) -> Self {
        let row: Self = glib::Object::new();
        row.imp().number.set_label(&number.to_string());
        row.imp().title_label.set_label(title);
        row.imp().spoken_label.set_label(title);
        row
    }

    /// Names the step.
    pub fn set_title(&self, title: &str) {
        self.imp().title_label.set_label(title);
    }

    /// Shows whether the step is done, and whether it is the one that is seen.
    pub fn set_state(&self, is_done: bool, is_current: bool) {
        let imp = self.imp();
        let mark: &gtk::Widget = if is_done {
            imp.tick.upcast_ref()
        } else {
            imp.number.upcast_ref()
        };
        imp.mark.set_visible_child(mark);
        let spoken = words::spoken_step(&imp.title_label.label(), is_done, is_current);
        imp.spoken_label.set_label(&spoken);
        for (class, is_on) in [("done", is_done), ("current", is_current)] {
            if is_on {
                self.add_css_class(class);
            } else {
                self.remove_css_class(class);
            }
        }
    }
}
