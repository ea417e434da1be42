// SPDX-License-Identifier: GPL-3.0-or-later
//! A VM as the lists show it, search it and sort it.

use std::cmp::{Ordering, Reverse};

use crate::inventory::DOM0;

use super::Glyph;

/// How many letters of a keyword a search has to have: almost all VMs are AppVMs, and "a" is meant to find names.
const LEAST_OF_KEYWORD: usize = 3;

/// A VM as the lists show it, all words ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmItem {
    /// Its name.
    pub name: String,
    /// Its place among the others.
    pub position: usize,
    /// Its tile.
    pub glyph: Glyph,
    /// What kind it is and what else is worth a line.
    pub detail: String,
    /// The words that a search finds it by, besides its name.
    pub keywords: String,
    /// Its size.
    pub value: String,
    /// The same in bytes, if it is known.
    pub size_bytes: Option<u64>,
    /// When it was last backed up, in seconds since 1970.
    pub last_backup: Option<i64>,
    /// Whether it runs, in a word; empty if not.
    pub state: String,
    /// What a screen reader says of it.
    pub spoken: String,
}

/// What a list of VMs is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The places that the VMs came with.
    #[default]
    Given,
    /// By name, dom0 first.
    Name,
    /// The largest first.
    Size,
    /// The one first that was not backed up for the longest time.
    LastBackup,
}

impl VmItem {
    /// Whether every word of a search is a part of its name or the beginning of one of its keywords.
    pub fn matches(&self, search: &str) -> bool {
        let (search, name) = (search.to_lowercase(), self.name.to_lowercase());
        let keywords = self.keywords.to_lowercase();
        let begins_a_keyword = |word: &str| {
            word.chars().count() >= LEAST_OF_KEYWORD
                && keywords.split_whitespace().any(|keyword| keyword.starts_with(word))
        };
        search
            .split_whitespace()
            .all(|word| name.contains(word) || begins_a_keyword(word))
    }

    /// Whether it stands before another one.
    pub fn compare(&self, other: &Self, order: Order) -> Ordering {
        let by_order = match order {
            Order::Given => Ordering::Equal,
            Order::Name => (self.name != DOM0, &self.name).cmp(&(other.name != DOM0, &other.name)),
            Order::Size => Reverse(self.size_bytes).cmp(&Reverse(other.size_bytes)),
            Order::LastBackup => self.last_backup.cmp(&other.last_backup),
        };
        by_order.then(self.position.cmp(&other.position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Class;

    fn item(position: usize, name: &str, size_bytes: Option<u64>, last_backup: Option<i64>) -> VmItem {
        VmItem {
            name: name.to_owned(),
            position,
            glyph: Glyph::new(0, &Class::AppVm, false),
            detail: "AppVM · never backed up".to_owned(),
            keywords: "AppVM running".to_owned(),
            value: String::new(),
            size_bytes,
            last_backup,
            state: "running".to_owned(),
            spoken: String::new(),
        }
    }

    fn sorted(order: Order) -> Vec<String> {
        let mut items = [
            item(0, "work", Some(5), Some(30)),
            item(1, "dom0", None, Some(10)),
            item(2, "anon", Some(9), None),
            item(3, "vault", Some(5), None),
        ];
        items.sort_by(|one, other| one.compare(other, order));
        items.into_iter().map(|item| item.name).collect()
    }

    #[test]
    fn vms_are_sorted_by_what_is_wanted_and_else_stay_in_their_places() {
        assert_eq!(sorted(Order::Given), ["work", "dom0", "anon", "vault"]);
        assert_eq!(sorted(Order::Name), ["dom0", "anon", "vault", "work"]);
        assert_eq!(sorted(Order::Size), ["anon", "work", "vault", "dom0"]);
        assert_eq!(sorted(Order::LastBackup), ["anon", "vault", "dom0", "work"]);
    }

    #[test]
    fn a_search_wants_every_word_in_any_case_and_order() {
        let vm = item(0, "Work-web", None, None);
        for search in ["", "  ", "work", "WEB", "k-w", "appvm work", "run we", "o"] {
            assert!(vm.matches(search), "{search:?}");
        }
        for search in ["mail", "work mail", "backed", "ap", "vm", "unning"] {
            assert!(!vm.matches(search), "{search:?}");
        }
    }
}
