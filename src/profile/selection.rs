// SPDX-License-Identifier: GPL-3.0-or-later
//! Which machines a profile means on a host.

use super::Profile;
use crate::{
    host::{Machine, System},
    plan::default_selection,
};

/// What a profile means on a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The machines, in the host's order.
    pub machines: Vec<String>,
    /// What was asked for by name and is not there; the existing tools say nothing of it.
    pub unknown: Vec<String>,
}

/// Finds the machines that a profile includes and does not exclude.
pub fn select(profile: &Profile, system: &System) -> Selection {
    let is_meant = |words: &[String], machine: &Machine| words.iter().any(|word| matches(word, machine));
    let default = default_selection(system);
    let is_included = |machine: &Machine| match &profile.include {
        Some(words) => is_meant(words, machine),
        None => default.contains(&machine.name),
    };
    let machines = system.machines.iter();
    let chosen = machines.filter(|machine| is_included(machine) && !is_meant(&profile.exclude, machine));
    let words = profile.include.iter().flatten();
    let unknown = words.filter(|word| group(word).is_none() && system.machine(word).is_none());
    Selection {
        machines: chosen.map(|machine| machine.name.clone()).collect(),
        unknown: unknown.cloned().collect(),
    }
}

fn matches(word: &str, machine: &Machine) -> bool {
    match group(word) {
        None => machine.name == word,
        Some(("tag", tag)) => machine.tags.iter().any(|other| other == tag),
        Some((_, class)) => machine.class.wire_name() == class,
    }
}

/// The kind and value of a word that means several machines. The sign was `$` once.
fn group(word: &str) -> Option<(&'static str, &str)> {
    let rest = word.strip_prefix(['@', '$'])?;
    let of = |kind: &'static str, prefix| rest.strip_prefix(prefix).map(|value| (kind, value));
    of("tag", "tag:").or_else(|| of("type", "type:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Class;

    fn system() -> System {
        let machine = |name: &str, class, tags: &[&str], include_in_backups| Machine {
            name: name.to_owned(),
            class,
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            include_in_backups,
            ..Machine::default()
        };
        System {
            machines: vec![
                machine("dom0", Class::AdminVm, &[], true),
                machine("disp", Class::DispVm, &["x"], false),
                machine("tpl", Class::TemplateVm, &[], true),
                machine("work", Class::AppVm, &["x", "y"], true),
            ],
            user: Some("user".to_owned()),
            ..System::default()
        }
    }

    fn selected(text: &str) -> Selection {
        let text = format!("{text}\ndestination_vm: dom0\ndestination_path: /x\n");
        select(&Profile::parse(&text).unwrap().profile, &system())
    }

    #[test]
    fn names_tags_and_classes_are_found() {
        let machines = |text| selected(text).machines.join(" ");
        assert_eq!(machines("include: null"), "dom0 tpl work");
        assert_eq!(machines("include: null\nexclude: ['@type:TemplateVM', dom0]"), "work");
        assert_eq!(machines("include: ['@tag:x']"), "disp work");
        assert_eq!(machines("include: ['$tag:y', $type:AdminVM]"), "dom0 work");
        assert_eq!(machines("include: []"), "");
        assert_eq!(machines("include: [work, '@tag:x', work]\nexclude: [disp]"), "work");
    }

    #[test]
    fn names_that_are_gone_are_told() {
        assert_eq!(
            selected("include: [gone, work, '@tag:none', 'w*']").unknown,
            ["gone", "w*"]
        );
    }
}
