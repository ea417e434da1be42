// SPDX-License-Identifier: GPL-3.0-or-later
//! A window that lists the directories and files of a store, to choose one of them.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use gtk::{CompositeTemplate, gdk, prelude::*, subclass::prelude::*};

use crate::text::wizard::{self as words, StoreLine, Verdict};

use super::{BpVerdict, widgets::set_accessible_name};

/// What is done with what the user of the window wants.
type Handler = Rc<dyn Fn(Wish)>;

/// What the user of the window wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To see the directory above.
    Up,
    /// To see the directory of that name.
    Enter(String),
    /// The file of that name.
    File(String),
    /// The directory that is shown.
    Here,
}

mod imp {
    use super::*;

    /// The class behind [`super::BpStoreBrowser`].
    #[derive(Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/store_browser.ui")]
    pub struct BpStoreBrowser {
        #[template_child]
        pub(super) up_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) path_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) verdict: TemplateChild<BpVerdict>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) cancel_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) choose_button: TemplateChild<gtk::Button>,
        pub(super) lines: RefCell<Vec<StoreLine>>,
        /// Whether a file is wanted, and not a directory.
        pub(super) wants_file: Cell<bool>,
        pub(super) is_listed: Cell<bool>,
        /// Set when the window is taken apart.
        is_gone: Cell<bool>,
        pub(super) handler: OnceCell<Handler>,
        /// Whatever has to live as long as the window.
        pub(super) kept: RefCell<Option<Rc<dyn std::any::Any>>>,
    }

    impl BpStoreBrowser {
        fn wish(&self, wish: Wish) {
            if let Some(handler) = self.handler.get().cloned() {
                handler(wish);
            }
        }

        fn line(&self, row: Option<&gtk::ListBoxRow>) -> Option<StoreLine> {
            let index = usize::try_from(row?.index()).ok()?;
            self.lines.borrow().get(index).cloned()
        }

        pub(super) fn show_may_choose(&self) {
            // The list tells of a selection that ends when the window is freed, and its other children with it.
            if self.is_gone.get() {
                return;
            }
            let chosen = self.line(self.list.selected_row().as_ref());
            let may = if self.wants_file.get() {
                chosen.is_some_and(|line| !line.is_directory)
            } else {
                self.is_listed.get()
            };
            self.choose_button.set_sensitive(may);
        }
    }

    #[gtk::template_callbacks]
    impl BpStoreBrowser {
        #[template_callback]
        fn on_up(&self) {
            self.wish(Wish::Up);
        }

        #[template_callback]
        fn on_cancel(&self) {
            self.obj().close();
        }

        #[template_callback]
        fn on_selected(&self) {
            self.show_may_choose();
        }

        #[template_callback]
        fn on_activated(&self, row: &gtk::ListBoxRow) {
            match self.line(Some(row)) {
                Some(line) if line.is_directory => self.wish(Wish::Enter(line.name)),
                Some(line) if self.wants_file.get() => self.wish(Wish::File(line.name)),
                _ => {}
            }
        }

        #[template_callback]
        fn on_choose(&self) {
            match self.line(self.list.selected_row().as_ref()) {
                Some(line) if self.wants_file.get() && !line.is_directory => self.wish(Wish::File(line.name)),
                _ if !self.wants_file.get() => self.wish(Wish::Here),
                _ => {}
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpStoreBrowser {
        const NAME: &'static str = "BpStoreBrowser";
        type Type = super::BpStoreBrowser;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            BpVerdict::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            class.add_binding_action(gdk::Key::Escape, gdk::ModifierType::empty(), "window.close");
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpStoreBrowser {
        fn dispose(&self) {
            self.is_gone.set(true);
        }
    }

    impl WidgetImpl for BpStoreBrowser {}
    impl WindowImpl for BpStoreBrowser {
        fn close_request(&self) -> glib::Propagation {
            self.kept.take();
            self.parent_close_request()
        }
    }
}

glib::wrapper! {
    /// The directories and files of a store.
    pub struct BpStoreBrowser(ObjectSubclass<imp::BpStoreBrowser>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl BpStoreBrowser {
    /// Opens over another window, to choose a file, or a directory. `handler` hears what its user wants.
    pub fn open(parent: &impl IsA<gtk::Window>, wants_file: bool, handler: impl Fn(Wish) + 'static) -> Self {
        let window: Self = glib::Object::builder()
            .property("transient-for", parent)
            .property("modal", true)
            .property("destroy-with-parent", true)
            .build();
        let imp = window.imp();
        imp.wants_file.set(wants_file);
        window.set_title(Some(&if wants_file {
            words::choose_archive()
        } else {
            words::choose_directory()
        }));
        imp.choose_button.set_label(&words::choose_in_store(wants_file));
        // There is one handler to a window.
        let _ = imp.handler.set(Rc::new(handler));
        window.present();
        window
    }

    /// Keeps a value alive until the window closes.
    pub fn keep(&self, value: Rc<dyn std::any::Any>) {
        self.imp().kept.replace(Some(value));
    }

    /// Shows that a directory is being read.
    pub fn show_reading(&self, path: &str, looking: &Verdict) {
        let imp = self.imp();
        imp.path_label.set_label(path);
        imp.is_listed.set(false);
        imp.verdict.show_verdict(Some(looking), true);
        imp.up_button.set_sensitive(false);
        imp.list.set_sensitive(false);
        imp.show_may_choose();
    }

    /// Shows what is in the directory, or why it cannot be shown.
    pub fn show_listed(&self, lines: Result<Vec<StoreLine>, Verdict>) {
        let imp = self.imp();
        let (lines, verdict) = match lines {
            Ok(lines) => (Some(lines), None),
            Err(verdict) => (None, Some(verdict)),
        };
        imp.verdict.show_verdict(verdict.as_ref(), false);
        imp.is_listed.set(lines.is_some());
        imp.up_button.set_sensitive(true);
        imp.list.set_sensitive(lines.is_some());
        while let Some(row) = imp.list.row_at_index(0) {
            imp.list.remove(&row);
        }
        imp.lines.replace(lines.unwrap_or_default());
        for line in imp.lines.borrow().iter() {
            imp.list.append(&row(line));
        }
        let first = imp.list.row_at_index(0);
        imp.list.select_row(first.as_ref());
        if let Some(first) = first {
            first.grab_focus();
        }
        imp.show_may_choose();
    }
}

fn row(line: &StoreLine) -> gtk::ListBoxRow {
    let name = gtk::Label::builder()
        .label(&line.shown)
        .xalign(0.0)
        .hexpand(true)
        .ellipsize(gtk::pango::EllipsizeMode::Middle)
        .build();
    let facts = gtk::Label::builder()
        .label(&line.facts)
        .xalign(0.0)
        .wrap(true)
        .visible(!line.facts.is_empty())
        .build();
    facts.add_css_class("dim-label");
    facts.add_css_class("caption");
    let text = gtk::Box::new(gtk::Orientation::Vertical, 0);
    text.append(&name);
    text.append(&facts);
    let icon = if line.is_directory {
        "folder-symbolic"
    } else {
        "text-x-generic-symbolic"
    };
    let icon = gtk::Image::builder()
        .icon_name(icon)
        .accessible_role(gtk::AccessibleRole::Presentation)
        .build();
    let content = gtk::Box::new(gtk::Orientation::Horizontal, 12);
    for margin in [gtk::Box::set_margin_top, gtk::Box::set_margin_bottom] {
        margin(&content, 6);
    }
    for margin in [gtk::Box::set_margin_start, gtk::Box::set_margin_end] {
        margin(&content, 12);
    }
    content.append(&icon);
    content.append(&text);
    let row = gtk::ListBoxRow::builder().child(&content).build();
    set_accessible_name(&row, &line.spoken);
    row
}
