// SPDX-License-Identifier: GPL-3.0-or-later
//! `qvm-backup`: from the command line to a backup.

use std::{path::Path, sync::Arc};

use zeroize::Zeroizing;

use crate::{
    crypto::KdfCost,
    engine::{EngineError, VerifyVerdict},
    format::Compression,
    host::{Host, System},
    job::{self, Job, JobHandle, Outcome},
    plan::{BackupPlan, BackupRemark, Destination, Finding, InventoryScope, check_backup, default_selection},
    secret::Passphrase,
    text::{self, JobKind},
};

use super::{
    Stop,
    args::{BackupArgs, CompressionWish, KdfStrength},
    console::Console,
    exit::Exit,
    interrupt::Interrupt,
    place, prompt, table,
};

/// Does what the command line says.
pub(super) fn run(args: &BackupArgs, console: &Console, interrupt: &Interrupt) -> Result<Exit, Stop> {
    let location = args
        .backup_location
        .as_deref()
        .ok_or_else(|| Stop::usage::<BackupArgs>("either --profile or 'backup_location' is required"))?;
    let compression = compression(args)?;
    let destination = place::destination::<BackupArgs>(args.dest_vm.as_deref(), location)?;
    let host = place::host(&args.common)?;
    let system = host.system()?;
    let machines = selection(args, &system, console)?;
    show_summary(&system, &machines, &destination, console)?;
    if !args.yes {
        confirm(interrupt)?;
    }
    let passphrase = passphrase(args, interrupt)?;
    let plan = BackupPlan {
        machines,
        destination,
        compression,
        scope: if args.only_selected_metadata {
            InventoryScope::SelectedOnly
        } else {
            InventoryScope::WholeHost
        },
        kdf: match args.kdf_strength {
            KdfStrength::Default => KdfCost::DEFAULT,
            KdfStrength::Reference => KdfCost::REFERENCE,
        },
        verify: args.verify,
        passphrase: Arc::new(passphrase),
    };
    Ok(carry_out(plan, host, console, interrupt))
}

fn carry_out(plan: BackupPlan, host: Arc<dyn Host>, console: &Console, interrupt: &Interrupt) -> Exit {
    let is_verified = plan.verify;
    let job: JobHandle = job::spawn(Job::Backup(plan), host);
    interrupt.stops(job.cancel_token());
    let outcome = console.watch(&job);
    console.result(&text::outcome(JobKind::Backup, &outcome));
    match (&outcome, Exit::of_outcome(JobKind::Backup, &outcome)) {
        // It was asked for and is part of what was selected.
        (Outcome::Done(report), Exit::Done) if is_verified && report.verdict == VerifyVerdict::NotDone => {
            console.error(&text::terminal::not_verified());
            Exit::Partial
        }
        (_, exit) => exit,
    }
}

/// The method that was asked for.
fn compression(args: &BackupArgs) -> Result<Compression, Stop> {
    match args.compression() {
        CompressionWish::Default => Ok(Compression::default()),
        CompressionWish::Off => Ok(Compression::None),
        CompressionWish::Filter(name) => Compression::from_filter_name(&name)
            .ok_or_else(|| Stop::usage::<BackupArgs>(text::terminal::unknown_compression(&name))),
    }
}

/// The machines that were named, each once, or else those that are included by default.
fn selection(args: &BackupArgs, system: &System, console: &Console) -> Result<Vec<String>, Stop> {
    for name in args.exclude.iter().filter(|name| system.machine(name).is_none()) {
        console.warning(&text::terminal::nothing_to_exclude(name));
    }
    let mut wanted = if args.vms.is_empty() {
        default_selection(system)
    } else {
        args.vms.clone()
    };
    for name in &wanted {
        if system.machine(name).is_none() {
            return Err(Stop::usage::<BackupArgs>(format!(
                "no such domain: '{}'",
                text::sanitize(name)
            )));
        }
    }
    wanted.retain(|name| !args.exclude.contains(name));
    // In the order of the system, which is by name, and each once.
    let machines = system.machines.iter().map(|machine| machine.name.clone());
    Ok(machines.filter(|name| wanted.contains(name)).collect())
}

/// Prints the table, and ends here if something speaks against the backup.
fn show_summary(
    system: &System,
    machines: &[String],
    destination: &Destination,
    console: &Console,
) -> Result<(), Stop> {
    check_destination(destination)?;
    let mut findings = check_backup(system, machines, Some(destination), None);
    println!("{}", table::backup(system, machines, &findings));
    let needed = machines
        .iter()
        .filter_map(|name| system.machine(name))
        .map(|machine| machine.backup_bytes)
        .sum();
    if let Some(free) = place::free_bytes(destination).filter(|free| *free < needed) {
        // What compression saves is not known, so this stops nobody here: a full disk stops the backup cleanly.
        console.warning(&text::terminal::little_room(needed, free));
    }
    findings.retain(|finding| finding.is_blocking() && !matches!(finding.remark, BackupRemark::TooLittleSpace { .. }));
    if findings.is_empty() {
        return Ok(());
    }
    let messages = findings.into_iter().map(not_ready).collect();
    Err(Stop::Said(Exit::Failed, messages))
}

fn not_ready(finding: Finding) -> text::Message {
    text::message(&EngineError::NotReady(finding))
}

/// Finds before the passphrase is asked for what the engine would find after it.
fn check_destination(destination: &Destination) -> Result<(), Stop> {
    use crate::engine::DestinationError;
    let Destination::File(path) = destination else {
        return Ok(());
    };
    let error = if path.symlink_metadata().is_ok() {
        DestinationError::Exists { path: path.clone() }
    } else {
        match path.parent() {
            Some(folder) if !folder.is_dir() => DestinationError::NotADirectory { path: folder.into() },
            _ => return Ok(()),
        }
    };
    Err(EngineError::from(error).into())
}

/// Asks whether to go on.
pub(super) fn confirm(interrupt: &Interrupt) -> Result<(), Stop> {
    let answer = prompt::ask("Do you want to proceed? [y/N] ", interrupt);
    match answer.map_err(|error| Stop::of_prompt(error, "the answer"))?.as_str() {
        "y" | "Y" => Ok(()),
        _ => Err(Stop::Said(Exit::Cancelled, vec![text::terminal::declined()])),
    }
}

fn passphrase(args: &BackupArgs, interrupt: &Interrupt) -> Result<Passphrase, Stop> {
    let typed = match &args.passphrase_file {
        Some(path) => passphrase_from(path, interrupt)?,
        None => typed_twice(interrupt)?,
    };
    Passphrase::for_new_archive(typed).map_err(|error| Stop::failed(text::passphrase_error(error)))
}

fn typed_twice(interrupt: &Interrupt) -> Result<Zeroizing<String>, Stop> {
    let ask =
        |question| prompt::passphrase(question, interrupt).map_err(|error| Stop::of_prompt(error, "the passphrase"));
    let first = ask("Please enter the passphrase that will be used to encrypt and verify the backup: ")?;
    let second = ask("Enter again for verification: ")?;
    if first == second {
        Ok(first)
    } else {
        Err(Stop::failed(text::terminal::passphrase_mismatch()))
    }
}

/// The passphrase that a file or standard input holds.
pub(super) fn passphrase_from(path: &Path, interrupt: &Interrupt) -> Result<Zeroizing<String>, Stop> {
    prompt::passphrase_from(path, interrupt).map_err(|error| Stop::of_prompt(error, &path.to_string_lossy()))
}
