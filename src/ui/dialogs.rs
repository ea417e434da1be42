// SPDX-License-Identifier: GPL-3.0-or-later
//! The only place that opens dialogs: GTK has replaced both kinds since the version that this program is built for.

use std::{cell::RefCell, path::Path, rc::Rc};

use gtk::prelude::*;

use super::BpWizard;

/// Lets the user pick a directory, or a file, of dom0. The dialog opens where `start` is.
pub(super) fn choose(wizard: &BpWizard, title: &str, is_file: bool, start: &Path, then: impl Fn(&Path) + 'static) {
    let action = if is_file {
        gtk::FileChooserAction::Open
    } else {
        gtk::FileChooserAction::SelectFolder
    };
    let dialog = gtk::FileChooserNative::new(Some(title), Some(wizard), action, None, None);
    let folder = if is_file { start.parent() } else { Some(start) };
    if let Some(folder) = folder.filter(|folder| folder.is_absolute()) {
        // Where that folder is not there, the dialog begins elsewhere, which is no harm.
        let _ = dialog.set_current_folder(Some(&gio::File::for_path(folder)));
    }
    show(&dialog, then);
}

/// Lets the user name a new file of dom0; the dialog asks before one that is there is replaced.
pub(super) fn choose_new(window: &impl IsA<gtk::Window>, title: &str, name: &str, then: impl Fn(&Path) + 'static) {
    let action = gtk::FileChooserAction::Save;
    let dialog = gtk::FileChooserNative::new(Some(title), Some(window), action, None, None);
    dialog.set_current_name(name);
    show(&dialog, then);
}

fn show(dialog: &gtk::FileChooserNative, then: impl Fn(&Path) + 'static) {
    dialog.set_modal(true);
    // The dialog is no widget: nobody else holds it while it is open.
    let holder = Rc::new(RefCell::new(Some(dialog.clone())));
    dialog.connect_response(move |dialog, response| {
        if response == gtk::ResponseType::Accept
            && let Some(path) = dialog.file().and_then(|file| file.path())
        {
            then(&path);
        }
        holder.replace(None);
    });
    dialog.show();
}

/// What its user answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The safe one.
    Stay,
    /// The other one.
    Go,
}

/// A question that is open. It is closed with this value.
pub(super) struct Question(glib::WeakRef<gtk::MessageDialog>);

impl Drop for Question {
    fn drop(&mut self) {
        if let Some(dialog) = self.0.upgrade() {
            dialog.close();
        }
    }
}

/// Asks whether to go on or to give up; the safe answer is the default. Esc closes the question, and `then` hears nothing.
pub(super) fn ask(
    wizard: &BpWizard,
    question: &(String, String),
    answers: &(String, String),
    then: impl Fn(Answer) + 'static,
) -> Question {
    ask_over(wizard.upcast_ref(), question, answers, then)
}

/// The same, over any window.
pub(super) fn ask_over(
    wizard: &gtk::Window,
    (heading, body): &(String, String),
    (stay, go): &(String, String),
    then: impl Fn(Answer) + 'static,
) -> Question {
    let dialog = gtk::MessageDialog::builder()
        .transient_for(wizard)
        .modal(true)
        .destroy_with_parent(true)
        .message_type(gtk::MessageType::Question)
        .text(heading)
        .secondary_text(body)
        .build();
    dialog.add_action_widget(&button(stay), gtk::ResponseType::Cancel);
    let leave = button(go);
    leave.add_css_class("destructive-action");
    dialog.add_action_widget(&leave, gtk::ResponseType::Accept);
    dialog.set_default_response(gtk::ResponseType::Cancel);
    dialog.connect_response(move |dialog, response| {
        dialog.close();
        match response {
            gtk::ResponseType::Accept => then(Answer::Go),
            gtk::ResponseType::Cancel => then(Answer::Stay),
            _ => {}
        }
    });
    dialog.show();
    Question(dialog.downgrade())
}

/// A button whose name for assistive technology has no underscore.
pub(super) fn button(label: &str) -> gtk::Button {
    let button = gtk::Button::new();
    let text = gtk::Label::builder()
        .label(label)
        .use_underline(true)
        .mnemonic_widget(&button)
        .build();
    button.set_child(Some(&text));
    button.add_css_class("text-button");
    button
}
