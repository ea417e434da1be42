// SPDX-License-Identifier: GPL-3.0-or-later
//! The older backups, before a new one is made: which stay, and which will be removed after it.

use std::sync::Arc;

use crate::{
    engine::{Foreseen, foresee},
    host::Host,
    job::Task,
    plan::{RetentionPolicy, Series, Unverified},
    text::terminal,
    transport::Location,
};

use super::{args::BackupArgs, console::Console, interrupt::Interrupt, stop::Stop};

/// Refuses a policy that could never remove anything; `unreadable` is why the backup cannot be verified where it goes.
pub(super) fn check(policy: RetentionPolicy, verifies: bool, unreadable: Option<Unverified>) -> Result<(), Stop> {
    match policy.refusal(verifies, unreadable) {
        Some(why) => Err(Stop::usage::<BackupArgs>(terminal::retention_refused(why))),
        None => Ok(()),
    }
}

/// What decides about the older backups.
pub(super) struct Foresight<'a> {
    pub(super) series: Series,
    pub(super) policy: RetentionPolicy,
    pub(super) destination: &'a Location,
}

impl Foresight<'_> {
    /// Says which backups would stay and which would be removed.
    pub(super) fn show(&self, host: &Arc<dyn Host>, console: &Console, interrupt: &Interrupt) -> Result<(), Stop> {
        let foreseen = self.ask(host, interrupt)?;
        console.print(format_args!("{}", terminal::dry_run(&foreseen)));
        Ok(())
    }

    /// Says which backups will be removed, if any.
    pub(super) fn mention(&self, host: &Arc<dyn Host>, console: &Console, interrupt: &Interrupt) -> Result<(), Stop> {
        if self.policy.is_empty() {
            return Ok(());
        }
        if let Some(said) = terminal::will_be_removed(&self.ask(host, interrupt)?) {
            console.print(format_args!("{said}"));
        }
        Ok(())
    }

    /// Looks for them on a thread of its own, so that Ctrl-C is heard.
    fn ask(&self, host: &Arc<dyn Host>, interrupt: &Interrupt) -> Result<Vec<Foreseen>, Stop> {
        let (host, series) = (Arc::clone(host), self.series.clone());
        let (policy, destination) = (self.policy, self.destination.clone());
        let task = Task::spawn(move |context| {
            let view = host.with_cancel(&context.cancel);
            foresee(&*view, &series, policy, &destination, &context.cancel)
        });
        interrupt.stops(task.cancel_token());
        Ok(task.answer_blocking()?)
    }
}
