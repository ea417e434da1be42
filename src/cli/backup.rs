// SPDX-License-Identifier: GPL-3.0-or-later
//! `qvm-backup`: from the command line to a backup.

use std::{path::Path, sync::Arc};

use zeroize::Zeroizing;

use crate::{
    crypto::KdfCost,
    engine::{DestinationError, EngineError, Resources, VerifyVerdict},
    format::Level,
    host::{
        Host, System,
        root::sample::{self, SampleSize},
    },
    job::{self, Job, JobHandle, Outcome},
    plan::{BackupPlan, Destination, Finding, InventoryScope, Room, check_backup},
    secret::Passphrase,
    text::{self, JobKind},
};

use super::{
    Stop,
    args::{BackupArgs, KdfStrength},
    console::{Console, checked, say},
    exit::Exit,
    interrupt::Interrupt,
    place,
    prompt::{self, PromptError},
    settings::{self, Settings},
    table,
};

/// Does what the command line says.
pub(super) fn run(args: &BackupArgs, console: &Console, interrupt: &Interrupt) -> Result<Exit, Stop> {
    let exit = carry_on(args, console, interrupt).unwrap_or_else(|stop| console.stop(&stop));
    Ok(checked(console.program, exit, false))
}

fn carry_on(args: &BackupArgs, console: &Console, interrupt: &Interrupt) -> Result<Exit, Stop> {
    if let Some(folder) = &args.make_sample {
        return make_sample(folder, console);
    }
    settings::check_line(args)?;
    let host = place::host(&args.common)?;
    let system = host.system()?;
    let mut settings = match (&args.profile, &args.backup_location) {
        (Some(name), _) => Settings::of_profile(name, host.as_ref(), &system, console)?,
        (None, location) => Settings::of_line(args, location.as_deref().unwrap_or_default(), &system, console)?,
    };
    if let Destination::Service { machine, .. } = &settings.destination {
        place::check_machine(&system, machine)?;
    }
    if args.recovery_text && matches!(settings.destination, Destination::Service { .. }) {
        return Err(Stop::usage::<BackupArgs>(text::terminal::no_recovery_text_in_vm()));
    }
    if args.level.number(settings.compression).is_none() {
        let said = text::terminal::no_such_level(settings.compression, &Level::numbers(settings.compression));
        return Err(Stop::usage::<BackupArgs>(said));
    }
    if args.save_profile.is_some() {
        settings::check_profile(&settings)?;
    }
    show_summary(&system, &settings.machines, &settings.destination, console)?;
    if !args.yes {
        confirm(console, interrupt)?;
    }
    let passphrase = Arc::new(match settings.passphrase.take() {
        Some(kept) => kept,
        None => passphrase(args, interrupt)?,
    });
    if let Some(name) = &args.save_profile {
        settings::save(args, name, &settings, &passphrase, host.as_ref(), console)?;
    }
    let plan = BackupPlan {
        machines: settings.machines,
        destination: settings.destination,
        compression: settings.compression,
        level: args.level,
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
        recovery_text: args.recovery_text.then_some(text::recovery_text),
        passphrase,
    };
    Ok(carry_out(plan, args.resources.resources(), host, console, interrupt))
}

fn carry_out(
    plan: BackupPlan,
    resources: Resources,
    host: Arc<dyn Host>,
    console: &Console,
    interrupt: &Interrupt,
) -> Exit {
    let (is_verified, has_text) = (plan.verify, plan.recovery_text.is_some());
    let job: JobHandle = job::spawn(Job::Backup(plan), host, resources);
    interrupt.stops(job.cancel_token());
    interrupt.waits_for(job.is_over());
    let outcome = console.watch(&job);
    console.result(&text::outcome(JobKind::Backup, &outcome));
    match (&outcome, Exit::of_outcome(JobKind::Backup, &outcome)) {
        // It was asked for and is part of what was selected.
        (Outcome::Done(report), Exit::Done) if is_verified && report.verdict == VerifyVerdict::NotDone => {
            console.error(&text::terminal::not_verified());
            Exit::Partial
        }
        // Likewise; why it is not there was warned of.
        (Outcome::Done(report), Exit::Done) if has_text && report.recovery_file.is_none() => Exit::Partial,
        (_, exit) => exit,
    }
}

/// Makes a sample PedOS.
fn make_sample(folder: &Path, console: &Console) -> Result<Exit, Stop> {
    sample::create(folder, SampleSize::Full)?;
    if console.level >= 1 {
        say(format_args!("{}", text::terminal::sample_made(folder)));
    }
    Ok(Exit::Done)
}

/// Prints the table, and ends here if something speaks against the backup.
fn show_summary(
    system: &System,
    machines: &[String],
    destination: &Destination,
    console: &Console,
) -> Result<(), Stop> {
    check_destination(destination)?;
    let mut findings = check_backup(system, machines, Some(destination), Room::default());
    say(format_args!("{}", table::backup(system, machines, &findings)));
    let needed = machines
        .iter()
        .filter_map(|name| system.machine(name))
        .map(|machine| machine.backup_bytes)
        .sum();
    if let Some(free) = place::free_bytes(destination).filter(|free| *free < needed) {
        // What compression saves is not known, so this stops nobody here: a full disk stops the backup cleanly.
        console.warning(&text::terminal::little_room(needed, free));
    }
    findings.retain(|finding| finding.is_blocking());
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
pub(super) fn confirm(console: &Console, interrupt: &Interrupt) -> Result<(), Stop> {
    let question = "Do you want to proceed? [y/N] ";
    let answer = prompt::ask(question, console.is_output_taken, interrupt);
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
    let questions = [
        "Please enter the passphrase that will be used to encrypt and verify the backup: ",
        "Enter again for verification: ",
    ];
    let [first, second] =
        prompt::passphrases(questions, interrupt).map_err(|error| Stop::of_prompt(error, "the passphrase"))?;
    if first == second {
        Ok(first)
    } else {
        Err(Stop::failed(text::terminal::passphrase_mismatch()))
    }
}

/// The passphrase that a file or standard input holds.
pub(super) fn passphrase_from(path: &Path, interrupt: &Interrupt) -> Result<Zeroizing<String>, Stop> {
    let what = if path == Path::new("-") {
        "standard input".into()
    } else {
        path.to_string_lossy()
    };
    prompt::passphrase_from(path, interrupt).map_err(|error| match error {
        PromptError::Ended => Stop::failed(text::terminal::no_passphrase_in(&what)),
        error => Stop::of_prompt(error, &what),
    })
}
