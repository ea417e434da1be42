// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 3 of a backup: what protects it, and what happens besides.

use std::{cell::Cell, path::PathBuf, sync::OnceLock};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    draft::Meter,
    plan::Unverified,
    schedule::Rhythm,
    text::{Tone, wizard as words},
    ui::{
        BpCheck, BpChoiceField, BpClampLayout, BpOption,
        pages::show_text_of,
        repeat,
        widgets::{connect, mark_field},
    },
};

mod imp {
    use super::*;

    /// The class behind [`super::BpPassphrasePage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/passphrase.ui")]
    pub struct BpPassphrasePage {
        #[template_child]
        pub(super) kept_note: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) kept_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) first_entry: TemplateChild<gtk::PasswordEntry>,
        #[template_child]
        pub(super) second_entry: TemplateChild<gtk::PasswordEntry>,
        #[template_child]
        pub(super) show_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) strength_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) strength_bar: TemplateChild<gtk::LevelBar>,
        #[template_child]
        pub(super) strength_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) hint_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) costly_check: TemplateChild<BpOption>,
        #[template_child]
        pub(super) profile_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) keep_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) name_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) name_entry: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) repeat_field: TemplateChild<BpChoiceField>,
        #[template_child]
        pub(super) repeat_note: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) keep_check: TemplateChild<BpCheck>,
        #[template_child]
        pub(super) keep_warning_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) keep_warning: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) verify_check: TemplateChild<BpOption>,
        #[template_child]
        pub(super) gentle_check: TemplateChild<BpOption>,
        #[template_child]
        pub(super) power_check: TemplateChild<BpOption>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
    }

    #[gtk::template_callbacks]
    impl BpPassphrasePage {
        #[template_callback]
        fn on_changed(&self) {
            if !self.is_showing.get() {
                self.obj().emit_by_name::<()>("changed", &[]);
            }
        }

        #[template_callback]
        fn on_show(&self) {
            let is_shown = self.show_check.is_active();
            show_text_of(&self.first_entry, is_shown);
            show_text_of(&self.second_entry, is_shown);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpPassphrasePage {
        const NAME: &'static str = "BpPassphrasePage";
        type Type = super::BpPassphrasePage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            BpCheck::ensure_type();
            BpChoiceField::ensure_type();
            BpOption::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpPassphrasePage {
        fn constructed(&self) {
            self.parent_constructed();
            let drop = self.repeat_field.drop_down();
            repeat::fill(&drop);
            let page = self.obj().downgrade();
            drop.connect_selected_notify(move |_| {
                if let Some(page) = page.upgrade() {
                    page.imp().on_changed();
                }
            });
            self.repeat_note.set_label(&words::repeat_note());
        }

        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build()])
        }
    }

    impl WidgetImpl for BpPassphrasePage {}
    impl BoxImpl for BpPassphrasePage {}
}

glib::wrapper! {
    /// What protects the backup. Signal `changed`.
    pub struct BpPassphrasePage(ObjectSubclass<imp::BpPassphrasePage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpPassphrasePage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpPassphrasePage {
    /// What takes the focus when the page is entered.
    pub fn first_fields(&self) -> Vec<gtk::Widget> {
        vec![self.imp().first_entry.get().upcast()]
    }

    /// Empties the fields: their text was taken over. `is_kept` says that there is a passphrase already.
    pub fn clear_typed(&self, is_kept: bool) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.first_entry.set_text("");
        imp.second_entry.set_text("");
        imp.show_check.set_active(false);
        imp.kept_note.set_visible(is_kept);
        imp.is_showing.set(false);
    }

    /// Shows which passphrase is used if nothing is typed; nothing if the text is empty.
    pub fn show_kept(&self, text: &str) {
        self.imp().kept_note.set_visible(!text.is_empty());
        self.imp().kept_label.set_label(text);
    }

    /// Hands over what is typed in the two fields, for this call only.
    pub fn with_typed<T>(&self, take: impl FnOnce(&str, &str) -> T) -> T {
        take(&self.imp().first_entry.text(), &self.imp().second_entry.text())
    }

    /// Marks the second field where the two passphrases differ.
    pub fn show_mismatch(&self, is_mismatch: bool) {
        let tone = if is_mismatch { Tone::Failure } else { Tone::Success };
        mark_field(&self.imp().second_entry.get(), tone);
    }

    /// Shows how strong the passphrase is, and what is odd about it. The bar is red, amber or green by its grade.
    pub fn show_strength(&self, strength: Option<(Meter, &str)>, hints: &str) {
        let imp = self.imp();
        imp.strength_box.set_visible(strength.is_some() || !hints.is_empty());
        imp.strength_bar.set_visible(strength.is_some());
        imp.strength_label.set_visible(strength.is_some());
        if let Some((meter, said)) = strength {
            imp.strength_bar.set_value(meter.filled.into());
            // The theme has classes of its own on it, which have to stay.
            for filled in 1..=Meter::SEGMENTS {
                imp.strength_bar.remove_css_class(&format!("strength-{filled}"));
            }
            imp.strength_bar.add_css_class(&format!("strength-{}", meter.filled));
            imp.strength_label.set_label(said);
        }
        imp.hint_label.set_label(hints);
        imp.hint_label.set_visible(!hints.is_empty());
    }

    /// Shows what is ticked; `unverifiable` says why the archive cannot be read again.
    pub fn show_choices(&self, choices: &Choices, keeping: &Keeping, unverifiable: Option<Unverified>) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.costly_check.set_active(choices.is_costly_to_guess);
        imp.profile_check.set_active(choices.saves_profile);
        imp.keep_box.set_sensitive(choices.saves_profile);
        // GTK 4.8 tells assistive technology only of what is greyed out itself.
        imp.keep_check.set_sensitive(choices.saves_profile);
        imp.keep_check.set_active(choices.saves_passphrase);
        let file = keeping.file.as_deref();
        imp.profile_check.set_visible(file.is_some());
        imp.keep_box.set_visible(file.is_some());
        imp.keep_warning
            .set_label(&file.map(words::keep_warning).unwrap_or_default());
        imp.name_box.set_visible(file.is_some() && choices.saves_profile);
        // Replacing the text would move the cursor of who types it.
        if imp.name_entry.text().trim() != choices.profile_name {
            imp.name_entry.set_text(&choices.profile_name);
        }
        imp.repeat_field.set_visible(keeping.can_repeat);
        repeat::select(&imp.repeat_field.drop_down(), choices.rhythm);
        imp.repeat_note
            .set_visible(keeping.can_repeat && choices.rhythm.is_some());
        imp.keep_warning_box
            .set_visible(choices.saves_profile && choices.saves_passphrase);
        imp.verify_check.set_active(choices.verifies);
        imp.verify_check.set_may_change(unverifiable.is_none());
        imp.verify_check.set_note(words::verify_note(unverifiable));
        imp.gentle_check.set_active(choices.is_gentle);
        imp.power_check.set_active(choices.powers_off);
        imp.is_showing.set(false);
    }

    /// What is ticked.
    pub fn choices(&self) -> Choices {
        let imp = self.imp();
        Choices {
            is_costly_to_guess: imp.costly_check.is_active(),
            saves_profile: imp.profile_check.is_active(),
            profile_name: imp.name_entry.text().to_string(),
            rhythm: repeat::chosen(&imp.repeat_field.drop_down()),
            saves_passphrase: imp.keep_check.is_active(),
            verifies: imp.verify_check.is_active(),
            is_gentle: imp.gentle_check.is_active(),
            powers_off: imp.power_check.is_active(),
        }
    }

    /// Hears that something on the page was changed.
    pub fn connect_changed(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "changed", handler);
    }
}

/// What the check boxes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Every guess at the passphrase costs as much as with the stock tool.
    pub is_costly_to_guess: bool,
    /// The choices are kept as a profile.
    pub saves_profile: bool,
    /// The name of that profile.
    pub profile_name: String,
    /// How often its backup is repeated.
    pub rhythm: Option<Rhythm>,
    /// The profile keeps the passphrase too.
    pub saves_passphrase: bool,
    /// The archive is read again afterwards.
    pub verifies: bool,
    /// Everything else on the computer goes first.
    pub is_gentle: bool,
    /// The computer is turned off at the end.
    pub powers_off: bool,
}

/// What can be done with profiles on this PedOS.
#[derive(Debug, Clone, Default)]
pub struct Keeping {
    /// Where the profile lies, if one can be kept.
    pub file: Option<PathBuf>,
    /// Whether its backup can be repeated.
    pub can_repeat: bool,
}
