// SPDX-License-Identifier: GPL-3.0-or-later
//! The window of the backup profiles: which there are, and what can be done with each.

use std::rc::Rc;

use gtk::prelude::*;

use crate::text::wizard::{self as words, ProfileRow};

use super::{
    dialogs::button,
    side_window::{SideWindow, button_row, card, note, text},
};

/// How wide and how high the window is at first, in pixels.
const SIZE_PIXELS: (i32, i32) = (640, 560);

/// What its user wants done with a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProfileAct {
    /// The wizard begins anew with it.
    Use,
    /// How often its backup is repeated is to be changed.
    Repeat,
    /// It is to get another name.
    Rename,
    /// It is to be taken away.
    Remove,
}

/// The window. Clones are the same window.
#[derive(Clone)]
pub(super) struct ProfilesWindow(SideWindow);

impl ProfilesWindow {
    /// Opens the window, which says that it is being filled.
    pub(super) fn open(parent: &impl IsA<gtk::Window>) -> Self {
        let window = SideWindow::new(parent, &words::profiles_title(), SIZE_PIXELS);
        window.show(&[note(&words::reading_history())]);
        window.present();
        Self(window)
    }

    /// Shows the profiles, or why they cannot be read. `act` hears what is wanted of the one of that place.
    pub(super) fn show(&self, profiles: Result<&[ProfileRow], &str>, act: impl Fn(usize, ProfileAct) + 'static) {
        let profiles = match profiles {
            Ok([]) => return self.0.show(&[note(&words::no_profiles())]),
            Err(why) => return self.0.show(&[note(why)]),
            Ok(profiles) => profiles,
        };
        let act: Rc<dyn Fn(usize, ProfileAct)> = Rc::new(act);
        let rows = profiles
            .iter()
            .enumerate()
            .map(|(place, profile)| row(profile, place, &act));
        self.0.show(&[card(rows)]);
    }

    /// Says why something could not be done, above the profiles.
    pub(super) fn show_problem(&self, why: &str) {
        self.0.show_problem(why);
    }

    /// The window itself.
    pub(super) fn window(&self) -> &gtk::Window {
        self.0.window()
    }

    /// Whether somebody still looks at it.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// Closes it.
    pub(super) fn close(&self) {
        self.0.window().close();
    }
}

fn row(profile: &ProfileRow, place: usize, act: &Rc<dyn Fn(usize, ProfileAct)>) -> gtk::Widget {
    let lines = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(3)
        .css_classes(["card-row"])
        .build();
    lines.append(&text(&profile.name, &["heading"]));
    for fact in &profile.facts {
        lines.append(&text(fact, &["dim-label", "caption"]));
    }
    let buttons = [
        (ProfileAct::Use, words::use_profile()),
        (ProfileAct::Repeat, words::repeat_profile()),
        (ProfileAct::Rename, words::rename_profile()),
        (ProfileAct::Remove, words::remove_profile()),
    ];
    let buttons = buttons.into_iter().map(|(act_of_button, label)| {
        let button = button(&label);
        // Buttons of all rows have one label: who does not see them hears which row it is.
        button.set_tooltip_text(Some(&profile.name));
        button.set_sensitive(match act_of_button {
            ProfileAct::Use => profile.is_readable,
            ProfileAct::Repeat => profile.may_be_repeated,
            ProfileAct::Rename => !profile.is_repeated,
            ProfileAct::Remove => true,
        });
        let act = Rc::clone(act);
        button.connect_clicked(move |_| act(place, act_of_button));
        button
    });
    lines.append(&button_row(buttons));
    lines.upcast()
}
