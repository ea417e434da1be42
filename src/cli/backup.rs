// SPDX-License-Identifier: GPL-3.0-or-later
//! `qvm-backup`: from the command line to a backup.

use std::{path::Path, sync::Arc, time::SystemTime};

use zeroize::Zeroizing;

use crate::{
    crypto::{KdfCost, Strength},
    engine::{EngineError, Resources},
    history::{self, Noted},
    host::{
        DOM0, Host, System,
        root::sample::{self, SampleSize},
    },
    job::{self, Ended, Job, JobHandle, Task},
    json::{Unopened, WhyUnopened},
    plan::{BackupPlan, RetentionPolicy, Room, Unverified, changed_of, check_backup, hindrances},
    profile::{ProfileError, passphrase_from_vm},
    secret::{Passphrase, PassphraseAnomaly, anomalies},
    text::{self, JobKind},
    transport::{DestinationError, Location, PlaceKind, Probe, ProbeError, Purpose, StoreError, probe},
};

use super::{
    args::BackupArgs,
    console::{Console, checked, say},
    exit::Exit,
    interrupt::Interrupt,
    leftovers, location,
    questions::{confirm, new_passphrase, passphrase_from, typed_twice},
    retention::{self, Foresight},
    schedule, scheduled,
    settings::{self, Settings},
    stop::Stop,
    table,
};

/// Does what the command line says.
pub(super) fn run(args: &BackupArgs, console: &Console, interrupt: &Interrupt) -> Result<Exit, Stop> {
    let args = &args.sorted();
    let console = &Console {
        json: args.json,
        is_output_taken: settings::is_to_standard_output(args) || args.json.is_some(),
        ..*console
    };
    let only_says = if args.history {
        Some(show_history(args, console))
    } else if args.list_profiles {
        Some(schedule::list(args, console))
    } else {
        None
    };
    if let Some(result) = only_says {
        let exit = result.unwrap_or_else(|stop| console.stop(&stop));
        return Ok(checked(console.program, exit, true));
    }
    let exit = if args.scheduled {
        scheduled::run(args, console, interrupt, || carry_on(args, console, interrupt))
    } else {
        let result = match &args.schedule {
            Some((name, rhythm)) => schedule::set(args, name, *rhythm, console, interrupt),
            None => carry_on(args, console, interrupt),
        };
        let place = args.backup_location.as_deref().unwrap_or_default().to_string_lossy();
        console.without_report("backup", &place, args.profile.as_deref(), &result);
        result.unwrap_or_else(|stop| console.stop(&stop))
    };
    // The backup is made, even if its report could not be printed.
    Ok(checked(console.program, exit, false))
}

fn carry_on(args: &BackupArgs, console: &Console, interrupt: &Interrupt) -> Result<Exit, Stop> {
    if let Some(folder) = &args.make_sample {
        return make_sample(folder, console);
    }
    settings::check_line(args)?;
    let host = location::host(&args.common)?;
    leftovers::mention(host.as_ref(), console);
    let mut system = host.system()?;
    let mut settings = match (&args.profile, &args.backup_location) {
        (Some(name), _) => Settings::of_profile(args, name, host.as_ref(), &system, console)?,
        (None, location) => Settings::of_line(args, location.as_deref().unwrap_or_default(), &system, console)?,
    };
    if args.changed && !leave_out_unchanged(&mut settings, &system, console) {
        return Ok(Exit::Done);
    }
    if let Some(vm) = settings.destination.vm() {
        location::check_vm(&system, vm)?;
    }
    let extras = settings.extras.clone();
    let (level, kdf) = (extras.level.unwrap_or_default(), extras.kdf.unwrap_or_default());
    let wants_text = extras.recovery_text.unwrap_or_default();
    settings::check(args, &settings)?;
    let verify = extras.verify.unwrap_or_default();
    retention::check(extras.retention, verify, None)?;
    if args.scheduled {
        scheduled::check_disk(host.as_ref(), &args.series(), &settings.destination)?;
    }
    let found = look_at(&settings.destination, &host, interrupt)?;
    let unreadable = (!found.is_readable_again).then(|| Unverified::of(&settings.destination));
    retention::check(extras.retention, verify, unreadable)?;
    if let Some(why) = unreadable.filter(|_| verify) {
        console.warning(&text::terminal::will_not_verify(why));
    }
    if settings.vms.iter().any(|name| name == DOM0) {
        count_home(&mut system, &host, interrupt)?;
    }
    if args.scheduled {
        scheduled::clean_up(&found.leftovers, &settings.destination, &host, console, interrupt)?;
    } else {
        warn_of_place(&found, &settings.destination, console);
    }
    let room = Room::of(&found, settings.compression);
    show_summary(&system, &settings.vms, &settings.destination, room, console)?;
    let foresight = Foresight {
        series: args.series(),
        policy: extras.retention,
        destination: &settings.destination,
    };
    if args.retention.dry_run {
        return foresight.show(&host, console, interrupt).map(|()| Exit::Done);
    }
    foresight.mention(&host, console, interrupt)?;
    if !args.yes && !args.scheduled {
        confirm(console, interrupt)?;
    }
    let passphrase = Arc::new(passphrase(args, &mut settings, &host, interrupt)?);
    warn_of_passphrase(&passphrase, kdf, console);
    if let Some(name) = &args.save_profile {
        settings::save(args, name, &settings, &passphrase, host.as_ref(), console)?;
    }
    let plan = BackupPlan {
        vms: settings.vms,
        destination: settings.destination,
        device: found.device,
        compression: settings.compression,
        level,
        scope: extras.scope.unwrap_or_default(),
        kdf,
        verify,
        recovery_text: wants_text.then_some(text::recovery_text),
        passphrase,
        series: args.series(),
        retention: extras.retention,
    };
    let resources = Resources {
        jobs: extras.jobs,
        is_gentle: extras.is_gentle.unwrap_or_default(),
    };
    Ok(carry_out(plan, resources, host, console, interrupt))
}

/// Leaves out the VMs that have not changed; returns whether others are left.
fn leave_out_unchanged(settings: &mut Settings, system: &System, console: &Console) -> bool {
    settings.vms = changed_of(system, std::mem::take(&mut settings.vms));
    if settings.vms.is_empty() {
        console.print(format_args!("{}", text::terminal::nothing_changed_since()));
        console.unopened(&Unopened {
            job: "backup",
            place: &settings.destination.to_string(),
            profile: None,
            why: WhyUnopened::NothingToDo,
        });
        return false;
    }
    // The rules of a profile are for its whole backups.
    settings.extras.retention = RetentionPolicy::default();
    console.warning(&text::only_changed());
    true
}

/// Says what should be known of the place that the backup goes to.
fn warn_of_place(found: &Probe, destination: &Location, console: &Console) {
    for leftover in &found.leftovers {
        console.warning(&text::terminal::unfinished_backup(destination, leftover));
    }
    if let (PlaceKind::VmPathOrCommand { program }, Location::Vm { vm, line }) = (&found.kind, destination) {
        console.warning(&text::wizard::path_or_command(vm, line, program, true));
    }
}

fn carry_out(
    plan: BackupPlan,
    resources: Resources,
    host: Arc<dyn Host>,
    console: &Console,
    interrupt: &Interrupt,
) -> Exit {
    let place = plan.destination.to_string();
    let profile = plan.series.profile.clone();
    let noted = Noted {
        kind: JobKind::Backup,
        place: place.clone(),
        archive: None,
        profile: profile.clone(),
    };
    let note = history::noting(host.profile_dir(), noted);
    let job: JobHandle = job::spawn_noted(Job::Backup(plan, host), resources, note);
    interrupt.stops(job.cancel_token());
    interrupt.waits_for(job.is_over());
    let _awake = console.stays_awake(JobKind::Backup);
    let outcome = console.watch(&job);
    console.ended(&Ended {
        kind: JobKind::Backup,
        outcome: &outcome,
        place: &place,
        archive: None,
        profile: profile.as_deref(),
        at: SystemTime::now(),
    });
    Exit::of_outcome(JobKind::Backup, &outcome)
}

/// Says how earlier runs ended.
fn show_history(args: &BackupArgs, console: &Console) -> Result<Exit, Stop> {
    let host = location::host(&args.common)?;
    let failed = |error| Stop::failed(text::history_unreadable(&error));
    let Some(folder) = host.profile_dir() else {
        return Err(Stop::failed(text::profile_error(&ProfileError::OutOfReach)));
    };
    if args.json.is_some() {
        console.document(&history::document(&folder).map_err(failed)?);
    } else {
        for line in text::terminal::history(&history::past_runs(&folder).map_err(failed)?) {
            console.print(format_args!("{line}"));
        }
    }
    Ok(Exit::Done)
}

/// Makes a sample PedOS.
fn make_sample(folder: &Path, console: &Console) -> Result<Exit, Stop> {
    sample::create(folder, SampleSize::Full)?;
    if console.level >= 1 {
        say(format_args!("{}", text::terminal::sample_made(folder)));
    }
    Ok(Exit::Done)
}

/// Counts dom0's home, for the table and the room that is needed, on a thread of its own so that Ctrl-C is heard.
fn count_home(system: &mut System, host: &Arc<dyn Host>, interrupt: &Interrupt) -> Result<(), Stop> {
    let host = Arc::clone(host);
    let task = Task::spawn(move |context| Ok(host.with_cancel(&context.cancel).home_bytes()?));
    interrupt.stops(task.cancel_token());
    if let Some(bytes) = task.answer_blocking()? {
        system.set_home_bytes(bytes);
    }
    Ok(())
}

/// Prints the table, and ends here if something speaks against the backup.
fn show_summary(
    system: &System,
    vms: &[String],
    destination: &Location,
    room: Room,
    console: &Console,
) -> Result<(), Stop> {
    let mut findings = check_backup(system, vms, Some(destination), room);
    console.print(format_args!("{}", table::backup(system, vms, &findings)));
    // What compression saves is not known, so this stops nobody here: a full disk stops the backup cleanly.
    findings.retain(|finding| {
        let is_of_room = finding.remark.is_about_room();
        if is_of_room {
            console.warning(&text::terminal::little_room(finding));
        }
        !is_of_room
    });
    let mut hindrances = hindrances(&findings, vms)
        .into_iter()
        .cloned()
        .map(EngineError::NotReady);
    if let Some(first) = hindrances.next() {
        let more = hindrances.map(|error| text::message(&error)).collect();
        return Err(Stop::Error(Box::new(first), more));
    }
    for finding in findings.iter().filter(|finding| finding.unready_vm().is_some()) {
        console.warning(&text::terminal::will_be_left_out(finding));
    }
    Ok(())
}

/// Finds before the passphrase is asked for what the engine would find after it.
fn look_at(destination: &Location, host: &Arc<dyn Host>, interrupt: &Interrupt) -> Result<Probe, Stop> {
    if let Location::File(path) = destination
        && path.symlink_metadata().is_ok()
    {
        let error = DestinationError::Exists { path: path.clone() };
        return Err(EngineError::from(error).into());
    }
    let (location, host) = (destination.clone(), Arc::clone(host));
    let task = Task::spawn(move |context| {
        let view = host.with_cancel(&context.cancel);
        let found = probe(&location, Purpose::Write, Some(&*view), &context.cancel);
        context.cancel.check()?;
        Ok(found)
    });
    interrupt.stops(task.cancel_token());
    task.answer_blocking()?.map_err(|error| will_not_do(destination, error))
}

fn will_not_do(destination: &Location, error: ProbeError) -> Stop {
    let place = destination.to_string();
    let error = match (error, destination.folder()) {
        (
            ProbeError::NotFound
            | ProbeError::NotADirectory
            | ProbeError::CanBeMade
            | ProbeError::CannotBeMade
            | ProbeError::NoCommand { .. },
            Some(folder),
        ) => DestinationError::NotADirectory {
            path: folder.to_owned(),
        },
        (
            ProbeError::NotFound
            | ProbeError::NotADirectory
            | ProbeError::CanBeMade
            | ProbeError::CannotBeMade
            | ProbeError::NoCommand { .. },
            None,
        ) => DestinationError::NothingThere { place },
        (ProbeError::NotWritable | ProbeError::NotReadable, _) => DestinationError::NotWritable { place },
        (ProbeError::Io(source), _) => DestinationError::Io { place, source },
        (ProbeError::Host(error), _) => return error.into(),
        (ProbeError::Store(StoreError::Fault { fault, said }), _) => DestinationError::Store { place, fault, said },
        (ProbeError::Store(error), _) => return Stop::failed(text::store_error(&error)),
        // The command line has been held against these already.
        (ProbeError::Line(_) | ProbeError::NotAbsolute | ProbeError::NotAFile | ProbeError::EmptyFile, _) => {
            DestinationError::Impossible { place }
        }
    };
    EngineError::from(error).into()
}

/// Says what is wrong with a passphrase that will do all the same: a script is not asked.
fn warn_of_passphrase(passphrase: &Passphrase, cost: KdfCost, console: &Console) {
    for found in anomalies(passphrase.as_str()) {
        match found {
            // Said of every passphrase in most languages: the wizard has room for that.
            PassphraseAnomaly::UnusualCharacters => {}
            _ if found.is_trap() || console.level >= 1 => console.warning(&text::terminal::passphrase_anomaly(found)),
            _ => {}
        }
    }
    let weakness = Strength::of(passphrase.as_str()).and_then(|judged| text::terminal::weak_passphrase(&judged, cost));
    if let Some(said) = weakness {
        console.warning(&said);
    }
}

/// The passphrase of a file that is named or of a scheduled backup's credential, else the one that the profile holds, or what
/// somebody says.
fn passphrase(
    args: &BackupArgs,
    settings: &mut Settings,
    host: &Arc<dyn Host>,
    interrupt: &Interrupt,
) -> Result<Passphrase, Stop> {
    if args.passphrase_file.is_none() {
        if let Some(credential) = scheduled::credential(args, interrupt)? {
            return new_passphrase(credential);
        }
        if let Some(kept) = settings.passphrase.take() {
            return Ok(kept);
        }
    }
    let profile = args.profile.as_deref().unwrap_or_default();
    let typed = match (&args.passphrase_file, settings.passphrase_vm.as_deref()) {
        (Some(path), _) => passphrase_from(path, interrupt)?,
        (None, Some(vm)) => told_by(vm, profile, host, interrupt)?,
        (None, None) if args.scheduled => return Err(Stop::failed(text::terminal::no_credential(profile))),
        (None, None) => typed_twice(interrupt)?,
    };
    new_passphrase(typed)
}

/// The passphrase that a VM tells for a profile, asked for on a thread of its own so that Ctrl-C is heard.
fn told_by(vm: &str, profile: &str, host: &Arc<dyn Host>, interrupt: &Interrupt) -> Result<Zeroizing<String>, Stop> {
    let (host, source, name) = (Arc::clone(host), vm.to_owned(), profile.to_owned());
    let task = Task::spawn(move |context| {
        let host = host.with_cancel(&context.cancel);
        let told = passphrase_from_vm(host.as_ref(), &source, &name, &context.cancel);
        context.cancel.check()?;
        Ok(told)
    });
    interrupt.stops(task.cancel_token());
    let told = task.answer_blocking()?;
    told.map_err(|error| Stop::failed(text::terminal::no_passphrase_from_vm(vm, profile, &error)))
}
