// SPDX-License-Identifier: GPL-3.0-or-later
//! What confined threads can and cannot do on this kernel. Each test confines threads of its own.

use std::{
    fs::{self, File},
    io::Read,
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    process::Command,
};

use super::*;

/// Whether this kernel has what is tested: without it there is nothing to show. The tests say so where tools are required.
fn is_there() -> bool {
    let is_there = run(Some(&Rules::default()), || File::open("/etc/passwd").is_err()).unwrap();
    assert!(
        is_there || std::env::var_os("PEDOS_BACKUP_REQUIRE_TOOLS").is_none(),
        "this kernel has no Landlock"
    );
    is_there
}

/// Runs on a thread that is confined to computing.
fn computing<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let confined = scope.spawn(|| {
            enter_computing();
            work()
        });
        confined.join().unwrap()
    })
}

#[test]
fn a_confined_thread_opens_what_its_rules_name_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("archive"), "content").unwrap();
    fs::write(at("other"), "secret").unwrap();
    fs::create_dir(at("new")).unwrap();
    if !is_there() {
        return;
    }
    let rules = Rules::default().reads(at("archive")).changes(at("new"));
    run(Some(&rules), || {
        assert_eq!(fs::read(at("archive")).unwrap(), b"content");
        for forbidden in [Path::new("/etc/passwd"), &at("other"), Path::new("/proc/1/environ")] {
            File::open(forbidden).unwrap_err();
        }
        fs::write(at("archive"), "changed").unwrap_err();
        fs::write(at("beside"), "x").unwrap_err();
        fs::remove_file(at("other")).unwrap_err();
        fs::rename(at("archive"), at("new/archive")).unwrap_err();
        fs::write(at("new/a"), "x").unwrap();
        fs::rename(at("new/a"), at("new/b")).unwrap();
        fs::create_dir(at("new/c")).unwrap();
        fs::remove_file(at("new/b")).unwrap();
        // What leads out of the folder leads nowhere.
        std::os::unix::fs::symlink("/etc/passwd", at("new/link")).unwrap();
        File::open(at("new/link")).unwrap_err();
    })
    .unwrap();
    assert_eq!(fs::read(at("archive")).unwrap(), b"content");
    assert!(File::open("/etc/passwd").is_ok(), "the thread that waited is as it was");
}

#[test]
fn a_confined_thread_has_no_network_and_starts_no_program() {
    if !is_there() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let everything = Rules::default().changes("/");
    let parent = rustix::process::getppid().unwrap();
    run(Some(&everything), || {
        TcpStream::connect(address).unwrap_err();
        TcpListener::bind("127.0.0.1:0").unwrap_err();
        UdpSocket::bind("127.0.0.1:0").unwrap_err();
        UnixStream::pair().unwrap_err();
        Command::new("true").status().unwrap_err();
        rustix::process::kill_process(parent, rustix::process::Signal::CONT).unwrap_err();
    })
    .unwrap();
    assert!(TcpStream::connect(address).is_ok());
}

#[test]
fn threads_of_a_confined_thread_are_confined() {
    if !is_there() {
        return;
    }
    let inner = || thread::spawn(|| File::open("/etc/passwd").map(drop)).join().unwrap();
    run(Some(&Rules::default()), inner).unwrap().unwrap_err();
    // More confinement on top of it works, and takes nothing back.
    let rules = Rules::default().reads("/etc");
    let nested = || run(Some(&rules), || File::open("/etc/passwd").map(drop)).unwrap();
    run(Some(&Rules::default()), nested).unwrap().unwrap_err();
}

#[test]
fn a_thread_that_computes_cannot_even_read_what_is_open() {
    if !is_there() {
        return;
    }
    let mut open = File::open("/etc/passwd").unwrap();
    let (sender, receiver) = std::sync::mpsc::sync_channel(0);
    let sum = computing(|| {
        let mut byte = [0];
        open.read(&mut byte).unwrap_err();
        File::open("/proc/meminfo").unwrap_err();
        UdpSocket::bind("127.0.0.1:0").unwrap_err();
        thread::Builder::new().spawn(|| {}).unwrap_err();
        // What it is there for: memory of any size, locks, time, panics.
        let large = vec![1_u8; 64 << 20];
        let start = std::time::Instant::now();
        thread::sleep(std::time::Duration::from_millis(1));
        assert!(start.elapsed().as_micros() > 0);
        assert!(sender.try_send(1).is_err());
        std::panic::catch_unwind(|| panic!("as a test wants it")).unwrap_err();
        large.iter().map(|byte| u64::from(*byte)).sum::<u64>()
    });
    drop(receiver);
    assert_eq!(sum, 64 << 20);
}

#[test]
fn a_panic_of_confined_work_is_one_of_its_caller() {
    let panic = std::panic::catch_unwind(|| run(Some(&Rules::default()), || panic!("ouch")));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"ouch"));
}
