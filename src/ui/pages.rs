// SPDX-License-Identifier: GPL-3.0-or-later
//! The pages of both wizards: they show what they are given and say that something was changed.
//!
//! A page never names another page, a draft or a job.

mod contents;
mod destination;
mod machines;
mod open;
mod passphrase;
mod progress;
mod restore_summary;
mod source;
mod summary;

pub use contents::BpContentsPage;
pub use destination::BpDestinationPage;
pub use machines::BpMachinesPage;
pub use open::BpOpenPage;
pub use passphrase::{BpPassphrasePage, Choices};
pub use progress::BpProgressPage;
pub use restore_summary::BpRestoreSummaryPage;
pub use source::{BpSourcePage, Rules};
pub use summary::{BpSummaryPage, SummaryFacts, SummaryLine};

use gtk::prelude::*;

use crate::text::Tone;

/// Shows or hides the text of a passphrase field. GTK's own field has the toggle only as a picture in itself, which is
/// switched off here because one toggle serves two fields; its inner text can be reached as its delegate.
fn show_text_of(entry: &gtk::PasswordEntry, is_shown: bool) {
    if let Some(text) = entry.delegate().and_downcast::<gtk::Text>() {
        text.set_visibility(is_shown);
    }
}

/// Shows how well something went as an icon and its colour.
fn show_tone(image: &gtk::Image, tone: Tone) {
    let (icon, class) = match tone {
        Tone::Success => ("emblem-ok-symbolic", "success"),
        Tone::Partial => ("dialog-warning-symbolic", "warning"),
        Tone::Failure => ("dialog-error-symbolic", "error"),
        Tone::Cancelled => ("process-stop-symbolic", "dim-label"),
    };
    image.set_icon_name(Some(icon));
    image.set_css_classes(&[class]);
}
