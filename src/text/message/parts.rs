// SPDX-License-Identifier: GPL-3.0-or-later
//! The parts of an error in words.

use crate::text::{i18n::gettext_f, sanitize_lines};

/// An error in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What happened, in one sentence without a full stop.
    pub title: String,
    /// The facts: places, numbers, what the operating system or a service said. May be empty.
    pub detail: String,
    /// What can be done about it, where something can.
    pub hint: Option<String>,
}

impl Message {
    pub(in crate::text) fn new(title: String) -> Self {
        Self {
            title,
            detail: String::new(),
            hint: None,
        }
    }

    pub(in crate::text) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub(in crate::text) fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Returns the title, and what stands below it: the facts and what can be done, a line each.
    pub(in crate::text) fn into_title_and_rest(self) -> (String, String) {
        let parts = [Some(self.detail), self.hint].into_iter().flatten();
        let rest: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        (self.title, rest.join("\n"))
    }

    /// What happened and the facts, on one line without a full stop.
    pub(in crate::text) fn line(&self) -> String {
        if self.detail.is_empty() {
            return self.title.clone();
        }
        gettext_f(
            // Translators: {what} is a sentence without a full stop, {facts} says where and which.
            "{what}: {facts}",
            &[("what", &self.title), ("facts", &self.detail)],
        )
    }

    /// All of it as one text, for a details box or a clipboard.
    pub fn full_text(&self) -> String {
        let parts = [
            Some(self.title.as_str()),
            Some(self.detail.as_str()),
            self.hint.as_deref(),
        ];
        parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A sentence, and behind it what a program said.
pub(super) fn with_quote(first: String, said: &str) -> String {
    let said = sanitize_lines(said.trim());
    if said.is_empty() {
        return first;
    }
    let quote = gettext_f("It said: {text}", &[("text", &said)]);
    format!("{first}\n{quote}")
}
