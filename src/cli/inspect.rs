// SPDX-License-Identifier: GPL-3.0-or-later
//! `qvm-backup-restore --list` and `--extract`: looks into an archive, and gets one file out of it. Neither needs a PedOS
//! where the archive is a file.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, IsTerminal},
    os::fd::AsFd,
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use crate::{
    draft::QuickLook,
    engine::{Notes, OpenedArchive, Outline, quick_look, read_notes},
    host::{Host, HostError, Operation, Services},
    job::{self, Ended, Job, JobKind, Task},
    json,
    plan::{Access, ArchivedFile, ExtractPlan, ExtractTo, Missing},
    text::{self, sanitize},
    transport::{STANDARD, Source},
};

use super::{
    archive,
    args::RestoreArgs,
    confined::{self, Purpose},
    console::{Console, say},
    exit::Exit,
    interrupt::Interrupt,
    stop::Stop,
    table,
};

/// Checks as much of a command line as can be checked without an archive.
pub(super) fn check_line(args: &RestoreArgs) -> Result<(), Stop> {
    let usage = |text: &str| Err(Stop::usage::<RestoreArgs>(text));
    let is_stream = args.output.as_deref().is_some_and(is_standard_output);
    if args.yes && !args.clean_up {
        return usage("--yes belongs to --clean-up");
    }
    if (args.list || args.extract.is_some()) && !args.vms.is_empty() {
        return usage("--list and --extract take no VMs behind the backup's location");
    }
    let Some(text) = &args.extract else { return Ok(()) };
    match ArchivedFile::parse(text) {
        None => usage("--extract takes VM:VOLUME, as in work:private or work:firewall.xml, or dom0 for dom0's home"),
        Some(ArchivedFile::Home) if is_stream => usage("dom0's home is a folder: name a new one with --output"),
        Some(_) if is_stream && args.json.is_some() => usage("--json and --output - both want standard output"),
        Some(_) if is_stream && io::stdout().is_terminal() => {
            usage("a volume is not for a terminal: name a new file with --output, or redirect standard output")
        }
        Some(_) => Ok(()),
    }
}

/// Whether standard output is for the bytes of a volume.
pub(super) fn is_stream(args: &RestoreArgs) -> bool {
    args.extract.is_some() && args.output.as_deref().is_some_and(is_standard_output)
}

fn is_standard_output(path: &Path) -> bool {
    path == Path::new(STANDARD)
}

/// Looks a file over without its passphrase.
pub(super) fn quick(source: &Source, interrupt: &Interrupt) -> Result<Exit, Stop> {
    let Some(outline) = outline(source, None, interrupt)? else {
        return Err(Stop::usage::<RestoreArgs>(
            "--quick-look is for a backup that is a file",
        ));
    };
    let is_whole = outline.findings.is_empty();
    if let Some(verdict) = text::wizard::quick_look(&QuickLook::Done(outline)) {
        say(format_args!("{}\n{}", verdict.text, verdict.detail));
    }
    Ok(if is_whole { Exit::Done } else { Exit::Damaged })
}

/// What an archive lacks of the VMs that it should hold, as far as a quick look tells; nothing where there can be none.
pub(super) fn missing(
    access: &Access,
    archive: &OpenedArchive,
    host: Option<&Arc<dyn Host>>,
    interrupt: &Interrupt,
) -> Result<Option<BTreeMap<String, Missing>>, Stop> {
    let outline = outline(&access.source, host, interrupt)?;
    Ok(outline.map(|outline| outline.missing(&archive.inventory)))
}

fn outline(source: &Source, host: Option<&Arc<dyn Host>>, interrupt: &Interrupt) -> Result<Option<Outline>, Stop> {
    let (source, host) = (source.clone(), host.cloned());
    let task = Task::spawn(move |context| {
        let view = host.map(|host| host.with_cancel(&context.cancel));
        quick_look(&source, view.as_deref().map(|view| view as &dyn Services), context)
    });
    interrupt.stops(task.cancel_token());
    Ok(task.answer_blocking()?)
}

/// Says what is in an archive.
pub(super) fn list(
    args: &RestoreArgs,
    access: &Access,
    host: Option<&Arc<dyn Host>>,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Exit, Stop> {
    let archive = archive::open(access, host, args.resources.resources(), interrupt)
        .map_err(|error| archive::unreadable(error, access))?;
    let notes = if args.notes {
        Some(notes(access, &archive, host, interrupt)?)
    } else {
        None
    };
    let place = access.source.location().to_string();
    if args.json.is_some() {
        console.document(&json::listing(&place, &archive, notes.as_ref()));
    } else {
        show(&place, &archive, notes.as_ref());
    }
    match notes.and_then(|notes| notes.broken) {
        Some(error) => Err(error.into()),
        None => Ok(Exit::Done),
    }
}

fn notes(
    access: &Access,
    archive: &OpenedArchive,
    host: Option<&Arc<dyn Host>>,
    interrupt: &Interrupt,
) -> Result<Notes, Stop> {
    let (access, archive, host) = (access.clone(), archive.clone(), host.cloned());
    let task = Task::spawn(move |context| {
        archive::with_services(host.as_ref(), context, |services| {
            read_notes(&access, &archive, services, context)
        })
    });
    interrupt.stops(task.cancel_token());
    Ok(task.answer_blocking()?)
}

fn show(place: &str, archive: &OpenedArchive, notes: Option<&Notes>) {
    let domains = archive.inventory.domains();
    for line in text::archive_lines(place, archive) {
        say(format_args!("{line}"));
    }
    say(format_args!(
        "\n{}",
        table::listing(&domains, io::stdout().is_terminal())
    ));
    for domain in &domains {
        let Some(note) = notes.and_then(|notes| notes.of(&domain.name)) else {
            continue;
        };
        say(format_args!("{}", text::terminal::notes_of(&domain.name)));
        match note {
            Ok(text) => text
                .lines()
                .for_each(|line| say(format_args!("    {}", sanitize(line)))),
            Err(error) => say(format_args!(
                "    {}",
                text::message(error).full_text().replace('\n', "\n    ")
            )),
        }
    }
}

/// Gets one file out of an archive.
pub(super) fn extract(
    args: &RestoreArgs,
    access: Access,
    host: Option<&Arc<dyn Host>>,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Exit, Stop> {
    let (Some(text), Some(output)) = (&args.extract, &args.output) else {
        return Err(Stop::usage::<RestoreArgs>("--extract needs --output"));
    };
    let what = ArchivedFile::parse(text).ok_or_else(|| Stop::usage::<RestoreArgs>("--extract takes VM:VOLUME"))?;
    let to = if is_standard_output(output) {
        let stream = io::stdout().as_fd().try_clone_to_owned();
        let stream = stream.map_err(|error| HostError::io(Operation::WriteOutput, error))?;
        ExtractTo::Stream(Arc::new(File::from(stream)))
    } else {
        let path =
            std::path::absolute(output).map_err(|error| HostError::io(Operation::Write(output.into()), error))?;
        ExtractTo::Path(path)
    };
    let waking = confined::enter(&access, Purpose::Extract(&to), console);
    let place = access.source.location().to_string();
    let job = job::spawn(
        Job::Extract(ExtractPlan { access, what, to }, host.cloned()),
        args.resources.resources(),
    );
    interrupt.stops(job.cancel_token());
    // A file that is not whole has to be taken away again; what went into a stream is gone.
    if !is_stream(args) {
        interrupt.waits_for(job.is_over());
    }
    let _awake = waking.hold(JobKind::Extract, console);
    let outcome = console.watch(&job);
    let ended = Ended {
        kind: JobKind::Extract,
        outcome: &outcome,
        place: &place,
        archive: None,
        profile: None,
        at: SystemTime::now(),
    };
    console.ended(&ended);
    Ok(Exit::of_outcome(JobKind::Extract, &outcome))
}
