// SPDX-License-Identifier: GPL-3.0-or-later
//! Which older backups stay after a new one.

use std::num::NonZeroU32;

use clap::Args;

use crate::plan::{RetentionPolicy, RetentionRule};

/// Which older backups stay after a new one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Removal of older backups")]
pub struct RetentionArgs {
    /// Keep the newest N backups; needs --verify
    ///
    /// With one or more of these options, older backups are removed when the new one is written whole and verified: those
    /// that were made on this system by the same profile, or without one for the same VMs as named here, in the same
    /// directory, and that no option keeps. Each is removed only if its identifier is the expected one. The newest verified
    /// backup stays in any case.
    #[arg(long, value_name = "N")]
    pub keep_last: Option<NonZeroU32>,

    /// Keep the newest backup of each of the last N days that have one
    ///
    /// A day is one of the clock on the wall.
    #[arg(long, value_name = "N")]
    pub keep_daily: Option<NonZeroU32>,

    /// Keep the newest backup of each of the last N weeks that have one
    ///
    /// A week begins on Monday.
    #[arg(long, value_name = "N")]
    pub keep_weekly: Option<NonZeroU32>,

    /// Keep the newest backup of each of the last N months that have one
    #[arg(long, value_name = "N")]
    pub keep_monthly: Option<NonZeroU32>,

    /// Show which backups would stay and why, and which would be removed; make no backup
    #[arg(long, conflicts_with = "save_profile")]
    pub dry_run: bool,
}

impl RetentionArgs {
    /// What the options say.
    pub fn policy(&self) -> RetentionPolicy {
        RetentionPolicy::default()
            .with(RetentionRule::Last, self.keep_last)
            .with(RetentionRule::Daily, self.keep_daily)
            .with(RetentionRule::Weekly, self.keep_weekly)
            .with(RetentionRule::Monthly, self.keep_monthly)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{super::BackupArgs, *};

    #[test]
    fn each_option_is_a_rule_with_a_number_from_one_on() {
        let parse = |line: &str| BackupArgs::try_parse_from(format!("qvm-backup /x {line}").split(' '));
        let all = "--keep-last 1 --keep-daily 2 --keep-weekly 3 --keep-monthly 4";
        let rules: Vec<_> = parse(all).unwrap().retention.policy().rules().collect();
        let rules: Vec<_> = rules.into_iter().map(|(rule, count)| (rule, count.get())).collect();
        assert_eq!(rules, RetentionRule::ALL.into_iter().zip(1..).collect::<Vec<_>>());
        for rule in RetentionRule::ALL {
            let option = format!("--{}", rule.key().replace('_', "-"));
            assert_eq!(
                parse(&format!("{option} 9"))
                    .unwrap()
                    .retention
                    .policy()
                    .rules()
                    .count(),
                1
            );
            for number in ["0", "-1", "x"] {
                assert!(parse(&format!("{option}={number}")).is_err(), "{option} {number}");
            }
        }
        assert!(parse("-y").unwrap().retention.policy().is_empty());
    }
}
