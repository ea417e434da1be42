// SPDX-License-Identifier: GPL-3.0-or-later
//! Single rules: what an archive only implies, what it does not hold, kernels, pools, devices, choices that are wrong.

use super::*;
use crate::{
    host::NameFault,
    plan::{Cure, Missing},
};

#[test]
fn a_made_up_vm_comes_only_with_what_refers_to_it() {
    let vms = [
        dvm("disp-no-netvm")
            .set("netvm", "")
            .set("default_dispvm", "disp-no-netvm")
            .made_up(),
        app("work").set("default_dispvm", "disp-no-netvm"),
        app("vault"),
    ];
    let here = host(&[tpl("fedora")]);
    let table = resolve(&archive(&vms), &here, &RestoreChoices::default());
    assert!(table.is_ready() && row(&table, "disp-no-netvm").is_selected);
    let without = |choices: RestoreChoices| {
        let table = resolve(&archive(&vms), &here, &choices);
        assert!(table.is_ready(), "{table:#?}");
        let made_up = row(&table, "disp-no-netvm");
        assert!(!made_up.is_selected && made_up.remarks == [RestoreRemark::NotNeeded]);
    };
    without(RestoreChoices {
        selected: names(&["vault", "disp-no-netvm"]),
        ..RestoreChoices::default()
    });
    without(RestoreChoices {
        dispvms: one("work", Reference::Default),
        ..RestoreChoices::default()
    });
    let choices = RestoreChoices {
        selected: names(&["work"]),
        ..RestoreChoices::default()
    };
    let table = resolve(&archive(&vms), &here, &choices);
    let expected = RestoreProblem::DispVmMissing {
        name: "disp-no-netvm".to_owned(),
        absence: Absence::NotSelected,
        is_chosen: false,
    };
    assert_problems(&table, "work", &[expected]);
}

#[test]
fn an_incomplete_vm_is_a_problem_for_itself_and_for_what_needs_it() {
    let vms = [tpl("fedora"), app("work"), app("other").set("template", "debian")];
    let what = Missing::Path {
        path: "vm1/root.img".to_owned(),
    };
    let choices = RestoreChoices {
        missing: one("fedora", what.clone()),
        ..RestoreChoices::default()
    };
    let table = resolve(&archive(&vms), &host(&[]), &choices);
    assert_problems(&table, "fedora", &[RestoreProblem::DataMissing { what }]);
    assert_problems(&table, "work", &[template_missing("fedora", Absence::Incomplete)]);
    let skipping = RestoreChoices {
        policy: RestorePolicy {
            skip_broken: true,
            ..RestorePolicy::default()
        },
        ..choices
    };
    let table = resolve(&archive(&vms), &host(&[]), &skipping);
    let selected: Vec<_> = table.selected().map(|row| row.domain.name.as_str()).collect();
    assert_eq!((selected, table.is_ready()), (vec!["other"], true));
}

#[test]
fn what_a_mentioned_vm_is_does_not_matter() {
    let vms = [tpl("fedora").mentioned(), app("work")];
    let table = resolve(&archive(&vms), &host(&[]), &RestoreChoices::default());
    assert_problems(&table, "work", &[template_missing("fedora", Absence::NotHere)]);
}

#[test]
fn a_verification_has_no_problems() {
    let vms = [
        app("work"),
        vm("odd name", "OddVM"),
        dvm("made").made_up(),
        home("somebody"),
    ];
    let verifying = rule(RestorePolicy {
        verify_only: true,
        ..RestorePolicy::default()
    });
    let table = resolve(&archive(&vms), &host(&[app("work")]), &verifying);
    assert!(table.is_ready());
    assert_eq!(table.selected().count(), 3);
}

#[test]
fn kernels_and_pools_are_those_of_the_host() {
    let vms = [app("work").set("kernel", "5.4"), app("hvm").set("kernel", "")];
    let mut here = host(&[tpl("fedora")]);
    let mut choices = RestoreChoices {
        pool: Some("second".to_owned()),
        pools: one("hvm", "far".to_owned()),
        kernels: one("work", named("6.6")),
        ..RestoreChoices::default()
    };
    let table = resolve(&archive(&vms), &here, &choices);
    assert_problems(&table, "work", &[]);
    assert_eq!(row(&table, "work").pool.as_deref(), Some("second"));
    assert_eq!(row(&table, "work").kernel, named("6.6"));
    assert_eq!(row(&table, "hvm").kernel, Reference::None);
    let far = RestoreProblem::PoolOutOfReach {
        name: "far".to_owned(),
        driver: "lvm_thin".to_owned(),
    };
    assert_problems(&table, "hvm", &[far]);
    let offered = table.candidates(&here, row(&table, "hvm"));
    let pools: Vec<_> = offered
        .pools
        .iter()
        .map(|pool| (&*pool.name, pool.is_default))
        .collect();
    assert_eq!(pools, [("main", true), ("second", false)]);
    assert_eq!(offered.kernels, ["6.12", "6.6"]);
    choices.pools = one("hvm", "gone".to_owned());
    let table = resolve(&archive(&vms), &here, &choices);
    let name = "gone".to_owned();
    assert_problems(&table, "hvm", &[RestoreProblem::PoolMissing { name }]);
    // Where it is not known which kernels there are, none is missing.
    here.kernels = None;
    choices.kernels.clear();
    choices.pools.clear();
    let table = resolve(&archive(&vms), &here, &choices);
    assert!(table.is_ready());
    assert_eq!(row(&table, "work").kernel, named("5.4"));
}

#[test]
fn a_choice_that_is_wrong_is_not_replaced_by_a_rule() {
    let vms = [app("work").set("netvm", "sys-net")];
    let choices = RestoreChoices {
        templates: one("work", "debain".to_owned()),
        netvms: one("work", named("debian")),
        dispvms: one("work", named("gone")),
        kernels: one("work", named("gone")),
        ..rule(RestorePolicy {
            ignore_missing: true,
            ..RestorePolicy::default()
        })
    };
    let table = resolve(&archive(&vms), &host(&[]), &choices);
    let work = row(&table, "work");
    assert_eq!(work.problems.len(), 4, "{:?}", work.problems);
    let ignoring = work
        .problems
        .iter()
        .filter(|problem| problem.cures().contains(&Cure::IgnoreMissing));
    assert_eq!(ignoring.count(), 0);
}

#[test]
fn devices_are_kept_or_dropped_one_by_one_or_all() {
    let devices = r#"<devices class="pci"><device backend-domain="dom0" id="00_1f.6"/><device backend-domain="dom0" id="00_14.3"/>
        </devices>"#;
    let vms = [app("work").xml(devices)];
    let here = host(&[tpl("fedora")]);
    let port = |id: &str| crate::plan::DevicePort {
        class: "pci".to_owned(),
        backend: "dom0".to_owned(),
        id: id.to_owned(),
    };
    let fates = |choices: &RestoreChoices| -> Vec<DeviceFate> {
        let table = resolve(&archive(&vms), &here, choices);
        assert!(table.is_ready());
        row(&table, "work")
            .devices
            .iter()
            .map(|device| device.fate.clone())
            .collect()
    };
    let mut choices = RestoreChoices::default();
    assert_eq!(fates(&choices), [DeviceFate::Kept, DeviceFate::Kept]);
    choices.devices = one("work", [(port("00_14.3"), false)].into());
    assert_eq!(fates(&choices), [DeviceFate::Kept, DeviceFate::Dropped]);
    choices.policy.drop_devices = true;
    choices.devices = one("work", [(port("00_14.3"), true)].into());
    assert_eq!(fates(&choices), [DeviceFate::Dropped, DeviceFate::Kept]);
}

#[test]
fn a_template_that_the_archive_leaves_open_is_the_default_one() {
    let vms = [vm("work", "AppVM")];
    let table = resolve(&archive(&vms), &host(&[]), &RestoreChoices::default());
    assert_eq!(row(&table, "work").template.as_deref(), Some("debian"));
    let mut poor = host(&[]);
    poor.globals.clear();
    let table = resolve(&archive(&vms), &poor, &RestoreChoices::default());
    assert_problems(&table, "work", &[RestoreProblem::NoDefaultTemplate]);
    let choices = RestoreChoices {
        templates: one("work", "debian".to_owned()),
        ..RestoreChoices::default()
    };
    assert!(resolve(&archive(&vms), &poor, &choices).is_ready());
}

#[test]
fn a_made_up_vm_that_is_here_already_is_used() {
    let vms = [
        dvm("disp-no-netvm").set("netvm", "").made_up(),
        app("work").set("default_dispvm", "disp-no-netvm"),
    ];
    let like = dvm("disp-no-netvm").set("netvm", "");
    let table = resolve(
        &archive(&vms),
        &host(&[tpl("fedora"), like]),
        &RestoreChoices::default(),
    );
    assert!(table.is_ready(), "{table:#?}");
    assert_eq!(row(&table, "disp-no-netvm").remarks, [RestoreRemark::FoundHere]);
    assert_eq!(row(&table, "work").dispvm, Reference::Named("disp-no-netvm".to_owned()));
    // One whose disposables would reach a network is another one, and nobody is asked for a name.
    let open = net("fw");
    let other = dvm("disp-no-netvm").set("netvm", "fw");
    let table = resolve(
        &archive(&vms),
        &host(&[tpl("fedora"), open, other]),
        &RestoreChoices::default(),
    );
    assert!(table.is_ready(), "{table:#?}");
    assert_eq!(row(&table, "disp-no-netvm").name_here, "disp-no-netvm-1");
    assert_eq!(
        row(&table, "work").dispvm,
        Reference::Named("disp-no-netvm-1".to_owned())
    );
}

#[test]
fn a_missing_kernel_or_disposable_template_is_asked_for_or_replaced() {
    let vms = [app("work")
        .set("default_dispvm", "gone")
        .set("kernel", "5.4")
        .set("netvm", "gone")];
    let mut here = host(&[tpl("fedora")]);
    here.kernels = Some(vec!["6.1".to_owned()]);
    let table = resolve(&archive(&vms), &here, &RestoreChoices::default());
    assert_eq!(row(&table, "work").problems.len(), 3, "{table:#?}");
    let choices = RestoreChoices {
        policy: RestorePolicy {
            default_missing: true,
            ..RestorePolicy::default()
        },
        ..RestoreChoices::default()
    };
    let table = resolve(&archive(&vms), &here, &choices);
    let work = row(&table, "work");
    assert_eq!((&work.dispvm, &work.kernel), (&Reference::Default, &Reference::Default));
    // A net VM is another matter: its default may reach what the VM must not.
    assert!(
        matches!(work.problems.as_slice(), [RestoreProblem::NetVmMissing { .. }]),
        "{table:#?}"
    );
}

#[test]
fn a_name_that_no_vm_can_have_is_kept_from_nobody() {
    let long = "x".repeat(40);
    let vms = [tpl("none"), tpl(&long), tpl("a-dm"), tpl("a-dm-1"), tpl("ok")];
    let here = host(&[tpl(&"x".repeat(31))]);
    let table = resolve(&archive(&vms), &here, &RestoreChoices::default());
    let why = |name: &str| match row(&table, name).problems.as_slice() {
        [RestoreProblem::NameInvalid { why, is_chosen: false }] => Some(*why),
        _ => None,
    };
    assert_eq!(why("none"), Some(NameFault::Reserved));
    assert_eq!(why(&long), Some(NameFault::TooLong { length: 40 }));
    assert_eq!(why("a-dm"), Some(NameFault::Ending));
    assert_eq!(why("ok"), None);
    let cures = row(&table, "none").problems[0].cures();
    assert!(cures.contains(&Cure::RenameConflicting), "{cures:?}");
    let choices = RestoreChoices {
        names: one("ok", "default".to_owned()),
        policy: RestorePolicy {
            on_conflict: OnConflict::Rename,
            ..RestorePolicy::default()
        },
        ..RestoreChoices::default()
    };
    let table = resolve(&archive(&vms), &here, &choices);
    let name = |name: &str| row(&table, name).name_here.as_str();
    assert_eq!(name("none"), "none-1");
    assert_eq!(name(&long), format!("{}-1", "x".repeat(29)));
    assert_eq!((name("a-dm"), name("a-dm-1")), ("a-dm-2", "a-dm-1"));
    // What the user chose is not replaced without a word.
    let expected = RestoreProblem::NameInvalid {
        why: NameFault::Reserved,
        is_chosen: true,
    };
    assert_problems(&table, "ok", &[expected]);
}
