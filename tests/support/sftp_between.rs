// SPDX-License-Identifier: GPL-3.0-or-later
//! A service of a VM that runs a real SFTP server, with somebody between it and the program under test: it counts the requests
//! and has one of them go wrong.

use std::{
    io::{self, PipeWriter, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use pedos_backup::host::{HostError, Service, ServiceControl, ServiceProcess, Services};

/// The mark behind which a program in a VM speaks.
const MARK: &[u8] = b"@pedos-backup@\n";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The server dies before it has the request.
    Death,
    /// The server dies when it has acted, before the answer comes.
    DeathAfter,
    /// The server answers with a failure of that number and these words.
    Refusal(u32, &'static str),
    /// Something comes that is no answer.
    Garbage,
    /// An answer begins that would never end.
    Endless,
}

/// The service. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Between(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Which request goes wrong, counted from 1 over all connections, and how.
    plan: Mutex<Option<(usize, Wrong)>>,
    requests: AtomicUsize,
    /// Whether every request for data gets less than it asks for.
    is_stingy: bool,
    /// How many bytes came from the server.
    bytes_sent: AtomicUsize,
}

impl Between {
    /// One whose request of that number goes wrong.
    pub(crate) fn new(request: usize, wrong: Wrong) -> Self {
        let between = Self::default();
        *between.0.plan.lock().unwrap() = Some((request, wrong));
        between
    }

    /// One that gives less data than it is asked for.
    pub(crate) fn stingy() -> Self {
        Self(Arc::new(Shared {
            is_stingy: true,
            ..Shared::default()
        }))
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.0.requests.load(Ordering::SeqCst)
    }

    /// How many bytes the server sent.
    pub(crate) fn bytes_sent(&self) -> usize {
        self.0.bytes_sent.load(Ordering::SeqCst)
    }
}

impl Services for Between {
    fn shared(&self) -> Option<Arc<dyn Services>> {
        Some(Arc::new(self.clone()))
    }

    fn start_service(&self, _vm: &str, _service: Service) -> Result<ServiceProcess, HostError> {
        let run = "IFS= read -r line; eval \"set -- $line\"; exec \"$@\"";
        let mut command = Command::new("bash");
        command.args(["-c", run]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (to_server, from_server) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (requests, stdin) = io::pipe().unwrap();
        let (stdout, answers) = io::pipe().unwrap();
        let life = Arc::new(Life(Mutex::new(child)));
        let answers = Arc::new(Mutex::new(answers));
        let (shared, asked_life, asked_answers) = (Arc::clone(&self.0), Arc::clone(&life), Arc::clone(&answers));
        thread::spawn(move || shared.pass_requests(requests, to_server, &asked_life, &asked_answers));
        let shared = Arc::clone(&self.0);
        thread::spawn(move || shared.pass_answers(from_server, &answers));
        Ok(ServiceProcess {
            stdin: Some(Box::new(stdin)),
            stdout: Box::new(stdout),
            stderr: Box::new(io::empty()),
            control: life,
        })
    }
}

impl Shared {
    fn pass_requests(
        &self,
        mut from: impl Read,
        mut to: ChildStdin,
        life: &Life,
        answers: &Mutex<PipeWriter>,
    ) -> Option<()> {
        // The line that names the program.
        let mut byte = [0];
        while byte != *b"\n" {
            from.read_exact(&mut byte).ok()?;
            to.write_all(&byte).ok()?;
        }
        loop {
            let mut packet = packet(&mut from)?;
            let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
            let plan = *self.plan.lock().unwrap();
            if self.is_stingy && packet[4] == 5 {
                // The length stands at the end; few servers give more than half of it then.
                let at = packet.len() - 4;
                let wanted = u32::from_be_bytes(packet[at..].try_into().unwrap());
                packet[at..].copy_from_slice(&(wanted / 2 + 1).to_be_bytes());
            }
            let Some((_, wrong)) = plan.filter(|(at, _)| *at == number) else {
                to.write_all(&packet).ok()?;
                continue;
            };
            match wrong {
                Wrong::Death => {
                    life.kill();
                    // With this thread the last end of the answers goes.
                    return None;
                }
                Wrong::DeathAfter => {
                    to.write_all(&packet).ok()?;
                    // It acts within no time; its answer is not passed on.
                    thread::sleep(std::time::Duration::from_millis(30));
                    life.kill();
                    return None;
                }
                Wrong::Refusal(code, words) => {
                    // The first packet has no number, and no failure is an answer to it.
                    if packet[4] == 1 {
                        life.kill();
                        return None;
                    }
                    let mut answer = vec![101];
                    answer.extend_from_slice(&packet[5..9]);
                    answer.extend_from_slice(&code.to_be_bytes());
                    for text in [words, "en"] {
                        answer.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
                        answer.extend_from_slice(text.as_bytes());
                    }
                    let mut answers = answers.lock().unwrap();
                    answers
                        .write_all(&u32::try_from(answer.len()).unwrap().to_be_bytes())
                        .ok()?;
                    answers.write_all(&answer).ok()?;
                }
                Wrong::Garbage => {
                    answers.lock().unwrap().write_all(&[0, 0, 0, 5, 77, 1, 2, 3, 4]).ok()?;
                }
                Wrong::Endless => {
                    let mut answers = answers.lock().unwrap();
                    answers.write_all(&[0x7f, 0xff, 0xff, 0xff, 103]).ok()?;
                    for _ in 0..64 {
                        answers.write_all(&[0; 65_536]).ok()?;
                    }
                }
            }
        }
    }

    fn pass_answers(&self, mut from: impl Read, to: &Mutex<PipeWriter>) -> Option<()> {
        // What the service says first.
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(MARK) {
            from.read_exact(&mut byte).ok()?;
            seen.push(byte[0]);
        }
        to.lock().unwrap().write_all(&seen).ok()?;
        loop {
            let packet = packet(&mut from)?;
            self.bytes_sent.fetch_add(packet.len(), Ordering::SeqCst);
            to.lock().unwrap().write_all(&packet).ok()?;
        }
    }
}

/// Reads a packet with its length.
fn packet(from: &mut impl Read) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let mut packet = vec![0; u32::from_be_bytes(length) as usize + 4];
    packet[..4].copy_from_slice(&length);
    from.read_exact(&mut packet[4..]).ok()?;
    Some(packet)
}

/// The life of a server.
struct Life(Mutex<Child>);

impl Life {
    fn kill(&self) {
        let mut child = self.0.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl ServiceControl for Life {
    fn kill(&self) {
        self.kill();
    }

    fn wait(&self) -> io::Result<i32> {
        let status = self.0.lock().unwrap().wait()?;
        Ok(status.code().unwrap_or(137))
    }
}
