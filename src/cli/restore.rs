// SPDX-License-Identifier: GPL-3.0-or-later
//! `qvm-backup-restore`: from the command line to a restore or a verification.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::SystemTime};

use crate::{
    engine::{ArchiveError, OpenedArchive},
    format::BackupId,
    history::{self, Noted},
    host::{DOM0, Host, System},
    job::{self, Ended, Job, Outcome},
    json,
    plan::{Access, Missing, RestorePlan, RestoreTable, VerifyPlan, backed_up_again, resolve},
    profile,
    secret::Passphrase,
    text::{self, JobKind},
    transport::{Location, STANDARD, Source},
};

use super::{
    archive::{open, unreadable},
    args::{RestoreArgs, YesNo},
    choices::choices,
    confined::{self, Purpose, Waking},
    console::{Console, checked},
    exit::Exit,
    inspect,
    interrupt::Interrupt,
    leftovers,
    location::{self, NewRoot},
    prompt,
    questions::{confirm, passphrase_from},
    stop::Stop,
    table,
};

/// Does what the command line says.
pub(super) fn run(args: &RestoreArgs, console: &Console, interrupt: &Interrupt) -> Result<Exit, Stop> {
    let args = &args.sorted();
    check_line(args)?;
    inspect::check_line(args)?;
    let console = &Console {
        json: args.json,
        is_output_taken: args.json.is_some() || inspect::is_stream(args),
        ..*console
    };
    if args.clean_up {
        return leftovers::clean_up(args, console, interrupt);
    }
    let source = source(args)?;
    let place = source.to_string();
    let result = carry_on(args, Source::new(source), console, interrupt);
    console.without_report(name(args), &place, None, &result);
    // Without a restore, the output is the only result, so losing it is a failure.
    let is_for_its_words =
        args.json.is_some() || args.list || args.quick_look || args.verify_only || args.choices.dry_run;
    let exit = result.unwrap_or_else(|stop| console.stop(&stop));
    Ok(checked(console.program, exit, is_for_its_words))
}

/// What is to be done, as a report names it.
fn name(args: &RestoreArgs) -> &'static str {
    if args.list {
        "list"
    } else if args.extract.is_some() {
        "extract"
    } else if args.verify_only {
        "verify"
    } else {
        "restore"
    }
}

fn carry_on(args: &RestoreArgs, source: Source, console: &Console, interrupt: &Interrupt) -> Result<Exit, Stop> {
    if args.quick_look {
        confined::enter_to_look(&source);
        return inspect::quick(&source, interrupt);
    }
    let (new_root, pedos) = match &args.new_root {
        Some(path) => NewRoot::create(path).map(|(new, host)| (Some(new), Pedos::IntoIt(host)))?,
        None => (None, Pedos::of(args, &source)?),
    };
    if let (None, Some(host)) = (&new_root, pedos.host()) {
        leftovers::mention(host.as_ref(), console);
    }
    if let (Some(vm), Some(host)) = (source.location().vm(), pedos.host()) {
        location::check_vm(&host.system()?, vm)?;
    }
    let access = access(args, source, interrupt)?;
    console.notice("Checking backup content...");
    if args.list {
        confined::enter(&access, Purpose::List(pedos.host().map(Arc::as_ref)), console);
        return inspect::list(args, &access, pedos.host(), console, interrupt);
    }
    if args.extract.is_some() {
        return inspect::extract(args, access, pedos.host(), console, interrupt);
    }
    let place = access.source.location().to_string();
    let waking = confined::enter(&access, pedos.purpose(new_root.as_ref()), console);
    let archive = open(&access, pedos.host(), args.resources.resources(), interrupt)
        .map_err(|error| unreadable(error, &access))?;
    if let Some(host) = pedos.host() {
        warn_of_newer(&archive, host.as_ref(), console);
    }
    let mut choices = choices(args, &archive.inventory, console)?;
    let missing = named_missing(args, &access, &archive, pedos.host(), (console, interrupt))?;
    // What is whole is restored all the same, so that this stands in the way only of what is merely tried.
    if args.choices.dry_run {
        choices.missing = missing.unwrap_or_default();
    }
    // Names are chosen now, so that the turn is held from here to the end of the restore.
    let _turn = match &pedos {
        Pedos::IntoIt(host) if !args.choices.dry_run => Some(leftovers::wait(host.as_ref(), console, interrupt)?),
        Pedos::IntoIt(_) | Pedos::ToAsk(_) => None,
    };
    let system = pedos
        .host()
        .map_or_else(|| Ok(System::default()), |host| host.system())?;
    let table = resolve(&archive.inventory, &system, &choices);
    let shortages = if args.verify_only {
        Vec::new()
    } else {
        table.shortages(&system)
    };
    // A program gets one document: of what was done, or where nothing will be, of what would be.
    if args.json.is_some() && (args.choices.dry_run || !table.is_ready()) {
        console.document(&json::plan(&place, &archive.info, &table, &shortages));
    }
    show_table(args, &table, console)?;
    for (vm, remark) in table.replaced() {
        console.warning(&format!("{}: {}", text::sanitize(vm), text::restore_remark(remark)));
    }
    for shortage in &shortages {
        console.warning(&text::shortage(shortage));
    }
    if args.choices.dry_run {
        console.notice(&text::terminal::nothing_changed());
        return Ok(Exit::Done);
    }
    if args.passphrase_file.is_none() {
        confirm(console, interrupt)?;
    }
    let job = match pedos {
        Pedos::IntoIt(host) => Job::Restore(RestorePlan { access, table }, host),
        Pedos::ToAsk(host) => Job::Verify(VerifyPlan::of_table(access, &table), host),
    };
    Ok(carry_out(
        args,
        job,
        &place,
        new_root,
        &archive,
        waking,
        (console, interrupt),
    ))
}

/// Warns where this system has made newer archives of the same series, or of VMs of this one: a VM or a server that keeps archives
/// can hand over an old one.
fn warn_of_newer(archive: &OpenedArchive, host: &dyn Host, console: &Console) {
    let Some(id) = archive.info.backup_id.as_deref() else {
        return;
    };
    if let (Some(folder), Some(id)) = (host.profile_dir(), BackupId::parse(id)) {
        let newer = profile::newer_than(&folder, &id);
        if let Some(newest) = newer.iter().max_by_key(|newer| newer.made) {
            // It says where they are as well.
            console.warning(&text::terminal::newer_made(newer.len(), newest));
            return;
        }
    }
    // Whatever keeps the host from being read is said by what is done with it next. Only its record matters here.
    let system = host.system_of(&[]).ok();
    let again = system.and_then(|system| backed_up_again(id, &archive.inventory, &system));
    if let Some((count, latest)) = again {
        console.warning(&text::wizard::newer_known(count, latest));
    }
}

/// The archive with all that is needed to read it.
fn access(args: &RestoreArgs, source: Source, interrupt: &Interrupt) -> Result<Access, Stop> {
    let typed = match &args.passphrase_file {
        Some(path) => passphrase_from(path, interrupt)?,
        None => {
            let question = "Please enter the passphrase to verify and (if encrypted) decrypt the backup: ";
            let [typed] =
                prompt::passphrases([question], interrupt).map_err(|error| error.into_stop("the passphrase"))?;
            typed
        }
    };
    Ok(Access {
        filter_program: args.compression_filter.clone(),
        is_encrypted: args.encrypted == YesNo::Yes,
        ..Access::new(source, Arc::new(Passphrase::for_reading(typed)))
    })
}

/// Runs the job to its end, and keeps a new PedOS if there is something in it.
fn carry_out(
    args: &RestoreArgs,
    job: Job,
    place: &str,
    new_root: Option<NewRoot>,
    archive: &OpenedArchive,
    waking: Waking,
    (console, interrupt): (&Console, &Interrupt),
) -> Exit {
    let kind = kind(args);
    let folder = match &job {
        Job::Restore(_, host) => host.profile_dir(),
        Job::Verify(_, host) => host.as_ref().and_then(|host| host.profile_dir()),
        Job::Backup(..) | Job::Extract(..) => None,
    };
    let noted = Noted {
        kind,
        place: place.to_owned(),
        archive: Some(archive.info.clone()),
        profile: None,
    };
    let note = history::noting(folder, noted);
    let job = job::spawn_noted(job, args.resources.resources(), note);
    interrupt.stops(job.cancel_token());
    // A verification leaves nothing behind, however it ends.
    if kind == JobKind::Restore {
        interrupt.waits_for(job.is_over());
    }
    let _awake = waking.hold(kind, console);
    let outcome = console.watch(&job);
    if let Some(new_root) = new_root.filter(|_| has_left_something(&outcome)) {
        new_root.keep();
    }
    let ended = Ended {
        kind,
        outcome: &outcome,
        place,
        archive: Some(&archive.info),
        profile: None,
        at: SystemTime::now(),
    };
    console.ended(&ended);
    Exit::of_outcome(kind, &outcome)
}

/// What a command line needs a PedOS for.
enum Pedos {
    /// To restore into it.
    IntoIt(Arc<dyn Host>),
    /// To look at it, or to ask one of its VMs for the archive. Where the archive is on this computer, none is needed:
    /// reading it works anywhere.
    ToAsk(Option<Arc<dyn Host>>),
}

impl Pedos {
    /// The PedOS that a command line needs.
    fn of(args: &RestoreArgs, source: &Source) -> Result<Self, Stop> {
        let is_look = args.list || args.extract.is_some();
        if !is_look && !args.verify_only {
            return location::host(&args.common).map(Self::IntoIt);
        }
        let is_needed = source.location().vm().is_some() || (!is_look && location::named_root(&args.common).is_some());
        let host = is_needed.then(|| location::host(&args.common)).transpose()?;
        Ok(Self::ToAsk(host))
    }

    /// What an archive is read for.
    fn purpose<'a>(&'a self, new_root: Option<&'a NewRoot>) -> Purpose<'a> {
        match self {
            Self::IntoIt(host) => Purpose::Restore(host.as_ref(), new_root),
            Self::ToAsk(host) => Purpose::Verify(host.as_deref()),
        }
    }

    fn host(&self) -> Option<&Arc<dyn Host>> {
        match self {
            Self::IntoIt(host) => Some(host),
            Self::ToAsk(host) => host.as_ref(),
        }
    }
}

/// Whether there is something in a new PedOS that its user would miss.
fn has_left_something(outcome: &Outcome) -> bool {
    let (vms, home) = match outcome {
        Outcome::Done(report) => (&report.vms, report.home_folder.is_some()),
        Outcome::Cancelled(partial) | Outcome::Failed(_, partial) => (&partial.vms, false),
    };
    home || vms.iter().any(|vm| vm.result.is_there())
}

/// What the parser cannot say.
fn check_line(args: &RestoreArgs) -> Result<(), Stop> {
    if args.paranoid_mode {
        return Err(Stop::usage::<RestoreArgs>(
            "--paranoid-mode (--plan-b) is not available yet: restore without it, or in a disposable VM by hand",
        ));
    }
    let is_stdin = |path: &Path| {
        [
            Path::new(STANDARD),
            Path::new("/dev/stdin"),
            Path::new("/dev/fd/0"),
            Path::new("/proc/self/fd/0"),
        ]
        .contains(&path)
    };
    if args.passphrase_file.as_deref() == Some(Path::new("-")) && is_stdin(Path::new(&args.backup_location)) {
        return Err(Stop::usage::<RestoreArgs>(
            "backup and passphrase cannot both come from standard input",
        ));
    }
    if args.location_is_service && args.dest_vm.as_deref().is_none_or(|vm| vm == DOM0) {
        return Err(Stop::usage::<RestoreArgs>("--location-is-service needs --dest-vm"));
    }
    Ok(())
}

fn kind(args: &RestoreArgs) -> JobKind {
    if args.verify_only {
        JobKind::Verify
    } else {
        JobKind::Restore
    }
}

fn source(args: &RestoreArgs) -> Result<Location, Stop> {
    let place = &args.backup_location;
    if let Some(command) = &args.from_command {
        return location::command::<RestoreArgs>(command);
    }
    match args.dest_vm.as_deref() {
        Some(vm) if args.location_is_service => Ok(Location::Registered {
            vm: vm.to_owned(),
            service: location::text::<RestoreArgs>(place)?.to_owned(),
        }),
        vm if args.join.is_empty() => location::source::<RestoreArgs>(vm, args.store.as_deref(), place),
        None | Some(DOM0) => location::parts::<RestoreArgs>(place, &args.join),
        Some(_) => Err(Stop::usage::<RestoreArgs>(
            "--join is for files of dom0, and not for those of a VM",
        )),
    }
}

/// What an archive lacks as far as its outer headers tell, named before anything is done; nothing where nobody has looked.
/// A verification finds it anyway.
fn named_missing(
    args: &RestoreArgs,
    access: &Access,
    archive: &OpenedArchive,
    host: Option<&Arc<dyn Host>>,
    (console, interrupt): (&Console, &Interrupt),
) -> Result<Option<BTreeMap<String, Missing>>, Stop> {
    if args.verify_only {
        return Ok(None);
    }
    let missing = inspect::missing(access, archive, host, interrupt)?;
    for what in missing.iter().flat_map(BTreeMap::values).cloned() {
        console.warning(&text::message(&ArchiveError::Missing { what }.into()).full_text());
    }
    Ok(missing)
}

/// Prints the table and what will happen, and ends here if something stands in the way.
fn show_table(args: &RestoreArgs, table: &RestoreTable, console: &Console) -> Result<(), Stop> {
    console.print(format_args!(
        "\nThe following VMs are included in the backup:\n\n{}",
        table::restore(table)
    ));
    let problems = text::terminal::problems(table);
    if !problems.is_empty() {
        return Err(Stop::Said(Exit::Failed, problems));
    }
    if !table.is_ready() {
        return Err(Stop::failed(text::terminal::nothing_to_restore()));
    }
    if args.choices.dry_run {
        return Ok(());
    }
    let (will, stay) = if args.verify_only {
        (
            "The above VM archive(s) will be verified.",
            "Existing VMs will NOT be removed or altered.",
        )
    } else {
        (
            "The above VMs will be copied and added to your system.",
            "Existing VMs will NOT be removed.",
        )
    };
    console.notice(will);
    console.notice(stay);
    Ok(())
}
