// SPDX-License-Identifier: GPL-3.0-or-later
//! Events as they come from the daemon.

use std::{
    collections::VecDeque,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    connection::{Connection, USUAL_DEADLINE},
    error::CallError,
};
use crate::{
    adminapi::{AdminEvent, AdminRequest, CONNECTION_ESTABLISHED, EventParser, Response},
    cancel::CancelToken,
};

/// The events of the whole system. Dropping it ends the subscription.
pub struct EventStream {
    connection: Connection,
    parser: EventParser,
    /// Events that came and were not returned yet.
    ready: VecDeque<AdminEvent>,
}

impl EventStream {
    /// Subscribes. When this returns, no event that follows is missed.
    pub(super) fn open(socket: &Path, cancel: &CancelToken) -> Result<Self, CallError> {
        let request = AdminRequest::new("admin.Events", "dom0").encode()?;
        let mut connection = Connection::open(socket, Some(Instant::now() + USUAL_DEADLINE), cancel)?;
        connection.send(&request)?;
        // A refusal is an answer of another kind and comes instead of the first event.
        let first = connection.next_bytes(USUAL_DEADLINE)?.unwrap_or_default();
        if first.first().is_some_and(|byte| *byte != b'1') {
            let mut answer = first;
            answer.extend(connection.receive()?);
            return Err(match Response::decode(answer)? {
                Response::Exception(exception) => CallError::Exception(exception),
                Response::Success(_) | Response::Silence => CallError::Silence,
            });
        }
        let mut stream = Self {
            connection: connection.without_deadline(),
            parser: EventParser::new(),
            ready: VecDeque::new(),
        };
        stream.take(&first)?;
        let is_confirmed = |event: &AdminEvent| event.name == CONNECTION_ESTABLISHED;
        match stream.next(USUAL_DEADLINE)? {
            Some(event) if is_confirmed(&event) => Ok(stream),
            Some(_) => Err(CallError::Silence),
            None => Err(CallError::TimedOut { after: USUAL_DEADLINE }),
        }
    }

    /// Returns the next event; nothing if none comes in that time.
    ///
    /// # Errors
    /// When the stream has ended, makes no sense or is cancelled: events may have been missed then.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<AdminEvent>, CallError> {
        let end = Instant::now() + timeout;
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.connection.next_bytes(left)? {
                Some(bytes) => self.take(&bytes)?,
                None => return Ok(None),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        for event in self.parser.feed(bytes) {
            self.ready.push_back(event?);
        }
        Ok(())
    }
}
