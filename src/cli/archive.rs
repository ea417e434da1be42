// SPDX-License-Identifier: GPL-3.0-or-later
//! Opens an archive for a tool.

use std::sync::Arc;

use crate::{
    engine::{ArchiveError, Context, EngineError, OpenedArchive, Resources, open_archive},
    host::{Host, Services},
    job::Task,
    plan::Access,
    text,
};

use super::{interrupt::Interrupt, stop::Stop};

/// Reads an archive with what a reader needs of a PedOS, whose calls end with the work.
pub(super) fn with_services<T>(
    host: Option<&Arc<dyn Host>>,
    context: &Context,
    read: impl FnOnce(Option<&dyn Services>) -> T,
) -> T {
    let view = host.map(|host| host.with_cancel(&context.cancel));
    read(view.as_deref().map(|host| host as &dyn Services))
}

/// Header and inventory, read on a thread of its own so that Ctrl-C is heard.
pub(super) fn open(
    access: &Access,
    host: Option<&Arc<dyn Host>>,
    resources: Resources,
    interrupt: &Interrupt,
) -> Result<OpenedArchive, EngineError> {
    let (copy, host) = (access.clone(), host.cloned());
    let task = Task::spawn(move |context| {
        let context = context.clone().with_resources(resources);
        with_services(host.as_ref(), &context, |services| {
            open_archive(&copy, services, &context)
        })
    });
    interrupt.stops(task.cancel_token());
    task.answer_blocking()
}

/// A backup that was decompressed by a choice of its user looks damaged where the choice was wrong.
pub(super) fn unreadable(error: EngineError, access: &Access) -> Stop {
    let is_damage = matches!(
        error,
        EngineError::Archive(ArchiveError::Damaged { .. } | ArchiveError::Truncated { .. })
    );
    let chosen = access.filter_program.as_deref().filter(|_| is_damage);
    Stop::Error(
        Box::new(error),
        chosen.map(text::terminal::chosen_filter).into_iter().collect(),
    )
}
