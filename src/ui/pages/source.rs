// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 1 of a restore: which archive, and by which rules.

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
    text::wizard::Verdict,
    ui::{
        BpCheck, BpClampLayout,
        flow::connect,
        pages::{choose_by_letter, show_tone},
    },
};

mod imp {
    use super::*;

    /// The class behind [`super::BpSourcePage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/source.ui")]
    pub struct BpSourcePage {
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
        pub(super) quick_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) quick_stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) quick_spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) quick_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) quick_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) quick_detail: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) inside_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) missing_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) user_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) verify_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) encrypted_check: TemplateChild<BpCheck>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
        pub(super) targets: RefCell<Vec<String>>,
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

        #[template_callback]
        fn on_browse(&self) {
            self.obj().emit_by_name::<()>("browse", &[]);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpSourcePage {
        const NAME: &'static str = "BpSourcePage";
        type Type = super::BpSourcePage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            BpCheck::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpSourcePage {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                ["changed", "browse", "inside"]
                    .map(|name| Signal::builder(name).build())
                    .into()
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            choose_by_letter(&self.target_drop);
        }
    }

    impl WidgetImpl for BpSourcePage {}
    impl BoxImpl for BpSourcePage {}
}

glib::wrapper! {
    /// Which archive to restore from. Signals `changed` and `browse`.
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

    /// Says what the headers of the file tell.
    pub fn show_quick_look(&self, verdict: Option<&Verdict>, is_looking: bool) {
        let imp = self.imp();
        imp.quick_box.set_visible(verdict.is_some());
        imp.quick_spinner.set_spinning(is_looking);
        let Some(verdict) = verdict else { return };
        if is_looking {
            imp.quick_stack.set_visible_child(&*imp.quick_spinner);
        } else {
            imp.quick_stack.set_visible_child(&*imp.quick_icon);
        }
        show_tone(&imp.quick_icon, verdict.tone);
        imp.quick_label.set_label(&verdict.text);
        imp.quick_detail.set_label(&verdict.detail);
        imp.quick_detail.set_visible(!verdict.detail.is_empty());
    }

    /// Whether there is something to look into.
    pub fn set_may_look_inside(&self, may: bool) {
        self.imp().inside_button.set_sensitive(may);
    }

    /// Whether the picker can be asked now.
    pub fn set_may_browse(&self, may: bool) {
        self.imp().browse_button.set_sensitive(may);
    }

    /// Shows the rules.
    pub fn show_rules(&self, rules: Rules) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.missing_check.set_active(rules.ignores_missing);
        imp.user_check.set_active(rules.ignores_user_mismatch);
        imp.verify_check.set_active(rules.verifies_only);
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

    /// Hears that a place is to be picked.
    pub fn connect_browse(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "browse", handler);
    }
}

/// The four check boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A missing template or net VM is replaced by the default one.
    pub ignores_missing: bool,
    /// dom0's home is restored although its user has another name here.
    pub ignores_user_mismatch: bool,
    /// Everything is read and nothing restored.
    pub verifies_only: bool,
    /// An archive of an old format is encrypted where its header does not say.
    pub is_encrypted: bool,
}
