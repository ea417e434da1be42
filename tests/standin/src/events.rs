// SPDX-License-Identifier: GPL-3.0-or-later
//! The listeners to events, and the bytes that each receives. The daemon sends an event before it goes on with the call that
//! caused the event.

use std::{io::Write, net::Shutdown, os::unix::net::UnixStream, time::Duration};

use rustix::event::{PollFd, PollFlags, poll};

/// What every listener gets first.
pub(crate) const ESTABLISHED: &[u8] = b"1\0\0connection-established\0\0";

/// How long a listener may leave its socket full. A real daemon keeps what it cannot send.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Listener {
    stream: UnixStream,
    /// The VM that it listens to; all of them without.
    only: Option<String>,
}

/// All listeners.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    listeners: Vec<Listener>,
    /// Every event that was sent, also when nobody listened.
    pub(crate) sent: Vec<(String, String)>,
}

impl Hub {
    /// Adds a listener and tells it that from now on it misses nothing.
    pub(crate) fn listen(&mut self, stream: UnixStream, only: Option<String>) {
        let _ = stream.set_write_timeout(Some(PATIENCE));
        let mut listener = Listener { stream, only };
        if listener.stream.write_all(ESTABLISHED).is_ok() {
            self.listeners.push(listener);
        }
    }

    /// Sends an event of a VM, or of the whole system where `subject` is empty.
    pub(crate) fn send(&mut self, subject: &str, event: &str, pairs: &[(&str, &str)]) {
        let bytes = frame(subject, event, pairs);
        self.sent.push((subject.to_owned(), event.to_owned()));
        self.listeners.retain_mut(|listener| match &listener.only {
            Some(only) if only != subject => true,
            _ => listener.stream.write_all(&bytes).is_ok(),
        });
    }

    /// Ends all streams.
    pub(crate) fn close(&mut self) {
        for listener in self.listeners.drain(..) {
            let _ = listener.stream.shutdown(Shutdown::Both);
        }
    }

    /// How many listen.
    pub(crate) fn count(&mut self) -> usize {
        self.listeners.retain(|listener| !is_gone(&listener.stream));
        self.listeners.len()
    }
}

/// Whether the other end closed the connection in both directions.
pub(crate) fn is_gone(stream: &UnixStream) -> bool {
    let mut polled = [PollFd::new(stream, PollFlags::empty())];
    poll(&mut polled, Some(&rustix::event::Timespec::default())).is_ok()
        && polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
}

fn frame(subject: &str, event: &str, pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = b"1\0".to_vec();
    for field in [subject, event]
        .into_iter()
        .chain(pairs.iter().flat_map(|(key, value)| [*key, *value]))
    {
        bytes.extend_from_slice(field.as_bytes());
        bytes.push(0);
    }
    bytes.push(0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::frame;

    #[test]
    fn an_event_ends_with_an_empty_key() {
        assert_eq!(frame("", "domain-add", &[("vm", "x")]), b"1\0\0domain-add\0vm\0x\0\0");
    }
}
