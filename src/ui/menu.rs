// SPDX-License-Identifier: GPL-3.0-or-later
//! What the menu of a wizard opens: help about the page, the list of keys, and what the program says of itself.

use gtk::prelude::*;

use crate::text::wizard as words;

/// Shows the help about a page.
pub(super) fn show_help(window: &gtk::Window, text: &str) {
    let dialog = gtk::MessageDialog::builder()
        .transient_for(window)
        .modal(true)
        .destroy_with_parent(true)
        .message_type(gtk::MessageType::Info)
        .buttons(gtk::ButtonsType::Close)
        .text(words::help_title())
        .secondary_text(text)
        .build();
    dialog.connect_response(|dialog, _| dialog.close());
    dialog.present();
}

/// Shows the keys.
pub(super) fn show_shortcuts(window: &gtk::Window) {
    let section = gtk::ShortcutsSection::builder().visible(true).build();
    for (title, keys) in words::shortcuts() {
        let group = gtk::ShortcutsGroup::builder().title(title).build();
        for (key, meaning) in keys {
            let key = mirrored(key);
            group.append(
                &gtk::ShortcutsShortcut::builder()
                    .accelerator(key)
                    .title(meaning)
                    .build(),
            );
        }
        section.append(&group);
    }
    let keys = gtk::ShortcutsWindow::builder()
        .transient_for(window)
        .modal(true)
        .destroy_with_parent(true)
        .build();
    keys.set_child(Some(&section));
    keys.present();
}

/// The key that leads back where lines are read from the right.
fn mirrored(key: &str) -> &str {
    match key {
        "<Alt>Left" if gtk::Widget::default_direction() == gtk::TextDirection::Rtl => "<Alt>Right",
        key => key,
    }
}

/// Shows what the program says of itself.
pub(super) fn show_about(window: &gtk::Window, program: &str) {
    let id = window.application().and_then(|app| app.application_id());
    gtk::AboutDialog::builder()
        .transient_for(window)
        .modal(true)
        .destroy_with_parent(true)
        .program_name(program)
        .logo_icon_name(id.as_deref().unwrap_or("org.pedos.Backup"))
        .version(env!("CARGO_PKG_VERSION"))
        .comments(words::about())
        .copyright(words::maintainers())
        .license_type(gtk::License::Gpl30)
        .build()
        .present();
}
