// SPDX-License-Identifier: GPL-3.0-or-later
//! Everything that was asked and answered, byte for byte.

use std::time::Instant;

use crate::{daemon::Socket, request::Request};

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Call {
    /// The socket that it came by.
    pub socket: Socket,
    /// All its bytes.
    pub request: Vec<u8>,
    /// The method; empty where the frame is wrong.
    pub method: String,
    /// What follows the plus.
    pub argument: String,
    /// The destination.
    pub destination: String,
    /// What follows the header.
    pub payload: Vec<u8>,
    /// Whether the sender closed its half in time.
    pub half_closed: bool,
    /// The bytes of the answer; empty where there is none, or none yet.
    pub answer: Vec<u8>,
    /// Whether the daemon wrote its record for it, which is what takes long where there are many VMs.
    pub wrote_record: bool,
    /// When the request was whole.
    pub at: Instant,
}

impl Call {
    pub(crate) fn new(socket: Socket, bytes: &[u8], half_closed: bool) -> Self {
        let request = Request::parse(bytes).unwrap_or_default();
        Self {
            socket,
            request: bytes.to_owned(),
            method: request.method,
            argument: request.argument,
            destination: request.destination,
            payload: request.payload,
            half_closed,
            answer: Vec::new(),
            wrote_record: false,
            at: Instant::now(),
        }
    }

    /// Whether the answer is a success, or a stream of events.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.answer.starts_with(b"0\0") || self.answer.starts_with(b"1\0")
    }
}

/// All calls since the journal was emptied last.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    calls: Vec<Call>,
    /// How many calls were forgotten.
    forgotten: usize,
}

impl Journal {
    /// Adds a call, and returns its number.
    pub(crate) fn push(&mut self, call: Call) -> usize {
        self.calls.push(call);
        self.forgotten + self.calls.len() - 1
    }

    /// Notes something about a call, if it is not forgotten.
    pub(crate) fn note(&mut self, number: usize, note: impl FnOnce(&mut Call)) {
        let call = number.checked_sub(self.forgotten);
        if let Some(call) = call.and_then(|index| self.calls.get_mut(index)) {
            note(call);
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.forgotten += self.calls.len();
        self.calls.clear();
    }
}
