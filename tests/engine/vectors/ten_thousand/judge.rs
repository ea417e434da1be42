// SPDX-License-Identifier: GPL-3.0-or-later
//! Verifies and restores a damaged archive, and holds what both say against each other and against what came out.

use std::{collections::BTreeMap, fs, path::Path};

use pedos_backup::{
    engine::{self, Context, EngineError, Report, VmResult},
    plan::{Access, VerifyPlan},
    transport::Location,
};

use crate::support::{jobs, roots};

use super::{
    super::{
        backup::{PASSPHRASE, VMS, volume},
        restore_all,
    },
    case::{Case, Content},
    subject::Subject,
};

/// What was said of an archive, rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    Refused,
    Bad,
    Good,
    /// It was called good, and its format has nothing that could tell.
    Untold,
}

/// Judges a case; the error says what is wrong with the judgement.
pub(super) fn judge(folder: &Path, subject: &Subject, case: &Case) -> Result<Judged, String> {
    let archive = folder.join("damaged");
    fs::write(&archive, &case.bytes).unwrap();
    let access = || Access::new(Location::File(archive.clone()).into(), jobs::passphrase(PASSPHRASE));
    let verified = engine::verify::run(&VerifyPlan::everything(access()), None, &Context::default());
    let (restored, volumes) = restored(&folder.join("root"), access());
    for error in [verified.as_ref().err(), restored.as_ref().err()].into_iter().flatten() {
        if let EngineError::Internal { what } = error {
            return Err(format!("something broke: {what}"));
        }
    }
    let is_another_inventory = matches!(case.content, Content::AnyOriginal);
    let (verified, restored) = match (&verified, &restored) {
        (Ok(verified), Ok(restored)) => (verified, restored),
        (Err(_), Err(_)) if volumes.is_empty() => return Ok(Judged::Refused),
        // Nothing of another inventory may have a place on this host, which only a restore asks.
        (Ok(_), Err(_)) if volumes.is_empty() && is_another_inventory => return Ok(Judged::Bad),
        (verified, restored) => return Err(format!("one of both opened it: {verified:?}, {restored:?}")),
    };
    compare(verified, restored, is_another_inventory)?;
    let is_untold = matches!(case.content, Content::Untold) && subject.is_old();
    for vm in restored.vms.iter().filter(|vm| vm.result == VmResult::Done) {
        match volumes.get(vm.name.as_str()) {
            Some(found) if is_untold || is_right(&case.content, &vm.name, found) => {}
            // A VM of another inventory may have no volume of that name.
            None if is_another_inventory => {}
            found => {
                let length = found.map(Vec::len);
                return Err(format!(
                    "{} was called whole, and its volume is wrong ({length:?} bytes)",
                    vm.name
                ));
            }
        }
    }
    match (restored.is_success(), case.may_be_good) {
        (false, _) => Ok(Judged::Bad),
        (true, true) => Ok(Judged::Good),
        (true, false) if is_untold => Ok(Judged::Untold),
        (true, false) => Err("it was called good".to_owned()),
    }
}

/// Holds that both runs say the same of every VM and of the archive. Where the inventory is another one, the host may have no
/// place for a VM of it: then only those count that both runs read.
fn compare(verified: &Report, restored: &Report, is_another_inventory: bool) -> Result<(), String> {
    let whole = |report: &Report| -> BTreeMap<String, bool> {
        let vms = report.vms.iter();
        vms.map(|vm| (vm.name.clone(), vm.result == VmResult::Done)).collect()
    };
    let (mut one, mut other) = (whole(verified), whole(restored));
    if is_another_inventory {
        one.retain(|name, _| other.contains_key(name));
        other.retain(|name, _| one.contains_key(name));
    }
    if one != other {
        return Err(format!("verified {one:?}, restored {other:?}"));
    }
    let agree = verified.is_success() == restored.is_success() && verified.findings == restored.findings;
    if !agree && !is_another_inventory {
        let (one, other) = (&verified.findings, &restored.findings);
        return Err(format!(
            "verified {} {:?} {one:?}, restored {} {other:?}",
            verified.is_success(),
            verified.verdict,
            restored.is_success()
        ));
    }
    Ok(())
}

fn is_right(content: &Content, vm: &str, found: &[u8]) -> bool {
    let original = |name: &str| VMS.iter().any(|(vm, _)| *vm == name) && found == volume(name);
    match content {
        Content::Of { vm: changed, volume } if *changed == vm => volume.as_deref() == Some(found),
        Content::Original | Content::Of { .. } => original(vm),
        Content::AnyOriginal => VMS.iter().any(|(vm, _)| found == volume(vm)),
        Content::Untold => true,
    }
}

/// Restores into a new root: what is said, and the private volumes that are there then.
fn restored(root: &Path, access: Access) -> (Result<Report, EngineError>, BTreeMap<String, Vec<u8>>) {
    if root.exists() {
        fs::remove_dir_all(root).unwrap();
    }
    let restored = restore_all(root, access);
    let mut volumes = BTreeMap::new();
    for (name, domain) in roots::domains(root)
        .iter()
        .filter(|(name, _)| !["dom0", "tpl"].contains(&name.as_str()))
    {
        let files = roots::volume_files(root, domain);
        if let Some(content) = files.get("private").and_then(|file| fs::read(file).ok()) {
            volumes.insert(name.clone(), content);
        }
    }
    (restored, volumes)
}
