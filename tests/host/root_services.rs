// SPDX-License-Identifier: GPL-3.0-or-later
//! The services of a root folder's running VMs: whole conversations, and what happens when they go wrong.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use pedos_backup::{
    host::{HostError, Intake, NewVm, Service, ServiceProcess, Services, root::RootHost},
    inventory::Class,
    qfile,
};
use tempfile::TempDir;

/// How long an end may take that is promised at once.
const AT_ONCE: Duration = Duration::from_secs(2);

struct Running {
    _folder: TempDir,
    host: RootHost,
    inside: PathBuf,
}

impl Running {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let host = RootHost::create(&root).unwrap();
        for name in ["usb", "off"] {
            host.create_vm(&NewVm {
                name: name.to_owned(),
                class: Class::AppVm,
                label: "red".to_owned(),
                template: None,
                pool: None,
                tags: Vec::new(),
            })
            .unwrap();
        }
        let inside = root.join("run/vm/usb");
        fs::create_dir_all(inside.join("home/user")).unwrap();
        fs::create_dir_all(inside.join("mnt/my disk")).unwrap();
        Self {
            _folder: folder,
            host,
            inside,
        }
    }

    fn start(&self, service: Service) -> ServiceProcess {
        self.host.start_service("usb", service).unwrap()
    }

    /// Holds a whole conversation with `qubes.Backup`; gives its exit code and what it printed.
    fn back_up(&self, line: &str, archive: &[u8]) -> (i32, String) {
        let mut process = self.start(Service::Backup);
        let mut stdin = process.stdin.take().unwrap();
        let writer = thread::spawn({
            let bytes = [line.as_bytes(), b"\n", archive].concat();
            move || stdin.write_all(&bytes)
        });
        let mut said = String::new();
        process.stdout.read_to_string(&mut said).unwrap();
        let code = process.control.wait().unwrap();
        // A service that ends early leaves the writer with a broken pipe.
        let _ = writer.join().unwrap();
        (code, said)
    }

    /// Starts `qubes.Restore` with its two lines.
    fn restore(&self, source: &str, prefixes: &str) -> ServiceProcess {
        let mut process = self.start(Service::Restore);
        let stdin = process.stdin.as_mut().unwrap();
        stdin.write_all(format!("{source}\n{prefixes}\n").as_bytes()).unwrap();
        process
    }

    /// Holds a whole conversation with `qubes.Restore`; gives the exit code and the files.
    fn receive(&self, source: &str, prefixes: &str) -> (i32, Vec<(String, Vec<u8>)>) {
        let mut process = self.restore(source, prefixes);
        let mut reader = qfile::Reader::new(&mut process.stdout, 100);
        let mut files = Vec::new();
        while let Some(file) = reader.next_file().unwrap() {
            let mut content = Vec::new();
            reader.read_to_end(&mut content).unwrap();
            assert_eq!(content.len() as u64, file.size_bytes);
            files.push((file.untrusted_name, content));
        }
        let verdict = reader.verdict(qfile::FINE);
        process.stdin.take().unwrap().write_all(&verdict).unwrap();
        (process.control.wait().unwrap(), files)
    }
}

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn archive(folder: &Path, files: &[(&str, &[u8])], options: &[&str]) -> PathBuf {
    let content = folder.join("content");
    for (name, bytes) in files {
        let path = content.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let archive = folder.join("archive.tar");
    let status = Command::new("tar")
        .args(options)
        .arg("-cf")
        .arg(&archive)
        .arg("-C")
        .arg(&content)
        .args(files.iter().map(|(name, _)| name))
        .status()
        .unwrap();
    assert!(status.success());
    fs::remove_dir_all(content).unwrap();
    archive
}

#[test]
fn a_backup_goes_to_a_directory_of_the_vm() {
    let running = Running::new();
    let bytes: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    let (code, said) = running.back_up("  /mnt/my disk ", &bytes);
    assert_eq!(code, 0, "{said}");
    let file = only_file(&running.inside.join("mnt/my disk"));
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("qubes-backup-20") && name.len() == "qubes-backup-2026-01-01T000000".len(),
        "{name}"
    );
    assert_eq!(fs::read(file).unwrap(), bytes);
    fs::create_dir(running.inside.join("home/user/here")).unwrap();
    assert_eq!(running.back_up("here", b"x").0, 0);
    assert_eq!(
        fs::read(only_file(&running.inside.join("home/user/here"))).unwrap(),
        b"x"
    );
}

#[test]
fn a_backup_goes_to_a_command() {
    let running = Running::new();
    assert_eq!(running.back_up("sh -c 'cat > \"$HOME/got it\"'", b"archive").0, 0);
    assert_eq!(fs::read(running.inside.join("home/user/got it")).unwrap(), b"archive");
    assert_eq!(running.back_up("sh -c 'cat >/dev/null; exit 7'", b"archive").0, 7);
}

#[test]
fn what_is_neither_directory_nor_command_is_refused_with_a_word() {
    let running = Running::new();
    for line in [
        "/nowhere",
        "'/mnt/my disk'",
        "~",
        "/mnt/../mnt",
        "no-such-command-at-all x",
        "",
    ] {
        let (code, said) = running.back_up(line, b"archive");
        assert_eq!(code, 1, "{line}");
        assert!(said.contains("Invalid command"), "{line}: {said}");
    }
    assert!(fs::read_dir(running.inside.join("home/user")).unwrap().next().is_none());
    assert!(matches!(
        running.host.start_service("off", Service::Backup),
        Err(HostError::NotRunning { .. })
    ));
    assert!(matches!(
        running.host.start_service("nobody", Service::Backup),
        Err(HostError::NoSuchVm { .. })
    ));
}

#[test]
fn a_full_disk_ends_the_backup_with_an_error() {
    let running = Running::new();
    let disk = running.inside.join("mnt/my disk");
    let mount = |arguments: &[&str]| Command::new(arguments[0]).args(&arguments[1..]).arg(&disk).output();
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=256k", "none"]).is_ok_and(|output| output.status.success()) {
        println!("no file system can be mounted here: a full disk was not tried");
        return;
    }
    let mut process = running.start(Service::Backup);
    let mut stdin = process.stdin.take().unwrap();
    let written = stdin
        .write_all(b"/mnt/my disk\n")
        .and_then(|()| stdin.write_all(&vec![7; 4 << 20]));
    drop(stdin);
    let code = process.control.wait().unwrap();
    let mut said = String::new();
    process.stderr.read_to_string(&mut said).unwrap();
    mount(&["umount"]).unwrap();
    assert!(written.is_err());
    assert_ne!(code, 0);
    assert!(said.contains("No space left on device"), "{said}");
}

#[test]
fn a_backup_that_is_killed_ends_at_once_with_all_its_processes() {
    let running = Running::new();
    let mut process = running.start(Service::Backup);
    let mut stdin = process.stdin.take().unwrap();
    stdin.write_all(b"sh -c 'sleep 1000 & echo $! $$; wait'\n").unwrap();
    let mut buffer = [0; 200];
    let mut said = String::new();
    while said.lines().count() < 3 || !said.ends_with('\n') {
        let count = process.stdout.read(&mut buffer).unwrap();
        said.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    let pids: Vec<&str> = said.lines().last().unwrap().split(' ').collect();
    let control = process.control.clone();
    let start = Instant::now();
    let writer = thread::spawn(move || stdin.write_all(&vec![0; 1 << 20]).is_err());
    thread::sleep(Duration::from_millis(100));
    control.kill();
    assert!(writer.join().unwrap());
    assert_eq!(process.stdout.read(&mut buffer).unwrap(), 0);
    assert_eq!(control.wait().unwrap(), 137);
    assert!(start.elapsed() < AT_ONCE);
    control.kill();
    let is_gone = |pid: &str| match fs::read_to_string(format!("/proc/{pid}/stat")) {
        // A zombie waits for a parent that has not looked yet; it does nothing any more.
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    };
    while !pids.iter().all(|pid| is_gone(pid)) {
        assert!(start.elapsed() < AT_ONCE, "{pids:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn wanted_members_come_back_and_reading_stops_behind_them() {
    let running = Running::new();
    let big = vec![1; 200_000];
    let members: [(&str, &[u8]); 6] = [
        ("backup-header", b"header"),
        ("backup-header.hmac", b"hmac"),
        ("qubes.xml.000.enc", b"inventory"),
        ("vm1/private.img.000.enc", &big),
        ("vm10/private.img.000.enc", b"ten"),
        ("dom0-home/user.000.enc", b""),
    ];
    for options in [&["--format=ustar"][..], &["--posix"], &["--format=gnu"]] {
        let path = archive(&running.inside.join("mnt"), &members, options);
        let names = |prefixes: &str| {
            let (code, files) = running.receive("/mnt/archive.tar", prefixes);
            assert_eq!(code, 0);
            files.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(
            names("backup-header qubes.xml"),
            ["backup-header", "backup-header.hmac", "qubes.xml.000.enc"]
        );
        assert_eq!(names("vm1/"), ["vm1/private.img.000.enc"]);
        assert_eq!(names("vm1"), ["vm1/private.img.000.enc", "vm10/private.img.000.enc"]);
        assert_eq!(names("nothing"), Vec::<String>::new());
        let (_, files) = running.receive("/mnt/archive.tar", "");
        let expected = members.map(|(name, bytes)| (name.to_owned(), bytes.to_vec()));
        assert_eq!(files, expected);
        let command = format!("cat '{}'", path.display());
        assert_eq!(running.receive(&command, "").1, expected);
    }
}

#[test]
fn a_source_that_is_wrong_ends_with_the_services_own_codes() {
    let running = Running::new();
    let wait = |source: &str| {
        let mut process = running.restore(source, "");
        let mut answer = Vec::new();
        process.stdout.read_to_end(&mut answer).unwrap();
        (process.control.wait().unwrap(), answer.len())
    };
    assert_eq!(wait("/mnt/nothing"), (2, 0));
    assert_eq!(wait("/mnt"), (2, 0));
    fs::write(running.inside.with_file_name("secret"), "secret").unwrap();
    assert_eq!(wait("/../secret"), (2, 0));
    fs::write(running.inside.join("mnt/rubbish"), vec![b'x'; 5000]).unwrap();
    assert_eq!(wait("/mnt/rubbish"), (1, 0));
    let path = archive(&running.inside.join("mnt"), &[("a", &[1; 5000])], &["--posix"]);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 8000]).unwrap();
    assert_eq!(wait("/mnt/archive.tar").0, 1);
    let (code, files) = running.receive("false", "");
    assert_eq!((code, files.len()), (0, 0));
}

#[test]
fn the_verdict_decides_about_the_end() {
    let running = Running::new();
    archive(&running.inside.join("mnt"), &[("a", b"content")], &["--posix"]);
    let end = |verdict: &dyn Fn(u32) -> Vec<u8>| {
        let mut process = running.restore("/mnt/archive.tar", "");
        let mut reader = qfile::Reader::new(&mut process.stdout, 10);
        while reader.next_file().unwrap().is_some() {}
        let crc = u32::try_from(qfile::parse_verdict(reader.verdict(0)).1).unwrap();
        let mut stdin = process.stdin.take().unwrap();
        stdin.write_all(&verdict(crc)).unwrap();
        drop(stdin);
        process.control.wait().unwrap()
    };
    assert_eq!(end(&|crc| qfile::verdict(qfile::FINE, crc).to_vec()), 0);
    assert_eq!(end(&|crc| qfile::verdict(qfile::ENOUGH, crc).to_vec()), 0);
    assert_eq!(end(&|crc| qfile::verdict(qfile::INVALID, crc).to_vec()), 1);
    assert_eq!(end(&|crc| qfile::verdict(qfile::FINE, crc ^ 1).to_vec()), 1);
    assert_eq!(end(&|_| Vec::new()), 1);
}

#[test]
fn a_restore_that_is_killed_ends_at_once_wherever_it_is() {
    let running = Running::new();
    archive(&running.inside.join("mnt"), &[("a", &vec![1; 4 << 20])], &["--posix"]);
    let killed = |mut process: ServiceProcess| {
        thread::sleep(Duration::from_millis(150));
        let control = process.control.clone();
        let start = Instant::now();
        let killer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            control.kill();
            control.wait().unwrap()
        });
        // What is in the pipe may still come, then it ends.
        let mut rest = Vec::new();
        process.stdout.read_to_end(&mut rest).unwrap();
        assert_ne!(killer.join().unwrap(), 0);
        assert!(start.elapsed() < AT_ONCE);
    };
    killed(running.start(Service::Restore));
    killed(running.restore("sleep 1000", ""));
    Command::new("mkfifo")
        .arg(running.inside.join("mnt/fifo"))
        .status()
        .unwrap();
    killed(running.restore("/mnt/fifo", ""));
    // Blocked in writing, because nobody reads.
    let process = running.restore("/mnt/archive.tar", "");
    thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    process.control.kill();
    assert_ne!(process.control.wait().unwrap(), 0);
    assert!(start.elapsed() < AT_ONCE);
}

#[test]
fn pickers_answer_as_their_user_would() {
    let running = Running::new();
    let answer = |service| {
        let mut process = running.start(service);
        drop(process.stdin.take());
        let mut said = String::new();
        process.stdout.read_to_string(&mut said).unwrap();
        (process.control.wait().unwrap(), said)
    };
    assert_eq!(answer(Service::SelectDirectory), (0, "/home/user\n".to_owned()));
    assert_eq!(answer(Service::SelectFile), (1, String::new()));
    fs::write(running.inside.join(".select-directory"), "/mnt/my disk\n").unwrap();
    fs::write(running.inside.join(".select-file"), "/mnt/archive").unwrap();
    assert_eq!(answer(Service::SelectDirectory), (0, "/mnt/my disk\n".to_owned()));
    assert_eq!(answer(Service::SelectFile), (0, "/mnt/archive\n".to_owned()));
    fs::write(running.inside.join(".select-directory"), "").unwrap();
    assert_eq!(answer(Service::SelectDirectory), (1, String::new()));
}
