// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 1 of a restore: which archive, and by which rules.

use std::{
    cell::{Cell, OnceCell},
    path::{Path, PathBuf},
    rc::Rc,
    sync::OnceLock,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    profile::KnownBackup,
    text::wizard::{self as words, Verdict},
    ui::{BpClampLayout, BpOption, BpPlaceField, BpVerdict, chooser::Chooser, widgets::connect},
};

mod imp {
    use super::*;

    /// The class behind [`super::BpSourcePage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/source.ui")]
    pub struct BpSourcePage {
        #[template_child]
        pub(super) known_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) known_drop: TemplateChild<gtk::DropDown>,
        pub(super) known: OnceCell<Rc<Chooser<Option<PathBuf>>>>,
        #[template_child]
        pub(super) place: TemplateChild<BpPlaceField>,
        #[template_child]
        pub(super) quick: TemplateChild<BpVerdict>,
        #[template_child]
        pub(super) inside_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) missing_check: TemplateChild<BpOption>,
        #[template_child]
        pub(super) user_check: TemplateChild<BpOption>,
        #[template_child]
        pub(super) verify_check: TemplateChild<BpOption>,
        #[template_child]
        pub(super) gentle_check: TemplateChild<BpOption>,
        #[template_child]
        pub(super) encrypted_check: TemplateChild<BpOption>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
    }

    #[gtk::template_callbacks]
    impl BpSourcePage {
        #[template_callback]
        fn on_changed(&self) {
            if !self.is_showing.get() {
                self.obj().emit_by_name::<()>("changed", &[]);
            }
        }

        #[template_callback]
        fn on_inside(&self) {
            self.obj().emit_by_name::<()>("inside", &[]);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpSourcePage {
        const NAME: &'static str = "BpSourcePage";
        type Type = super::BpSourcePage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            BpOption::ensure_type();
            BpPlaceField::ensure_type();
            BpVerdict::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpSourcePage {
        fn constructed(&self) {
            self.parent_constructed();
            let place = self.place.get();
            self.known.get_or_init(|| {
                Chooser::new(&self.known_drop, move |chosen: Option<PathBuf>| {
                    if let Some(path) = chosen {
                        place.set_local(&path.to_string_lossy());
                    }
                })
            });
        }

        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build(), Signal::builder("inside").build()])
        }
    }

    impl WidgetImpl for BpSourcePage {}
    impl BoxImpl for BpSourcePage {}
}

glib::wrapper! {
    /// Which archive to restore from. Signals `changed` and `inside`.
    pub struct BpSourcePage(ObjectSubclass<imp::BpSourcePage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpSourcePage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpSourcePage {
    /// Where the archive is.
    pub fn place(&self) -> &BpPlaceField {
        &self.imp().place
    }

    /// Offers the backups that are known on this system; the choice fills in the place.
    pub fn show_known(&self, backups: &[KnownBackup]) {
        let imp = self.imp();
        imp.known_box.set_visible(!backups.is_empty());
        let mut entries = vec![(words::no_known_backup(backups.len()), None)];
        entries.extend(
            backups
                .iter()
                .map(|known| (words::known_backup(known), Some(known.path.clone()))),
        );
        if let Some(chooser) = imp.known.get() {
            chooser.show(entries, &None);
        }
    }

    /// Shows which of the known backups is at the place that was typed for this computer; none of them where another one is.
    pub fn show_typed(&self, typed: Option<&Path>) {
        let Some(chooser) = self.imp().known.get() else { return };
        let typed = typed.map(Path::to_owned);
        let is_known = chooser.offers(&typed);
        chooser.show_chosen(if is_known { &typed } else { &None });
    }

    /// Says what the headers of the file tell.
    pub fn show_quick_look(&self, verdict: Option<&Verdict>, is_looking: bool) {
        self.imp().quick.show_verdict(verdict, is_looking);
    }

    /// Whether there is something to look into.
    pub fn set_may_look_inside(&self, may: bool) {
        self.imp().inside_button.set_sensitive(may);
    }

    /// Shows the rules.
    pub fn show_rules(&self, rules: Rules) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.missing_check.set_active(rules.ignores_missing);
        imp.user_check.set_active(rules.ignores_user_mismatch);
        imp.verify_check.set_active(rules.verifies_only);
        imp.gentle_check.set_active(rules.is_gentle);
        imp.encrypted_check.set_active(rules.is_encrypted);
        imp.is_showing.set(false);
    }

    /// The rules as they are ticked.
    pub fn rules(&self) -> Rules {
        let imp = self.imp();
        Rules {
            ignores_missing: imp.missing_check.is_active(),
            ignores_user_mismatch: imp.user_check.is_active(),
            verifies_only: imp.verify_check.is_active(),
            is_gentle: imp.gentle_check.is_active(),
            is_encrypted: imp.encrypted_check.is_active(),
        }
    }

    /// Hears that something on the page was changed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }

    /// Hears that what is inside is to be shown.
    pub fn connect_inside(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "inside", handler);
    }
}

/// The check boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A missing template or net VM is replaced by the default one.
    pub ignores_missing: bool,
    /// dom0's home is restored although its user has another name here.
    pub ignores_user_mismatch: bool,
    /// Everything is read and nothing restored.
    pub verifies_only: bool,
    /// Everything else on the computer goes first.
    pub is_gentle: bool,
    /// An archive of an old format is encrypted where its header does not say.
    pub is_encrypted: bool,
}
