// SPDX-License-Identifier: GPL-3.0-or-later
//! A window beside a wizard: a heading, what is below it, and a row of buttons. Esc closes it.

use gtk::prelude::*;

use crate::text::wizard as words;

use super::{BpFlowLayout, dialogs::button};

/// A window beside a wizard.
#[derive(Debug, Clone)]
pub(super) struct SideWindow {
    window: gtk::Window,
    content: gtk::Box,
    buttons: gtk::Box,
    close: gtk::Button,
}

impl SideWindow {
    /// Makes a window that is so wide and so high at first, in pixels. It has a button that closes it.
    pub(super) fn new(parent: &impl IsA<gtk::Window>, title: &str, (width, height): (i32, i32)) -> Self {
        let content = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .spacing(12)
            .build();
        let page = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .spacing(18)
            .css_classes(["page"])
            .build();
        page.append(&text(title, &["title-2"]));
        page.append(&content);
        let scroller = gtk::ScrolledWindow::builder()
            .hscrollbar_policy(gtk::PolicyType::Never)
            .vexpand(true)
            .child(&page)
            .build();
        let close = button(&words::close());
        close.set_action_name(Some("window.close"));
        let buttons = gtk::Box::builder()
            .halign(gtk::Align::End)
            .css_classes(["buttons"])
            .build();
        buttons.append(&close);
        let footer = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .css_classes(["footer"])
            .build();
        footer.append(&buttons);
        let both = gtk::Box::new(gtk::Orientation::Vertical, 0);
        both.append(&scroller);
        both.append(&footer);
        let window = gtk::Window::builder()
            .transient_for(parent)
            .modal(true)
            .destroy_with_parent(true)
            .title(title)
            .default_width(width)
            .default_height(height)
            .child(&both)
            .build();
        window.add_css_class("wizard");
        let keys = gtk::ShortcutController::new();
        let closes = gtk::NamedAction::new("window.close");
        let escape = gtk::ShortcutTrigger::parse_string("Escape");
        keys.add_shortcut(gtk::Shortcut::new(escape, Some(closes)));
        window.add_controller(keys);
        Self {
            window,
            content,
            buttons,
            close,
        }
    }

    /// Shows it.
    pub(super) fn present(&self) {
        self.window.present();
    }

    /// Replaces what is below the heading.
    pub(super) fn show(&self, children: &[gtk::Widget]) {
        while let Some(child) = self.content.first_child() {
            self.content.remove(&child);
        }
        for child in children {
            self.content.append(child);
        }
    }

    /// Says why something could not be done, above what is below the heading.
    pub(super) fn show_problem(&self, why: &str) {
        let problem = text(why, &["error"]);
        self.content.prepend(&problem);
    }

    /// Adds a button that Enter presses. The one before it gives up what the window asks for.
    pub(super) fn add_default(&self, label: &str) -> gtk::Button {
        if let Some(label) = self.close.child().and_downcast::<gtk::Label>() {
            label.set_label(&words::cancel());
        }
        let button = button(label);
        button.add_css_class("suggested-action");
        self.buttons.set_spacing(12);
        self.buttons.append(&button);
        self.window.set_default_widget(Some(&button));
        button
    }

    /// The window itself.
    pub(super) fn window(&self) -> &gtk::Window {
        &self.window
    }

    /// Whether somebody still looks at it.
    pub(super) fn is_open(&self) -> bool {
        self.window.is_visible()
    }
}

/// A sentence in place of a list.
pub(super) fn note(said: &str) -> gtk::Widget {
    text(said, &["dim-label"]).upcast()
}

/// A text of any length.
pub(super) fn text(said: &str, classes: &[&str]) -> gtk::Label {
    gtk::Label::builder()
        .label(said)
        .xalign(0.0)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .css_classes(classes.to_vec())
        .build()
}

/// A card of rows.
pub(super) fn card(rows: impl Iterator<Item = gtk::Widget>) -> gtk::Widget {
    let card = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .css_classes(["card"])
        .build();
    for row in rows {
        card.append(&row);
    }
    card.upcast()
}

/// A row of buttons, which goes on below itself where there is no more room.
pub(super) fn button_row(buttons: impl Iterator<Item = gtk::Button>) -> gtk::Widget {
    let row = gtk::Box::builder().margin_top(6).build();
    row.set_layout_manager(Some(BpFlowLayout::default()));
    for button in buttons {
        row.append(&button);
    }
    row.upcast()
}
