// SPDX-License-Identifier: GPL-3.0-or-later
//! A VM on the page of a running job, with how it stands.

use std::cell::RefCell;

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    engine::ItemState,
    text::{VmLine, item_text, message, progress, wizard as words},
};

mod imp {
    use super::*;

    /// The class behind [`super::BpProgressRow`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/progress_row.ui")]
    pub struct BpProgressRow {
        #[template_child]
        pub(super) mark: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) why_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) state_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) items: TemplateChild<gtk::Expander>,
        #[template_child]
        pub(super) items_label: TemplateChild<gtk::Label>,
        /// What the expander holds, as text: it is made when it is opened.
        pub(super) item_texts: RefCell<Vec<String>>,
    }

    #[gtk::template_callbacks]
    impl BpProgressRow {
        #[template_callback]
        fn on_expanded(&self) {
            if self.items.is_expanded() && self.items.child().is_none() {
                self.items.set_child(Some(&super::list_of(&self.item_texts.borrow())));
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpProgressRow {
        const NAME: &'static str = "BpProgressRow";
        type Type = super::BpProgressRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpProgressRow {}
    impl WidgetImpl for BpProgressRow {}
    impl BoxImpl for BpProgressRow {}
}

glib::wrapper! {
    /// A VM and how it stands.
    pub struct BpProgressRow(ObjectSubclass<imp::BpProgressRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpProgressRow {
    /// A VM whose turn is to come.
    pub fn new(name: &str) -> Self {
        let row: Self = glib::Object::new();
        row.imp().name_label.set_label(name);
        row.show_state(&ItemState::Waiting);
        row
    }

    /// Shows how it stands while the job runs.
    pub fn show_state(&self, state: &ItemState) {
        let imp = self.imp();
        let is_working = *state == ItemState::Working;
        imp.spinner.set_spinning(is_working);
        let (icon, class) = match state {
            ItemState::Waiting | ItemState::Working => ("content-loading-symbolic", "dim-label"),
            ItemState::Done => ("object-select-symbolic", "success"),
            ItemState::Failed(_) => ("dialog-error-symbolic", "error"),
        };
        self.show_icon(icon, class);
        if is_working {
            imp.mark.set_visible_child(&*imp.spinner);
        }
        imp.state_label.set_label(&progress::item_state(state));
        let why = match state {
            ItemState::Failed(failure) => message(&failure.0).full_text(),
            _ => String::new(),
        };
        self.show_why(&why);
    }

    /// Shows how it ended.
    pub fn show_line(&self, line: &VmLine) {
        let imp = self.imp();
        imp.spinner.set_spinning(false);
        imp.name_label.set_label(&line.name);
        imp.state_label.set_label(&words::vm_result(line));
        match (line.is_done, &line.reason) {
            (true, _) => self.show_icon("object-select-symbolic", "success"),
            (false, Some(_)) => self.show_icon("dialog-error-symbolic", "error"),
            (false, None) => self.show_icon("list-remove-symbolic", "dim-label"),
        }
        let why = line
            .reason
            .as_ref()
            .map(|reason| reason.full_text())
            .unwrap_or_default();
        self.show_why(&why);
        self.show_items(line);
    }

    /// The volumes and files of a VM that is not whole, each with its place in the archive if it is bad.
    fn show_items(&self, line: &VmLine) {
        let imp = self.imp();
        imp.items.set_visible(!line.is_done && !line.items.is_empty());
        let bad = line.items.iter().filter(|item| item.reason.is_some()).count();
        imp.items_label.set_label(&words::bad_items(bad, line.items.len()));
        imp.item_texts.replace(line.items.iter().map(item_text).collect());
    }

    fn show_icon(&self, icon: &str, class: &str) {
        let image = &self.imp().icon;
        image.set_icon_name(Some(icon));
        image.set_css_classes(&[class]);
        self.imp().mark.set_visible_child(&**image);
    }

    fn show_why(&self, why: &str) {
        self.imp().why_label.set_label(why);
        self.imp().why_label.set_visible(!why.is_empty());
    }
}

fn list_of(texts: &[String]) -> gtk::Box {
    let list = gtk::Box::new(gtk::Orientation::Vertical, 6);
    list.add_css_class("items");
    for text in texts {
        let label = gtk::Label::builder()
            .label(text)
            .xalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .selectable(true)
            .build();
        label.add_css_class("caption");
        list.append(&label);
    }
    list
}
