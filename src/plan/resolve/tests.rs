// SPDX-License-Identifier: GPL-3.0-or-later
//! The table of a restore, case by case: small archives and hosts, and what must become of each VM.

mod any;
mod every;
mod rules;

use std::fmt::Write as _;

use super::*;
use crate::{
    host::{self, StoragePool},
    plan::{Absence, DeviceFate, OnConflict, Renaming, RestorePolicy},
};

/// A VM of an archive, written as in a record.
#[derive(Debug, Clone)]
struct Vm {
    name: String,
    class: &'static str,
    properties: Vec<(&'static str, String)>,
    rest: String,
    path: Option<String>,
}

fn vm(name: &str, class: &'static str) -> Vm {
    Vm {
        name: name.to_owned(),
        class,
        properties: Vec::new(),
        rest: String::new(),
        path: Some("vm7/".to_owned()),
    }
}

impl Vm {
    fn set(mut self, property: &'static str, value: &str) -> Self {
        self.properties.retain(|(known, _)| *known != property);
        self.properties.push((property, value.to_owned()));
        self
    }

    /// Further elements of the record.
    fn xml(mut self, rest: &str) -> Self {
        self.rest += rest;
        self
    }

    /// The archive only mentions it.
    fn mentioned(mut self) -> Self {
        self.path = None;
        self
    }

    /// The archive only implies it.
    fn made_up(mut self) -> Self {
        self.path = Some(String::new());
        self
    }

    fn home_of(mut self, user: &str) -> Self {
        self.path = Some(format!("dom0-home/{user}"));
        self
    }
}

fn tpl(name: &str) -> Vm {
    vm(name, "TemplateVM")
}

fn app(name: &str) -> Vm {
    vm(name, "AppVM").set("template", "fedora")
}

fn net(name: &str) -> Vm {
    app(name).set("provides_network", "True")
}

fn dvm(name: &str) -> Vm {
    app(name).set("template_for_dispvms", "True")
}

fn home(user: &str) -> Vm {
    vm("dom0", "AdminVM").home_of(user)
}

fn archive(vms: &[Vm]) -> Inventory {
    let mut xml = "<qubes><properties/><labels/><pools/><domains>".to_owned();
    for (number, vm) in vms.iter().enumerate() {
        let number = if vm.class == "AdminVM" { 0 } else { number + 1 };
        write!(
            xml,
            "<domain id=\"domain-{number}\" class=\"{}\"><properties>",
            vm.class
        )
        .unwrap();
        if vm.class != "AdminVM" {
            write!(xml, "<property name=\"name\">{}</property>", vm.name).unwrap();
        }
        for (property, value) in &vm.properties {
            write!(xml, "<property name=\"{property}\">{value}</property>").unwrap();
        }
        xml += "</properties><features>";
        if let Some(path) = &vm.path {
            xml += "<feature name=\"backup-content\">True</feature><feature name=\"backup-size\">1</feature>";
            let (mark, value) = match path.as_str() {
                "" => ("backup-made-up", "1"),
                path => ("backup-path", path),
            };
            write!(xml, "<feature name=\"{mark}\">{value}</feature>").unwrap();
        }
        write!(xml, "</features>{}</domain>", vm.rest).unwrap();
    }
    xml += "</domains></qubes>";
    Inventory::parse(xml.as_bytes()).unwrap()
}

/// A host with dom0, a template, a net VM and a disposable template of its own, and VMs of these names and kinds.
fn host(vms: &[Vm]) -> System {
    let own = [tpl("debian"), net("sys-net"), dvm("default-dvm"), vm("dom0", "AdminVM")];
    let as_here = |vm: &Vm| {
        let is_on = |wanted| vm.properties.iter().any(|(property, _)| *property == wanted);
        let netvm = vm.properties.iter().find(|(property, _)| *property == "netvm");
        host::Vm {
            name: vm.name.clone(),
            netvm: Reference::of_property(netvm.map(|(_, value)| value.as_str())),
            class: vm.class.parse().unwrap(),
            provides_network: is_on("provides_network"),
            template_for_dispvms: is_on("template_for_dispvms"),
            ..host::Vm::default()
        }
    };
    let pool = |name: &str, is_reachable| StoragePool {
        name: name.to_owned(),
        driver: "lvm_thin".to_owned(),
        is_reachable,
        free_bytes: None,
    };
    let globals = [
        ("default_template", "debian"),
        ("default_netvm", "sys-net"),
        ("default_dispvm", "default-dvm"),
        ("default_pool", "main"),
    ];
    System {
        user: Some("user".to_owned()),
        pools: vec![pool("main", true), pool("second", true), pool("far", false)],
        kernels: Some(vec!["6.12".to_owned(), "6.6".to_owned()]),
        globals: globals.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        vms: own.iter().chain(vms).map(as_here).collect(),
        ..System::default()
    }
}

fn names(names: &[&str]) -> Option<BTreeSet<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

fn one<T>(name: &str, value: T) -> std::collections::BTreeMap<String, T> {
    [(name.to_owned(), value)].into()
}

fn named(name: &str) -> Reference {
    Reference::Named(name.to_owned())
}

fn rule(policy: RestorePolicy) -> RestoreChoices {
    RestoreChoices {
        policy,
        ..RestoreChoices::default()
    }
}

fn on_conflict(on_conflict: OnConflict) -> RestoreChoices {
    rule(RestorePolicy {
        on_conflict,
        ..RestorePolicy::default()
    })
}

#[track_caller]
fn row<'t>(table: &'t RestoreTable, name: &str) -> &'t RestoreRow {
    table.row(name).unwrap_or_else(|| panic!("no row {name}"))
}

#[track_caller]
fn assert_problems(table: &RestoreTable, name: &str, expected: &[RestoreProblem]) {
    assert_eq!(row(table, name).problems, expected, "{name}");
}

fn template_missing(name: &str, absence: Absence) -> RestoreProblem {
    RestoreProblem::TemplateMissing {
        name: name.to_owned(),
        absence,
        default: Some("debian".to_owned()),
    }
}

fn netvm_missing(name: &str, absence: Absence) -> RestoreProblem {
    RestoreProblem::NetVmMissing {
        name: name.to_owned(),
        absence,
        is_chosen: false,
    }
}

#[test]
fn the_order_of_an_inventory_does_not_matter() {
    // The existing restorer goes over it once, so that a VM before its broken template looks fine to it.
    let ordered = [tpl("fedora"), net("proxy"), app("work").set("netvm", "proxy")];
    let mut reversed = ordered.clone();
    reversed.reverse();
    for vms in [ordered, reversed] {
        let choices = RestoreChoices {
            selected: names(&["work", "proxy"]),
            ..RestoreChoices::default()
        };
        let table = resolve(&archive(&vms), &host(&[]), &choices);
        assert_problems(&table, "proxy", &[template_missing("fedora", Absence::NotSelected)]);
        let expected = [
            template_missing("fedora", Absence::NotSelected),
            netvm_missing("proxy", Absence::HasProblem),
        ];
        assert_problems(&table, "work", &expected);
    }
}

#[test]
fn every_reference_follows_a_rename() {
    // The existing restorer leaves devices, guivm, audiovm and management_dispvm with the host's VM of the old name.
    let devices = r#"<tags><tag name="created-by-proxy"/><tag name="created-by-dom0"/><tag name="guivm-proxy"/>
        <tag name="mine"/></tags>
        <devices class="block"><device backend-domain="proxy" id="sda" mode="ask-to-attach" identity="x:1"/></devices>"#;
    let work = app("work")
        .set("netvm", "proxy")
        .set("default_dispvm", "dvm")
        .set("management_dispvm", "dvm")
        .set("guivm", "proxy")
        .set("audiovm", "")
        .xml(devices);
    let vms = [
        tpl("fedora"),
        net("proxy"),
        dvm("dvm"),
        work,
        vm("disp", "DispVM").set("template", "dvm"),
    ];
    let table = resolve(
        &archive(&vms),
        &host(&[tpl("fedora"), net("proxy"), dvm("dvm")]),
        &on_conflict(OnConflict::Rename),
    );
    assert!(table.is_ready(), "{table:#?}");
    let work = row(&table, "work");
    assert_eq!(
        (work.name_here.as_str(), work.template.as_deref()),
        ("work", Some("fedora-1"))
    );
    assert_eq!((&work.netvm, &work.dispvm), (&named("proxy-1"), &named("dvm-1")));
    let vms: Vec<_> = work
        .vms
        .iter()
        .map(|(property, name)| (property.as_str(), name.as_str()))
        .collect();
    assert_eq!(
        vms,
        [("audiovm", ""), ("guivm", "proxy-1"), ("management_dispvm", "dvm-1")]
    );
    assert_eq!(
        work.tags,
        ["created-by-proxy-1", "created-by-dom0", "guivm-proxy-1", "mine"]
    );
    let device = &work.devices[0];
    assert_eq!(
        (device.device.backend(), device.port.backend.as_str()),
        (Some("proxy-1"), "proxy")
    );
    // The existing restorer loses these two.
    let has = |name: &str, value: &str| device.device.attributes.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("mode", "ask-to-attach") && has("identity", "x:1"));
    assert_eq!(row(&table, "disp").template.as_deref(), Some("dvm-1"));
}

#[test]
fn what_is_left_out_is_taken_from_the_host() {
    let vms = [tpl("fedora"), net("proxy"), app("work").set("netvm", "proxy")];
    let choices = RestoreChoices {
        selected: names(&["work"]),
        ..on_conflict(OnConflict::Rename)
    };
    let table = resolve(&archive(&vms), &host(&[tpl("fedora"), net("proxy")]), &choices);
    assert!(table.is_ready());
    let work = row(&table, "work");
    assert_eq!(
        (work.template.as_deref(), &work.netvm),
        (Some("fedora"), &named("proxy"))
    );
}

#[test]
fn a_reference_that_leads_nowhere_is_dropped_with_a_remark_unless_only_data_are_wanted() {
    let rest = r#"<tags><tag name="created-by-gone"/></tags>
        <devices class="pci"><device backend-domain="gone" id="00_1f.6"/></devices>"#;
    let vms = [app("work").set("guivm", "gone").set("audiovm", "dom0").xml(rest)];
    let table = resolve(&archive(&vms), &host(&[tpl("fedora")]), &RestoreChoices::default());
    let work = row(&table, "work");
    assert!(table.is_ready());
    assert_eq!(work.vms, one("audiovm", "dom0".to_owned()));
    assert!(work.tags.is_empty());
    assert_eq!(work.devices[0].fate, DeviceFate::NoBackend);
    assert_eq!(work.remarks.len(), 3, "{:?}", work.remarks);

    let accepting = rule(RestorePolicy {
        accept_missing: true,
        ..RestorePolicy::default()
    });
    let table = resolve(&archive(&vms), &System::default(), &accepting);
    let work = row(&table, "work");
    assert!(table.is_ready() && work.remarks.is_empty(), "{:?}", work.remarks);
    assert_eq!(
        (work.template.as_deref(), work.tags.as_slice()),
        (Some("fedora"), &["created-by-gone".to_owned()][..])
    );
    assert_eq!(work.vms.get("guivm").map(String::as_str), Some("gone"));
    assert_eq!(work.devices[0].fate, DeviceFate::Kept);
}

#[test]
fn a_disposable_needs_a_template_for_disposables() {
    let disp = |template: &str| vm("disp", "DispVM").set("template", template);
    let vms = [disp("work"), app("work").set("template", "debian")];
    let table = resolve(&archive(&vms), &host(&[]), &RestoreChoices::default());
    let expected = RestoreProblem::TemplateMissing {
        name: "work".to_owned(),
        absence: Absence::WrongKind,
        default: Some("default-dvm".to_owned()),
    };
    assert_problems(&table, "disp", &[expected]);
    let ignoring = rule(RestorePolicy {
        ignore_missing: true,
        ..RestorePolicy::default()
    });
    let table = resolve(&archive(&vms), &host(&[]), &ignoring);
    assert_eq!(row(&table, "disp").template.as_deref(), Some("default-dvm"));
    // Two disposables that are made from each other can never be created.
    let circle = |name: &str, template: &str| {
        vm(name, "DispVM")
            .set("template", template)
            .set("template_for_dispvms", "True")
    };
    let table = resolve(
        &archive(&[circle("a", "b"), circle("b", "a")]),
        &host(&[]),
        &RestoreChoices::default(),
    );
    assert!(table.rows.iter().all(|row| matches!(
        row.problems[..],
        [RestoreProblem::TemplateMissing {
            absence: Absence::WrongKind,
            ..
        }]
    )));
}

#[test]
fn net_vms_that_need_each_other_are_a_problem_of_theirs_alone() {
    let vms = [
        net("a").set("netvm", "b"),
        net("b").set("netvm", "a"),
        net("alone").set("netvm", "alone"),
        app("user").set("netvm", "a"),
        app("free").set("netvm", "sys-net"),
    ];
    let here = host(&[tpl("fedora")]);
    let table = resolve(&archive(&vms), &here, &RestoreChoices::default());
    let cycle = |name: &str| RestoreProblem::NetVmCycle { name: name.to_owned() };
    assert_problems(&table, "a", &[cycle("b")]);
    assert_problems(&table, "b", &[cycle("a")]);
    assert_problems(&table, "alone", &[cycle("alone")]);
    assert_problems(&table, "user", &[netvm_missing("a", Absence::HasProblem)]);
    assert_problems(&table, "free", &[]);
    let a = row(&table, "a");
    assert_eq!(table.candidates(&here, a).netvms, ["alone", "sys-net"]);
    let choices = RestoreChoices {
        netvms: [
            ("a".to_owned(), Reference::Default),
            ("alone".to_owned(), Reference::None),
        ]
        .into(),
        ..RestoreChoices::default()
    };
    assert!(resolve(&archive(&vms), &here, &choices).is_ready());
    // Two chosen ones can form a circle as well.
    let vms = [net("a"), net("b")];
    let choices = RestoreChoices {
        netvms: [("a".to_owned(), named("b")), ("b".to_owned(), named("a"))].into(),
        ..RestoreChoices::default()
    };
    assert!(!resolve(&archive(&vms), &here, &choices).is_ready());
}

#[test]
fn a_name_that_the_user_chose_wins_over_one_that_a_rule_gives() {
    let vms = [app("work"), app("vault"), app("mail")];
    let here = host(&[tpl("fedora"), app("work")]);
    let choices = RestoreChoices {
        names: [
            ("mail".to_owned(), "work-1".to_owned()),
            ("vault".to_owned(), "mail".to_owned()),
        ]
        .into(),
        ..on_conflict(OnConflict::Rename)
    };
    let table = resolve(&archive(&vms), &here, &choices);
    let here_names: Vec<&str> = table.rows.iter().map(|row| row.name_here.as_str()).collect();
    assert_eq!(here_names, ["work-2", "mail", "work-1"]);
    assert!(table.is_ready());
    // Without the rule the two have to be told apart by the user.
    let choices = RestoreChoices {
        names: one("vault", "mail".to_owned()),
        ..RestoreChoices::default()
    };
    let table = resolve(&archive(&vms), &here, &choices);
    assert_problems(&table, "vault", &[RestoreProblem::NameTwice]);
    assert_problems(&table, "mail", &[RestoreProblem::NameTwice]);
    assert_problems(&table, "work", &[RestoreProblem::NameTaken]);
}

#[test]
fn the_reason_for_another_name_is_noted() {
    let vms = [app("work"), app("vault"), app("mail"), app("9lives")];
    let here = host(&[tpl("fedora"), app("work")]);
    let choices = RestoreChoices {
        names: one("vault", "mail".to_owned()),
        ..on_conflict(OnConflict::Rename)
    };
    let table = resolve(&archive(&vms), &here, &choices);
    let why = |name: &str| {
        let renamed = |remark: &RestoreRemark| match remark {
            RestoreRemark::Renamed { from, why, .. } => Some((from.clone(), *why)),
            _ => None,
        };
        row(&table, name).remarks.iter().find_map(renamed).unwrap()
    };
    assert_eq!(why("work"), ("work".to_owned(), Renaming::TakenHere));
    assert_eq!(why("vault").1, Renaming::Chosen);
    assert_eq!(why("mail").1, Renaming::TakenByAnother);
    assert_eq!(why("9lives").1, Renaming::Invalid);
}

#[test]
fn a_generated_name_has_31_letters_at_most() {
    // The existing tools make 32 of them from the tenth name on.
    let name = "x".repeat(31);
    let taken: Vec<Vm> = (1..10).map(|n| app(&format!("{}-{n}", "x".repeat(29)))).collect();
    let here: Vec<Vm> = taken.into_iter().chain([app(&name), tpl("fedora")]).collect();
    let table = resolve(&archive(&[app(&name)]), &host(&here), &on_conflict(OnConflict::Rename));
    assert_eq!(row(&table, &name).name_here, format!("{}-10", "x".repeat(28)));
}

#[test]
fn selection_goes_by_the_name_in_the_archive() {
    // A VM that is left out stays out whatever it would be called here.
    let vms = [app("work"), app("work-1")];
    let choices = RestoreChoices {
        selected: names(&["work"]),
        ..on_conflict(OnConflict::Rename)
    };
    let table = resolve(&archive(&vms), &host(&[tpl("fedora"), app("work")]), &choices);
    let selected: Vec<_> = table
        .selected()
        .map(|row| (&*row.domain.name, &*row.name_here))
        .collect();
    assert_eq!(selected, [("work", "work-2")]);
}
