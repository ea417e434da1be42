// SPDX-License-Identifier: GPL-3.0-or-later
//! `qrexec-client` and the services in VMs.

use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use pedos_standin::{Dialect, Standin};

/// A long time for something to come, in which nothing else happens.
const LONG: Duration = Duration::from_secs(20);

fn client(pedos: &Standin, vm: &str, service: &str) -> Command {
    let mut command = Command::new(pedos.path("/usr/lib/qubes/qrexec-client"));
    let word = format!("DEFAULT:QUBESRPC {service}+ dom0");
    command.args(["-d", vm, "-w", "60", "-T", &word]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a service with that input.
fn run(pedos: &Standin, vm: &str, service: &str, input: &[u8]) -> Output {
    let mut child = client(pedos, vm, service).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The only file of a folder.
fn only_file(folder: PathBuf) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < LONG, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_archive_goes_into_a_folder_of_a_vm() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = pedos.vm_root("work").join("home/user/my backups");
    fs::create_dir_all(&folder).unwrap();
    let archive: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let input = [b" /home/user/my backups \n", archive.as_slice()].concat();
    let output = run(&pedos, "work", "qubes.Backup", &input);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let chatter = text(&output.stdout);
    assert!(
        chatter.contains("Copying STDIN data to /home/user/my backups/qubes-backup-20"),
        "{chatter}"
    );
    assert!(text(&output.stderr).contains("3000000 bytes"));
    let file = only_file(folder);
    assert_eq!(fs::read(&file).unwrap(), archive);
    let services = pedos.services();
    assert_eq!(services.len(), 1);
    assert_eq!(
        (services[0].vm.as_str(), services[0].service.as_str()),
        ("work", "qubes.Backup")
    );
    assert_eq!((services[0].wait_seconds, services[0].cleans_output), (60, false));
}

#[test]
fn an_archive_goes_into_a_command() {
    let pedos = Standin::new(Dialect::V4_3);
    let home = pedos.vm_root("work").join("home/user");
    let output = run(
        &pedos,
        "work",
        "qubes.Backup",
        b"sh -c 'cat > out; echo done'\nthe archive",
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).ends_with("Redirecting STDIN to sh -c 'cat > out; echo done'\ndone\n"));
    assert_eq!(fs::read(home.join("out")).unwrap(), b"the archive");
    // A redirection acts on something else than the command.
    let output = run(&pedos, "work", "qubes.Backup", b"cat > trap\nthe archive");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).ends_with("the archive"));
    assert_eq!(fs::read(home.join("trap")).unwrap(), b"");
    let output = run(&pedos, "work", "qubes.Backup", b"no-such-program --x\nthe archive");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).ends_with("Invalid command: no-such-program --x\n"));
    let output = run(&pedos, "work", "qubes.Backup", b"sh -c 'kill -9 $$'\n");
    assert_eq!(output.status.code(), Some(137));
}

#[test]
fn a_killed_client_looks_like_the_end_of_the_archive() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = pedos.vm_root("work").join("home/user/cut");
    fs::create_dir_all(&folder).unwrap();
    let mut child = client(&pedos, "work", "qubes.Backup").spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"/home/user/cut\n").unwrap();
    stdin.write_all(&[7; 100_000]).unwrap();
    wait_for("the archive begins", || fs::read_dir(&folder).unwrap().count() == 1);
    let file = only_file(folder);
    wait_for("data come", || fs::metadata(&file).unwrap().len() >= 65536);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("what was sent is there", || {
        fs::metadata(&file).unwrap().len() == 100_000
    });
    // What is written now goes nowhere.
    wait_for("the pipe breaks", || stdin.write_all(&[8; 100]).is_err());
    assert_eq!(fs::metadata(&file).unwrap().len(), 100_000);
}

#[test]
fn a_vm_that_stops_takes_its_services_with_it() {
    let pedos = Standin::new(Dialect::V4_3);
    let mut child = client(&pedos, "work", "qubes.Backup").spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"cat\nx").unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut heard = String::new();
    while !heard.ends_with("Redirecting STDIN to cat\nx") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        heard.push(char::from(byte[0]));
    }
    pedos.halt_vm("work");
    assert_eq!(child.wait().unwrap().code(), Some(125));
    let output = run(&pedos, "work", "qubes.Backup", b"cat\n");
    assert_eq!(output.status.code(), Some(125));
    assert!(text(&output.stderr).contains("cannot connect to /var/run/qubes/qrexec.work"));
}

/// A tar archive of these files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        let size = format!("{:011o}\0", content.len());
        header[124..136].copy_from_slice(size.as_bytes());
        header[136..148].copy_from_slice(b"00000000012\0");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn archive() -> Vec<u8> {
    let big = vec![9; 200_000];
    tar(&[
        ("backup-header", b"version=4\n"),
        ("backup-header.hmac", b"mac"),
        ("qubes.xml.000.enc", b"xml"),
        ("vm1/private.img.000.enc", &big),
        ("vm10/private.img.000.enc", b"ten"),
    ])
}

/// Reads a qfile stream from a service, answers it and returns names, modes and sizes, all it sent, and the exit status.
fn receive(pedos: &Standin, request: &str, verdict: impl Fn(&[u8]) -> Vec<u8>) -> (Vec<(String, u32, u64)>, i32) {
    let mut child = client(pedos, "work", "qubes.Restore").spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(request.as_bytes()).unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (mut all, mut members) = (Vec::new(), Vec::new());
    loop {
        let mut header = [0; 32];
        if stdout.read_exact(&mut header).is_err() {
            break;
        }
        all.extend_from_slice(&header);
        let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
        let size = u64::from_le_bytes(header[8..16].try_into().unwrap());
        if number(0) == 0 {
            stdin.write_all(&verdict(&all)).unwrap();
            break;
        }
        let mut name = vec![0; number(0) as usize];
        stdout.read_exact(&mut name).unwrap();
        let mut content = vec![0; usize::try_from(size).unwrap()];
        stdout.read_exact(&mut content).unwrap();
        all.extend_from_slice(&name);
        all.extend_from_slice(&content);
        assert_eq!(name.pop(), Some(0));
        members.push((text(&name), number(4), size));
    }
    drop(stdin);
    (members, child.wait().unwrap().code().unwrap())
}

/// The verdict of a receiver that got all.
fn fine(all: &[u8]) -> Vec<u8> {
    let mut crc = 0xffff_ffff_u32;
    for byte in all {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                0xedb8_8320 ^ (crc >> 1)
            } else {
                crc >> 1
            };
        }
    }
    let mut verdict = vec![0; 8];
    verdict.extend_from_slice(&u64::from(!crc).to_le_bytes());
    verdict
}

#[test]
fn wanted_members_come_as_a_stream() {
    let pedos = Standin::new(Dialect::V4_3);
    let home = pedos.vm_root("work").join("home/user");
    fs::write(home.join("archive"), archive()).unwrap();
    let (members, code) = receive(&pedos, "/home/user/archive\nbackup-header qubes.xml\n", fine);
    let names: Vec<&str> = members.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["backup-header", "backup-header.hmac", "qubes.xml.000.enc"]);
    assert_eq!(members[0], ("backup-header".to_owned(), 0o100_644, 10));
    assert_eq!(code, 0);
    let (members, code) = receive(&pedos, "archive\nvm1/\n", fine);
    assert_eq!(
        members,
        [
            ("vm1".to_owned(), 0o040_700, 0),
            ("vm1/private.img.000.enc".to_owned(), 0o100_644, 200_000)
        ]
    );
    assert_eq!(code, 0);
    let (members, _) = receive(&pedos, "cat archive\n\n", fine);
    assert_eq!(members.len(), 7);
}

#[test]
fn a_sender_looks_at_the_verdict() {
    let pedos = Standin::new(Dialect::V4_3);
    fs::write(pedos.vm_root("work").join("home/user/archive"), archive()).unwrap();
    let with_code = |code: u8| {
        move |all: &[u8]| {
            let mut verdict = fine(all);
            verdict[0] = code;
            verdict
        }
    };
    let wrong_sum = |all: &[u8]| fine(&all[1..]);
    let nothing = |_: &[u8]| Vec::new();
    assert_eq!(receive(&pedos, "archive\nqubes.xml\n", with_code(122)).1, 0);
    assert_eq!(receive(&pedos, "archive\nqubes.xml\n", with_code(17)).1, 1);
    assert_eq!(receive(&pedos, "archive\nqubes.xml\n", wrong_sum).1, 1);
    assert_eq!(receive(&pedos, "archive\nqubes.xml\n", nothing).1, 1);
    assert_eq!(receive(&pedos, "/no/such\n\n", fine), (Vec::new(), 2));
    assert_eq!(receive(&pedos, "no-such-command\n\n", fine), (Vec::new(), 2));
    let (members, code) = receive(&pedos, "false\n\n", fine);
    assert_eq!((members.len(), code), (0, 0));
}

#[test]
fn a_vm_is_asked_for_a_folder() {
    let pedos = Standin::new(Dialect::V4_3);
    let output = run(&pedos, "work", "qubes.SelectDirectory", b"");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
    pedos.choose("work", Some("/home/user/x"));
    let output = run(&pedos, "work", "qubes.SelectFile", b"");
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), "/home/user/x\n".to_owned())
    );
    pedos.choose("work", None);
    assert_eq!(run(&pedos, "work", "qubes.SelectFile", b"").status.code(), Some(1));
    assert_eq!(run(&pedos, "work", "qubes.NoSuch", b"").status.code(), Some(127));
}

#[test]
fn a_wrong_start_is_remembered() {
    let pedos = Standin::new(Dialect::V4_3);
    for words in [
        &["-d", "work", "user:sh"][..],
        &["-d", "work", "-p", "x", "DEFAULT:QUBESRPC qubes.Backup+ dom0"],
        &["-d", "work", "DEFAULT:QUBESRPC qubes.Backup dom0"],
        &["DEFAULT:QUBESRPC qubes.Backup+ dom0"],
    ] {
        let output = Command::new(pedos.path("/usr/lib/qubes/qrexec-client"))
            .args(words)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(pedos.violations().len(), 1, "{words:?}");
    }
    assert!(pedos.services().is_empty());
    let output = Command::new(pedos.path("/usr/lib/qubes/qrexec-client"))
        .args(["-d", "work", "-t", "DEFAULT:QUBESRPC qubes.Restore+ dom0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        pedos.violations(),
        ["qrexec-client: -t spoils the data of qubes.Restore"]
    );
}

#[test]
fn a_test_brings_a_service_of_its_own() {
    let pedos = Standin::new(Dialect::V4_3);
    let program = "#!/bin/sh\ncat >$STANDIN_VM_ROOT/got\npwd\necho full >&2\nexit 28\n";
    pedos.install_service("work", "qubes.Backup", program);
    let output = run(&pedos, "work", "qubes.Backup", b"/x\narchive");
    assert_eq!(output.status.code(), Some(28));
    assert!(text(&output.stdout).ends_with("/run/vm/work/home/user\n"));
    assert_eq!(text(&output.stderr), "full\n");
    assert_eq!(fs::read(pedos.vm_root("work").join("got")).unwrap(), b"/x\narchive");
}

#[test]
fn messages_are_cleaned_where_that_is_asked_for() {
    let pedos = Standin::new(Dialect::V4_3);
    let output = run(&pedos, "work", "qubes.Backup", b"sh -c 'printf \"\\033[1mx\\n\" >&2'\n");
    assert_eq!(text(&output.stderr), "_[1mx\n");
}
