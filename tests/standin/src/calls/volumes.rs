// SPDX-License-Identifier: GPL-3.0-or-later
//! Volumes of VMs.

use super::{Call, ascii};
use crate::{
    answer::{Answer, Refusal, done, lines},
    daemon::Daemon,
    record::truth,
    state::{Driver, Volume},
    storage,
};

pub(super) fn list(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    lines(daemon.vm(&call.vm)?.volumes.iter().map(|volume| &volume.name))
}

fn volume(daemon: &Daemon, call: &Call<'_>) -> Result<Volume, Refusal> {
    let vm = daemon.vm(&call.vm)?;
    let denied = || {
        let text = format!("Argument not in '{} volumes'", call.vm);
        daemon.worded("PermissionDenied", text)
    };
    vm.volume(call.argument).cloned().ok_or_else(denied)
}

pub(super) fn info(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let volume = volume(daemon, call)?;
    let usage = daemon.storage.usage(&volume);
    let mut facts = vec![
        ("pool", volume.pool.clone()),
        ("vid", volume.vid.clone()),
        ("size", volume.size_bytes.to_string()),
        ("usage", usage.to_string()),
        ("rw", truth(volume.is_writable).to_owned()),
        ("source", volume.source.clone().unwrap_or_default()),
        ("path", storage::shown_path(&volume)),
        ("save_on_stop", truth(volume.save_on_stop).to_owned()),
        ("snap_on_start", truth(volume.snap_on_start).to_owned()),
        ("revisions_to_keep", volume.revisions_to_keep.to_string()),
        ("ephemeral", truth(volume.is_ephemeral).to_owned()),
    ];
    facts.push(("is_outdated", "False".to_owned()));
    lines(facts.iter().map(|(name, value)| format!("{name}={value}")))
}

pub(super) fn revisions(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    lines(volume(daemon, call)?.revisions)
}

/// Puts a volume back that was changed, and writes the record.
fn put(daemon: &mut Daemon, call: &Call<'_>, changed: Volume) -> Answer {
    if volume(daemon, call)? == changed {
        daemon.violation(format!("{}:{} is set to what it is", call.vm, changed.name));
    }
    daemon.put_volume(&call.vm, changed)?;
    daemon.save()?;
    done()
}

pub(super) fn resize(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let mut volume = volume(daemon, call)?;
    let bytes = ascii(call.payload).and_then(|text| text.parse::<u64>().ok());
    let Some(bytes) = bytes else {
        return Err(daemon.protocol_error("Size is not a number"));
    };
    if bytes < volume.size_bytes {
        if !daemon.differences().shrinks_volumes {
            return Err(Refusal::new(
                "StoragePoolException",
                format!("For your own safety, shrinking of {} is disabled.", volume.vid),
            ));
        }
        daemon.violation(format!("{}:{} is made smaller: data are lost", call.vm, volume.name));
    }
    let result = daemon.storage.resize(&mut volume, bytes);
    daemon.io(result)?;
    put(daemon, call, volume)
}

pub(super) fn set_revisions(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let mut volume = volume(daemon, call)?;
    let number = ascii(call.payload).and_then(|text| text.parse::<i64>().ok());
    let least = if daemon.differences().has_notes { -1 } else { 0 };
    match number {
        // It does not come to an end there.
        Some(2..) if volume.driver == Driver::File => return Err(Refusal::Silence),
        Some(number) if number >= least => volume.revisions_to_keep = number,
        _ => return Err(daemon.protocol_error("Invalid value for revisions_to_keep")),
    }
    if daemon.vm(&call.vm)?.is_running() && volume.revisions_to_keep < 0 {
        return Err(Refusal::new(
            "StoragePoolException",
            "Cannot disable snapshots while the volume is in use",
        ));
    }
    let result = daemon.storage.prune(&mut volume);
    daemon.io(result)?;
    put(daemon, call, volume)
}

fn boolean(daemon: &Daemon, payload: &[u8]) -> Result<bool, Refusal> {
    match super::validate::by_kind(daemon, "", crate::properties::Kind::Bool, payload)?.as_str() {
        "True" => Ok(true),
        _ => Ok(false),
    }
}

pub(super) fn set_writable(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let mut volume = volume(daemon, call)?;
    volume.is_writable = boolean(daemon, call.payload)?;
    put(daemon, call, volume)
}

pub(super) fn set_ephemeral(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let mut volume = volume(daemon, call)?;
    volume.is_ephemeral = boolean(daemon, call.payload)?;
    let cannot = volume.save_on_stop || volume.snap_on_start || !volume.is_writable;
    if volume.is_ephemeral && cannot {
        return Err(Refusal::value(
            "Cannot enable ephemeral on snap_on_start or save_on_stop or non-dom0 or not writable volume",
        ));
    }
    put(daemon, call, volume)
}
