// SPDX-License-Identifier: GPL-3.0-or-later
//! What a backup can be told beyond what the existing tools know. It stands in one mapping of its own, `pedos_backup`,
//! which those tools pass over. A value that is not there leaves the choice to the program that reads the profile.

use std::num::NonZeroUsize;

use super::{
    Expected, ProfileError,
    yaml::{self, KEY, Value},
};
use crate::{
    crypto::KdfCost,
    format::Level,
    plan::{InventoryScope, RetentionPolicy, RetentionRule},
};

const LEVEL: &str = "level";
const ONLY_SELECTED: &str = "only_selected_metadata";
const KDF: &str = "kdf_strength";
const VERIFY: &str = "verify";
const RECOVERY_TEXT: &str = "recovery_text";
const NICE: &str = "nice";
const JOBS: &str = "jobs";
const STORE: &str = "store";
const KNOWN_VMS: &str = "known_vms";
const OVERDUE_DAYS: &str = "overdue_days";

/// What a backup can be told beyond what the existing tools know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extras {
    /// How hard the compression works.
    pub level: Option<Level>,
    /// Which VMs the archive's inventory names.
    pub scope: Option<InventoryScope>,
    /// What a guess at the passphrase costs: one of [`KdfCost::NAMED`].
    pub kdf: Option<KdfCost>,
    /// Whether the archive is read again.
    pub verify: Option<bool>,
    /// Whether a text on how to open it is written beside the archive.
    pub recovery_text: Option<bool>,
    /// Whether everything else on the computer goes first.
    pub is_gentle: Option<bool>,
    /// How many processors work at a time.
    pub jobs: Option<NonZeroUsize>,
    /// The program that speaks SFTP, where the destination is a directory of a store.
    pub store: Option<String>,
    /// The VMs that there were when the profile was saved; any other one is new since.
    pub known_vms: Option<Vec<String>>,
    /// After how many days without a backup its user is reminded; 0 for never.
    pub overdue_days: Option<u32>,
    /// How many older archives stay.
    pub retention: RetentionPolicy,
}

impl Extras {
    /// These values, and where there is none, that of `others`.
    pub fn or(self, others: Self) -> Self {
        Self {
            level: self.level.or(others.level),
            scope: self.scope.or(others.scope),
            kdf: self.kdf.or(others.kdf),
            verify: self.verify.or(others.verify),
            recovery_text: self.recovery_text.or(others.recovery_text),
            is_gentle: self.is_gentle.or(others.is_gentle),
            jobs: self.jobs.or(others.jobs),
            store: self.store.or(others.store),
            known_vms: self.known_vms.or(others.known_vms),
            overdue_days: self.overdue_days.or(others.overdue_days),
            retention: self.retention.or(others.retention),
        }
    }

    /// Reads the mapping. Returns with it the names of what is not known.
    pub(super) fn parse(value: Option<Value>) -> Result<(Self, Vec<String>), ProfileError> {
        let (mut extras, mut unknown) = (Self::default(), Vec::new());
        let pairs = match value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Mapping(pairs)) => pairs,
            Some(_) => return Err(wrong(KEY, Expected::Mapping)),
        };
        for (key, value) in pairs {
            match key.as_str() {
                LEVEL => extras.level = word(LEVEL, Expected::Level, &value, |word| word.parse().ok())?,
                ONLY_SELECTED => {
                    extras.scope = truth(ONLY_SELECTED, &value)?.map(|is_wanted| match is_wanted {
                        true => InventoryScope::SelectedOnly,
                        false => InventoryScope::WholeHost,
                    });
                }
                KDF => extras.kdf = word(KDF, Expected::Strength, &value, cost_named)?,
                VERIFY => extras.verify = truth(VERIFY, &value)?,
                RECOVERY_TEXT => extras.recovery_text = truth(RECOVERY_TEXT, &value)?,
                NICE => extras.is_gentle = truth(NICE, &value)?,
                JOBS => extras.jobs = word(JOBS, Expected::Count, &value, |word| word.parse().ok())?,
                STORE => {
                    extras.store = word(STORE, Expected::Text, &value, |word| {
                        let is_line = !word.trim().is_empty() && !word.contains(['\n', '\r', '\0']);
                        is_line.then(|| word.to_owned())
                    })?;
                }
                // Names of VMs hold no blanks, so one text holds them all, which keeps this mapping flat.
                KNOWN_VMS => {
                    extras.known_vms = word(KNOWN_VMS, Expected::Text, &value, |word| {
                        Some(word.split_ascii_whitespace().map(str::to_owned).collect())
                    })?;
                }
                OVERDUE_DAYS => {
                    extras.overdue_days = word(OVERDUE_DAYS, Expected::Days, &value, |word| word.parse().ok())?;
                }
                other => match RetentionRule::of_key(other) {
                    Some(rule) => {
                        let count = word(rule.key(), Expected::Count, &value, |word| word.parse().ok())?;
                        extras.retention = extras.retention.with(rule, count);
                    }
                    None => unknown.push(format!("{KEY}.{other}")),
                },
            }
        }
        Ok((extras, unknown))
    }

    /// Writes the mapping, if there is anything in it.
    pub(super) fn print(&self, out: &mut String) {
        let truth = |is_so: bool| is_so.to_string();
        let cost = |cost: KdfCost| {
            let named = KdfCost::NAMED.into_iter().find(|(_, named)| *named == cost);
            named.map(|(name, _)| name.to_owned())
        };
        let is_reduced = |scope| truth(scope == InventoryScope::SelectedOnly);
        let words = [
            (LEVEL, self.level.map(level_word)),
            (ONLY_SELECTED, self.scope.map(is_reduced)),
            (KDF, self.kdf.and_then(cost)),
            (VERIFY, self.verify.map(truth)),
            (RECOVERY_TEXT, self.recovery_text.map(truth)),
            (NICE, self.is_gentle.map(truth)),
            (JOBS, self.jobs.map(|jobs| jobs.to_string())),
            (STORE, self.store.clone()),
            (OVERDUE_DAYS, self.overdue_days.map(|days| days.to_string())),
            (KNOWN_VMS, self.known_vms.as_ref().map(|names| names.join(" "))),
        ];
        let rules = self
            .retention
            .rules()
            .map(|(rule, count)| (rule.key(), count.to_string()));
        let words = words.into_iter().filter_map(|(key, word)| Some((key, word?)));
        let words: Vec<(&str, String)> = words.chain(rules).collect();
        if !words.is_empty() {
            yaml::print_words(out, KEY, &words);
        }
    }
}

fn level_word(level: Level) -> String {
    match level {
        Level::Exact(number) => number.to_string(),
        named => named.name().unwrap_or_default().to_owned(),
    }
}

fn cost_named(word: &str) -> Option<KdfCost> {
    let named = KdfCost::NAMED.into_iter().find(|(name, _)| *name == word);
    named.map(|(_, cost)| cost)
}

fn truth(key: &'static str, value: &Value) -> Result<Option<bool>, ProfileError> {
    match value {
        Value::Null => Ok(None),
        Value::Truth(is_so) => Ok(Some(*is_so)),
        _ => Err(wrong(key, Expected::Truth)),
    }
}

fn word<T>(
    key: &'static str,
    expected: Expected,
    value: &Value,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ProfileError> {
    match value {
        Value::Null => Ok(None),
        Value::Text(word) => read(word).map(Some).ok_or_else(|| wrong(key, expected)),
        _ => Err(wrong(key, expected)),
    }
}

fn wrong(key: &'static str, expected: Expected) -> ProfileError {
    ProfileError::Wrong { key, expected }
}
