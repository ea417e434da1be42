// SPDX-License-Identifier: GPL-3.0-or-later
//! What the user of a VM wrote down about it: its first lines, and all of it on demand.

use std::cell::RefCell;

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::text::wizard::NoteText;

/// How many lines of a note are shown at first.
const FIRST_LINES: usize = 3;

/// How many characters of it are shown at first: three lines in a window of the usual width.
const FIRST_CHARACTERS: usize = 240;

mod imp {
    use super::*;

    /// The class behind [`super::BpNote`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/note.ui")]
    pub struct BpNote {
        #[template_child]
        pub(super) label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) all_button: TemplateChild<gtk::Button>,
        pub(super) all: RefCell<String>,
    }

    #[gtk::template_callbacks]
    impl BpNote {
        #[template_callback]
        fn on_all(&self) {
            self.label.set_label(&self.all.borrow());
            self.all_button.set_visible(false);
            // The button is gone, and with it the focus: it stays in this row.
            if let Some(row) = self.obj().ancestor(gtk::ListBoxRow::static_type()) {
                row.grab_focus();
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpNote {
        const NAME: &'static str = "BpNote";
        type Type = super::BpNote;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpNote {}
    impl WidgetImpl for BpNote {}
    impl BoxImpl for BpNote {}
}

glib::wrapper! {
    /// A note.
    pub struct BpNote(ObjectSubclass<imp::BpNote>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpNote {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpNote {
    /// Shows a note, or why there is none.
    pub fn show_note(&self, note: &NoteText) {
        let imp = self.imp();
        let beginning = beginning(&note.text);
        imp.label.set_label(beginning.as_deref().unwrap_or(&note.text));
        imp.all_button.set_visible(beginning.is_some());
        imp.all.replace(note.text.clone());
        if note.is_failed {
            imp.label.add_css_class("error");
        }
    }
}

/// The first lines of a note; `None` if that is all of it.
fn beginning(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().take(FIRST_LINES).collect();
    let lines = lines.join("\n");
    let first: String = lines.chars().take(FIRST_CHARACTERS).collect();
    // A word that is cut is left out, unless there is nothing else.
    let whole = match first.rfind(char::is_whitespace) {
        Some(end) if first.len() < lines.len() => &first[..end],
        _ => first.as_str(),
    };
    (whole.len() < text.trim_end().len()).then(|| format!("{} …", whole.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_note_is_cut_between_words() {
        assert_eq!(beginning("a\nb\nc\n"), None);
        assert_eq!(beginning("a\nb\nc\nd").unwrap(), "a\nb\nc …");
        let long = "ä word ".repeat(100);
        let cut = beginning(&long).unwrap();
        assert!(cut.ends_with("word …") || cut.ends_with("ä …"), "{cut}");
        assert!(cut.chars().count() <= FIRST_CHARACTERS + 2);
        assert!(beginning(&"x".repeat(FIRST_CHARACTERS + 1)).unwrap().ends_with("x …"));
    }
}
