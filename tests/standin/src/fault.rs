// SPDX-License-Identifier: GPL-3.0-or-later
//! What goes wrong on demand.

use std::{collections::VecDeque, time::Duration};

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It takes that long, and nothing else is served meanwhile.
    Slow(Duration),
    /// The daemon dies before it does anything; it is back after that time, if one is given.
    DieBefore(Option<Duration>),
    /// The daemon does what was asked and dies before it answers; it is back after that time, if one is given.
    DieAfter(Option<Duration>),
    /// The connection is closed without a word, and nothing is done.
    Silence,
    /// The connection stays open for ever, and nothing is done.
    NoAnswer,
    /// An exception of that type with that text, and nothing is done.
    Exception(String, String),
}

/// The faults that wait for their call.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: VecDeque<(String, Fault)>,
}

impl Faults {
    pub(crate) fn add(&mut self, method: &str, fault: Fault) {
        self.waiting.push_back((method.to_owned(), fault));
    }

    /// Takes the first fault for a method. `*` at the end of a name stands for any end.
    pub(crate) fn take(&mut self, method: &str) -> Option<Fault> {
        let fits = |(wanted, _): &(String, Fault)| match wanted.strip_suffix('*') {
            Some(beginning) => method.starts_with(beginning),
            None => method == wanted,
        };
        let index = self.waiting.iter().position(fits)?;
        self.waiting.remove(index).map(|(_, fault)| fault)
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}
