// SPDX-License-Identifier: GPL-3.0-or-later
//! What stands against a restore, cured by the options that the tool names, and what is on the host afterwards. All
//! combinations are tried on the plan itself; here a good part of them goes through the whole program.

use std::{fs, path::PathBuf};

use crate::support::{
    programs::{Run, back_up, only_archive, passfile, restore},
    roots::{self, Fill, Vm},
};
use pedos_backup::inventory::{Domain, Inventory};

const DEVICE: &str = r#"<devices class="block"><device backend-domain="proxy" id="sda" mode="ask-to-attach" identity="x:1"/></devices>
      <devices class="pci"><device backend-domain="dom0" id="00_14.3"/></devices>"#;

/// A template, a net VM, a disposable template and a VM that names them all.
fn vms() -> Vec<Vm> {
    let data = |size| Fill::Bytes(vec![7; size]);
    vec![
        Vm::new("fedora", "TemplateVM")
            .volume("root", data(2000))
            .volume("private", data(0)),
        Vm::new("proxy", "AppVM")
            .property("template", "fedora")
            .property("provides_network", "True")
            .property("netvm", "")
            .volume("private", data(600)),
        Vm::new("dispos", "AppVM")
            .property("template", "fedora")
            .property("template_for_dispvms", "True")
            .property("netvm", "")
            .volume("private", data(700)),
        Vm::new("work", "AppVM")
            .property("template", "fedora")
            .property("netvm", "proxy")
            .property("default_dispvm", "dispos")
            .property("guivm", "proxy")
            .property("kernel", "5.4")
            .tag("created-by-proxy")
            .devices(DEVICE)
            .volume("private", data(3000)),
    ]
}

/// An archive of these VMs and a host to restore into.
struct Case {
    folder: tempfile::TempDir,
    pass: PathBuf,
    archive: PathBuf,
}

impl Case {
    fn new(held: &[&str], here: &[Vm]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let pass = passfile(folder.path(), "correct horse");
        roots::make(&path("old"), &vms());
        fs::create_dir(path("out")).unwrap();
        back_up(&path("old"), &pass, &path("out"), held).expect(0);
        roots::make(&path("root"), here);
        fs::create_dir_all(path("root/var/lib/qubes/vm-kernels/6.6")).unwrap();
        let archive = only_archive(&path("out"));
        Self { folder, pass, archive }
    }

    fn run(&self, options: &str) -> Run {
        let options: Vec<&str> = options.split_whitespace().collect();
        restore(&self.folder.path().join("root"), &self.pass, &self.archive, &options)
    }

    fn record(&self) -> Inventory {
        let record = fs::read(self.folder.path().join("root/var/lib/qubes/qubes.xml"));
        Inventory::parse(&record.unwrap()).unwrap()
    }

    #[track_caller]
    fn domain(&self, name: &str) -> Domain {
        let found = self.record().domain(name);
        found.unwrap_or_else(|| panic!("there is no {name}"))
    }
}

#[track_caller]
fn expect_said(run: &Run, words: &[&str]) {
    for word in words {
        assert!(run.said().contains(word), "{word} is not in\n{}", run.said());
    }
}

#[test]
fn what_is_missing_is_shown_with_its_options_and_cured_by_them() {
    let here = [
        Vm::new("debian", "TemplateVM").volume("root", Fill::Bytes(vec![1])),
        Vm::new("firewall", "AppVM")
            .property("template", "debian")
            .property("provides_network", "True"),
    ];
    let case = Case::new(&["work"], &here);
    let before = case.record();
    let run = case.run("--dry-run").expect_failure(&[1]);
    let options = [
        "--template work=NAME",
        "--netvm work=NAME",
        "--ignore-missing",
        "--exclude work",
    ];
    expect_said(&run, &options);
    // Kernel and disposable template are replaced by the default, as the existing tools do it, and it is said.
    for replaced in ["dispos", "5.4"] {
        assert!(
            !run.said().contains(&format!("{replaced} is neither")),
            "{}",
            run.said()
        );
    }
    // There is no default template here, so that a rule alone is not enough.
    case.run("--dry-run --ignore-missing").expect_failure(&[1]);
    let cured = "--template work=debian --netvm work=firewall --dispvm work=none --kernel work=default";
    let run = case.run(&format!("--dry-run {cured}")).expect(0);
    expect_said(
        &run,
        &["<-- Template change to 'debian'", "<-- Net VM change to 'firewall'"],
    );
    assert_eq!(case.record(), before, "a dry run changes nothing");
    case.run(cured).expect(0);
    let work = case.domain("work");
    let property = |name| work.property(name);
    assert_eq!(
        (property("template"), property("netvm")),
        (Some("debian"), Some("firewall"))
    );
    assert_eq!(
        (property("default_dispvm"), property("kernel"), property("guivm")),
        (Some(""), None, None)
    );
    assert!(work.tags.is_empty(), "{:?}", work.tags);
    let devices: Vec<_> = work.devices.iter().map(|device| device.class.as_str()).collect();
    assert_eq!(devices, ["pci"], "the one whose backend is missing is left out");
}

#[test]
fn everything_follows_the_names_that_vms_get_here() {
    let case = Case::new(&["fedora", "proxy", "dispos", "work"], &vms());
    let run = case.run("--kernel work=6.6").expect_failure(&[1]);
    expect_said(
        &run,
        &["--rename work=NAME", "--rename-conflicting", "--skip-conflicting"],
    );
    case.run("--kernel work=6.6 --rename-conflicting --rename proxy=gate --drop-device work=pci")
        .expect(0);
    let work = case.domain("work-1");
    for (property, value) in [
        ("template", "fedora-1"),
        ("netvm", "gate"),
        ("default_dispvm", "dispos-1"),
        ("guivm", "gate"),
        ("kernel", "6.6"),
    ] {
        assert_eq!(work.property(property), Some(value), "{property}");
    }
    assert_eq!(work.tags, ["created-by-gate"]);
    assert_eq!(work.devices.len(), 1);
    let attributes = &work.devices[0].attributes;
    for (name, value) in [
        ("backend-domain", "gate"),
        ("mode", "ask-to-attach"),
        ("identity", "x:1"),
    ] {
        assert!(
            attributes.contains(&(name.to_owned(), value.to_owned())),
            "{attributes:?}"
        );
    }
}

#[test]
fn a_part_of_a_backup_takes_the_rest_from_the_host_or_says_what_to_restore_too() {
    let case = Case::new(&["fedora", "proxy", "dispos", "work"], &[]);
    let run = case.run("--kernel work= -x fedora").expect_failure(&[1]);
    expect_said(&run, &["restore fedora too", "solve the problem of proxy"]);
    case.run("--kernel work= -x work --no-devices").expect(0);
    // Now the others are here, and nobody is restored twice.
    case.run("--kernel work= --skip-conflicting --no-devices").expect(3);
    let work = case.domain("work");
    assert_eq!(
        (work.property("netvm"), work.property("kernel")),
        (Some("proxy"), Some(""))
    );
    assert!(work.devices.is_empty());
    assert_eq!(case.record().domains().len(), 5);
}

#[test]
fn options_that_cannot_be_meant_are_a_wrong_command_line() {
    let case = Case::new(&["work", "dispos"], &[]);
    for options in [
        "--rename gone=x",
        "--rename work=1st",
        "--rename work=a --rename work=b",
        "--rename work=a --rename dispos=a",
        "--rename dom0=x",
        "--netvm work",
        "--pool a --pool b",
        "--drop-device work=usb",
        "--verify-only --template work=x",
        "--verify-only --dry-run",
    ] {
        let run = case.run(options).expect(2);
        assert!(run.stderr.contains("error:"), "{options}: {}", run.stderr);
    }
    case.run("--pool nowhere --dry-run").expect_failure(&[1]);
}
