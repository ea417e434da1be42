// SPDX-License-Identifier: GPL-3.0-or-later
//! Asks for another name of a profile.

use std::rc::Rc;

use gtk::prelude::*;

use crate::text::wizard as words;

use super::side_window::{SideWindow, text as label};

/// How wide and how high the window is at first, in pixels.
const SIZE_PIXELS: (i32, i32) = (440, 300);

/// Who hears whether a name did, and else why not.
pub(super) type Heard = Box<dyn Fn(Result<(), String>)>;

/// Asks; `then` hears the name and says whether it did. The window stays until one does.
pub(super) fn ask(parent: &impl IsA<gtk::Window>, name: &str, then: impl Fn(&str, Heard) + 'static) {
    let window = SideWindow::new(parent, &words::rename_title(name), SIZE_PIXELS);
    let entry = gtk::Entry::builder().text(name).activates_default(true).build();
    let caption = gtk::Label::builder()
        .label(words::profile_name_caption())
        .use_underline(true)
        .xalign(0.0)
        .mnemonic_widget(&entry)
        .css_classes(["field-label"])
        .build();
    let field = gtk::Box::new(gtk::Orientation::Vertical, 6);
    field.append(&caption);
    field.append(&entry);
    let problem = label("", &["caption", "error"]);
    problem.set_visible(false);
    window.show(&[field.upcast(), problem.clone().upcast()]);
    let shown = problem.clone();
    entry.connect_changed(move |_| shown.set_visible(false));
    let go = window.add_default(&words::rename_go());
    let (of_handler, entry_of_handler) = (window.clone(), entry.clone());
    let then = Rc::new(then);
    go.connect_clicked(move |_| {
        let (window, problem) = (of_handler.clone(), problem.clone());
        let heard = move |answer: Result<(), String>| match answer {
            Ok(()) => window.window().close(),
            Err(why) => {
                problem.set_label(&why);
                problem.set_visible(true);
            }
        };
        then(entry_of_handler.text().trim(), Box::new(heard));
    });
    window.present();
    entry.grab_focus();
}
