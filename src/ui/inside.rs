// SPDX-License-Identifier: GPL-3.0-or-later
//! A window that shows what is inside an archive, and changes nothing.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::OnceLock,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, gdk, prelude::*, subclass::prelude::*};

use crate::{
    plan::ArchivedFile,
    text::wizard::{self as words, NoteText, Verdict},
};

use super::{
    BpClampLayout, BpFacts, BpVerdict, BpVmRow, BpWizard, VmItem, chooser::Chooser, clamp::font_scale, widgets::connect,
};

/// How many rows are made before the window is first seen: more than fit on a screen.
const FIRST_ROWS: usize = 24;

/// How many rows are made at a time afterwards, so that the window answers in between.
const MORE_ROWS: usize = 8;

mod imp {
    use super::*;

    /// The class behind [`super::BpInsideWindow`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/inside.ui")]
    pub struct BpInsideWindow {
        #[template_child]
        pub(super) facts: TemplateChild<BpFacts>,
        #[template_child]
        pub(super) weak_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) weak_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) search: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub(super) count_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) notes_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) stop_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) notes_verdict: TemplateChild<BpVerdict>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) file_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) out_button: TemplateChild<gtk::Button>,
        pub(super) files: OnceCell<Rc<Chooser<ArchivedFile>>>,
        is_gone: Cell<bool>,
        /// What can be taken out of the archive, by the names of the VMs.
        pub(super) held: RefCell<BTreeMap<String, Vec<ArchivedFile>>>,
        pub(super) waiting: RefCell<VecDeque<VmItem>>,
        pub(super) all: RefCell<Vec<VmItem>>,
        pub(super) notes: RefCell<BTreeMap<String, NoteText>>,
    }

    #[gtk::template_callbacks]
    impl BpInsideWindow {
        #[template_callback]
        fn on_search(&self) {
            self.list.invalidate_filter();
            self.obj().show_count();
        }

        #[template_callback]
        fn on_notes(&self) {
            self.obj().emit_by_name::<()>("notes", &[]);
        }

        #[template_callback]
        fn on_stop(&self) {
            self.obj().emit_by_name::<()>("stop", &[]);
        }

        #[template_callback]
        fn on_take_out(&self) {
            self.obj().emit_by_name::<()>("take-out", &[]);
        }

        #[template_callback]
        fn on_row(&self) {
            // A list that is disposed lets its highlighted row go, and by then its neighbours may be gone already.
            if !self.is_gone.get() {
                self.obj().show_files();
            }
        }

        #[template_callback]
        fn on_close(&self) {
            self.obj().close();
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpInsideWindow {
        const NAME: &'static str = "BpInsideWindow";
        type Type = super::BpInsideWindow;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            BpFacts::ensure_type();
            BpVerdict::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            class.add_binding_action(gdk::Key::Escape, gdk::ModifierType::empty(), "window.close");
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpInsideWindow {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                ["notes", "stop", "take-out"]
                    .map(|name| Signal::builder(name).build())
                    .into()
            })
        }

        fn dispose(&self) {
            self.is_gone.set(true);
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.files.get_or_init(|| Chooser::new(&self.file_drop, |_| {}));
            let window = self.obj().downgrade();
            self.list.set_filter_func(move |row| {
                let name = row.downcast_ref::<BpVmRow>().map(BpVmRow::name);
                match (window.upgrade(), name) {
                    (Some(window), Some(name)) => window.is_wanted(&name),
                    _ => true,
                }
            });
        }
    }

    impl WidgetImpl for BpInsideWindow {}
    impl WindowImpl for BpInsideWindow {
        fn close_request(&self) -> glib::Propagation {
            self.obj().emit_by_name::<()>("stop", &[]);
            self.parent_close_request()
        }
    }
}

glib::wrapper! {
    /// What is inside an archive. Signals `notes`: they are wanted, `stop`: not any more, and
    /// `take-out`: the chosen file is wanted.
    pub struct BpInsideWindow(ObjectSubclass<imp::BpInsideWindow>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl BpInsideWindow {
    /// Opens over a wizard, with what the archive says of itself, what its format cannot show, and its VMs.
    pub fn open(
        wizard: &BpWizard,
        facts: &[(String, String)],
        weakness: Option<&str>,
        vms: Vec<VmItem>,
        held: BTreeMap<String, Vec<ArchivedFile>>,
    ) -> Self {
        let window: Self = glib::Object::builder()
            .property("transient-for", wizard)
            .property("modal", true)
            .property("destroy-with-parent", true)
            .build();
        let imp = window.imp();
        // Larger text gets a larger window, as far as the one below it reaches.
        let scale = font_scale(wizard.upcast_ref());
        let grown = |pixels: i32, most: i32| ((f64::from(pixels) * scale) as i32).min(most.max(pixels));
        let (width, height) = (window.default_width(), window.default_height());
        window.set_default_size(grown(width, wizard.width()), grown(height, wizard.height()));
        imp.facts.show_facts(facts);
        imp.weak_box.set_visible(weakness.is_some());
        imp.weak_label.set_label(weakness.unwrap_or_default());
        imp.held.replace(held);
        imp.all.replace(vms.clone());
        imp.waiting.replace(vms.into());
        window.make_rows(FIRST_ROWS);
        window.make_more_when_idle();
        window.show_count();
        window.show_files();
        window.present();
        imp.search.grab_focus();
        window
    }

    /// The file that is chosen, of the VM that is highlighted.
    pub fn chosen_file(&self) -> Option<ArchivedFile> {
        let imp = self.imp();
        imp.files.get()?.chosen().filter(|_| imp.out_button.is_sensitive())
    }

    /// Hears that the chosen file is to be taken out.
    pub fn connect_take_out(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "take-out", handler);
    }

    /// Offers the files of the VM that is highlighted.
    fn show_files(&self) {
        let imp = self.imp();
        let Some(chooser) = imp.files.get() else { return };
        let row = imp.list.selected_row().and_downcast::<BpVmRow>();
        let held = imp.held.borrow();
        let files = row.and_then(|row| held.get(&row.name()).cloned()).unwrap_or_default();
        imp.file_drop.set_visible(!files.is_empty());
        imp.out_button.set_sensitive(!files.is_empty());
        if let Some(first) = files.first().cloned() {
            let entries = files.into_iter().map(|file| (words::archived_file(&file), file));
            chooser.show(entries.collect(), &first);
        }
    }

    /// Hears that the notes of the VMs are wanted.
    pub fn connect_notes(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "notes", handler);
    }

    /// Hears that the notes are not waited for any more.
    pub fn connect_stop(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "stop", handler);
    }

    /// Shows how far the reading of the notes is, and those that are known, by the names of their VMs.
    pub fn show_notes(
        &self,
        verdict: Option<&Verdict>,
        is_reading: bool,
        may_read: bool,
        notes: BTreeMap<String, NoteText>,
    ) {
        let imp = self.imp();
        let had_focus = imp.notes_button.has_focus() || imp.stop_button.has_focus();
        imp.notes_button.set_visible(may_read);
        imp.stop_button.set_visible(is_reading);
        imp.notes_verdict.show_verdict(verdict, is_reading);
        if had_focus {
            let _ = imp.stop_button.grab_focus() || imp.notes_button.grab_focus() || imp.search.grab_focus();
        }
        imp.notes.replace(notes);
        for row in self.rows() {
            if let Some(note) = self.note_of(&row.name()) {
                row.show_note(&note);
            }
        }
        imp.list.invalidate_filter();
    }

    fn note_of(&self, vm: &str) -> Option<NoteText> {
        self.imp().notes.borrow().get(vm).cloned()
    }

    fn rows(&self) -> impl Iterator<Item = BpVmRow> {
        let list = self.imp().list.get();
        (0..)
            .map_while(move |index| list.row_at_index(index))
            .filter_map(|row| row.downcast().ok())
    }

    fn make_rows(&self, count: usize) {
        for _ in 0..count {
            let Some(item) = self.imp().waiting.borrow_mut().pop_front() else {
                return;
            };
            let row = BpVmRow::new(&item);
            // There is no other list that it could be moved to.
            row.action_set_enabled("row.move", false);
            if let Some(note) = self.note_of(&item.name) {
                row.show_note(&note);
            }
            self.imp().list.append(&row);
        }
    }

    fn make_more_when_idle(&self) {
        let window = self.downgrade();
        glib::idle_add_local(move || {
            let Some(window) = window.upgrade() else {
                return glib::ControlFlow::Break;
            };
            window.make_rows(MORE_ROWS);
            if window.imp().waiting.borrow().is_empty() {
                glib::ControlFlow::Break
            } else {
                glib::ControlFlow::Continue
            }
        });
    }

    fn show_count(&self) {
        let all = self.imp().all.borrow();
        let shown = all.iter().filter(|item| self.is_wanted(&item.name)).count();
        self.imp().count_label.set_label(&words::inside_count(shown, all.len()));
    }

    /// Whether a VM has what is searched for in its name, in what is said of it, or in its notes.
    fn is_wanted(&self, name: &str) -> bool {
        let wanted = self.imp().search.text().to_lowercase();
        let is_in = |text: &str| text.to_lowercase().contains(&wanted);
        let all = self.imp().all.borrow();
        let item = all.iter().find(|item| item.name == name);
        let is_in_item = item.is_none_or(|item| {
            [&item.name, &item.detail, &item.state]
                .into_iter()
                .any(|text| is_in(text))
        });
        is_in_item || self.note_of(name).is_some_and(|note| is_in(&note.text))
    }
}
