// SPDX-License-Identifier: GPL-3.0-or-later
//! Whatever the archive, the host and the choices are: it ends, names are valid and nobody's but the VM's own, and a
//! table that is ready names nothing that will not be there.

use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
    sample::select,
};

use super::*;
use crate::host::is_valid_vm_name;

/// Few names, so that they meet; among them what rules generate, what is too long to add to, and what is no name.
fn a_name() -> impl Strategy<Value = String> {
    let names = [
        "a",
        "b",
        "c",
        "a-1",
        "a-2",
        "b-1",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx-1",
        "not a name",
        "a-dm",
    ];
    select(names.to_vec()).prop_map(str::to_owned)
}

fn a_vm() -> impl Strategy<Value = Vm> {
    let classes = ["TemplateVM", "AppVM", "AppVM", "StandaloneVM", "DispVM", "OddVM"];
    let references = ["template", "netvm", "default_dispvm", "guivm", "management_dispvm"];
    let references = vec(
        (select(references.to_vec()), prop_oneof![a_name(), Just(String::new())]),
        0..4,
    );
    let flags = btree_set(select(vec!["provides_network", "template_for_dispvms"]), 0..3);
    let class = select(classes.to_vec());
    let path = select(vec![Some("vm7/"), Some("vm7/"), Some(""), None]);
    (a_name(), class, references, flags, path).prop_map(|(name, class, references, flags, path)| Vm {
        name,
        class,
        properties: references
            .into_iter()
            .chain(flags.into_iter().map(|flag| (flag, "True".to_owned())))
            .collect(),
        rest: r#"<devices class="usb"><device backend-domain="b" id="1"/></devices>"#.to_owned(),
        path: path.map(str::to_owned),
    })
}

fn some_vms() -> impl Strategy<Value = Vec<Vm>> {
    vec(a_vm(), 0..8).prop_map(|mut vms| {
        let mut seen = BTreeSet::new();
        vms.retain(|vm| seen.insert(vm.name.clone()));
        vms
    })
}

fn a_reference() -> impl Strategy<Value = Reference> {
    prop_oneof![
        Just(Reference::Default),
        Just(Reference::None),
        a_name().prop_map(Reference::Named)
    ]
}

prop_compose! {
    fn some_choices()(
        selected in option::of(btree_set(a_name(), 0..6)),
        names in btree_map(a_name(), a_name(), 0..3),
        templates in btree_map(a_name(), a_name(), 0..2),
        netvms in btree_map(a_name(), a_reference(), 0..2),
        dispvms in btree_map(a_name(), a_reference(), 0..2),
        conflict in select(vec![OnConflict::Report, OnConflict::Skip, OnConflict::Rename, OnConflict::Rename]),
        ignore_missing: bool,
        skip_broken: bool,
        accept_missing in prop::bool::weighted(0.2),
    ) -> RestoreChoices {
        RestoreChoices {
            selected,
            names,
            templates,
            netvms,
            dispvms,
            policy: RestorePolicy {
                ignore_missing,
                skip_broken,
                accept_missing,
                on_conflict: conflict,
                ..RestorePolicy::default()
            },
            ..RestoreChoices::default()
        }
    }
}

/// A name that is here or becomes one.
fn will_be_there(table: &RestoreTable, system: &System, name: &str) -> bool {
    name.is_empty() || name == "dom0" || system.vm(name).is_some() || table.selected().any(|row| row.name_here == name)
}

proptest! {
    // What it finds belongs into a case of its own, not into a file beside the sources.
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_chosen_a_table_holds_what_it_promises(
        vms in some_vms(),
        here in some_vms(),
        choices in some_choices(),
    ) {
        let system = host(&here);
        let table = resolve(&archive(&vms), &system, &choices);
        let mut seen = BTreeSet::new();
        for row in table.selected().filter(|row| row.problems.is_empty()) {
            prop_assert!(is_valid_vm_name(&row.name_here), "{}", row.name_here);
            prop_assert!(system.vm(&row.name_here).is_none(), "{} is here", row.name_here);
            prop_assert!(seen.insert(row.name_here.clone()), "{} twice", row.name_here);
            if let Some(chosen) = choices.names.get(&row.domain.name) {
                prop_assert_eq!(chosen, &row.name_here);
            }
        }
        for row in table.rows.iter().filter(|row| !row.is_selected) {
            prop_assert!(row.problems.is_empty() && !row.remarks.is_empty(), "{row:?}");
        }
        if choices.policy.skip_broken {
            prop_assert!(table.selected().all(|row| row.problems.is_empty()));
        }
        if !table.is_ready() || choices.policy.accept_missing {
            return Ok(());
        }
        for row in table.selected() {
            let references = [row.netvm.name(), row.dispvm.name(), row.template.as_deref()];
            let others = row.vms.values().map(String::as_str);
            let kept = row.devices.iter().filter(|device| device.fate == DeviceFate::Kept);
            let backends = kept.filter_map(|device| device.device.backend());
            for name in references.into_iter().flatten().chain(others).chain(backends) {
                prop_assert!(will_be_there(&table, &system, name), "{name} of {row:?}");
            }
            prop_assert_eq!(row.domain.class.has_template(), row.template.is_some());
            // No way to the network leads in a circle.
            let mut current = row.name_here.clone();
            for _ in 0..=table.rows.len() {
                let next = table.selected().find(|row| row.name_here == current);
                match next.and_then(|row| row.netvm.name()) {
                    Some(name) => current = name.to_owned(),
                    None => break,
                }
            }
            prop_assert!(table.selected().all(|row| row.name_here != current || row.netvm.name().is_none()));
        }
    }

    #[test]
    fn what_a_table_offers_can_be_chosen(vms in some_vms(), here in some_vms()) {
        let (inventory, system) = (archive(&vms), host(&here));
        let choices = on_conflict(OnConflict::Rename);
        let table = resolve(&inventory, &system, &choices);
        for row in table.selected() {
            for netvm in table.candidates(&system, row).netvms {
                let mut choices = choices.clone();
                choices.netvms = one(&row.domain.name, named(&netvm));
                let again = resolve(&inventory, &system, &choices);
                let again = again.row(&row.domain.name).unwrap();
                let is_cycle = again.problems.iter().any(|problem| matches!(problem, RestoreProblem::NetVmCycle { .. }));
                prop_assert!(!is_cycle, "{netvm} for {}", row.domain.name);
            }
        }
    }
}
