// SPDX-License-Identifier: GPL-3.0-or-later
//! A backup that a timer starts: nobody is there to answer, and what it needs may not be there yet.

use std::{
    env,
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use zeroize::Zeroizing;

use crate::{
    durable,
    engine::EngineError,
    history,
    host::{Host, HostError, LocalDir, Operation, Vms},
    job::Task,
    json::{Unopened, WhyUnopened},
    plan::Series,
    profile::{Profile, made_on_absent_disk},
    text,
    transport::{DestinationError, Leftover, Location, remove_leftover},
};

use super::{
    args::BackupArgs,
    console::{Console, tell},
    exit::Exit,
    interrupt::Interrupt,
    location,
    questions::passphrase_from,
    stop::Stop,
};

/// The file beside the profiles that the running backup has locked.
const TURN: &str = "pedos-backup.scheduled";
/// How often a backup that waits for its turn looks whether it has come.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Where systemd puts the credentials of a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The credential's name, as the unit has it.
const CREDENTIAL: &str = "passphrase";

/// Makes the backup of the profile, and notes in the history if it ends before it begins.
pub(super) fn run(
    args: &BackupArgs,
    console: &Console,
    interrupt: &Interrupt,
    back_up: impl FnOnce() -> Result<Exit, Stop>,
) -> Exit {
    let host = match location::host(&args.common) {
        Ok(host) => host,
        Err(stop) => return console.stop(&stop),
    };
    let name = args.profile.as_deref().unwrap_or_default();
    let folder = host.profile_dir();
    let loaded = folder.as_ref().and_then(|folder| Profile::load(folder, name).ok());
    let place = loaded.map(|loaded| loaded.profile.place()).unwrap_or_default();
    let turn = folder.as_ref().map(|folder| take_turn(folder, console, interrupt));
    let result = turn.transpose().and_then(|_turn| back_up());
    let stop = match result {
        Ok(exit) => return exit,
        Err(stop) => stop,
    };
    let waits = match &stop {
        Stop::Error(error, _) if error.is_of_an_absent_place() => Some(WhyUnopened::Waiting(error)),
        _ => None,
    };
    let exit = console.stop(&stop);
    if waits.is_some() {
        tell(format_args!(
            "{}: {}",
            console.program,
            text::terminal::is_tried_again()
        ));
    }
    if let Some(why) = waits.or(stop.why()) {
        let ended = Unopened {
            job: "backup",
            place: &place,
            profile: Some(name),
            why,
        };
        if let Some(folder) = &folder {
            history::note_unopened(folder, &ended);
        }
        console.unopened(&ended);
    }
    if waits.is_some() { Exit::Waiting } else { exit }
}

/// Waits until no other scheduled backup runs. The turn ends with the returned file, however the program ends.
fn take_turn(folder: &LocalDir, console: &Console, interrupt: &Interrupt) -> Result<File, Stop> {
    let path = folder.path().join(TURN);
    let failed = |error| HostError::io(Operation::Lock(path.clone()), error);
    folder.make().map_err(failed)?;
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o660)
        .open(&path)
        .map_err(failed)?;
    durable::hand_over(&file, folder.path());
    let mut is_said = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(failed(error).into()),
        }
        if interrupt.is_hit() {
            return Err(EngineError::Cancelled.into());
        }
        if !is_said {
            tell(format_args!(
                "{}: {}",
                console.program,
                text::terminal::waits_for_turn()
            ));
            is_said = true;
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// Refuses a directory whose disk does not seem to be mounted: the backup would fill the disk of the system.
pub(super) fn check_disk(host: &dyn Vms, series: &Series, destination: &Location) -> Result<(), EngineError> {
    let folder = host.profile_dir();
    let made = folder.and_then(|folder| made_on_absent_disk(&folder, series, destination));
    match (made, destination.folder()) {
        (Some(made), Some(path)) => Err(DestinationError::NotMounted {
            path: path.to_owned(),
            made,
        }
        .into()),
        _ => Ok(()),
    }
}

/// Removes what runs that were killed have left at the destination. What cannot be removed is named.
pub(super) fn clean_up(
    leftovers: &[Leftover],
    destination: &Location,
    host: &Arc<dyn Host>,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<(), Stop> {
    for leftover in leftovers {
        let (host, place, name) = (Arc::clone(host), destination.clone(), leftover.name.clone());
        let task = Task::spawn(move |context| {
            let view = host.with_cancel(&context.cancel);
            let removed = remove_leftover(&place, &name, Some(&*view), &context.cancel);
            context.cancel.check()?;
            Ok(removed)
        });
        interrupt.stops(task.cancel_token());
        match task.answer_blocking()? {
            Ok(()) => log::info!("{} was left by a run that was killed, and is removed", leftover.name),
            Err(_) => console.warning(&text::terminal::unfinished_backup(destination, leftover)),
        }
    }
    Ok(())
}

/// Returns the passphrase that systemd hands over, if it does. A profile that knows its passphrase has an empty one.
pub(super) fn credential(args: &BackupArgs, interrupt: &Interrupt) -> Result<Option<Zeroizing<String>>, Stop> {
    let Some(folder) = env::var_os(CREDENTIALS).filter(|_| args.scheduled) else {
        return Ok(None);
    };
    let path = PathBuf::from(folder).join(CREDENTIAL);
    if !path.exists() {
        return Ok(None);
    }
    let credential = passphrase_from(&path, interrupt)?;
    Ok((!credential.is_empty()).then_some(credential))
}
