// SPDX-License-Identifier: GPL-3.0-or-later
//! Faults on demand, and a daemon that is killed.

use std::{
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

use pedos_standin::{Dialect, Fault, Standin};

use super::support::{TAG, ask, connect, create, listen, must};

const SHORT: Duration = Duration::from_millis(100);

fn refused(pedos: &Standin) -> bool {
    let result = UnixStream::connect(pedos.path("/var/run/qubesd.sock"));
    matches!(result, Err(error) if error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn a_killed_daemon_leaves_its_socket_and_refuses() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.stop();
    assert!(refused(&pedos));
    assert!(pedos.path("/var/run/qubesd.sock").exists());
    pedos.start();
    assert!(must(&pedos, "admin.vm.List+ work", "").starts_with("work class=AppVM"));
    pedos.restart_after(SHORT);
    assert!(refused(&pedos));
    let begin = Instant::now();
    while refused(&pedos) {
        assert!(begin.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(5));
    }
    assert!(begin.elapsed() > SHORT / 2);
}

#[test]
fn a_daemon_that_dies_before_it_acts_has_changed_nothing() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.on("admin.vm.tag.Set", Fault::DieBefore(None));
    assert_eq!(ask(&pedos, "admin.vm.tag.Set+x work", ""), "");
    assert!(refused(&pedos));
    pedos.start();
    assert_eq!(must(&pedos, "admin.vm.tag.Get+x work", ""), "0");
    must(&pedos, "admin.vm.tag.Set+x work", "");
}

#[test]
fn a_daemon_that_dies_after_it_acted_has_done_it() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.on("admin.vm.tag.Set", Fault::DieAfter(Some(SHORT)));
    assert_eq!(ask(&pedos, "admin.vm.tag.Set+x work", ""), "");
    assert!(refused(&pedos));
    while refused(&pedos) {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(must(&pedos, "admin.vm.tag.Get+x work", ""), "1");
}

#[test]
fn an_import_outlives_the_daemon() {
    let pedos = Standin::new(Dialect::V4_3);
    create(&pedos, "back");
    let begun = must(&pedos, "internal.vm.volume.ImportBegin+private back", "5");
    let path = pedos.path(begun.split_once(' ').unwrap().1);
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    pedos.stop();
    file.write_all(b"hello").unwrap();
    assert_eq!(
        pedos.state().open_imports(),
        [("back".to_owned(), "private".to_owned())]
    );
    pedos.start();
    must(&pedos, "internal.vm.volume.ImportEnd+private back", "ok");
    assert_eq!(std::fs::read(pedos.volume_path("back", "private")).unwrap(), b"hello");
    assert!(pedos.state().open_imports().is_empty());
}

#[test]
fn faults_come_once_each_and_only_to_their_method() {
    let pedos = Standin::new(Dialect::V4_2);
    pedos.on_next(2, "admin.vm.tag.*", &Fault::Silence);
    pedos.on(
        "admin.vm.tag.Get",
        Fault::Exception("QubesException".to_owned(), "no".to_owned()),
    );
    must(&pedos, "admin.vm.List+ work", "");
    assert_eq!(ask(&pedos, "admin.vm.tag.Get+x work", ""), "");
    assert_eq!(ask(&pedos, "admin.vm.tag.List+ work", ""), "");
    assert_eq!(ask(&pedos, "admin.vm.tag.Get+x work", ""), "2|QubesException||no|");
    assert_eq!(ask(&pedos, "admin.vm.tag.Get+x work", ""), "0|0");
}

#[test]
fn a_slow_call_lets_the_others_wait() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.on("admin.vm.tag.List", Fault::Slow(SHORT * 2));
    let begin = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| must(&pedos, "admin.vm.tag.List+ work", ""));
        while pedos.journal().is_empty() {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(SHORT / 2);
        must(&pedos, "admin.vm.List+ work", "");
    });
    assert!(begin.elapsed() >= SHORT * 2);
    let journal = pedos.journal();
    assert_eq!(journal[1].method, "admin.vm.List");
    assert!(journal.iter().all(pedos_standin::Call::succeeded));
}

#[test]
fn no_answer_comes_and_others_are_served() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.on("admin.vm.Start", Fault::NoAnswer);
    let mut stream = connect(pedos.root(), false);
    stream.write_all(b"admin.vm.Start+ dom0 name vault\0").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.set_read_timeout(Some(SHORT)).unwrap();
    let mut buffer = [0];
    assert_eq!(stream.read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(must(&pedos, "admin.vm.List+ vault", "").contains("state=Halted"));
    pedos.stop();
    stream.set_read_timeout(None).unwrap();
    assert_eq!(stream.read(&mut buffer).unwrap(), 0);
}

#[test]
fn streams_end_with_the_daemon() {
    let pedos = Standin::new(Dialect::V4_4);
    let mut stream = listen(pedos.root(), "vault");
    assert_eq!(pedos.listeners(), 1);
    pedos.start_vm("personal");
    pedos.start_vm("vault");
    pedos.stop();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    assert!(heard.contains("vault\0domain-start\0"));
    assert!(!heard.contains("personal"));
    assert_eq!(pedos.listeners(), 0);
    pedos.start();
    drop(stream);
    let stream = listen(pedos.root(), "dom0");
    assert_eq!(pedos.listeners(), 1);
    drop(stream);
    while pedos.listeners() == 1 {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(!pedos.state().vm("vault").unwrap().tags.contains(TAG));
}
