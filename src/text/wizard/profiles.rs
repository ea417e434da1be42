// SPDX-License-Identifier: GPL-3.0-or-later
//! The words of the window of backup profiles, and of backups that are repeated.

use crate::{
    engine::EngineError,
    history::PastRun,
    host::HostError,
    profile::{Profile, ProfileError},
    schedule::Rhythm,
    text::{
        history::past_run,
        i18n::{gettext, gettext_f, ngettext_f},
        message, profile_error, sanitize,
        schedule::{profile_place, rhythm as rhythm_word},
    },
};

/// A profile, as the window of profiles shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    /// Its name.
    pub name: String,
    /// What is known of it, a line each.
    pub facts: Vec<String>,
    /// Whether the wizard can begin with it.
    pub is_readable: bool,
    /// Whether its backup can be repeated.
    pub may_be_repeated: bool,
    /// Whether it is repeated.
    pub is_repeated: bool,
}

/// What is known of a profile.
#[derive(Debug)]
pub struct KnownProfile<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it says.
    pub profile: Result<&'a Profile, &'a ProfileError>,
    /// How often its backup is repeated.
    pub rhythm: Option<Rhythm>,
    /// Whether this PedOS can repeat backups.
    pub can_repeat: bool,
    /// How its last backup ended, as far as the history knows.
    pub last: Option<&'a PastRun>,
}

/// Returns a profile in words.
pub fn profile_row(known: &KnownProfile<'_>) -> ProfileRow {
    let mut facts = Vec::new();
    match known.profile {
        Ok(profile) => {
            let place = profile_place(profile);
            facts.push(match &profile.include {
                Some(names) => ngettext_f(
                    "{n} VM to {place}",
                    "{n} VMs to {place}",
                    names.len() as u64,
                    &[("place", &place)],
                ),
                None => gettext_f(
                    "The VMs that are backed up by default, to {place}",
                    &[("place", &place)],
                ),
            });
        }
        Err(error) => facts.push(profile_error(error).full_text()),
    }
    if known.can_repeat {
        facts.push(gettext_f(
            "Repeated: {rhythm}",
            &[("rhythm", &rhythm_word(known.rhythm))],
        ));
    }
    if let Some(last) = known.last.map(past_run) {
        facts.push(gettext_f(
            "Last: {time}, {result}",
            &[("time", &last.time), ("result", &last.title)],
        ));
    }
    ProfileRow {
        name: sanitize(known.name),
        facts,
        is_readable: known.profile.is_ok(),
        may_be_repeated: known.can_repeat && known.profile.is_ok(),
        is_repeated: known.rhythm.is_some(),
    }
}

/// The title of the window.
pub fn profiles_title() -> String {
    gettext("Backup Profiles")
}

/// What is said where there are no profiles.
pub fn no_profiles() -> String {
    gettext("There is no profile yet. The page of the passphrase saves one after a backup.")
}

/// Has the wizard begin with a profile.
pub fn use_profile() -> String {
    gettext("_Use")
}

/// Changes how often a backup is repeated.
pub fn repeat_profile() -> String {
    gettext("Re_peat…")
}

/// Gives a profile another name.
pub fn rename_profile() -> String {
    gettext("Re_name…")
}

/// Takes a profile away.
pub fn remove_profile() -> String {
    gettext("Re_move…")
}

/// Asks whether a profile is to be taken away: heading and text.
pub fn ask_remove_profile(name: &str, is_repeated: bool) -> (String, String) {
    let heading = gettext_f("Remove the profile “{name}”?", &[("name", &sanitize(name))]);
    let stay = gettext("The backups that it has made stay.");
    let body = if is_repeated {
        format!("{}\n{stay}", gettext("Its backup will not be repeated any more."))
    } else {
        stay
    };
    (heading, body)
}

/// The answers to that: to stay, and to go on.
pub fn remove_profile_answers() -> (String, String) {
    (gettext("_Keep It"), gettext("_Remove"))
}

/// Asks whether what was chosen so far is given up for a profile.
pub fn ask_use_profile(name: &str) -> (String, String) {
    (
        gettext_f("Begin anew with the profile “{name}”?", &[("name", &sanitize(name))]),
        gettext("What you have chosen so far is given up."),
    )
}

/// The answers to that.
pub fn use_profile_answers() -> (String, String) {
    (gettext("_Stay"), gettext("_Begin Anew"))
}

/// The title of the window that asks for another name.
pub fn rename_title(name: &str) -> String {
    gettext_f("Rename “{name}”", &[("name", &sanitize(name))])
}

/// The caption of the name of a profile.
pub fn profile_name_caption() -> String {
    gettext("Profi_le name")
}

/// The button that gives a profile its name.
pub fn rename_go() -> String {
    gettext("_Rename")
}

/// The title of the window that asks how often.
pub fn repeat_title(name: &str) -> String {
    gettext_f("Repeat the backup “{name}”", &[("name", &sanitize(name))])
}

/// The caption of how often.
pub fn repeat_caption() -> String {
    gettext("Repe_at this backup")
}

/// The captions of the two fields of the passphrase.
pub fn repeat_passphrase_captions() -> [String; 2] {
    [gettext("_Passphrase"), gettext("Con_firm passphrase")]
}

/// The button that has a backup repeated as it is chosen.
pub fn repeat_go() -> String {
    gettext("_Save")
}

/// What a repeated backup is.
pub fn repeat_note() -> String {
    gettext(
        "The system starts it by itself when it is due, or when the computer is on again. If its disk or VM is not there, it waits. The passphrase is kept encrypted with a key of this computer.",
    )
}

/// The two passphrases differ.
pub fn passphrases_differ() -> String {
    gettext("The two passphrases differ.")
}

/// Why nothing could be done with a profile.
pub fn profile_failed(error: &ProfileError) -> String {
    profile_error(error).full_text()
}

/// Why a backup could not be repeated.
pub fn repeat_failed(error: &HostError) -> String {
    message(&EngineError::from(error.clone())).full_text()
}

/// Said on the last page when a backup is repeated from now on.
pub fn is_repeated(name: &str, rhythm: Rhythm) -> String {
    crate::text::terminal::repeated(name, Some(rhythm))
}
