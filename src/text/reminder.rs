// SPDX-License-Identifier: GPL-3.0-or-later
//! What somebody is reminded of, in words.

use crate::reminder::Reminder;

use super::{
    i18n::{gettext, gettext_f, ngettext_f},
    sanitize,
};

/// Returns a reminder as the title and the text of a notification.
pub fn reminder(reminder: &Reminder) -> (String, String) {
    let name = sanitize(reminder.profile());
    let named = |text: String| text.replace("{name}", &name);
    match reminder {
        Reminder::Failed { why, .. } => (
            named(gettext("The backup “{name}” failed")),
            why.as_deref().map_or_else(
                || gettext("Only a part of it was made."),
                |why| gettext_f("The reason: {error}", &[("error", &sanitize(why))]),
            ),
        ),
        Reminder::Overdue { days, is_waiting, .. } => {
            let age = match days {
                Some(days) => ngettext_f(
                    "The last one was made {n} day ago.",
                    "The last one was made {n} days ago.",
                    u64::from(*days),
                    &[],
                ),
                None => gettext("It was never made."),
            };
            let text = if *is_waiting {
                format!("{age} {}", gettext("It waits for its disk or VM."))
            } else {
                age
            };
            (named(gettext("The backup “{name}” is overdue")), text)
        }
        Reminder::NeverVerified { .. } => (
            named(gettext("The backup “{name}” was never verified")),
            gettext("Only a verification shows whether it can be restored."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_names_its_profile_and_cannot_steer_anything() {
        let failed = Reminder::Failed {
            profile: "a\u{1b}b".to_owned(),
            at: String::new(),
            why: Some("x\u{1b}y".to_owned()),
        };
        let (title, text) = reminder(&failed);
        assert!(!title.contains('\u{1b}') && !text.contains('\u{1b}'), "{title} {text}");
        let overdue = Reminder::Overdue {
            profile: "night".to_owned(),
            days: Some(1),
            is_waiting: true,
        };
        let (title, text) = reminder(&overdue);
        assert_eq!(title, "The backup “night” is overdue");
        assert_eq!(text, "The last one was made 1 day ago. It waits for its disk or VM.");
    }
}
