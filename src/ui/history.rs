// SPDX-License-Identifier: GPL-3.0-or-later
//! The window of the last backups, restores and verifications.

use gtk::prelude::*;

use crate::text::{RunLine, wizard as words};

use super::dialogs::button;

/// How wide and how high the window is at first, in pixels.
const SIZE_PIXELS: (i32, i32) = (640, 600);

/// A window that says how earlier runs ended. It is filled when they are read.
pub(super) struct HistoryWindow {
    window: gtk::Window,
    content: gtk::Box,
}

impl HistoryWindow {
    /// Opens the window, which says that it is being filled.
    pub(super) fn open(parent: &impl IsA<gtk::Window>) -> Self {
        let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
        content.append(&note(&words::reading_history()));
        let page = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .spacing(18)
            .css_classes(["page"])
            .build();
        page.append(&text(&words::history_title(), &["title-2"]));
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
            .title(words::history_title())
            .default_width(SIZE_PIXELS.0)
            .default_height(SIZE_PIXELS.1)
            .child(&both)
            .build();
        window.add_css_class("wizard");
        let keys = gtk::ShortcutController::new();
        let close = gtk::NamedAction::new("window.close");
        let escape = gtk::ShortcutTrigger::parse_string("Escape");
        keys.add_shortcut(gtk::Shortcut::new(escape, Some(close)));
        window.add_controller(keys);
        window.present();
        Self { window, content }
    }

    /// Shows the runs, the newest first, or what there is to say instead.
    pub(super) fn show(&self, runs: Result<Vec<RunLine>, String>) {
        while let Some(child) = self.content.first_child() {
            self.content.remove(&child);
        }
        match runs {
            Ok(runs) if runs.is_empty() => self.content.append(&note(&words::no_runs())),
            Ok(runs) => self.content.append(&list(&runs)),
            Err(why) => self.content.append(&note(&why)),
        }
    }

    /// Whether somebody still looks at it.
    pub(super) fn is_open(&self) -> bool {
        self.window.is_visible()
    }
}

fn note(text: &str) -> gtk::Label {
    gtk::Label::builder()
        .label(text)
        .wrap(true)
        .css_classes(["dim-label"])
        .build()
}

fn list(runs: &[RunLine]) -> gtk::ListBox {
    let list = gtk::ListBox::builder()
        .selection_mode(gtk::SelectionMode::None)
        .css_classes(["card"])
        .build();
    for run in runs {
        list.append(&row(run));
    }
    list
}

fn row(run: &RunLine) -> gtk::ListBoxRow {
    let lines = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(3)
        .css_classes(["card-row"])
        .build();
    let heading = gtk::Box::new(gtk::Orientation::Horizontal, 12);
    let title = text(&run.title, &["heading"]);
    title.set_hexpand(true);
    heading.append(&title);
    let time = gtk::Label::builder()
        .label(&run.time)
        .css_classes(["dim-label", "numeric"])
        .build();
    time.set_valign(gtk::Align::Start);
    heading.append(&time);
    lines.append(&heading);
    for below in [&run.facts, &run.place].into_iter().filter(|text| !text.is_empty()) {
        lines.append(&text(below, &["dim-label", "caption"]));
    }
    for reason in &run.reasons {
        lines.append(&text(reason, &["caption"]));
    }
    gtk::ListBoxRow::builder().child(&lines).activatable(false).build()
}

fn text(text: &str, classes: &[&str]) -> gtk::Label {
    gtk::Label::builder()
        .label(text)
        .xalign(0.0)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .css_classes(classes.to_vec())
        .build()
}
