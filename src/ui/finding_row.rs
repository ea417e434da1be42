// SPDX-License-Identifier: GPL-3.0-or-later
//! One thing that was found before a job starts: which VM, what, and what can be done.

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::text::FindingText;

mod imp {
    use super::*;

    /// The class behind [`super::BpFindingRow`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/finding_row.ui")]
    pub struct BpFindingRow {
        #[template_child]
        pub(super) icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) title_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) sentence_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) hint_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) cure_box: TemplateChild<gtk::Box>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpFindingRow {
        const NAME: &'static str = "BpFindingRow";
        type Type = super::BpFindingRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpFindingRow {}
    impl WidgetImpl for BpFindingRow {}
    impl BoxImpl for BpFindingRow {}
}

glib::wrapper! {
    /// One finding.
    pub struct BpFindingRow(ObjectSubclass<imp::BpFindingRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpFindingRow {
    /// A finding about `title`, which may be empty.
    pub fn new(title: &str, text: &FindingText, is_blocking: bool) -> Self {
        let row: Self = glib::Object::new();
        let imp = row.imp();
        imp.title_label.set_label(title);
        imp.title_label.set_visible(!title.is_empty());
        imp.sentence_label.set_label(&text.sentence);
        imp.hint_label.set_label(text.hint.as_deref().unwrap_or_default());
        imp.hint_label.set_visible(text.hint.is_some());
        let (icon, class) = if is_blocking {
            ("dialog-error-symbolic", "error")
        } else {
            ("dialog-warning-symbolic", "warning")
        };
        imp.icon.set_icon_name(Some(icon));
        imp.icon.add_css_class(class);
        row
    }

    /// Adds a button that does something about it.
    pub fn add_cure(&self, label: &str, then: impl Fn() + 'static) {
        let button = gtk::Button::new();
        let text = gtk::Label::builder()
            .label(label)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .natural_wrap_mode(gtk::NaturalWrapMode::None)
            .justify(gtk::Justification::Center)
            // Names the button for assistive technology.
            .mnemonic_widget(&button)
            .build();
        button.set_child(Some(&text));
        button.add_css_class("text-button");
        button.connect_clicked(move |_| then());
        self.imp().cure_box.append(&button);
        self.imp().cure_box.set_visible(true);
    }

    /// Puts the buttons beside or below each other.
    pub fn set_narrow(&self, is_narrow: bool) {
        let orientation = if is_narrow {
            gtk::Orientation::Vertical
        } else {
            gtk::Orientation::Horizontal
        };
        self.imp().cure_box.set_orientation(orientation);
    }
}
