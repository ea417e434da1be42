// SPDX-License-Identifier: GPL-3.0-or-later
//! Single calls: deadlines, a daemon that is restarted, and cancels.

use std::{
    thread,
    time::{Duration, Instant},
};

use pedos_backup::{
    adminapi::{ADMIN_SOCKET, AdminClient, AdminRequest, CallError, Deadline, ExceptionKind, LONGEST_REQUEST_BYTES},
    cancel::CancelToken,
    host::{self, HostError, OpenError},
};
use pedos_standin::{Dialect, Fault, Standin};

use crate::pedos::DIALECTS;

fn client(pedos: &Standin) -> AdminClient {
    AdminClient::new(pedos.root().join(ADMIN_SOCKET))
}

fn list() -> AdminRequest {
    AdminRequest::new("admin.vm.List", "dom0")
}

#[test]
fn an_answer_is_a_content_an_exception_or_silence() {
    for dialect in DIALECTS {
        let pedos = Standin::new(dialect);
        let client = client(&pedos);
        let content = client.ask(&list()).unwrap();
        assert!(content.starts_with(b"dom0 class=AdminVM"), "{content:?}");
        let missing = client.ask(&AdminRequest::new("admin.vm.property.Get", "work").with_argument("nosuch"));
        assert!(
            matches!(&missing, Err(CallError::Exception(e)) if e.kind == ExceptionKind::NoSuchProperty),
            "{missing:?}"
        );
        let unknown = client.ask(&AdminRequest::new("admin.vm.NoSuchCall", "work"));
        assert_eq!(pedos.violations().len(), 1);
        match (dialect, unknown) {
            (Dialect::V4_4, Err(CallError::Exception(e))) => assert_eq!(e.kind, ExceptionKind::Protocol),
            (Dialect::V4_2 | Dialect::V4_3, Err(CallError::Silence)) => {}
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_request_that_is_too_long_is_not_sent() {
    let pedos = Standin::new(Dialect::V4_4);
    let request = AdminRequest::new("admin.vm.notes.Set", "work").with_payload(vec![b'x'; LONGEST_REQUEST_BYTES]);
    let error = client(&pedos).ask(&request).unwrap_err();
    assert!(matches!(error, CallError::Request(_)), "{error:?}");
    assert!(pedos.journal().is_empty());
}

#[test]
fn a_daemon_that_is_restarted_is_waited_for() {
    let pedos = Standin::new(Dialect::V4_3);
    let client = client(&pedos);
    let back = Some(Duration::from_millis(700));
    pedos.on("admin.vm.List", Fault::DieBefore(back));
    assert!(client.ask(&list()).is_ok());
    pedos.on("admin.vm.List", Fault::DieAfter(back));
    assert!(client.ask(&list()).is_ok());
    pedos.restart_after(Duration::from_millis(700));
    assert!(client.ask(&list()).is_ok());
}

#[test]
fn a_change_whose_answer_was_lost_is_looked_up_and_not_made_twice() {
    let pedos = Standin::new(Dialect::V4_3);
    let client = client(&pedos);
    let request = AdminRequest::new("admin.vm.tag.Set", "work").with_argument("seen");
    let is_set = || {
        let answer = client.ask(&AdminRequest::new("admin.vm.tag.Get", "work").with_argument("seen"))?;
        Ok((answer == b"1").then(Vec::new))
    };
    let back = Some(Duration::from_millis(300));
    for (fault, times) in [(Fault::DieAfter(back), 1), (Fault::DieBefore(back), 2)] {
        pedos.clear_journal();
        pedos.on("admin.vm.tag.Set", fault);
        client.change(&request, Deadline::Usual, is_set).unwrap();
        let sent = pedos
            .journal()
            .iter()
            .filter(|call| call.method == "admin.vm.tag.Set")
            .count();
        assert_eq!(sent, times);
        assert!(pedos.call("admin.vm.tag.Remove", "seen", "work", b"").starts_with(b"0"));
    }
}

#[test]
fn a_daemon_that_stays_away_is_given_up() {
    let pedos = Standin::new(Dialect::V4_3);
    let client = client(&pedos).with_patience(Duration::from_secs(1));
    pedos.stop();
    let start = Instant::now();
    let error = client.ask(&list()).unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    assert!(start.elapsed() >= Duration::from_secs(1));
    // A socket without a daemon is a PedOS that does not answer, and never a folder that may be written.
    let Err(OpenError::Host(error)) = host::open(Some(pedos.root())) else {
        panic!("it was opened");
    };
    assert!(matches!(error, HostError::NobodyAnswers { .. }), "{error:?}");
}

#[test]
fn a_cancel_ends_every_wait() {
    let pedos = Standin::new(Dialect::V4_3);
    for is_away in [false, true] {
        let token = CancelToken::default();
        let client = client(&pedos).with_cancel(&token);
        if is_away {
            pedos.stop();
        } else {
            pedos.on("admin.vm.List", Fault::NoAnswer);
        }
        let asking = thread::spawn(move || client.ask(&list()));
        thread::sleep(Duration::from_millis(200));
        assert!(!asking.is_finished());
        let start = Instant::now();
        token.cancel();
        assert!(matches!(asking.join().unwrap(), Err(CallError::Cancelled(_))));
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn a_path_that_is_too_long_for_a_socket_is_reached_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let pedos = Standin::new(Dialect::V4_3);
    let long = folder.path().join("d".repeat(120));
    std::os::unix::fs::symlink(pedos.root(), &long).unwrap();
    let client = AdminClient::new(long.join(ADMIN_SOCKET));
    assert!(client.ask(&list()).is_ok());
}

#[test]
fn events_come_as_they_happen_and_their_end_is_seen() {
    let pedos = Standin::new(Dialect::V4_3);
    let mut stream = client(&pedos).events().unwrap();
    assert_eq!(stream.next(Duration::from_millis(50)).unwrap(), None);
    pedos.start_vm("personal");
    let mut names = Vec::new();
    while let Some(event) = stream.next(Duration::from_millis(300)).unwrap() {
        names.push(event.name);
    }
    let place = |name: &str| names.iter().position(|known| known == name);
    assert!(place("domain-pre-start") < place("domain-start"), "{names:?}");
    assert!(place("domain-start").is_some(), "{names:?}");
    pedos.stop();
    let end = stream.next(Duration::from_secs(5));
    assert!(matches!(end, Err(CallError::Lost)), "{end:?}");
}
