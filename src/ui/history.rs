// SPDX-License-Identifier: GPL-3.0-or-later
//! The window of the last backups, restores and verifications.

use std::{path::Path, rc::Rc};

use gtk::prelude::*;

use crate::text::{RunLine, wizard as words};

use super::{
    dialogs::button,
    side_window::{SideWindow, button_row, card, note, text},
};

/// How wide and how high the window is at first, in pixels.
const SIZE_PIXELS: (i32, i32) = (640, 600);

/// What can follow a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follow {
    /// Its archive is verified once more.
    Verify,
    /// Something is restored from it.
    Restore,
}

/// Who hears what is to follow.
type OpenHandler = Rc<dyn Fn(&Path, Follow)>;

/// A window that says how earlier runs ended. It is filled when they are read.
#[derive(Clone)]
pub(super) struct HistoryWindow(SideWindow);

impl HistoryWindow {
    /// Opens the window, which says that it is being filled.
    pub(super) fn open(parent: &impl IsA<gtk::Window>) -> Self {
        let window = SideWindow::new(parent, &words::history_title(), SIZE_PIXELS);
        window.show(&[note(&words::reading_history())]);
        window.present();
        Self(window)
    }

    /// Shows the runs, the newest first, or what there is to say instead. `open` hears that an archive is to be verified or
    /// restored from.
    pub(super) fn show(&self, runs: Result<Vec<RunLine>, String>, open: impl Fn(&Path, Follow) + 'static) {
        let content = match runs {
            Ok(runs) if runs.is_empty() => note(&words::no_runs()),
            Ok(runs) => {
                let open: OpenHandler = Rc::new(open);
                card(runs.iter().map(|run| row(run, &open)))
            }
            Err(why) => note(&why),
        };
        self.0.show(&[content]);
    }

    /// Says why something could not be done.
    pub(super) fn show_problem(&self, why: &str) {
        self.0.show_problem(why);
    }

    /// Whether somebody still looks at it.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_open()
    }
}

fn row(run: &RunLine, open: &OpenHandler) -> gtk::Widget {
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
    if !run.vms.is_empty() {
        let vms = gtk::Expander::new(None);
        // The label names the expander for assistive technology.
        let label = gtk::Label::builder()
            .label(words::history_vms(run.vms.len()))
            .mnemonic_widget(&vms)
            .build();
        vms.set_label_widget(Some(&label));
        vms.add_css_class("caption");
        vms.set_child(Some(&text(&run.vms.join("\n"), &["caption"])));
        lines.append(&vms);
    }
    if let Some(file) = &run.file {
        let buttons = [
            (Follow::Verify, words::verify_again()),
            (Follow::Restore, words::restore_from()),
        ];
        let buttons = buttons.into_iter().map(|(follow, label)| {
            let button = button(&label);
            // Buttons of all rows have one label: who does not see them hears which archive it is.
            button.set_tooltip_text(Some(&run.place));
            let (open, file) = (Rc::clone(open), file.clone());
            button.connect_clicked(move |_| open(&file, follow));
            button
        });
        lines.append(&button_row(buttons));
    }
    lines.upcast()
}
