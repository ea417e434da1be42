// SPDX-License-Identifier: GPL-3.0-or-later
//! What happens while a job runs, an object to a line.

use serde::Serialize;

use crate::{
    engine::{Failure, ItemState, Phase, Progress},
    job::Event,
};

use super::{
    SCHEMA_VERSION,
    code::{Cause, Notice},
    line,
};

#[derive(Serialize)]
struct Line<'a> {
    schema_version: u32,
    document: &'static str,
    event: &'static str,
    #[serde(flatten)]
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Started {
        vms: &'a [String],
    },
    Phase {
        phase: &'static str,
    },
    Progress {
        done_bytes: u64,
        total_bytes: Option<u64>,
        vm: Option<&'a str>,
        item: Option<&'a str>,
        bytes_per_second: f64,
        elapsed_seconds: f64,
        remaining_seconds: Option<f64>,
    },
    Vm {
        vm: &'a str,
        state: &'static str,
        error: Option<Cause>,
    },
    Warning {
        warning: Notice,
    },
}

/// An event as a line, as `docs/schema/event.schema.json` describes it. `None` for the end of a job, which the report describes.
pub fn event(event: &Event) -> Option<String> {
    let (name, content) = match event {
        Event::Started { vms } => ("started", Content::Started { vms }),
        Event::Phase(at) => ("phase", Content::Phase { phase: phase(*at) }),
        Event::Progress(done) => ("progress", progress(done)),
        Event::Item { vm, state } => ("vm", item(vm, state)),
        Event::Warning(warning) => {
            let warning = Notice::of(warning);
            ("warning", Content::Warning { warning })
        }
        Event::Finished(_) => return None,
    };
    Some(line(&Line {
        schema_version: SCHEMA_VERSION,
        document: "event",
        event: name,
        content,
    }))
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Preparing => "preparing",
        Phase::BackingUp => "backing_up",
        Phase::Finishing => "finishing",
        Phase::Verifying => "verifying",
        Phase::Removing => "removing",
        Phase::AwaitingTurn => "awaiting_turn",
        Phase::Opening => "opening",
        Phase::CreatingVms => "creating_vms",
        Phase::Restoring => "restoring",
        Phase::Extracting => "extracting",
    }
}

fn progress(progress: &Progress) -> Content<'_> {
    Content::Progress {
        done_bytes: progress.done_bytes,
        total_bytes: progress.total_bytes,
        vm: progress.vm.as_deref(),
        item: progress.item.as_deref(),
        bytes_per_second: progress.bytes_per_second,
        elapsed_seconds: progress.elapsed.as_secs_f64(),
        remaining_seconds: progress.remaining.map(|left| left.as_secs_f64()),
    }
}

fn item<'a>(vm: &'a str, state: &ItemState) -> Content<'a> {
    let (state, error) = match state {
        ItemState::Waiting => ("waiting", None),
        ItemState::Working => ("working", None),
        ItemState::Done => ("done", None),
        ItemState::Failed(Failure(error)) => ("failed", Some(Cause::of(error))),
    };
    Content::Vm { vm, state, error }
}
