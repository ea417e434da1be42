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
            at: Instant::now(),
        }
    }

    /// Whether the answer is a success.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.answer.starts_with(b"0\0")
    }

    /// Whether the method may have changed something, so that the daemon wrote its record.
    #[must_use]
    pub fn changes(&self) -> bool {
        const WRITING: [&str; 12] = [
            "Set",
            "Reset",
            "Remove",
            "Create",
            "CreateInPool",
            "Resize",
            "Assign",
            "Unassign",
            "Attach",
            "ImportEnd",
            "ImportBegin",
            "Start",
        ];
        self.method.split('.').any(|word| WRITING.contains(&word))
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

    /// Notes the answer to a call, if it is not forgotten.
    pub(crate) fn answer(&mut self, number: usize, answer: &[u8]) {
        let call = number.checked_sub(self.forgotten);
        if let Some(call) = call.and_then(|index| self.calls.get_mut(index)) {
            answer.clone_into(&mut call.answer);
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
