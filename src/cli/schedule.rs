// SPDX-License-Identifier: GPL-3.0-or-later
//! Has the backup of a profile repeated, and names the profiles.

use crate::{
    history::past_runs,
    host::{Host, LocalDir},
    profile::{self, PassphraseSource, Profile, ProfileError, RepeatError},
    schedule::{Rhythm, ScheduleFault},
    text::{self, terminal::ProfileLine},
};

use super::{
    args::BackupArgs,
    console::{Console, say},
    exit::Exit,
    interrupt::Interrupt,
    location,
    questions::{new_passphrase, passphrase_from, typed_twice},
    stop::Stop,
};

/// Has the backup of that profile repeated from now on, or no more.
pub(super) fn set(
    args: &BackupArgs,
    name: &str,
    rhythm: Option<Rhythm>,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Exit, Stop> {
    let host = location::host(&args.common)?;
    let Some(rhythm) = rhythm else {
        // Also of a profile that is gone.
        host.end_repeating(name)?;
        announce(&text::terminal::repeated(name, None), console);
        return Ok(Exit::Done);
    };
    let loaded = Profile::load(&folder(host.as_ref())?, name).map_err(|error| failed(&error))?;
    if !host.can_repeat() {
        return Err(crate::host::HostError::from(ScheduleFault::DoesNotRun).into());
    }
    let passphrase = match (&args.passphrase_file, &loaded.profile.passphrase) {
        (Some(path), _) => Some(new_passphrase(passphrase_from(path, interrupt)?)?),
        (None, PassphraseSource::Text(_) | PassphraseSource::Vm(_)) => None,
        (None, PassphraseSource::Ask) => Some(new_passphrase(typed_twice(interrupt)?)?),
    };
    profile::repeat(host.as_ref(), name, rhythm, passphrase.as_ref()).map_err(|error| match error {
        RepeatError::Profile(error) => failed(&error),
        RepeatError::Host(error) => error.into(),
    })?;
    announce(&text::terminal::repeated(name, Some(rhythm)), console);
    Ok(Exit::Done)
}

fn announce(said: &str, console: &Console) {
    if console.level >= 1 {
        say(format_args!("{said}"));
    }
}

/// Names the profiles, with what is known of each.
pub(super) fn list(args: &BackupArgs, console: &Console) -> Result<Exit, Stop> {
    let host = location::host(&args.common)?;
    let folder = folder(host.as_ref())?;
    let io_failed = |source| {
        failed(&ProfileError::Io {
            path: folder.path().to_owned(),
            source,
        })
    };
    let names = profile::list(&folder).map_err(io_failed)?;
    let runs = past_runs(&folder).unwrap_or_default();
    let mut lines = Vec::with_capacity(names.len());
    for name in &names {
        let loaded = Profile::load(&folder, name);
        if let Err(error) = &loaded {
            console.warning(&text::profile_error(error).title);
        }
        let last = runs.iter().find(|run| run.profile.as_deref() == Some(name));
        lines.push(ProfileLine {
            name,
            rhythm: host.rhythm(name),
            profile: loaded.ok().map(|loaded| loaded.profile),
            last,
        });
    }
    let lines: Vec<String> = text::terminal::profiles(&lines);
    for line in lines {
        console.print(format_args!("{line}"));
    }
    Ok(Exit::Done)
}

fn folder(host: &dyn Host) -> Result<LocalDir, Stop> {
    host.profile_dir().ok_or_else(|| failed(&ProfileError::OutOfReach))
}

fn failed(error: &ProfileError) -> Stop {
    Stop::failed(text::profile_error(error))
}
