// SPDX-License-Identifier: GPL-3.0-or-later
//! Imports into volumes: begun and ended over the internal socket, driver by driver as the daemon does it.

use super::{Call, ascii};
use crate::{
    answer::{Answer, Refusal, done, text},
    daemon::Daemon,
    record::truth,
    state::{Driver, Volume},
    storage::{self, Part},
};

/// The tag that keeps a VM from being started while its data come in.
pub(super) const TAG: &str = "backup-restore-in-progress";

/// The digits that a size may have.
const MOST_DIGITS: usize = 19;

fn volume(daemon: &Daemon, call: &Call<'_>) -> Result<Volume, Refusal> {
    let vm = daemon.vm(&call.vm)?;
    vm.volume(call.argument)
        .cloned()
        .ok_or_else(|| daemon.protocol_error(format!("Argument not in {} volumes", call.vm)))
}

pub(super) fn begin(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let mut volume = volume(daemon, call)?;
    let vm = daemon.vm(&call.vm)?;
    let (is_running, has_tag) = (vm.is_running(), vm.tags.contains(TAG));
    let name = format!("{}:{}", call.vm, volume.name);
    if is_running {
        daemon.violation(format!("an import into {name} is begun while the VM runs"));
        return Err(Refusal::new(
            "QubesVMNotHaltedError",
            format!("Domain is not powered off: '{}'", call.vm),
        ));
    }
    if !has_tag {
        daemon.violation(format!("an import into {name} is begun without the tag {TAG}"));
    }
    let wanted = size(daemon, call.payload)?;
    if !volume.save_on_stop {
        return Err(Refusal::Silence);
    }
    let bytes = wanted.unwrap_or(volume.size_bytes);
    let vid = volume.vid.clone();
    if volume.import_bytes.is_some() {
        daemon.violation(format!("an import into {name} is begun for the second time"));
        match volume.driver {
            driver if driver.guards_imports() => {
                return Err(storage_refusal(format!("Import operation in progress on {vid}")));
            }
            Driver::File => return Err(Refusal::Silence),
            _ => {}
        }
    }
    if volume.driver == Driver::LvmThin && bytes == 0 {
        return Err(storage_refusal(format!("Cannot create {vid} of size 0")));
    }
    let shown = wanted.map_or_else(|| "None".to_owned(), |bytes| bytes.to_string());
    daemon.hub.send(
        &call.vm,
        "domain-volume-import-begin",
        &[("volume", call.argument), ("size", &shown)],
    );
    let result = daemon.storage.begin_import(&mut volume, bytes);
    daemon.io(result)?;
    let path = storage::path(&volume, Part::Import);
    daemon.put_volume(&call.vm, volume)?;
    text(format!("{bytes} {path}"))
}

fn size(daemon: &Daemon, payload: &[u8]) -> Result<Option<u64>, Refusal> {
    if payload.is_empty() {
        return Ok(None);
    }
    let refuse = |text: &str| Err(daemon.protocol_error(text));
    match ascii(payload) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            if digits.len() > MOST_DIGITS {
                return refuse("Size of new data is bigger than 19 decimal digits");
            }
            if digits.len() > 1 && digits.starts_with('0') {
                return refuse("Size of new data contains spurious leading zeros");
            }
            Ok(digits.parse().ok())
        }
        _ => refuse("Size of new data contains non ASCII digits"),
    }
}

fn storage_refusal(text: String) -> Refusal {
    Refusal::new("StoragePoolException", text)
}

pub(super) fn end(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let mut volume = volume(daemon, call)?;
    if call.payload.is_empty() && daemon.differences().refuses_with_words {
        return Err(daemon.protocol_error("expected payload"));
    }
    let is_good = call.payload == b"ok";
    let reason = call.payload.strip_prefix(b"fail\n").unwrap_or_default();
    let reason = ascii(reason).map(str::to_owned);
    let failed = match reason {
        Some(reason) => Refusal::new("QubesException", format!("Data import failed: {reason}")),
        None => Refusal::Silence,
    };
    if volume.import_bytes.is_none() {
        daemon.violation(format!(
            "an import into {}:{} is ended that was not begun",
            call.vm, volume.name
        ));
        return Err(match volume.driver {
            driver if driver.guards_imports() => {
                storage_refusal(format!("No import operation in progress on {}", volume.vid))
            }
            Driver::FileReflink if !is_good => failed,
            _ => Refusal::Silence,
        });
    }
    let result = daemon.storage.end_import(&mut volume, is_good);
    daemon.io(result)?;
    daemon.put_volume(&call.vm, volume)?;
    daemon.hub.send(
        &call.vm,
        "domain-volume-import-end",
        &[("volume", call.argument), ("success", truth(is_good))],
    );
    daemon.save()?;
    if is_good { done() } else { Err(failed) }
}
