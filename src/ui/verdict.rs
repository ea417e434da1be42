// SPDX-License-Identifier: GPL-3.0-or-later
//! What was found out about something, or that it is being found out.

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::text::wizard::Verdict;

use super::pages::show_tone;

mod imp {
    use super::*;

    /// The class behind [`super::BpVerdict`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/verdict.ui")]
    pub struct BpVerdict {
        #[template_child]
        pub(super) mark: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) text_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) detail_label: TemplateChild<gtk::Label>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpVerdict {
        const NAME: &'static str = "BpVerdict";
        type Type = super::BpVerdict;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpVerdict {}
    impl WidgetImpl for BpVerdict {}
    impl BoxImpl for BpVerdict {}
}

glib::wrapper! {
    /// A verdict with its sign, or a spinner while there is none yet.
    pub struct BpVerdict(ObjectSubclass<imp::BpVerdict>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpVerdict {
    /// Shows a verdict, or hides where there is nothing to say.
    pub fn show_verdict(&self, verdict: Option<&Verdict>, is_looking: bool) {
        let imp = self.imp();
        let verdict = verdict.filter(|verdict| is_looking || !verdict.text.is_empty());
        self.set_visible(verdict.is_some());
        imp.spinner.set_spinning(is_looking && verdict.is_some());
        let Some(verdict) = verdict else { return };
        if is_looking {
            imp.mark.set_visible_child(&*imp.spinner);
        } else {
            imp.mark.set_visible_child(&*imp.icon);
        }
        show_tone(&imp.icon, verdict.tone);
        imp.text_label.set_label(&verdict.text);
        imp.detail_label.set_label(&verdict.detail);
        imp.detail_label.set_visible(!verdict.detail.is_empty());
    }
}
