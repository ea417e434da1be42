// SPDX-License-Identifier: GPL-3.0-or-later
//! A VM that names what a live PedOS has not: the plan says what is missing, and its cures work.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pedos_standin::{Class, Dialect, Standin};

use crate::support::{
    jobs::{self, PASSPHRASE},
    programs::{self, Run},
};

use crate::pedos::{DIALECTS, data, open, volume};

const VM: &str = "much-needed";
/// What the other PedOS has no VM of.
const FOREIGN: [&str; 3] = ["tpl-foreign", "net-foreign", "dvm-foreign"];

/// An archive of a VM whose template, net VM, disposable template, label, kernel and device backend are its host's alone.
fn archive(dialect: Dialect, folder: &Path) -> PathBuf {
    let pedos = Standin::new(dialect);
    let create = |class: &str, template: &str, payload: &str| {
        pedos.must(&format!("admin.vm.Create.{class}"), template, "dom0", payload);
    };
    let set = |vm: &str, name: &str, value: &str| {
        pedos.must("admin.vm.property.Set", name, vm, value);
    };
    pedos.edit(|state| state.kernels.push("5.4".to_owned()));
    pedos.must("admin.label.Create", "ash", "dom0", "0xb2beb5");
    create("TemplateVM", "", "name=tpl-foreign label=black");
    create("AppVM", "tpl-foreign", "name=net-foreign label=red");
    set("net-foreign", "provides_network", "True");
    create("AppVM", "tpl-foreign", "name=dvm-foreign label=red");
    set("dvm-foreign", "template_for_dispvms", "True");
    create("AppVM", "tpl-foreign", &format!("name={VM} label=ash"));
    set(VM, "netvm", "net-foreign");
    set(VM, "default_dispvm", "dvm-foreign");
    set(VM, "kernel", "5.4");
    let (method, port) = match dialect {
        Dialect::V4_2 => ("admin.vm.device.block.Attach", "sys-usb+sda"),
        _ => ("admin.vm.device.block.Assign", "sys-usb+sda+_"),
    };
    let device = match dialect {
        Dialect::V4_2 => "persistent=yes",
        _ => "device_id='b123456' port_id='sda' devclass='block' backend_domain='sys-usb' mode='auto-attach'",
    };
    pedos.must(method, port, VM, device);
    pedos.fill_volume(VM, "private", &data(9, 1 << 20));
    let file = folder.join("archive");
    assert!(jobs::back_up(open(&pedos).as_ref(), &[VM], &file).unwrap().is_success());
    file
}

/// A PedOS without any of that.
fn elsewhere(dialect: Dialect) -> Standin {
    let others = ["tpl-main", "tpl-minimal", "sys-net", "sys-firewall", "default-dvm"];
    Standin::builder(dialect).only(&others).start()
}

fn restore(pedos: &Standin, archive: &Path, options: &str) -> Run {
    let passphrase = archive.with_file_name("passphrase");
    fs::write(&passphrase, PASSPHRASE).unwrap();
    let mut tool = programs::qvm_backup_restore();
    tool.arg("--root").arg(pedos.root()).arg("-p").arg(passphrase);
    programs::finish(tool.args(options.split_whitespace()).arg(archive))
}

#[test]
fn what_is_missing_on_a_live_pedos_is_named_and_cured_by_the_options_that_are_named() {
    for dialect in DIALECTS {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(dialect, folder.path());
        let pedos = elsewhere(dialect);
        let run = restore(&pedos, &archive, "--dry-run").expect_failure(&[1]);
        let options = [
            format!("--template {VM}=NAME"),
            format!("--netvm {VM}=NAME"),
            "--ignore-missing".to_owned(),
        ];
        for named in options.iter().map(String::as_str).chain(["tpl-foreign", "net-foreign"]) {
            assert!(run.said().contains(named), "{named}: {}", run.said());
        }
        restore(&pedos, &archive, "").expect_failure(&[1]);
        assert!(pedos.journal().iter().all(|call| !call.wrote_record));

        // One by one.
        let cures = format!("--template {VM}=tpl-minimal --netvm {VM}=sys-net --dispvm {VM}=none");
        let run = restore(&pedos, &archive, &format!("--dry-run {cures}")).expect(0);
        assert!(
            run.said().contains("sys-usb") && run.said().contains("5.4"),
            "{}",
            run.said()
        );
        restore(&pedos, &archive, &cures).expect(0);
        let state = pedos.state();
        let vm = state.vm(VM).unwrap();
        let property = |name| vm.property(name);
        assert_eq!(
            (property("template"), property("netvm"), property("default_dispvm")),
            (Some("tpl-minimal"), Some("sys-net"), Some(""))
        );
        assert_eq!((property("kernel"), property("label")), (None, Some("ash")));
        assert_eq!(state.label("ash").unwrap().color, "0xb2beb5");
        assert_eq!(vm.devices, []);
        assert!(volume(&pedos, VM, "private") == data(9, 1 << 20));

        // All at once, and a kernel that is chosen has to be there.
        pedos.must("admin.vm.Remove", "", VM, "");
        let chosen = format!("--ignore-missing --kernel {VM}=5.4");
        let run = restore(&pedos, &archive, &chosen).expect_failure(&[1]);
        assert!(run.said().contains(&format!("--kernel {VM}=")), "{}", run.said());
        restore(&pedos, &archive, "--ignore-missing").expect(0);
        let state = pedos.state();
        let vm = state.vm(VM).unwrap();
        assert_eq!((vm.class, vm.property("template")), (Class::App, Some("tpl-main")));
        assert_eq!((vm.property("netvm"), vm.property("default_dispvm")), (None, None));
        assert!(FOREIGN.iter().all(|name| state.vm(name).is_none()));
    }
}
