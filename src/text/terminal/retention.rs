// SPDX-License-Identifier: GPL-3.0-or-later
//! What the tools say of older backups: which stay and why, which are removed, and why none can be.

use crate::{
    engine::Foreseen,
    plan::{Fate, KeepReason, RetentionRefusal, RetentionRule},
    profile::MadeArchive,
    text::{
        date,
        i18n::{gettext, gettext_f, pgettext},
        sanitize, unverified,
    },
};

/// Names the older backups that will be removed after a backup; `None` where none will be.
pub fn will_be_removed(foreseen: &[Foreseen]) -> Option<String> {
    let lines = leaving(foreseen);
    (!lines.is_empty()).then(|| {
        let head = gettext("These older backups will be removed once the new one is written whole and verified:");
        block(&head, &lines)
    })
}

/// Says which backups would stay, with the reasons, and which would be removed.
pub fn dry_run(foreseen: &[Foreseen]) -> String {
    let staying = foreseen.iter().filter_map(|one| match &one.fate {
        Fate::Kept(reasons) => Some(format!("{}  ({})", named(one.archive.as_ref()), because(reasons))),
        Fate::Removed => None,
    });
    let staying = block(&gettext("These backups would stay:"), &staying.collect::<Vec<_>>());
    let leaving = leaving(foreseen);
    let rest = match leaving.is_empty() {
        true => gettext("No backup would be removed."),
        false => block(&gettext("These backups would be removed:"), &leaving),
    };
    format!(
        "{staying}\n{rest}\n{}",
        gettext("Nothing was backed up and nothing was removed.")
    )
}

/// Says why no older backup can be removed after this backup.
pub fn retention_refused(why: RetentionRefusal) -> String {
    match why {
        RetentionRefusal::NotVerified => gettext(
            "older backups are removed only after the new one was verified: use --verify with the --keep options, or leave them out",
        ),
        RetentionRefusal::Unreadable(why) => gettext_f(
            // Translators: {why} is a part of a sentence with its full stop.
            "the --keep options cannot be used here, because this backup cannot be verified: {why}",
            &[("why", &unverified(why))],
        ),
    }
}

fn leaving(foreseen: &[Foreseen]) -> Vec<String> {
    let is_leaving = |one: &&Foreseen| one.fate == Fate::Removed;
    let archives = foreseen.iter().filter(is_leaving);
    archives.map(|one| named(one.archive.as_ref())).collect()
}

fn block(head: &str, lines: &[String]) -> String {
    format!("{head}\n  {}", lines.join("\n  "))
}

fn named(archive: Option<&MadeArchive>) -> String {
    match archive {
        Some(archive) => format!("{}  {}", date(archive.made), sanitize(&archive.location.to_string())),
        None => gettext("the new backup"),
    }
}

fn because(reasons: &[KeepReason]) -> String {
    let words: Vec<String> = reasons.iter().map(|reason| reason_words(*reason)).collect();
    words.join(", ")
}

/// Why a backup stays.
fn reason_words(reason: KeepReason) -> String {
    match reason {
        KeepReason::Rule(RetentionRule::Last) => pgettext("why a backup stays", "one of the last"),
        KeepReason::Rule(RetentionRule::Daily) => pgettext("why a backup stays", "daily"),
        KeepReason::Rule(RetentionRule::Weekly) => pgettext("why a backup stays", "weekly"),
        KeepReason::Rule(RetentionRule::Monthly) => pgettext("why a backup stays", "monthly"),
        KeepReason::NoRule => pgettext("why a backup stays", "there is no rule"),
        KeepReason::New => pgettext("why a backup stays", "new"),
        KeepReason::NewestVerified => pgettext("why a backup stays", "the newest that is verified"),
        KeepReason::NotVerifiedSince => pgettext("why a backup stays", "nothing newer is verified"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{format::BackupId, plan::Series, transport::Location};

    fn one(place: &str, fate: Fate) -> Foreseen {
        let archive = MadeArchive {
            id: BackupId::parse("20260301T140500-77").unwrap(),
            series: Series::default(),
            made: 1_772_366_400,
            location: Location::File(place.into()),
            is_verified: true,
        };
        let archive = Some(archive);
        Foreseen { archive, fate }
    }

    #[test]
    fn what_stays_and_what_goes_is_named_with_its_reasons_and_made_safe() {
        let new = Foreseen {
            archive: None,
            fate: Fate::Kept(vec![KeepReason::Rule(RetentionRule::Daily), KeepReason::New]),
        };
        let all = [
            new,
            one("/mnt/old", Fate::Kept(vec![KeepReason::NoRule])),
            one("/mnt/o\u{1b}d", Fate::Removed),
        ];
        let said = dry_run(&all);
        let (staying, leaving) = said.split_once("These backups would be removed:").unwrap();
        assert!(staying.contains("the new backup  (daily, new)"), "{said}");
        assert!(staying.contains("/mnt/old  (there is no rule)"), "{said}");
        assert!(
            leaving.contains("/mnt/o\u{fffd}d") && !leaving.contains("/mnt/old"),
            "{said}"
        );
        assert!(dry_run(&all[..2]).contains("No backup would be removed."));
        assert!(will_be_removed(&all).unwrap().contains("2026-03-01"));
        assert_eq!(will_be_removed(&all[..2]), None);
    }
}
