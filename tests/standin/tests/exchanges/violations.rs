// SPDX-License-Identifier: GPL-3.0-or-later
//! What nobody should send is answered as the daemon answers it, and remembered.

use std::{
    io::{Read, Write},
    panic,
    time::{Duration, Instant},
};

use pedos_standin::{Dialect, Driver, Standin};

use super::support::{ask, connect, create, must, send};

/// Asserts that there is one violation, which says that.
fn only(pedos: &Standin, said: &str) {
    let violations = pedos.violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].contains(said), "{violations:?}");
    assert!(pedos.violations().is_empty());
}

#[test]
fn a_request_without_a_half_close_is_not_answered() {
    let pedos = Standin::new(Dialect::V4_3);
    let mut stream = connect(pedos.root(), false);
    stream.write_all(b"admin.vm.List+ dom0 name dom0\0").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(2300))).unwrap();
    let begin = Instant::now();
    assert!(stream.read(&mut [0]).is_err());
    assert!(begin.elapsed() > Duration::from_secs(2));
    only(&pedos, "without half-close: \"admin.vm.List+ dom0 name dom0\"");
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    stream.set_read_timeout(None).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"0\0dom0"));
    assert!(!pedos.journal()[0].half_closed);
}

#[test]
fn a_request_that_is_too_long_ends_without_a_word() {
    let pedos = Standin::new(Dialect::V4_4);
    let head = b"admin.vm.feature.Set+x dom0 name work\0";
    for (bytes, is_too_long) in [(65536, false), (65537, true), (300_000, true)] {
        let mut request = head.to_vec();
        request.resize(bytes, b'x');
        let answer = send(pedos.root(), false, &request);
        assert_eq!(answer, if is_too_long { &b""[..] } else { b"0\0" });
        if is_too_long {
            only(&pedos, "above 65536 bytes");
        }
    }
}

#[test]
fn what_changes_nothing_is_remembered() {
    let pedos = Standin::new(Dialect::V4_3);
    must(&pedos, "admin.vm.property.Set+memory work", "400");
    assert!(pedos.violations().is_empty());
    must(&pedos, "admin.vm.property.Set+memory work", "400");
    only(&pedos, "memory of work is set to what it is");
    must(&pedos, "admin.vm.property.Reset+memory work", "");
    assert!(pedos.violations().is_empty());
    must(&pedos, "admin.vm.property.Reset+memory work", "");
    only(&pedos, "memory of work is reset, but it is default");
    must(&pedos, "admin.vm.feature.Set+menu-items vault", "a.desktop b.desktop");
    only(&pedos, "the feature menu-items of vault");
    must(&pedos, "admin.vm.tag.Set+secret vault", "");
    only(&pedos, "the tag secret");
    must(&pedos, "admin.vm.volume.Set.revisions_to_keep+private work", "1");
    only(&pedos, "work:private is set to what it is");
    must(&pedos, "admin.vm.firewall.Set+ work", "action=accept\n");
    assert!(pedos.violations().is_empty());
    must(&pedos, "admin.vm.firewall.Set+ work", "action=accept\n");
    only(&pedos, "the firewall of work");
    must(&pedos, "admin.property.Set+default_netvm dom0", "sys-firewall");
    only(&pedos, "default_netvm is set to what it is");
}

#[test]
fn imports_want_a_halted_vm_with_the_tag_and_a_beginning() {
    for dialect in Dialect::ALL {
        let pedos = Standin::new(dialect);
        let answer = ask(&pedos, "internal.vm.volume.ImportBegin+private work", "4096");
        assert_eq!(answer, "2|QubesVMNotHaltedError||Domain is not powered off: 'work'|");
        only(&pedos, "while the VM runs");
        must(&pedos, "internal.vm.volume.ImportBegin+private personal", "4096");
        only(&pedos, "without the tag backup-restore-in-progress");
        must(&pedos, "internal.vm.volume.ImportBegin+private personal", "4096");
        assert_eq!(pedos.violations().len(), 2);
        let answer = ask(&pedos, "internal.vm.volume.ImportEnd+private personal", "fail\nbroken");
        assert_eq!(answer, "2|QubesException||Data import failed: broken|");
        assert!(pedos.violations().is_empty());
        assert_eq!(ask(&pedos, "internal.vm.volume.ImportEnd+private personal", "ok"), "");
        only(&pedos, "is ended that was not begun");
    }
}

#[test]
fn preloading_while_a_vm_is_restored_is_remembered() {
    let pedos = Standin::builder(Dialect::V4_3).pool_driver(Driver::LvmThin).start();
    create(&pedos, "dvm");
    must(&pedos, "admin.vm.property.Set+template_for_dispvms dvm", "True");
    for feature in [
        "qrexec",
        "supported-rpc.qubes.WaitForRunningSystem",
        "supported-rpc.qubes.WaitForSession",
    ] {
        must(&pedos, &format!("admin.vm.feature.Set+{feature} dvm"), "1");
    }
    must(&pedos, "admin.vm.feature.Set+preload-dispvm-max dvm", "1");
    only(&pedos, "while it is restored");
    assert!(pedos.events().iter().any(|(_, event)| event == "domain-start-failed"));
    must(&pedos, "admin.vm.tag.Remove+backup-restore-in-progress dvm", "");
    must(&pedos, "admin.vm.feature.Set+preload-dispvm-max dvm", "2");
    let state = pedos.state();
    let paused = state
        .vms
        .iter()
        .filter(|vm| vm.power == pedos_standin::Power::Paused)
        .count();
    assert_eq!(paused, 2);
}

#[test]
fn a_stand_in_that_is_dropped_with_violations_panics() {
    let result = panic::catch_unwind(|| {
        let pedos = Standin::new(Dialect::V4_3);
        assert_eq!(ask(&pedos, "admin.no.Such dom0", ""), "");
    });
    let text = *result.unwrap_err().downcast::<String>().unwrap();
    assert!(text.contains("knows no method admin.no.Such"), "{text}");
}
