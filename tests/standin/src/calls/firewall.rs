// SPDX-License-Identifier: GPL-3.0-or-later
//! The firewall and the notes of VMs.

use super::{Call, ascii};
use crate::{
    answer::{Answer, Refusal, done, lines, text},
    daemon::Daemon,
    firewall::{self, Rule},
    layout,
    storage::seconds_now,
};

/// The longest notes, in bytes.
const LONGEST_NOTES: usize = 256_000;

pub(super) fn get(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let rules = daemon.vm(&call.vm)?.rules.clone();
    let rules = rules.unwrap_or_else(|| vec![Rule::accept()]);
    let now = seconds_now();
    lines(
        rules
            .iter()
            .filter(|rule| !rule.is_expired(now))
            .map(ToString::to_string),
    )
}

pub(super) fn set(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    if call.payload.is_empty() && daemon.differences().refuses_with_words {
        return Err(daemon.protocol_error("expected payload"));
    }
    let text = ascii(call.payload).ok_or(Refusal::Silence)?;
    let rules: Option<Vec<Rule>> = text.lines().map(Rule::parse).collect();
    let rules = rules.ok_or(Refusal::Silence)?;
    if daemon.vm(&call.vm)?.rules.as_ref() == Some(&rules) {
        daemon.violation(format!("the firewall of {} is set to what it is", call.vm));
    }
    write(daemon, &call.vm, &rules)?;
    daemon.vm_mut(&call.vm)?.rules = Some(rules);
    daemon.hub.send(&call.vm, "firewall-changed", &[]);
    done()
}

/// Writes `firewall.xml` of a VM.
pub(super) fn write(daemon: &mut Daemon, vm: &str, rules: &[Rule]) -> Result<(), Refusal> {
    write_file(daemon, vm, "firewall.xml", &firewall::xml(rules))
}

fn write_file(daemon: &mut Daemon, vm: &str, name: &str, content: &str) -> Result<(), Refusal> {
    let folder = daemon.below(&format!("{}/{}", layout::STORE, daemon.vm(vm)?.folder()));
    let result = std::fs::create_dir_all(&folder).and_then(|()| layout::replace(&folder.join(name), content));
    daemon.io(result)
}

pub(super) fn notes(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    text(daemon.vm(&call.vm)?.notes.as_str())
}

pub(super) fn set_notes(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    if call.payload.is_empty() && daemon.differences().refuses_with_words {
        return Err(daemon.protocol_error("expected payload"));
    }
    let notes = match std::str::from_utf8(call.payload) {
        Ok(notes) if notes.len() <= LONGEST_NOTES => notes,
        Ok(_) => return Err(daemon.protocol_error("Maximum note size is 256000 bytes")),
        Err(error) => {
            let at = error.valid_up_to();
            let byte = call.payload[at];
            return Err(daemon.protocol_error(format!(
                "Unable to sanitise qube notes: 'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid \
                 start byte"
            )));
        }
    };
    let safe = |c: char| {
        if c.is_control() && !matches!(c, '\t' | '\n') {
            '_'
        } else {
            c
        }
    };
    let notes: String = notes.chars().map(safe).collect();
    if daemon.vm(&call.vm)?.notes == notes {
        daemon.violation(format!("the notes of {} are set to what they are", call.vm));
    }
    write_file(daemon, &call.vm, "notes.txt", &notes)?;
    daemon.vm_mut(&call.vm)?.notes = notes;
    done()
}
