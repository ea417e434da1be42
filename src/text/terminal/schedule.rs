// SPDX-License-Identifier: GPL-3.0-or-later
//! What the tools say of profiles and of backups that are repeated.

use crate::{
    history::PastRun,
    profile::Profile,
    schedule::Rhythm,
    text::{
        Message,
        history::past_run,
        i18n::{gettext, gettext_f},
        sanitize,
        schedule::{profile_place, rhythm as rhythm_word},
    },
};

/// A profile, as a list of them shows it.
#[derive(Debug, Clone)]
pub struct ProfileLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// How often its backup is repeated.
    pub rhythm: Option<Rhythm>,
    /// What it says, if it can be read.
    pub profile: Option<Profile>,
    /// How its last backup ended, as far as the history knows.
    pub last: Option<&'a PastRun>,
}

/// Returns the lines of a list of profiles.
pub fn profiles(profiles: &[ProfileLine<'_>]) -> Vec<String> {
    if profiles.is_empty() {
        return vec![gettext(
            "There is no backup profile. “qvm-backup --save-profile NAME” makes one.",
        )];
    }
    profiles.iter().flat_map(lines).collect()
}

fn lines(line: &ProfileLine<'_>) -> Vec<String> {
    let mut below = vec![gettext_f(
        "Repeated: {rhythm}",
        &[("rhythm", &rhythm_word(line.rhythm))],
    )];
    if let Some(profile) = &line.profile {
        below.push(gettext_f("Destination: {place}", &[("place", &profile_place(profile))]));
    }
    if let Some(last) = line.last {
        let last = past_run(last);
        below.push(gettext_f(
            // Translators: how the last backup of a profile ended, as in "Last: 2026-11-30 18:04, Backup: done and verified".
            "Last: {time}, {result}",
            &[("time", &last.time), ("result", &last.title)],
        ));
    }
    let below = below.into_iter().map(|text| format!("  {text}"));
    [sanitize(line.name)].into_iter().chain(below).collect()
}

/// Said when a backup is repeated from now on, or no more.
pub fn repeated(name: &str, rhythm: Option<Rhythm>) -> String {
    let name = sanitize(name);
    let said = match rhythm {
        None => gettext("The backup “{name}” is not repeated by itself."),
        Some(Rhythm::Daily) => gettext("The backup “{name}” is repeated every day."),
        Some(Rhythm::Weekly) => gettext("The backup “{name}” is repeated every week."),
        Some(Rhythm::Monthly) => gettext("The backup “{name}” is repeated every month."),
    };
    said.replace("{name}", &name)
}

/// Said when the place of a scheduled backup is not there.
pub fn is_tried_again() -> String {
    gettext("The backup waits for its place, and is tried again.")
}

/// Said while a scheduled backup waits for another one.
pub fn waits_for_turn() -> String {
    gettext("another scheduled backup is running; this one begins when it has ended")
}

/// A scheduled backup has no passphrase, and nobody can be asked.
pub fn no_credential(profile: &str) -> Message {
    Message::new(gettext_f(
        "There is no passphrase for the scheduled backup “{name}”",
        &[("name", &sanitize(profile))],
    ))
    .hint(gettext_f(
        "Set it with “qvm-backup --schedule {name}=weekly”.",
        &[("name", &sanitize(profile))],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_named_with_what_is_known_of_it_and_cannot_steer_a_terminal() {
        let text = "include: null\ndestination_vm: sys-usb\ndestination_path: \"/mnt\\u001bx\"\n";
        let profile = Profile::parse(text).unwrap().profile;
        let line = ProfileLine {
            name: "my\u{1b}disk",
            rhythm: Some(Rhythm::Weekly),
            profile: Some(profile),
            last: None,
        };
        let said = profiles(&[line]);
        assert_eq!(said.len(), 3);
        assert_eq!(said[1], "  Repeated: Weekly");
        assert!(said[2].starts_with("  Destination: sys-usb:/mnt"), "{said:?}");
        assert!(said.iter().all(|line| !line.contains('\u{1b}')));
        assert_eq!(profiles(&[]).len(), 1);
    }
}
