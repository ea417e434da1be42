// SPDX-License-Identifier: GPL-3.0-or-later
//! The time in which a computer can be kept from being turned off.

use std::{cell::Cell, rc::Rc, time::Duration};

use gtk::prelude::*;

use crate::{text::wizard as words, ui::pages::BpProgressPage};

/// Counts seconds down on the page of a job that has ended, then calls `then` once. The page has a button that ends
/// the countdown; a page that is gone, or that shows another job, ends it too.
pub fn count_down(page: &BpProgressPage, seconds: u32, then: impl FnOnce() + 'static) -> Countdown {
    let is_on = Rc::new(Cell::new(true));
    page.show_countdown(&words::power_off_in(seconds));
    let (stopped, weak) = (Rc::clone(&is_on), page.downgrade());
    page.connect_stay(move || {
        stopped.set(false);
        if let Some(page) = weak.upgrade() {
            page.show_stays_on(&words::stays_on());
        }
    });
    let (runs, weak) = (Rc::clone(&is_on), page.downgrade());
    glib::spawn_future_local(async move {
        for left in (0..seconds).rev() {
            glib::timeout_future(Duration::from_secs(1)).await;
            match weak.upgrade() {
                Some(page) if runs.get() => page.show_countdown(&words::power_off_in(left)),
                _ => return,
            }
        }
        then();
    });
    Countdown(is_on)
}

/// A countdown. Dropping it ends it.
#[derive(Debug)]
pub struct Countdown(Rc<Cell<bool>>);

impl Drop for Countdown {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
