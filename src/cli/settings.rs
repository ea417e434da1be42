// SPDX-License-Identifier: GPL-3.0-or-later
//! What a backup is to do, from the command line or from a profile.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io::{self, IsTerminal},
    path::Path,
    sync::Arc,
};

use crate::{
    engine::EngineError,
    format::{Compression, Level},
    host::{DOM0, System, Vms},
    plan::default_selection,
    profile::{self, Extras, PassphraseSource, Profile, ProfileError},
    secret::Passphrase,
    text,
    transport::{DestinationError, Location, STANDARD},
};

use super::{
    args::{BackupArgs, CompressionWish},
    console::Console,
    location,
    stop::Stop,
};

/// What a backup is to do.
pub(super) struct Settings {
    /// The VMs, in the order of the host.
    pub(super) vms: Vec<String>,
    /// Where the archive goes.
    pub(super) destination: Location,
    /// How it is compressed.
    pub(super) compression: Compression,
    /// The passphrase, where a profile holds it.
    pub(super) passphrase: Option<Passphrase>,
    /// The VM that tells the passphrase.
    pub(super) passphrase_vm: Option<String>,
    /// What the command line says beyond that, and after it the profile.
    pub(super) extras: Extras,
}

/// Whether the archive is going to be printed, so that nothing else may be.
pub(super) fn is_to_standard_output(args: &BackupArgs) -> bool {
    let is_here = args.dest_vm.as_deref().is_none_or(|vm| vm == DOM0);
    is_here
        && args.store.is_none()
        && args.to_command.is_none()
        && args.backup_location.as_deref().is_some_and(|place| place == STANDARD)
}

/// Checks as much of a command line as can be checked without a host.
pub(super) fn check_line(args: &BackupArgs) -> Result<(), Stop> {
    if is_to_standard_output(args) && args.json.is_some() {
        return Err(Stop::usage::<BackupArgs>(
            "--json and a backup on standard output both want standard output",
        ));
    }
    if is_to_standard_output(args) && io::stdout().is_terminal() {
        return Err(Stop::usage::<BackupArgs>(
            "a backup is not for a terminal: redirect standard output",
        ));
    }
    match (&args.profile, &args.backup_location) {
        (None, None) if args.to_command.is_some() => Ok(()),
        (None, None) => Err(Stop::usage::<BackupArgs>(
            "either --profile or 'backup_location' is required",
        )),
        (None, Some(_)) => Ok(()),
        (Some(_), _) => match args.conflict_with_profile() {
            Some(option) => Err(Stop::usage::<BackupArgs>(format!(
                "--{option} option could not be used together with --profile"
            ))),
            None => Ok(()),
        },
    }
}

impl Settings {
    pub(super) fn of_line(
        args: &BackupArgs,
        location: &OsStr,
        system: &System,
        console: &Console,
    ) -> Result<Self, Stop> {
        Ok(Self {
            vms: selection(args, system, console)?,
            destination: match &args.to_command {
                Some(command) => location::command::<BackupArgs>(command)?,
                None => location::destination::<BackupArgs>(args.dest_vm.as_deref(), args.store.as_deref(), location)?,
            },
            compression: compression(args)?,
            passphrase: None,
            passphrase_vm: None,
            extras: args.extras(),
        })
    }

    pub(super) fn of_profile(
        args: &BackupArgs,
        name: &str,
        host: &dyn Vms,
        system: &System,
        console: &Console,
    ) -> Result<Self, Stop> {
        let failed = |error| Stop::failed(text::profile_error(&error));
        let folder = host.profile_dir().ok_or(ProfileError::OutOfReach).map_err(failed)?;
        let loaded = Profile::load(&folder, name).map_err(failed)?;
        for key in &loaded.unknown_keys {
            console.warning(&text::terminal::unknown_key(key));
        }
        let profile = loaded.profile;
        let selection = profile::select(&profile, system);
        for name in &selection.unknown {
            console.warning(&text::terminal::not_in_system(name));
        }
        let passphrase = match &profile.passphrase {
            PassphraseSource::Ask => None,
            PassphraseSource::Text(text) => Some(
                Passphrase::for_new_archive(text.as_str().to_owned())
                    .map_err(|error| Stop::failed(text::passphrase_error(error)))?,
            ),
            // Asked for when the user has agreed.
            PassphraseSource::Vm(_) => None,
        };
        let extras = args.extras().or(profile.extras);
        let destination = location::destination::<BackupArgs>(
            Some(&profile.destination_vm),
            extras.store.as_deref(),
            OsStr::new(&profile.destination_path),
        )?;
        // A profile is for many backups, so it names a directory. One that is not there is a disk that is not mounted: a file
        // of that name would lie on another disk.
        if let Location::File(path) = destination {
            return Err(EngineError::from(DestinationError::NotADirectory { path }).into());
        }
        Ok(Self {
            vms: selection.vms,
            destination,
            compression: profile.compression,
            passphrase,
            passphrase_vm: match profile.passphrase {
                PassphraseSource::Vm(vm) => Some(vm),
                PassphraseSource::Ask | PassphraseSource::Text(_) => None,
            },
            extras,
        })
    }
}

/// Finds before anything is asked what does not go together.
pub(super) fn check(args: &BackupArgs, settings: &Settings) -> Result<(), Stop> {
    let (method, extras) = (settings.compression, &settings.extras);
    if extras.recovery_text.unwrap_or_default() && settings.destination.folder().is_none() {
        return Err(Stop::usage::<BackupArgs>(text::terminal::no_recovery_text_in_vm()));
    }
    if extras.level.unwrap_or_default().number(method).is_none() {
        let said = text::terminal::no_such_level(method, &Level::numbers(method));
        return Err(Stop::usage::<BackupArgs>(said));
    }
    if args.save_profile.is_some() {
        check_profile(settings)?;
    }
    Ok(())
}

/// Finds what cannot be kept in a profile.
fn check_profile(settings: &Settings) -> Result<(), Stop> {
    match &settings.destination {
        Location::Folder(path) | Location::File(path) => text_of(path).map(drop),
        Location::Vm { .. } | Location::Store { .. } => Ok(()),
        other => Err(Stop::failed(text::terminal::not_for_a_profile(other))),
    }
}

/// A path as a profile has it, which is text.
fn text_of(path: &Path) -> Result<&str, Stop> {
    path.to_str()
        .ok_or_else(|| Stop::failed(text::terminal::path_is_no_text(path)))
}

/// Keeps what the command line says as a profile.
pub(super) fn save(
    args: &BackupArgs,
    name: &str,
    settings: &Settings,
    passphrase: &Arc<Passphrase>,
    host: &dyn Vms,
    console: &Console,
) -> Result<(), Stop> {
    let (destination_vm, destination_path) = match &settings.destination {
        Location::Folder(path) | Location::File(path) => {
            // A profile is text. This is checked before the question; here nothing else can be written either.
            let path = path
                .to_str()
                .ok_or_else(|| Stop::failed(text::terminal::path_is_no_text(path)))?;
            (DOM0.to_owned(), path.to_owned())
        }
        Location::Vm { vm, line } => (vm.clone(), line.clone()),
        Location::Store { reach, path } => (reach.vm.clone().unwrap_or_else(|| DOM0.to_owned()), path.clone()),
        other => return Err(Stop::failed(text::terminal::not_for_a_profile(other))),
    };
    let profile = Profile {
        include: Some(args.vms.clone()).filter(|names| !names.is_empty()),
        exclude: args.exclude.clone(),
        destination_vm,
        destination_path,
        compression: settings.compression,
        passphrase: PassphraseSource::Text(Arc::clone(passphrase)),
        extras: settings.extras.clone(),
    };
    let folder = host.profile_dir().ok_or(ProfileError::OutOfReach);
    let path = folder
        .and_then(|folder| profile.save(&folder, name))
        .map_err(|error| Stop::failed(text::profile_error(&error)))?;
    console.warning(&text::terminal::profile_warning(&path));
    Ok(())
}

/// The method that was asked for.
fn compression(args: &BackupArgs) -> Result<Compression, Stop> {
    match args.compression() {
        CompressionWish::Default => Ok(Compression::default()),
        CompressionWish::Off => Ok(Compression::None),
        CompressionWish::Filter(name) => Compression::writing_for(&name)
            .ok_or_else(|| Stop::usage::<BackupArgs>(text::terminal::unknown_compression(&name))),
    }
}

/// The VMs that were named, each once, or else those that are included by default.
fn selection(args: &BackupArgs, system: &System, console: &Console) -> Result<Vec<String>, Stop> {
    for name in args.exclude.iter().filter(|name| system.vm(name).is_none()) {
        console.warning(&text::terminal::nothing_to_exclude(name));
    }
    let mut wanted = if args.vms.is_empty() {
        default_selection(system)
    } else {
        args.vms.clone()
    };
    if let Some(said) = no_such_domains(wanted.iter().filter(|name| system.vm(name).is_none())) {
        return Err(Stop::usage::<BackupArgs>(said));
    }
    wanted.retain(|name| !args.exclude.contains(name));
    // In the order of the system, which is by name, and each once.
    let vms = system.vms.iter().map(|vm| vm.name.clone());
    Ok(vms.filter(|name| wanted.contains(name)).collect())
}

/// What is said of names that no VM has: all of them, each once. The words for one name are those of the existing
/// tools.
pub(super) fn no_such_domains<'a>(names: impl Iterator<Item = &'a String>) -> Option<String> {
    let mut seen = BTreeSet::new();
    let names: Vec<String> = names
        .filter(|name| seen.insert(*name))
        .map(|name| format!("'{}'", text::sanitize(name)))
        .collect();
    (!names.is_empty()).then(|| format!("no such domain: {}", names.join(", ")))
}
