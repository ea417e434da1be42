// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 2 of a backup: where to.

use std::{
    cell::{Cell, RefCell},
    sync::OnceLock,
};

use gtk::{
    CompositeTemplate,
    glib::{self, subclass::Signal},
    prelude::*,
    subclass::prelude::*,
};

use crate::{
    draft::Look,
    host::DOM0,
    text::wizard::{self as words, Verdict},
    ui::{
        BpClampLayout,
        flow::connect,
        pages::{choose_by_letter, show_tone},
    },
};

mod imp {
    use super::*;

    /// The class behind [`super::BpDestinationPage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/destination.ui")]
    pub struct BpDestinationPage {
        #[template_child]
        pub(super) target_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) place_entry: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) browse_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) verdict_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) verdict_stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) verdict_spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) verdict_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) verdict_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) verdict_detail: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) target_note: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) file_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) file_label: TemplateChild<gtk::Label>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
        pub(super) targets: RefCell<Vec<String>>,
    }

    #[gtk::template_callbacks]
    impl BpDestinationPage {
        #[template_callback]
        fn on_changed(&self) {
            if !self.is_showing.get() {
                self.obj().emit_by_name::<()>("changed", &[]);
            }
        }

        #[template_callback]
        fn on_browse(&self) {
            self.obj().emit_by_name::<()>("browse", &[]);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpDestinationPage {
        const NAME: &'static str = "BpDestinationPage";
        type Type = super::BpDestinationPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
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
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build(), Signal::builder("browse").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            choose_by_letter(&self.target_drop);
        }
    }

    impl WidgetImpl for BpDestinationPage {}
    impl BoxImpl for BpDestinationPage {}
}

glib::wrapper! {
    /// Where to write the backup. Signals `changed` and `browse`.
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
    /// What takes the focus when the page is entered.
    pub fn first_fields(&self) -> Vec<gtk::Widget> {
        vec![self.imp().target_drop.get().upcast()]
    }

    /// Offers these VMs, with this one chosen.
    pub fn show_targets(&self, targets: &[String], chosen: &str) {
        let imp = self.imp();
        imp.is_showing.set(true);
        if *imp.targets.borrow() != targets {
            let shown: Vec<&str> = targets.iter().map(String::as_str).collect();
            imp.target_drop.set_model(Some(&gtk::StringList::new(&shown)));
            imp.targets.replace(targets.to_vec());
        }
        let index = targets
            .iter()
            .position(|name| name == chosen)
            .and_then(|index| u32::try_from(index).ok());
        imp.target_drop
            .set_selected(index.unwrap_or(gtk::INVALID_LIST_POSITION));
        imp.is_showing.set(false);
    }

    /// Puts a text into the field, as its user would.
    pub fn set_place(&self, text: &str) {
        self.imp().place_entry.set_text(text);
        self.imp().place_entry.set_position(-1);
    }

    /// What is chosen and typed.
    pub fn look(&self) -> Look {
        let imp = self.imp();
        let targets = imp.targets.borrow();
        let target = targets.get(imp.target_drop.selected() as usize).cloned();
        Look {
            target: target.unwrap_or_else(|| DOM0.to_owned()),
            text: imp.place_entry.text().into(),
        }
    }

    /// Says what was found there, or what will be done.
    pub fn show_verdict(&self, verdict: &Verdict, is_looking: bool) {
        let imp = self.imp();
        imp.verdict_box.set_visible(is_looking || !verdict.text.is_empty());
        imp.verdict_spinner.set_spinning(is_looking);
        if is_looking {
            imp.verdict_stack.set_visible_child(&*imp.verdict_spinner);
        } else {
            imp.verdict_stack.set_visible_child(&*imp.verdict_icon);
        }
        show_tone(&imp.verdict_icon, verdict.tone);
        imp.verdict_label.set_label(&verdict.text);
        imp.verdict_detail.set_label(&verdict.detail);
        imp.verdict_detail.set_visible(!verdict.detail.is_empty());
    }

    /// Whether the picker can be asked now.
    pub fn set_may_browse(&self, may: bool) {
        self.imp().browse_button.set_sensitive(may);
    }

    /// Says which VM the profile wanted if that one does not run.
    pub fn show_absent_target(&self, name: Option<&str>) {
        self.imp().target_note.set_label(&words::target_note(name));
    }

    /// Shows the name that the new file will have; `None` where another machine chooses it.
    pub fn show_file_name(&self, name: Option<&str>) {
        self.imp().file_box.set_visible(name.is_some());
        self.imp().file_label.set_label(name.unwrap_or_default());
    }

    /// Hears that something on the page was changed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }

    /// Hears that a place is to be picked.
    pub fn connect_browse(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "browse", handler);
    }
}
