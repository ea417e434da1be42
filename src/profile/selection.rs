// SPDX-License-Identifier: GPL-3.0-or-later
//! Which VMs a profile means on a host.

use super::Profile;
use crate::{
    host::{System, Vm},
    plan::default_selection,
};

/// What a profile means on a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The VMs, in the host's order.
    pub vms: Vec<String>,
    /// What was asked for by name and is not there; the existing tools say nothing of it.
    pub unknown: Vec<String>,
}

/// Finds the VMs that a profile includes and does not exclude.
pub fn select(profile: &Profile, system: &System) -> Selection {
    let is_meant = |words: &[String], vm: &Vm| words.iter().any(|word| matches(word, vm));
    let default = default_selection(system);
    let is_included = |vm: &Vm| match &profile.include {
        Some(words) => is_meant(words, vm),
        None => default.contains(&vm.name),
    };
    let vms = system.vms.iter();
    let chosen = vms.filter(|vm| is_included(vm) && !is_meant(&profile.exclude, vm));
    let words = profile.include.iter().flatten();
    let unknown = words.filter(|word| group(word).is_none() && system.vm(word).is_none());
    Selection {
        vms: chosen.map(|vm| vm.name.clone()).collect(),
        unknown: unknown.cloned().collect(),
    }
}

fn matches(word: &str, vm: &Vm) -> bool {
    match group(word) {
        None => vm.name == word,
        Some(("tag", tag)) => vm.tags.iter().any(|other| other == tag),
        Some((_, class)) => vm.class.wire_name() == class,
    }
}

/// The kind and value of a word that means several VMs. The sign was `$` once.
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
        let vm = |name: &str, class, tags: &[&str], include_in_backups| Vm {
            name: name.to_owned(),
            class,
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            include_in_backups,
            ..Vm::default()
        };
        System {
            vms: vec![
                vm("dom0", Class::AdminVm, &[], true),
                vm("disp", Class::DispVm, &["x"], false),
                vm("tpl", Class::TemplateVm, &[], true),
                vm("work", Class::AppVm, &["x", "y"], true),
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
        let vms = |text| selected(text).vms.join(" ");
        assert_eq!(vms("include: null"), "dom0 tpl work");
        assert_eq!(vms("include: null\nexclude: ['@type:TemplateVM', dom0]"), "work");
        assert_eq!(vms("include: ['@tag:x']"), "disp work");
        assert_eq!(vms("include: ['$tag:y', $type:AdminVM]"), "dom0 work");
        assert_eq!(vms("include: []"), "");
        assert_eq!(vms("include: [work, '@tag:x', work]\nexclude: [disp]"), "work");
    }

    #[test]
    fn names_that_are_gone_are_told() {
        assert_eq!(
            selected("include: [gone, work, '@tag:none', 'w*']").unknown,
            ["gone", "w*"]
        );
    }
}
