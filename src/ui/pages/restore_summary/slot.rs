// SPDX-License-Identifier: GPL-3.0-or-later
//! The place of a row that is not made yet: as high as the row is going to be, and with its name for assistive technology.

use gtk::prelude::*;

use crate::{plan::RestoreRow, text::wizard as words, ui::Glyph};

/// The height of a row without problems and what each problem adds, in pixels, as long as no row was seen.
const ROW_PIXELS: i32 = 35;
const PROBLEM_PIXELS: i32 = 60;

/// The place of a row that is not made yet.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) vm: String,
    pub(super) glyph: Glyph,
    /// How many problems its row shows, which decides how high it is.
    pub(super) problems: usize,
    pub(super) holder: gtk::Box,
    spoken_label: gtk::Label,
}

impl Slot {
    pub(super) fn new(vm: &str, glyph: Glyph) -> Self {
        let holder = gtk::Box::builder()
            .accessible_role(gtk::AccessibleRole::ListItem)
            .css_classes(["card-row", "restore-row"])
            .build();
        let spoken_label = gtk::Label::builder().visible(false).mnemonic_widget(&holder).build();
        holder.append(&spoken_label);
        Self {
            vm: vm.to_owned(),
            glyph,
            problems: 0,
            holder,
            spoken_label,
        }
    }

    /// Takes what its row is going to say. `height_of` gives the height of rows with so many problems that were seen.
    pub(super) fn show(&mut self, model: &RestoreRow, verifies_only: bool, height_of: impl Fn(usize) -> Option<i32>) {
        self.problems = shown_problems(model, verifies_only);
        self.spoken_label
            .set_label(&words::restore_spoken(model, verifies_only));
        self.show_height(height_of);
    }

    pub(super) fn show_height(&self, height_of: impl Fn(usize) -> Option<i32>) {
        let count = i32::try_from(self.problems).unwrap_or(i32::MAX);
        let guess = ROW_PIXELS.saturating_add(PROBLEM_PIXELS.saturating_mul(count));
        self.holder
            .set_height_request(height_of(self.problems).unwrap_or(guess));
    }
}

/// How many problems a row shows.
pub(super) fn shown_problems(model: &RestoreRow, verifies_only: bool) -> usize {
    if model.is_selected && !verifies_only {
        model.problems.len()
    } else {
        0
    }
}
