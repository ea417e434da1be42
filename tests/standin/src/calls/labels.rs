// SPDX-License-Identifier: GPL-3.0-or-later
//! Labels.

use super::{Call, ascii};
use crate::{
    answer::{Answer, Refusal, done, lines, text},
    daemon::Daemon,
    state::Label,
};

/// How many labels there are that cannot be removed.
const FIXED: usize = 8;

pub(super) fn list(daemon: &mut Daemon, _: &Call<'_>) -> Answer {
    lines(daemon.state.labels.iter().map(|label| &label.name))
}

fn label<'a>(daemon: &'a Daemon, call: &Call<'_>) -> Result<&'a Label, Refusal> {
    daemon.state.label(call.argument).ok_or_else(|| {
        if daemon.differences().refuses_with_words {
            unknown(call.argument)
        } else {
            Refusal::value("")
        }
    })
}

/// No label has that name.
pub(super) fn unknown(name: &str) -> Refusal {
    Refusal::new("QubesLabelNotFoundError", format!("Label does not exist: {name}"))
}

pub(super) fn get(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    text(label(daemon, call)?.color.as_str())
}

pub(super) fn index(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    text(label(daemon, call)?.index.to_string())
}

pub(super) fn create(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let name = call.argument;
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !name.chars().all(is_fine) || name.chars().all(|c| c.is_ascii_digit()) {
        return Err(daemon.worded("QubesValueError", "Label name contains illegal characters"));
    }
    if daemon.state.label(name).is_some() {
        return Err(if daemon.differences().refuses_with_words {
            Refusal::new("QubesLabelInUseError", format!("Label is still in use: '{name}'"))
        } else {
            Refusal::value("label already exists")
        });
    }
    let color = ascii(call.payload).unwrap_or_default();
    let bad = |text: &str| daemon.worded("QubesInvalidLabelValueError", text);
    if color.len() != 8 {
        return Err(bad("Label value must have length of 8"));
    }
    let Some(digits) = color.strip_prefix("0x") else {
        return Err(bad("Label value must start with '0x'"));
    };
    if u32::from_str_radix(digits, 16).is_err() {
        return Err(bad("Label value must be a hexadecimal number"));
    }
    let index = daemon.state.labels.iter().map(|label| label.index).max();
    let label = Label {
        index: index.unwrap_or_default() + 1,
        name: name.to_owned(),
        color: color.to_owned(),
    };
    daemon.state.labels.push(label);
    daemon.save()?;
    done()
}

pub(super) fn remove(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let label = label(daemon, call)?.clone();
    if label.index <= FIXED {
        return Err(daemon.protocol_error("Can only remove custom labels"));
    }
    let is_used = |vm: &crate::state::Vm| vm.property("label") == Some(&label.name);
    if daemon.state.vms.iter().any(is_used) {
        return Err(daemon.worded(
            "QubesLabelInUseError",
            format!("Label is still in use: '{}'", label.name),
        ));
    }
    daemon.state.labels.retain(|known| known.name != label.name);
    daemon.save()?;
    done()
}
