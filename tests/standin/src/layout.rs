// SPDX-License-Identifier: GPL-3.0-or-later
//! The folder of a stand-in: everything lies where dom0 has it, below a root.

use std::{
    fs, io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Where dom0 keeps its record and the volumes of pools of files.
pub(crate) const STORE: &str = "/var/lib/qubes";
/// The volume group of the thin pool.
pub(crate) const VOLUME_GROUP: &str = "qubes_dom0";
/// The thin pool, which is also the name of the pool.
pub(crate) const THIN_POOL: &str = "vm-pool";
/// The ZFS dataset with all volumes of a pool.
pub(crate) const CONTAINER: &str = "rpool/vms";
/// The pool on it.
pub(crate) const ZFS_POOL: &str = "zfs-pool";
/// The record.
pub(crate) const RECORD: &str = "/var/lib/qubes/qubes.xml";
/// The admin socket.
pub(crate) const ADMIN_SOCKET: &str = "/var/run/qubesd.sock";
/// The internal socket.
pub(crate) const INTERNAL_SOCKET: &str = "/var/run/qubesd.internal.sock";
/// Where the sockets of running VMs are.
pub(crate) const QREXEC_FOLDER: &str = "/var/run/qubes";
/// Where the file systems of VMs are. A dom0 has no such folder: it is for the services that run "in" a VM.
pub(crate) const VM_FOLDER: &str = "/run/vm";
/// What the stand-in keeps for itself.
pub(crate) const OWN_FOLDER: &str = "/run/standin";

const QREXEC_CLIENT: &str = include_str!("../scripts/qrexec-client.pl");
const SERVICES: [(&str, &str); 3] = [
    ("qubes.Backup", include_str!("../scripts/backup.sh")),
    ("qubes.Restore", include_str!("../scripts/restore.pl")),
    ("qubes.Select", include_str!("../scripts/select.sh")),
];

/// Returns where a path of dom0 lies below `root`.
pub(crate) fn below(root: &Path, absolute: &str) -> PathBuf {
    root.join(absolute.trim_start_matches('/'))
}

/// Makes the folders and files that are there from the beginning.
pub(crate) fn make(root: &Path) -> io::Result<()> {
    for folder in [
        "/etc/qubes/backup",
        "/home/user/Documents",
        "/var/lib/qubes/appvms",
        "/var/lib/qubes/vm-templates",
        "/var/lib/qubes/vm-kernels",
        "/usr/lib/qubes",
        "/dev/mapper",
        QREXEC_FOLDER,
        VM_FOLDER,
        OWN_FOLDER,
    ] {
        fs::create_dir_all(below(root, folder))?;
    }
    for (path, content) in [
        (
            "/etc/group",
            "root:x:0:\nwheel:x:10:user\nqubes:x:98:user\nuser:x:1000:\n",
        ),
        (
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000:user:/home/user:/bin/bash\n",
        ),
        ("/home/user/.bashrc", "alias ll='ls -l'\n"),
        ("/home/user/Documents/notes.txt", "A file of dom0's user.\n"),
        ("/home/user/empty", ""),
    ] {
        fs::write(below(root, path), content)?;
    }
    write_program(&below(root, "/usr/lib/qubes/qrexec-client"), QREXEC_CLIENT)?;
    for (name, script) in SERVICES {
        write_program(&below(root, OWN_FOLDER).join(name), script)?;
    }
    Ok(())
}

/// Writes a file that can be run.
pub(crate) fn write_program(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// Writes a file whole, by rename.
pub(crate) fn replace(path: &Path, content: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push("~");
    let new = path.with_file_name(name);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o660).open(&new)?;
    io::Write::write_all(&mut file, content.as_bytes())?;
    fs::rename(new, path)
}
