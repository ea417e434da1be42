// SPDX-License-Identifier: GPL-3.0-or-later
//! Hears of changes from the daemon's event stream. An event is a reason to look again and never a state: some come before
//! the change is made, and some changes have none.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    adminapi::{AdminEvent, EventStream},
    cancel::CancelToken,
    host::{Changes, HostError},
};

use super::{
    daemon::LiveDaemon,
    known::{Known, Stale},
};

/// How long it has to be quiet after an event before it is worth to look: the daemon tells of many changes before it has
/// made them.
const QUIET: Duration = Duration::from_millis(250);
/// The longest that events in a row put a look off.
const LONGEST_NOISE: Duration = Duration::from_millis(700);
/// How often a daemon that is away is tried.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// What hears of changes.
pub(super) struct LiveChanges {
    daemon: LiveDaemon,
    known: Arc<Known>,
    cancel: CancelToken,
    stream: Option<Listening>,
}

/// A stream that is alive, as long as this is.
struct Listening {
    stream: EventStream,
    known: Arc<Known>,
}

impl Listening {
    fn begin(daemon: &LiveDaemon, known: &Arc<Known>) -> Result<Self, HostError> {
        let stream = daemon.events()?;
        known.begin_stream();
        Ok(Self {
            stream,
            known: Arc::clone(known),
        })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.known.end_stream();
    }
}

impl LiveChanges {
    pub(super) fn new(daemon: &LiveDaemon, known: &Arc<Known>, cancel: &CancelToken) -> Result<Self, HostError> {
        Ok(Self {
            stream: Some(Listening::begin(daemon, known)?),
            daemon: daemon.clone(),
            known: Arc::clone(known),
            cancel: cancel.clone(),
        })
    }

    /// Waits for the next event; an error is the end of the stream.
    fn next(&mut self, timeout: Duration) -> Result<Option<AdminEvent>, HostError> {
        let Some(listening) = &mut self.stream else {
            return Ok(None);
        };
        let next = listening.stream.next(timeout);
        self.cancel.check()?;
        next.map_err(|error| {
            log::debug!("event stream: {error}");
            HostError::ConnectionLost {
                call: "admin.Events".to_owned(),
            }
        })
    }

    /// Tries to listen again until that time. After that everything may be different.
    fn reconnect(&mut self, end: Instant) -> Result<bool, HostError> {
        loop {
            match Listening::begin(&self.daemon, &self.known) {
                Ok(listening) => {
                    self.stream = Some(listening);
                    return Ok(true);
                }
                Err(error @ HostError::Cancelled(_)) => return Err(error),
                Err(error) => log::debug!("listening again: {error}"),
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.cancel.sleep(left.min(TRY_AGAIN))?;
        }
    }

    /// Takes note of an event; returns whether it is about anything that a list shows.
    fn take(&self, event: &AdminEvent) -> bool {
        let Some(stale) = stale(event) else {
            return false;
        };
        self.known.forget(stale);
        true
    }
}

impl Changes for LiveChanges {
    fn wait(&mut self, timeout: Duration) -> Result<bool, HostError> {
        let end = Instant::now() + timeout;
        if self.stream.is_none() {
            return self.reconnect(end);
        }
        let mut events = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.next(left) {
                Ok(None) => return Ok(false),
                Ok(Some(event)) if self.take(&event) => {
                    events.push(event);
                    break;
                }
                Ok(Some(_)) => {}
                Err(HostError::ConnectionLost { .. }) => {
                    self.stream = None;
                    return self.reconnect(end);
                }
                Err(error) => return Err(error),
            }
        }
        let first = Instant::now();
        while first.elapsed() < LONGEST_NOISE {
            match self.next(QUIET) {
                Ok(None) => break,
                Ok(Some(event)) => {
                    self.take(&event);
                    events.push(event);
                }
                Err(HostError::ConnectionLost { .. }) => {
                    self.stream = None;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        // A list that was read since then may have learned what was not changed yet.
        for event in &events {
            self.take(event);
        }
        Ok(true)
    }
}

/// What an event calls out of date; nothing where no list shows it.
fn stale(event: &AdminEvent) -> Option<Stale> {
    let name = event.name.split(':').next().unwrap_or_default();
    // What is announced and may still be refused, and the progress of other programs.
    if name.contains("-pre-") || name.starts_with("backup-") {
        return None;
    }
    let vm = event.subject.as_deref().or_else(|| event.field("vm"));
    match (name, vm) {
        ("domain-spawn" | "connection-established" | "domain-unpaused" | "domain-paused", _) => None,
        ("domain-add" | "domain-delete" | "domain-shutdown" | "domain-volume-import-end", Some(vm)) => {
            Some(Stale::VmAndRoom(vm.to_owned()))
        }
        (_, Some(vm)) => Some(Stale::Vm(vm.to_owned())),
        ("property-set" | "property-reset" | "property-del" | "pool-add" | "pool-delete", None) => Some(Stale::System),
        (_, None) => Some(Stale::All),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(subject: Option<&str>, name: &str, fields: &[(&str, &str)]) -> AdminEvent {
        AdminEvent {
            subject: subject.map(str::to_owned),
            name: name.to_owned(),
            fields: fields
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect(),
        }
    }

    #[test]
    fn an_event_is_about_its_vm_or_the_system_or_nothing_that_a_list_shows() {
        for (given, expected) in [
            (event(Some("work"), "domain-start", &[]), Some(Stale::Vm("work".into()))),
            (
                event(None, "domain-add", &[("vm", "new")]),
                Some(Stale::VmAndRoom("new".into())),
            ),
            (
                event(Some("work"), "property-set:label", &[]),
                Some(Stale::Vm("work".into())),
            ),
            (event(Some("dom0"), "property-pre-set:label", &[]), None),
            (event(Some("work"), "domain-pre-delete", &[]), None),
            (event(None, "property-set:default_netvm", &[]), Some(Stale::System)),
            (event(None, "backup-progress", &[("progress", "7")]), None),
            (event(None, "something-new", &[]), Some(Stale::All)),
        ] {
            assert_eq!(stale(&given), expected, "{given:?}");
        }
    }
}
