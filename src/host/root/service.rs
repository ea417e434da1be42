// SPDX-License-Identifier: GPL-3.0-or-later
//! The services of the running VMs of a root folder: local processes that hold the same conversation as the real
//! services, so that the code above the host cannot tell the difference.
//!
//! A VM's file system is its folder below `run/vm`. A directory or file that is named to a service is looked up
//! there; a command that is named to it is a command of the computer that this runs on, started in the VM's home.
//! There is nobody in such a VM to pick a directory, so its pickers answer with the content of `.select-directory`
//! and `.select-file` at the top of its folder: a path, or nothing for "cancelled". Without such a file the directory is
//! the VM's home and the file is "cancelled". Any other service is a program of its name in the VM's
//! `etc/qubes-rpc`.

mod files;
mod restore;
mod stoppable;
mod unpack;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use self::files::VmFiles;
use crate::{
    host::{HostError, Operation, Refusal, Service, ServiceProcess, process},
    inventory::Domain,
};

/// Takes an archive: to a new file in a directory, or to a command. Its arguments are the folder of the VM.
const BACKUP: &str = r#"
root=$1
read -r line
# A command that asks for it finds the file system of the VM here.
export PEDOS_VM_ROOT="$root"
echo "Starting the backup"
place=$PWD/$line
case $line in /*) place=$root$line ;; esac
case /$line/ in //|*/../*) place= ;; esac
if [ -n "$place" ] && [ -d "$place" ]; then
    name=qubes-backup-$(date +%Y-%m-%dT%H%M%S)
    echo "Copying STDIN data to $line/$name"
    dd of="$place/$name" bs=64k conv=fsync || exit
    sync "$place"
    exit
fi
word=${line%%[[:blank:]]*}
case $word in
    */*) [ -f "$word" ] && [ -x "$word" ] ;;
    *) [ -n "$word" ] && command -v "$word" >/dev/null 2>&1 ;;
esac || {
    echo "Invalid command $word"
    exit 1
}
echo "Arguments: $line"
eval "set -- $line"
"$@"
"#;

/// Picks what a file says, or a default. Its arguments are the file and the default.
const SELECT: &str = r#"
if [ -f "$1" ]; then path=$(cat "$1"); else path=$2; fi
[ -n "$path" ] || exit 1
printf '%s\n' "$path"
"#;

/// Runs a program of the VM's own, as a service of that name. Its arguments are the program and the service's
/// argument.
const REGISTERED: &str = r#"
[ -f "$1" ] && [ -x "$1" ] || exit 127
exec "$@"
"#;

/// Starts a service of a VM that runs.
pub(super) fn start(domain: &Domain, root: PathBuf, service: &Service) -> Result<ServiceProcess, HostError> {
    let files = VmFiles {
        home: home(domain, &root),
        root,
    };
    let started = match service {
        Service::Backup => process::start(BACKUP, [files.root.as_os_str()], &files.home),
        Service::Restore => restore::start(files),
        Service::SelectDirectory => {
            let home = files.home.strip_prefix(&files.root).unwrap_or(Path::new(""));
            let home = Path::new("/").join(home);
            let answer = files.root.join(".select-directory");
            process::start(SELECT, [answer.as_os_str(), home.as_os_str()], &files.home)
        }
        Service::SelectFile => {
            let answer = files.root.join(".select-file");
            process::start(SELECT, [answer.as_os_str(), OsStr::new("")], &files.home)
        }
        Service::Registered(name) => {
            let (program, argument) = registered(name)?;
            let program = files.root.join("etc/qubes-rpc").join(program);
            process::start(REGISTERED, [program.as_os_str(), OsStr::new(argument)], &files.home)
        }
    };
    let operation = || Operation::StartService {
        service: service.wire_name().to_owned(),
        vm: domain.name.clone(),
    };
    started.map_err(|error| HostError::io(operation(), error))
}

/// The program and the argument of a service's name.
fn registered(name: &str) -> Result<(&str, &str), HostError> {
    let (program, argument) = name.split_once('+').unwrap_or((name, ""));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    if program.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_plain) {
        return Ok((program, argument));
    }
    let name = name.to_owned();
    Err(Refusal::ServiceName { name }.into())
}

/// The home of the VM's user, or the top of its file system when there is none.
fn home(domain: &Domain, root: &Path) -> PathBuf {
    let is_plain = |name: &&str| !name.is_empty() && !name.contains('/') && !name.starts_with('.');
    let user = domain.property("default_user").filter(is_plain).unwrap_or("user");
    let home = root.join("home").join(user);
    if home.is_dir() { home } else { root.to_owned() }
}
