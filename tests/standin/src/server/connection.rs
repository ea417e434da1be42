// SPDX-License-Identifier: GPL-3.0-or-later
//! One connection: one request, one answer, the end.

use std::{
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{Server, lock};
use crate::{
    answer::{Answer, Refusal, encode},
    daemon::Socket,
    events::{ESTABLISHED, is_gone},
    fault::Fault,
    journal::Call,
    request::{LONGEST_REQUEST_BYTES, Request},
};

/// How long a sender may leave its half open after its last byte. A real daemon waits for ever.
const HALF_CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// How often a thread that waits looks whether it should go on.
const TICK: Duration = Duration::from_millis(5);

/// What becomes of a call.
enum Outcome {
    Answer(Answer),
    /// The connection belongs to somebody else now.
    Stream,
    /// Nothing is sent, and the connection is closed.
    Gone,
}

impl Server {
    /// Serves a connection from its first byte to its last.
    pub(super) fn serve(self: &Arc<Self>, stream: &UnixStream, socket: Socket, deaths: u64) {
        let Some((bytes, half_closed)) = self.read(stream) else {
            return;
        };
        if self.deaths() != deaths {
            return;
        }
        let number = lock(&self.journal).push(Call::new(socket, &bytes, half_closed));
        let outcome = match Request::parse(&bytes) {
            Some(request) => self.act(stream, &request, number, (socket, deaths)),
            None => Outcome::Answer(Err(self.wrong_frame(&bytes))),
        };
        let answer = match outcome {
            Outcome::Answer(answer) if self.deaths() == deaths => encode(&answer),
            Outcome::Stream => {
                lock(&self.journal).note(number, |call| call.answer = ESTABLISHED.to_vec());
                return;
            }
            _ => Vec::new(),
        };
        lock(&self.journal).note(number, |call| call.answer.clone_from(&answer));
        let mut stream = stream;
        let _ = stream.write_all(&answer);
        let _ = stream.shutdown(Shutdown::Both);
    }

    /// Reads until the sender closes its half. Whatever is too long is read too, so that the sender sees an end and no
    /// reset.
    fn read(&self, mut stream: &UnixStream) -> Option<(Vec<u8>, bool)> {
        let _ = stream.set_read_timeout(Some(HALF_CLOSE_WITHIN));
        let (mut bytes, mut half_closed) = (Vec::new(), true);
        let mut buffer = [0; 1 << 14];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return Some((bytes, half_closed)),
                Ok(count) => {
                    if bytes.len() <= LONGEST_REQUEST_BYTES {
                        bytes.extend_from_slice(&buffer[..count]);
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if bytes.is_empty() {
                        continue;
                    }
                    half_closed = false;
                    let header = String::from_utf8_lossy(&bytes);
                    let header = header.split('\0').next().unwrap_or_default();
                    let text = format!("a request without half-close: {header:?}");
                    lock(&self.daemon).violation(text);
                    let _ = stream.set_read_timeout(None);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    fn wrong_frame(&self, bytes: &[u8]) -> Refusal {
        if bytes.len() > LONGEST_REQUEST_BYTES {
            lock(&self.daemon).violation("a request above 65536 bytes");
        } else if !bytes.is_empty() {
            let text = format!("a request in a wrong frame: {:?}", String::from_utf8_lossy(bytes));
            lock(&self.daemon).violation(text);
        }
        Refusal::Silence
    }

    /// Does what is asked, when it is its turn, with the fault that waits for it.
    fn act(
        self: &Arc<Self>,
        stream: &UnixStream,
        request: &Request,
        number: usize,
        (socket, deaths): (Socket, u64),
    ) -> Outcome {
        let turn = lock(&self.turn);
        let fault = lock(&self.faults).take(&request.method);
        let mut dies_after = None;
        match fault {
            None => {}
            Some(Fault::Slow(time)) => {
                let end = Instant::now() + time;
                while Instant::now() < end && self.deaths() == deaths {
                    thread::sleep(TICK);
                }
            }
            Some(Fault::Silence) => return Outcome::Answer(Err(Refusal::Silence)),
            Some(Fault::Exception(kind, text)) => return Outcome::Answer(Err(Refusal::Exception(kind, text))),
            Some(Fault::NoAnswer) => {
                drop(turn);
                while self.deaths() == deaths && !is_gone(stream) {
                    thread::sleep(TICK);
                }
                return Outcome::Gone;
            }
            Some(Fault::DieBefore(back)) => {
                self.die(back);
                return Outcome::Gone;
            }
            Some(Fault::DieAfter(back)) => dies_after = Some(back),
        }
        if self.deaths() != deaths {
            return Outcome::Gone;
        }
        if socket == Socket::Admin && request.method == "admin.Events" {
            return self.stream_events(stream, request);
        }
        let mut daemon = lock(&self.daemon);
        let before = daemon.records_written;
        let answer = daemon.handle(socket, request);
        let wrote_record = daemon.records_written != before;
        drop(daemon);
        lock(&self.journal).note(number, |call| call.wrote_record = wrote_record);
        match dies_after {
            Some(back) => {
                self.die(back);
                Outcome::Gone
            }
            None => Outcome::Answer(answer),
        }
    }

    fn die(self: &Arc<Self>, back: Option<Duration>) {
        self.stop();
        if let Some(time) = back {
            self.start_after(time);
        }
    }

    fn stream_events(&self, stream: &UnixStream, request: &Request) -> Outcome {
        let mut daemon = lock(&self.daemon);
        let only = match request.destination.as_str() {
            "dom0" => None,
            name => match daemon.vm(name) {
                Ok(vm) => Some(vm.name.clone()),
                Err(refusal) => return Outcome::Answer(Err(refusal)),
            },
        };
        if !request.argument.is_empty() || !request.payload.is_empty() {
            let refusal = daemon.protocol_error("unexpected argument");
            return Outcome::Answer(Err(refusal));
        }
        match stream.try_clone() {
            Ok(copy) => {
                daemon.hub.listen(copy, only);
                Outcome::Stream
            }
            Err(_) => Outcome::Gone,
        }
    }
}
