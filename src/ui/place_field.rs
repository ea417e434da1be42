// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive goes or comes from: a VM, a path or command in it, and what was found there.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
    sync::OnceLock,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    draft::{ReachKind, TypedPlace},
    host::DOM0,
    text::{
        Tone,
        wizard::{self as words, LeftoverLine, ReachWords, Verdict},
    },
};

use super::{
    BpVerdict,
    chooser::Chooser,
    widgets::{connect, mark_field, remove_children, set_accessible_name},
};

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
        pub(super) kind_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) reach_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) reach_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) reach_entry: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) reach_note: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) place_entry: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) browse_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) verdict: TemplateChild<BpVerdict>,
        #[template_child]
        pub(super) start_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) make_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) leftover_box: TemplateChild<gtk::Box>,
        pub(super) leftovers: RefCell<Vec<LeftoverLine>>,
        pub(super) targets: OnceCell<Rc<Chooser<String>>>,
        pub(super) kinds: OnceCell<Rc<Chooser<ReachKind>>>,
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

        #[template_callback]
        fn on_start(&self) {
            // The button goes while the VM is being started.
            self.place_entry.grab_focus_without_selecting();
            self.obj().emit_by_name::<()>("start", &[]);
        }

        #[template_callback]
        fn on_make(&self) {
            // The button goes when the directory is there.
            self.place_entry.grab_focus_without_selecting();
            self.obj().emit_by_name::<()>("make", &[]);
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
            SIGNALS.get_or_init(|| {
                let plain = ["changed", "browse", "start", "make"].map(|name| Signal::builder(name).build());
                let remove = Signal::builder("remove").param_types([String::static_type()]);
                plain.into_iter().chain([remove.build()]).collect()
            })
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
            let field = self.obj().downgrade();
            let kinds = Chooser::new(&self.kind_drop, move |_| {
                if let Some(field) = field.upgrade() {
                    field.emit_by_name::<()>("changed", &[]);
                }
            });
            self.kinds.get_or_init(|| kinds);
        }
    }

    impl WidgetImpl for BpPlaceField {}
    impl BoxImpl for BpPlaceField {}
}

glib::wrapper! {
    /// A VM and a place in it. Signals `changed`, `browse`, `start`, `make` and `remove` with the name of a file.
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

    /// Offers these kinds of places, with this one chosen.
    pub fn show_kinds(&self, kinds: &[(String, ReachKind)], chosen: ReachKind) {
        if let Some(chooser) = self.imp().kinds.get() {
            chooser.show(kinds.to_vec(), &chosen);
        }
    }

    /// Shows the field for a server, a remote or a program, or hides it.
    pub fn show_reach(&self, words: Option<&ReachWords>) {
        let imp = self.imp();
        imp.reach_box.set_visible(words.is_some());
        if let Some(words) = words {
            imp.reach_label.set_label(&words.caption);
            imp.reach_note.set_label(&words.note);
            imp.reach_entry.set_placeholder_text(Some(words.example));
        }
    }

    /// Chooses a kind of place, and puts a name into its field, as its user would.
    pub fn set_reach(&self, kind: ReachKind, name: &str) {
        if let Some(kinds) = self.imp().kinds.get() {
            kinds.choose(&kind);
        }
        self.imp().reach_entry.set_text(name);
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
        self.set_reach(ReachKind::Path, "");
        self.set_place(path);
    }

    /// What is chosen and typed.
    pub fn typed(&self) -> TypedPlace {
        let imp = self.imp();
        let target = imp.targets.get().and_then(|chooser| chooser.chosen());
        TypedPlace {
            target: target.unwrap_or_else(|| DOM0.to_owned()),
            kind: imp.kinds.get().and_then(|chooser| chooser.chosen()).unwrap_or_default(),
            reach: imp.reach_entry.text().into(),
            text: imp.place_entry.text().into(),
        }
    }

    /// Says what was found there, or what will be done, and marks the field where something is wrong with it.
    pub fn show_verdict(&self, verdict: &Verdict, is_looking: bool) {
        self.imp().verdict.show_verdict(Some(verdict), is_looking);
        let tone = if is_looking { Tone::Success } else { verdict.tone };
        mark_field(&self.imp().place_entry.get(), tone);
    }

    /// Offers to start a VM.
    pub fn show_may_start(&self, vm: Option<&str>) {
        let button = &self.imp().start_button;
        if let Some(vm) = vm {
            button.set_label(&words::start_vm(vm));
        }
        button.set_visible(vm.is_some());
    }

    /// Offers to make the directory that is typed.
    pub fn show_may_make(&self, may: bool) {
        self.imp().make_button.set_visible(may);
    }

    /// Shows what earlier runs have left there, each with a button to remove it.
    pub fn show_leftovers(&self, leftovers: &[LeftoverLine]) {
        let imp = self.imp();
        if *imp.leftovers.borrow() == leftovers {
            return;
        }
        imp.leftovers.replace(leftovers.to_vec());
        remove_children(&imp.leftover_box.get());
        for leftover in leftovers {
            imp.leftover_box.append(&self.leftover_row(leftover));
        }
        imp.leftover_box.set_visible(!leftovers.is_empty());
    }

    fn leftover_row(&self, leftover: &LeftoverLine) -> gtk::Box {
        let row = gtk::Box::new(gtk::Orientation::Vertical, 6);
        let text = gtk::Label::builder()
            .label(&leftover.text)
            .xalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .build();
        let button = gtk::Button::with_label(&words::remove_leftover());
        button.set_halign(gtk::Align::Start);
        set_accessible_name(&button, &leftover.button);
        let (field, name) = (self.downgrade(), leftover.name.clone());
        button.connect_clicked(move |_| {
            if let Some(field) = field.upgrade() {
                field.emit_by_name::<()>("remove", &[&name]);
            }
        });
        row.append(&text);
        row.append(&button);
        row
    }

    /// Whether the picker can be asked now.
    pub fn set_may_browse(&self, may: bool) {
        self.imp().browse_button.set_sensitive(may);
    }

    /// Hears that something was chosen or typed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }

    /// Puts the focus into the field.
    pub fn focus_place(&self) {
        self.imp().place_entry.grab_focus_without_selecting();
    }

    /// Hears that the VM is to be started.
    pub fn connect_start(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "start", handler);
    }

    /// Hears that the directory is to be made.
    pub fn connect_make(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "make", handler);
    }

    /// Hears that an unfinished archive of that name is to be removed.
    pub fn connect_remove(&self, handler: impl Fn(&Self, &str) + 'static) {
        self.connect_local("remove", false, move |values| {
            let field = values.first().and_then(|value| value.get::<Self>().ok());
            let name = values.get(1).and_then(|value| value.get::<String>().ok());
            if let (Some(field), Some(name)) = (field, name) {
                handler(&field, &name);
            }
            None
        });
    }

    /// Hears that a place is to be picked.
    pub fn connect_browse(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "browse", handler);
    }
}
