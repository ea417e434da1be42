// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive goes or comes from: a VM, a path or command in it, and what was found there.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
    sync::OnceLock,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{draft::TypedPlace, host::DOM0, text::wizard::Verdict};

use super::{BpVerdict, chooser::Chooser, widgets::connect};

mod imp {
    use super::*;

    /// The class behind [`super::BpPlaceField`].
    #[derive(Debug, Default, CompositeTemplate, glib::Properties)]
    #[template(resource = "/org/pedos/Backup/ui/place_field.ui")]
    #[properties(wrapper_type = super::BpPlaceField)]
    pub struct BpPlaceField {
        /// What the list of VMs is called, with its mnemonic.
        #[property(get, set)]
        target_caption: RefCell<String>,
        /// What the field beneath is called, with its mnemonic.
        #[property(get, set)]
        place_caption: RefCell<String>,
        #[template_child]
        pub(super) target_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) target_note: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) place_entry: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) browse_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) verdict: TemplateChild<BpVerdict>,
        pub(super) targets: OnceCell<Rc<Chooser<String>>>,
    }

    #[gtk::template_callbacks]
    impl BpPlaceField {
        #[template_callback]
        fn on_changed(&self) {
            self.obj().emit_by_name::<()>("changed", &[]);
        }

        #[template_callback]
        fn on_browse(&self) {
            self.obj().emit_by_name::<()>("browse", &[]);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpPlaceField {
        const NAME: &'static str = "BpPlaceField";
        type Type = super::BpPlaceField;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpVerdict::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for BpPlaceField {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build(), Signal::builder("browse").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            let field = self.obj().downgrade();
            let targets = Chooser::new(&self.target_drop, move |_| {
                if let Some(field) = field.upgrade() {
                    field.emit_by_name::<()>("changed", &[]);
                }
            });
            self.targets.get_or_init(|| targets);
        }
    }

    impl WidgetImpl for BpPlaceField {}
    impl BoxImpl for BpPlaceField {}
}

glib::wrapper! {
    /// A VM and a place in it. Signals `changed` and `browse`.
    pub struct BpPlaceField(ObjectSubclass<imp::BpPlaceField>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpPlaceField {
    /// What takes the focus when a page with it is entered.
    pub fn first_field(&self) -> gtk::Widget {
        self.imp().target_drop.get().upcast()
    }

    /// Offers these VMs, with this one chosen.
    pub fn show_targets(&self, targets: &[String], chosen: &str) {
        if let Some(chooser) = self.imp().targets.get() {
            let entries = targets.iter().map(|name| (name.clone(), name.clone())).collect();
            chooser.show(entries, &chosen.to_owned());
        }
    }

    /// Says what there is to know about the list of VMs.
    pub fn show_target_note(&self, note: &str) {
        self.imp().target_note.set_label(note);
    }

    /// Puts a text into the field, as its user would.
    pub fn set_place(&self, text: &str) {
        self.imp().place_entry.set_text(text);
        self.imp().place_entry.set_position(-1);
    }

    /// Puts a path of dom0 into the field, as its user would.
    pub fn set_local(&self, path: &str) {
        if let Some(targets) = self.imp().targets.get() {
            targets.choose(&DOM0.to_owned());
        }
        self.set_place(path);
    }

    /// What is chosen and typed.
    pub fn typed(&self) -> TypedPlace {
        let imp = self.imp();
        let target = imp.targets.get().and_then(|chooser| chooser.chosen());
        TypedPlace {
            target: target.unwrap_or_else(|| DOM0.to_owned()),
            text: imp.place_entry.text().into(),
        }
    }

    /// Says what was found there, or what will be done.
    pub fn show_verdict(&self, verdict: &Verdict, is_looking: bool) {
        self.imp().verdict.show_verdict(Some(verdict), is_looking);
    }

    /// Whether the picker can be asked now.
    pub fn set_may_browse(&self, may: bool) {
        self.imp().browse_button.set_sensitive(may);
    }

    /// Hears that something was chosen or typed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }

    /// Hears that a place is to be picked.
    pub fn connect_browse(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "browse", handler);
    }
}
