// SPDX-License-Identifier: GPL-3.0-or-later
//! What a policy promises, for archives of any age in any order and time zone, and what each rule means.

use proptest::prelude::*;

use super::{RetentionRule::*, *};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// 2026-03-01, 12:00 UTC, a Sunday.
const NOON: i64 = 1_772_366_400;

/// Zones whose clocks are moved at night, at midnight, by half an hour, and that lie far from Greenwich.
const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "America/St_Johns",
];

fn policy(counts: &[(RetentionRule, u32)]) -> RetentionPolicy {
    let with =
        |policy: RetentionPolicy, (rule, count): &(RetentionRule, u32)| policy.with(*rule, NonZeroU32::new(*count));
    counts.iter().fold(RetentionPolicy::default(), with)
}

fn archive_in(zone: &str, made: i64, is_verified: bool) -> DatedArchive {
    DatedArchive {
        made,
        local: LocalTime::at_unix_in(made, zone).unwrap(),
        is_verified,
        is_new: false,
    }
}

fn in_utc(made: i64) -> DatedArchive {
    archive_in("UTC", made, true)
}

/// Which of these moments stay, all verified and in UTC.
fn kept(moments: &[i64], counts: &[(RetentionRule, u32)]) -> Vec<i64> {
    let archives: Vec<DatedArchive> = moments.iter().map(|made| in_utc(*made)).collect();
    staying(&archives, policy(counts))
        .iter()
        .map(|archive| archive.made)
        .collect()
}

fn staying(archives: &[DatedArchive], policy: RetentionPolicy) -> Vec<DatedArchive> {
    let fates = retain(archives, policy);
    assert_eq!(fates.len(), archives.len());
    let pairs = archives.iter().zip(fates);
    pairs
        .filter(|(_, fate)| *fate != Fate::Removed)
        .map(|(archive, _)| *archive)
        .collect()
}

#[test]
fn the_newest_of_each_period_that_has_one_stays() {
    let hour = DAY / 24;
    let moments: Vec<i64> = [0, hour, DAY, DAY + 2 * hour, 9 * DAY, 10 * DAY, 40 * DAY]
        .iter()
        .map(|before| NOON - before)
        .collect();
    let at = |places: &[usize]| places.iter().map(|place| moments[*place]).collect::<Vec<i64>>();
    assert_eq!(kept(&moments, &[(Last, 2)]), at(&[0, 1]));
    // Days without an archive do not count.
    assert_eq!(kept(&moments, &[(Daily, 3)]), at(&[0, 2, 4]));
    // 1 March and 28 February are in one week, 20 and 19 February in the one before.
    assert_eq!(kept(&moments, &[(Weekly, 2)]), at(&[0, 4]));
    assert_eq!(kept(&moments, &[(Monthly, 3)]), at(&[0, 2, 6]));
    assert_eq!(kept(&moments, &[(Last, 1), (Monthly, 3)]), at(&[0, 2, 6]));
    assert_eq!(kept(&moments, &[]), moments);
}

#[test]
fn a_week_is_one_of_iso_8601_also_where_the_year_ends() {
    // Monday 29 December 2025 to Sunday 4 January 2026 are one week of two years.
    let monday = 1_766_966_400 + DAY / 2;
    let week: Vec<i64> = (-1..8).map(|day| monday + day * DAY).collect();
    assert_eq!(kept(&week, &[(Weekly, 9)]), [week[0], week[7], week[8]]);
    assert_eq!(kept(&week, &[(Monthly, 9)]), [week[3], week[8]]);
}

#[test]
fn a_day_is_one_of_the_clock_on_the_wall_also_when_it_is_moved() {
    // The night of 25 October 2026: 02:30 comes twice. 23:30 the evening before is 21:30 in UTC.
    let evening = 1_792_877_400;
    let moments = [evening, evening + 3 * 3600, evening + 4 * 3600];
    let archives = moments.map(|made| archive_in("Europe/Berlin", made, true));
    assert_eq!(archives[1].local, archives[2].local);
    let days = staying(&archives, policy(&[(Daily, 7)]));
    assert_eq!(days, [archives[0], archives[2]]);
    let far = moments.map(|made| archive_in("Pacific/Kiritimati", made, true));
    assert_eq!(staying(&far, policy(&[(Daily, 7)])), [far[2]]);
}

#[test]
fn the_new_one_stays_whatever_the_clock_says() {
    let wrong = in_utc(NOON + 1000 * DAY);
    let new = DatedArchive {
        is_new: true,
        ..in_utc(NOON)
    };
    let old = in_utc(NOON - DAY);
    assert_eq!(staying(&[wrong, old, new], policy(&[(Last, 1)])), [new]);
    assert_eq!(staying(&[wrong, old, new], policy(&[(Last, 2)])), [wrong, new]);
}

#[test]
fn what_stands_above_the_rules_stays_and_says_why() {
    let unverified = |made| archive_in("UTC", made, false);
    let archives = [unverified(NOON), in_utc(NOON - DAY), in_utc(NOON - 2 * DAY)];
    let one = policy(&[(Last, 1)]);
    assert_eq!(
        retain(&archives, one),
        [
            Fate::Kept(vec![KeepReason::Rule(Last), KeepReason::NotVerifiedSince]),
            Fate::Kept(vec![KeepReason::NewestVerified]),
            Fate::Removed,
        ]
    );
    // Where nothing was verified, nothing goes.
    let none = [unverified(NOON), unverified(NOON - DAY), unverified(NOON - 2 * DAY)];
    assert_eq!(staying(&none, one), none);
}

#[test]
fn a_policy_needs_a_verification_and_a_place_that_can_be_read() {
    let one = policy(&[(Daily, 1)]);
    assert_eq!(one.refusal(true, None), None);
    assert_eq!(one.refusal(false, None), Some(RetentionRefusal::NotVerified));
    assert_eq!(
        one.refusal(true, Some(Unverified::InVm)),
        Some(RetentionRefusal::Unreadable(Unverified::InVm))
    );
    assert_eq!(RetentionPolicy::default().refusal(false, Some(Unverified::InVm)), None);
}

#[test]
fn a_number_that_is_there_counts_more_than_that_of_another_policy() {
    let both = policy(&[(Last, 1), (Daily, 2)]).or(policy(&[(Daily, 7), (Monthly, 3)]));
    assert_eq!(both, policy(&[(Last, 1), (Daily, 2), (Monthly, 3)]));
    for rule in RetentionRule::ALL {
        assert_eq!(RetentionRule::of_key(rule.key()), Some(rule));
    }
    assert_eq!(RetentionRule::of_key("keep_hourly"), None);
}

#[test]
fn a_selection_is_one_series_in_whatever_order_it_is_named() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let one = Series::of_selection(&names(&["b", "a", "a"]), &names(&["c"]));
    assert_eq!(one, Series::of_selection(&names(&["a", "b"]), &names(&["c"])));
    assert_ne!(one, Series::of_selection(&names(&["a", "b", "c"]), &[]));
    assert_ne!(one, Series::of_selection(&names(&["a"]), &names(&["c"])));
    assert_ne!(Series::of_profile("a"), Series::of_selection(&names(&["a"]), &[]));
}

/// Archives of some years in one zone. No two were begun in the same second.
fn some_archives() -> impl Strategy<Value = Vec<DatedArchive>> {
    let moments = prop::collection::btree_map(0..900 * 24_i64, (0..3600_i64, any::<bool>()), 0..40);
    (moments, prop::sample::select(ZONES.to_vec()), any::<bool>()).prop_map(|(moments, zone, has_new)| {
        let mut archives: Vec<DatedArchive> = moments
            .into_iter()
            .map(|(hour, (second, is_verified))| archive_in(zone, NOON + hour * 3600 + second, is_verified))
            .collect();
        // The clock may have been wrong when any other one was made.
        let middle = archives.len() / 2;
        if let Some(new) = archives.get_mut(middle).filter(|_| has_new) {
            (new.is_new, new.is_verified) = (true, true);
        }
        archives
    })
}

fn some_policy() -> impl Strategy<Value = RetentionPolicy> {
    prop::collection::vec(0..12_u32, 4).prop_map(|counts| {
        let counts: Vec<_> = RetentionRule::ALL.into_iter().zip(counts).collect();
        policy(&counts)
    })
}

/// What has to stay whatever the rules say, by a definition of its own: everything behind the newest verified one.
fn untouchable(archives: &[DatedArchive]) -> Vec<DatedArchive> {
    let mut sorted = archives.to_vec();
    sorted.sort_by_key(|archive| (archive.is_new, archive.made));
    let from = sorted.iter().rposition(|archive| archive.is_verified).unwrap_or(0);
    sorted.split_off(from)
}

proptest! {
    // What it finds belongs into a case of its own, not into a file beside the sources.
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_newest_verified_one_and_what_is_newer_always_stays(archives in some_archives(), policy in some_policy()) {
        let staying = staying(&archives, policy);
        for archive in untouchable(&archives) {
            prop_assert!(staying.contains(&archive), "{archive:?}");
        }
        if policy.is_empty() {
            prop_assert_eq!(staying, archives);
        }
    }

    #[test]
    fn more_rules_and_larger_numbers_never_remove_more(
        archives in some_archives(),
        policy in some_policy(),
        rule in prop::sample::select(RetentionRule::ALL.to_vec()),
        more in 1..5_u32,
    ) {
        let count = policy.count(rule).map_or(0, NonZeroU32::get) + more;
        let wider = policy.with(rule, NonZeroU32::new(count));
        let (few, many) = (staying(&archives, policy), staying(&archives, wider));
        // The first rule of all is the step from keeping everything to keeping some.
        if !policy.is_empty() {
            prop_assert!(few.iter().all(|archive| many.contains(archive)));
        }
    }

    #[test]
    fn what_stays_stays_when_the_rules_are_applied_again(archives in some_archives(), policy in some_policy()) {
        let once = staying(&archives, policy);
        prop_assert_eq!(staying(&once, policy), once);
    }

    #[test]
    fn the_order_of_the_list_does_not_matter(
        (archives, shuffled) in some_archives().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        policy in some_policy(),
    ) {
        let fates = retain(&archives, policy);
        for (archive, fate) in shuffled.iter().zip(retain(&shuffled, policy)) {
            let place = archives.iter().position(|other| other == archive).unwrap();
            prop_assert_eq!(&fates[place], &fate);
        }
    }

    #[test]
    fn each_rule_keeps_as_many_as_it_says_and_each_the_newest_of_its_period(
        archives in some_archives(),
        rule in prop::sample::select(RetentionRule::ALL.to_vec()),
        count in 1..12_u32,
    ) {
        let fates = retain(&archives, policy(&[(rule, count)]));
        let is_by_rule = |fate: &Fate| matches!(fate, Fate::Kept(why) if why.contains(&KeepReason::Rule(rule)));
        let by_rule: Vec<&DatedArchive> = archives.iter().zip(&fates).filter(|(_, fate)| is_by_rule(fate)).map(|(archive, _)| archive).collect();
        // Counted by text, beside the code under test.
        let period = |archive: &DatedArchive| match rule {
            Last => archive.made.to_string(),
            Daily => archive.local.compact()[..8].to_owned(),
            Weekly => format!("{:?}", archive.local.iso_week()),
            Monthly => archive.local.compact()[..6].to_owned(),
        };
        let periods: BTreeSet<String> = archives.iter().map(period).collect();
        prop_assert_eq!(by_rule.len(), periods.len().min(count as usize));
        for archive in by_rule {
            let rivals = archives.iter().filter(|other| period(other) == period(archive));
            prop_assert!(rivals.max_by_key(|other| (other.is_new, other.made)) == Some(archive));
        }
    }
}
