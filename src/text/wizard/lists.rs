// SPDX-License-Identifier: GPL-3.0-or-later
//! The words of the two lists of VMs.

use crate::text::i18n::{gettext, gettext_f, ngettext_f, pgettext};

/// How many VMs stand in a list; `shown` of them are found by a search.
pub fn list_count(shown: usize, all: usize) -> String {
    if shown == all {
        return all.to_string();
    }
    // Translators: as in "3 of 12": how many VMs of a list a search finds.
    gettext_f(
        "{shown} of {all}",
        &[("shown", &shown.to_string()), ("all", &all.to_string())],
    )
}

/// What an empty list of available VMs says.
pub fn nothing_available() -> String {
    gettext("All VMs are selected")
}

/// What an empty list of selected VMs says.
pub fn nothing_selected() -> String {
    gettext("No VM is selected")
}

/// What a list says in which a search finds nothing.
pub fn nothing_found() -> String {
    gettext("No VM in this list matches the search")
}

/// The button that selects all VMs, or all that a search finds, and what it will do.
pub fn add_all(found: Option<usize>) -> (String, String) {
    match found {
        None => (gettext("Add a_ll"), gettext("Add all")),
        Some(found) => (
            // Translators: a button; {n} is how many VMs a search finds. Keep the same letter after "_" as in "Add a_ll".
            gettext_f("Add a_ll ({n})", &[("n", &found.to_string())]),
            ngettext_f(
                "Add the {n} VM that matches the search",
                "Add the {n} VMs that match the search",
                found as u64,
                &[],
            ),
        ),
    }
}

/// The button that takes all VMs out of the selection, or all that a search finds, and what it will do.
pub fn remove_all(found: Option<usize>) -> (String, String) {
    match found {
        None => (gettext("Re_move all"), gettext("Remove all")),
        Some(found) => (
            // Translators: a button; {n} is how many VMs a search finds. Keep the same letter after "_" as in "Re_move all".
            gettext_f("Re_move all ({n})", &[("n", &found.to_string())]),
            ngettext_f(
                "Remove the {n} VM that matches the search",
                "Remove the {n} VMs that match the search",
                found as u64,
                &[],
            ),
        ),
    }
}

/// The choice to sort VMs as they came, where that is not by name.
pub fn order_given() -> String {
    // Translators: a choice after "Sort by": the order in which the backup holds the VMs.
    pgettext("sort by", "Order in the backup")
}

/// The choice to sort VMs by name.
pub fn order_name() -> String {
    // Translators: a choice after "Sort by".
    pgettext("sort by", "Name")
}

/// The choice to sort VMs by size.
pub fn order_size() -> String {
    // Translators: a choice after "Sort by".
    pgettext("sort by", "Size")
}

/// The choice to sort VMs by their last backup.
pub fn order_last_backup() -> String {
    // Translators: a choice after "Sort by"; the VM that was not backed up for the longest time comes first.
    pgettext("sort by", "Last backup")
}

/// What a screen reader says of a VM: its facts one after another, without those that there is nothing to say of.
pub fn spoken(facts: &[&str]) -> String {
    let facts: Vec<&str> = facts.iter().copied().filter(|fact| !fact.is_empty()).collect();
    facts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_how_many_of_how_many_are_found() {
        assert_eq!(list_count(12, 12), "12");
        assert_eq!(list_count(3, 12), "3 of 12");
        assert_eq!(list_count(0, 0), "0");
    }

    #[test]
    fn a_search_changes_what_the_buttons_promise() {
        assert_eq!(add_all(None).0, "Add a_ll");
        let (label, tooltip) = add_all(Some(3));
        assert_eq!(
            (label.as_str(), tooltip.as_str()),
            ("Add a_ll (3)", "Add the 3 VMs that match the search")
        );
        let (label, tooltip) = remove_all(Some(1));
        assert_eq!(
            (label.as_str(), tooltip.as_str()),
            ("Re_move all (1)", "Remove the 1 VM that matches the search")
        );
    }

    #[test]
    fn a_vm_is_spoken_of_by_what_is_known() {
        assert_eq!(
            spoken(&["work", "AppVM", "1.2 GiB", "running"]),
            "work, AppVM, 1.2 GiB, running"
        );
        assert_eq!(spoken(&["work", "AppVM", "", ""]), "work, AppVM");
    }
}
