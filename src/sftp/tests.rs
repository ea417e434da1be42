// SPDX-License-Identifier: GPL-3.0-or-later
//! Speaks with OpenSSH's `sftp-server` and with rclone, where they are installed.

use std::{
    fs,
    io::{self, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);
const WINDOW_BYTES: usize = 4 << 20;

/// Ends a server with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(mut command: Command) -> (Server, Result<Session, SftpError>) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    (
        Server(child),
        Session::start(Box::new(stdout), Box::new(stdin), PATIENCE),
    )
}

fn openssh() -> Option<Command> {
    let places = ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server"];
    let program = places.iter().find(|path| Path::new(path).exists())?;
    Some(Command::new(program))
}

/// The servers that are installed, with sessions whose paths begin with the text beside them.
fn servers(folder: &Path) -> Vec<(&'static str, Server, Session, String)> {
    let mut found = Vec::new();
    if let Some(program) = openssh() {
        let (server, session) = start(program);
        let base = format!("{}/", folder.display());
        found.push(("openssh", server, session.unwrap(), base));
    }
    if Path::new("/usr/bin/rclone").exists() {
        let mut rclone = Command::new("rclone");
        rclone
            .args(["serve", "sftp", "--stdio"])
            .arg(folder)
            .stderr(Stdio::null());
        let (server, session) = start(rclone);
        found.push(("rclone", server, session.unwrap(), "/".to_owned()));
    }
    let must_be_there = std::env::var_os("PEDOS_BACKUP_REQUIRE_TOOLS").is_some();
    assert!(
        found.len() == 2 || !must_be_there,
        "openssh-sftp-server and rclone are not installed"
    );
    found
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn what_is_written_is_there_and_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let content = noise(3_000_001);
    for (name, _server, session, base) in servers(folder.path()) {
        let path = format!("{base}{name}.part");
        assert_eq!(session.stat(&path), Err(SftpError::NotFound), "{name}");
        // What wants its writes one after the other gets them so.
        let window = if name == "rclone" { 0 } else { WINDOW_BYTES };
        let mut writing = Writing::create(&session, &path, window).unwrap();
        for (index, piece) in content.chunks(70_000).enumerate() {
            writing.write_at(index as u64 * 70_000, piece).unwrap();
        }
        writing.sync().unwrap();
        writing.close().unwrap();
        let there = format!("{base}{name}");
        session.rename(&path, &there).unwrap();
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), content, "{name}");
        let found = session.stat(&there).unwrap();
        assert_eq!((found.kind, found.bytes), (Kind::File, Some(3_000_001)));
        let listed = session
            .list(base.trim_end_matches('/'))
            .or_else(|_| session.list("/"))
            .unwrap();
        assert!(listed.iter().any(|entry| entry.name == name), "{listed:?}");

        let mut reading = Reading::new(Arc::new(OpenFile::open(&session, &there).unwrap()), WINDOW_BYTES);
        let mut read = vec![0; content.len()];
        let mut at = 0;
        while at < read.len() {
            let end = read.len().min(at + 50_000);
            let count = reading.read_at(at as u64, 3_000_001, &mut read[at..end]).unwrap();
            assert!(count > 0);
            at += count;
        }
        assert!(read == content, "{name}");
        // Leaps in both directions, and to the end.
        for from in [2_999_990, 5, 1_000_000, 1_000_700, 2_000_000, 0] {
            let mut few = [0; 11];
            let count = reading.read_at(from as u64, 3_000_001, &mut few).unwrap();
            assert!(
                count > 0 && few[..count] == content[from..from + count],
                "{name} {from}"
            );
        }
        assert_eq!(reading.read_at(3_000_001, 3_000_001, &mut [0; 4]), Ok(0));
        session.remove(&there).unwrap();
        assert!(!folder.path().join(name).exists());
    }
}

#[test]
fn what_a_server_can_do_is_what_it_says_or_shows() {
    let folder = tempfile::tempdir().unwrap();
    for (name, _server, session, base) in servers(folder.path()) {
        let is_openssh = name == "openssh";
        let abilities = session.abilities();
        assert_eq!(abilities.syncs, is_openssh, "{name}");
        // rclone has an answer to the question, but not for every place.
        assert!(session.room(&base).is_some() || !is_openssh);
        let path = format!("{base}trial");
        let mut writing = Writing::create(&session, &path, 0).unwrap();
        writing.write_at(0, b"12345").unwrap();
        let corrected = writing.write_at(0, b"6").and_then(|()| writing.set_bytes(3));
        assert_eq!(corrected.is_ok(), is_openssh, "{name}: {corrected:?}");
        assert_eq!(writing.close().is_ok(), is_openssh);
        if is_openssh {
            assert_eq!(fs::read(folder.path().join("trial")).unwrap(), b"623");
            // Neither a file that is created nor one that is renamed replaces another one.
            assert!(Writing::create(&session, &path, 0).is_err());
            fs::write(folder.path().join("other"), "other").unwrap();
            assert!(session.rename(&path, &format!("{base}other")).is_err());
            assert_eq!(fs::read(folder.path().join("other")).unwrap(), b"other");
        }
    }
}

/// A stream whose bytes come later than they were sent.
struct Late {
    chunks: mpsc::Receiver<(Instant, Vec<u8>)>,
    delay: Duration,
    rest: Vec<u8>,
}

impl Late {
    fn new(mut inner: impl Read + Send + 'static, delay: Duration) -> Self {
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 256 * 1024];
            while let Ok(count @ 1..) = inner.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let rest = Vec::new();
        Self { chunks, delay, rest }
    }
}

impl Read for Late {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            let Ok((sent, chunk)) = self.chunks.recv() else {
                return Ok(0);
            };
            thread::sleep((sent + self.delay).saturating_duration_since(Instant::now()));
            self.rest = chunk;
        }
        let count = buffer.len().min(self.rest.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

#[test]
fn a_distant_server_costs_windows_and_not_requests() {
    let delay = Duration::from_millis(100);
    let Some(mut command) = openssh() else { return };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let _server = Server(child);
    let late = Late::new(stdout, delay);
    let session = Session::start(Box::new(late), Box::new(stdin), PATIENCE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}/x", folder.path().display());
    let content = noise(16 << 20);
    let begun = Instant::now();
    let mut writing = Writing::create(&session, &path, WINDOW_BYTES).unwrap();
    writing.write_at(0, &content).unwrap();
    writing.close().unwrap();
    let mut reading = Reading::new(Arc::new(OpenFile::open(&session, &path).unwrap()), WINDOW_BYTES);
    let (mut read, mut at) = (vec![0; content.len()], 0);
    while at < read.len() {
        let end = read.len().min(at + 100_000);
        at += reading.read_at(at as u64, 16 << 20, &mut read[at..end]).unwrap();
    }
    assert!(read == content);
    // Four windows each way, and a few answers that are waited for. One request after the other would take twelve seconds.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn what_is_no_server_is_said_at_once_and_one_that_dies_is_lost() {
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    };
    let begun = Instant::now();
    for (script, error) in [
        ("exit 3", SftpError::Lost),
        (
            "echo Welcome to the machine of somebody; cat >/dev/null",
            SftpError::Lost,
        ),
        // A version of another protocol.
        (
            "printf '\\0\\0\\0\\5\\2\\0\\0\\0\\6'; cat >/dev/null",
            SftpError::Garbled,
        ),
    ] {
        let (_server, session) = start(shell(script));
        assert_eq!(session.err(), Some(error), "{script}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    let folder = tempfile::tempdir().unwrap();
    for (name, mut server, session, base) in servers(folder.path()) {
        let mut writing = Writing::create(&session, &format!("{base}x"), WINDOW_BYTES).unwrap();
        server.0.kill().unwrap();
        let written = (0..100).try_for_each(|index| writing.write_at(index * 100_000, &noise(100_000)));
        assert_eq!(written.and_then(|()| writing.settle()), Err(SftpError::Lost), "{name}");
        assert_eq!(session.stat(&base), Err(SftpError::Lost));
    }
}

#[test]
fn a_server_that_falls_silent_is_not_waited_for_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, noise(1_000_000)).unwrap();
    let Some(mut command) = openssh() else { return };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let server = Server(child);
    let session = Session::start(Box::new(stdout), Box::new(stdin), Duration::from_millis(500)).unwrap();
    let file = Arc::new(OpenFile::open(&session, path.to_str().unwrap()).unwrap());
    let mut reading = Reading::new(file, WINDOW_BYTES);
    let mut few = [0; 10];
    assert_eq!(reading.read_at(500_000, 1_000_000, &mut few), Ok(10));
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&server.0),
        rustix::process::Signal::STOP,
    )
    .unwrap();
    let begun = Instant::now();
    assert_eq!(reading.read_at(900_000, 1_000_000, &mut few), Err(SftpError::Silent));
    assert_eq!(session.stat("/"), Err(SftpError::Silent));
    assert!(begun.elapsed() < Duration::from_secs(10));
}
