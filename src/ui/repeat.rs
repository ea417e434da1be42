// SPDX-License-Identifier: GPL-3.0-or-later
//! Asks how often the backup of a profile is to be repeated, and for its passphrase where nobody else knows it.

use std::rc::Rc;

use gtk::prelude::*;

use crate::{
    schedule::Rhythm,
    secret::Passphrase,
    text::{self, wizard as words},
};

use super::side_window::{SideWindow, text as label};

/// How wide and how high the window is at first, in pixels.
const SIZE_PIXELS: (i32, i32) = (480, 420);

/// What is known before it is asked.
#[derive(Debug, Clone)]
pub(super) struct RepeatQuestion {
    /// The profile.
    pub(super) profile: String,
    /// How often its backup is repeated now.
    pub(super) rhythm: Option<Rhythm>,
    /// Whether the passphrase has to be asked for.
    pub(super) needs_passphrase: bool,
}

/// What was answered.
pub(super) struct RepeatAnswer {
    /// How often.
    pub(super) rhythm: Option<Rhythm>,
    /// The passphrase, where it was asked for.
    pub(super) passphrase: Option<Passphrase>,
}

/// The rhythms as a drop-down lists them.
fn rhythms() -> impl Iterator<Item = Option<Rhythm>> {
    [None].into_iter().chain(Rhythm::ALL.map(Some))
}

/// Fills a drop-down with the rhythms.
pub(super) fn fill(drop: &gtk::DropDown) {
    let names: Vec<String> = rhythms().map(text::rhythm).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    drop.set_model(Some(&gtk::StringList::new(&names)));
}

/// Selects a rhythm in a drop-down.
pub(super) fn select(drop: &gtk::DropDown, rhythm: Option<Rhythm>) {
    let place = rhythms().position(|other| other == rhythm).unwrap_or(0);
    let place = u32::try_from(place).unwrap_or(0);
    if drop.selected() != place {
        drop.set_selected(place);
    }
}

/// The rhythm that is selected in a drop-down.
pub(super) fn chosen(drop: &gtk::DropDown) -> Option<Rhythm> {
    rhythms().nth(drop.selected() as usize).flatten()
}

/// Asks; `then` hears an answer that can be carried out.
pub(super) fn ask(parent: &impl IsA<gtk::Window>, question: &RepeatQuestion, then: impl Fn(RepeatAnswer) + 'static) {
    let window = SideWindow::new(parent, &words::repeat_title(&question.profile), SIZE_PIXELS);
    let choice = super::BpChoiceField::default();
    choice.set_caption(words::repeat_caption());
    fill(&choice.drop_down());
    // Who asks wants it repeated.
    select(&choice.drop_down(), question.rhythm.or(Some(Rhythm::Weekly)));
    let entries = [(); 2].map(|()| {
        gtk::PasswordEntry::builder()
            .activates_default(true)
            .show_peek_icon(true)
            .build()
    });
    let fields = gtk::Box::new(gtk::Orientation::Vertical, 6);
    for (entry, caption) in entries.iter().zip(words::repeat_passphrase_captions()) {
        let caption = gtk::Label::builder()
            .label(caption)
            .use_underline(true)
            .xalign(0.0)
            .mnemonic_widget(entry)
            .css_classes(["field-label"])
            .build();
        fields.append(&caption);
        fields.append(entry);
    }
    fields.set_visible(question.needs_passphrase);
    let problem = label("", &["caption", "error"]);
    problem.set_visible(false);
    let how = label(&words::repeat_note(), &["caption", "dim-label"]);
    window.show(&[
        choice.clone().upcast(),
        fields.clone().upcast(),
        problem.clone().upcast(),
        how.upcast(),
    ]);
    let needs_passphrase = question.needs_passphrase;
    let ask_passphrase = {
        let fields = fields.clone();
        move |drop: &gtk::DropDown| fields.set_visible(needs_passphrase && chosen(drop).is_some())
    };
    choice.drop_down().connect_selected_notify(ask_passphrase);
    for entry in &entries {
        let problem = problem.clone();
        entry.connect_changed(move |_| problem.set_visible(false));
    }
    let go = window.add_default(&words::repeat_go());
    let then = Rc::new(then);
    let of_handler = window.clone();
    go.connect_clicked(move |_| {
        let rhythm = chosen(&choice.drop_down());
        let typed = (needs_passphrase && rhythm.is_some()).then(|| taken(&entries[0].text(), &entries[1].text()));
        match typed.transpose() {
            Ok(passphrase) => {
                of_handler.window().close();
                then(RepeatAnswer { rhythm, passphrase });
            }
            Err(why) => {
                problem.set_label(&why);
                problem.set_visible(true);
                entries[0].grab_focus();
            }
        }
    });
    window.present();
}

/// The passphrase that was typed twice, or why it will not do.
fn taken(first: &str, second: &str) -> Result<Passphrase, String> {
    if first != second {
        return Err(words::passphrases_differ());
    }
    Passphrase::for_new_archive(first.to_owned()).map_err(|error| text::passphrase_error(error).full_text())
}
