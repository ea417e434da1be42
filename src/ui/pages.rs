// SPDX-License-Identifier: GPL-3.0-or-later
//! The pages of both wizards: they show what they are given and say that something was changed.
//!
//! A page never names another page, a draft or a job.

mod contents;
mod destination;
mod open;
mod passphrase;
mod progress;
mod restore_summary;
mod source;
mod summary;
mod vms;

pub use contents::BpContentsPage;
pub use destination::BpDestinationPage;
pub use open::BpOpenPage;
pub use passphrase::{BpPassphrasePage, Choices, Keeping};
pub use progress::BpProgressPage;
pub use restore_summary::{BpRestoreSummaryPage, ForAll, RestoreSummary};
pub use source::{BpSourcePage, Rules};
pub use summary::{BpSummaryPage, SummaryFacts, SummaryLine};
pub use vms::BpVmsPage;

use gtk::prelude::*;

use crate::text::Tone;

/// Shows or hides the text of a passphrase field. GTK's own field has the toggle only as a picture in itself, which is
/// switched off here because one toggle serves two fields; its inner text can be reached as its delegate.
fn show_text_of(entry: &gtk::PasswordEntry, is_shown: bool) {
    if let Some(text) = entry.delegate().and_downcast::<gtk::Text>() {
        text.set_visibility(is_shown);
    }
}

/// Lets a typed letter choose the next entry that begins with it, as in other toolkits' lists.
pub(super) fn choose_by_letter(drop: &gtk::DropDown) {
    let keys = gtk::EventControllerKey::new();
    keys.connect_key_pressed(|keys, key, _, modifiers| {
        let drop = keys.widget().and_downcast::<gtk::DropDown>();
        let letter = key
            .to_unicode()
            .filter(|letter| letter.is_alphanumeric() && modifiers.is_empty());
        if let (Some(drop), Some(letter)) = (drop, letter)
            && let Some(index) = next_with_letter(&drop, letter)
        {
            drop.set_selected(index);
            return glib::Propagation::Stop;
        }
        glib::Propagation::Proceed
    });
    drop.add_controller(keys);
}

fn next_with_letter(drop: &gtk::DropDown, letter: char) -> Option<u32> {
    let names = drop.model().and_downcast::<gtk::StringList>()?;
    let (count, now) = (names.n_items(), drop.selected());
    let others = (1..=count).map(|step| now.wrapping_add(step) % count.max(1));
    let wanted = letter.to_lowercase().to_string();
    let begins = |index: &u32| {
        names
            .string(*index)
            .is_some_and(|name| name.to_lowercase().starts_with(&wanted))
    };
    others.into_iter().find(begins)
}

/// Shows how well something went as an icon and its colour.
pub(super) fn show_tone(image: &gtk::Image, tone: Tone) {
    let (icon, class) = match tone {
        Tone::Success => ("emblem-ok-symbolic", "success"),
        Tone::Partial => ("dialog-warning-symbolic", "warning"),
        Tone::Failure => ("dialog-error-symbolic", "error"),
        Tone::Cancelled => ("process-stop-symbolic", "dim-label"),
    };
    image.set_icon_name(Some(icon));
    image.set_css_classes(&[class]);
}
