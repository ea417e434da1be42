// SPDX-License-Identifier: GPL-3.0-or-later
//! Pools, and the volumes of VMs in them.

use std::str::FromStr;

use super::{Class, Vm};

/// The size of a new volume, in bytes: that of the pool that was recorded.
const PRIVATE_BYTES: u64 = 8 << 20;
const SYSTEM_BYTES: u64 = 16 << 20;
/// The extent of a logical volume, in bytes.
const EXTENT_BYTES: u64 = 4 << 20;

/// The names of the volumes of a VM, in order.
pub(crate) const NAMES: [&str; 4] = ["root", "private", "volatile", "kernel"];

/// How a pool keeps volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Driver {
    /// Files that share blocks.
    FileReflink,
    /// Files, written in place while the VM runs.
    File,
    /// Thin logical volumes.
    LvmThin,
    /// Volumes of a ZFS dataset. Nobody but the daemon knows how to read them.
    Zfs,
    /// The kernels of dom0.
    LinuxKernel,
}

impl Driver {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FileReflink => "file-reflink",
            Self::File => "file",
            Self::LvmThin => "lvm_thin",
            Self::Zfs => "zfs",
            Self::LinuxKernel => "linux-kernel",
        }
    }

    /// Whether an import that was begun keeps the VM and other imports from beginning.
    pub(crate) fn guards_imports(self) -> bool {
        matches!(self, Self::LvmThin | Self::Zfs)
    }

    /// The size that a volume gets where so many bytes are asked for.
    pub(crate) fn rounded(self, bytes: u64) -> u64 {
        match self {
            Self::LvmThin => bytes.div_ceil(EXTENT_BYTES) * EXTENT_BYTES,
            _ => bytes,
        }
    }
}

impl FromStr for Driver {
    type Err = String;

    /// Reads the name of a driver that pools of VMs can have.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = [Self::FileReflink, Self::File, Self::LvmThin, Self::Zfs]
            .into_iter()
            .find(|driver| driver.name() == text);
        found.ok_or_else(|| format!("there is no driver {text}: file-reflink, file, lvm_thin and zfs are known"))
    }
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: Driver,
    /// How many revisions new volumes keep.
    pub revisions_to_keep: i64,
}

impl Pool {
    /// Its options, by name.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        let mut options = match self.driver {
            Driver::LinuxKernel => return vec![("dir_path", format!("{}/vm-kernels", crate::layout::STORE))],
            Driver::FileReflink | Driver::File => vec![("dir_path", crate::layout::STORE.to_owned())],
            Driver::LvmThin => vec![
                ("thin_pool", self.name.clone()),
                ("volume_group", crate::layout::VOLUME_GROUP.to_owned()),
            ],
            Driver::Zfs => vec![("container", crate::layout::CONTAINER.to_owned())],
        };
        options.push(("ephemeral_volatile", "False".to_owned()));
        options.push(("revisions_to_keep", self.revisions_to_keep.to_string()));
        options
    }

    fn vid(&self, vm: &Vm, volume: &str) -> String {
        match self.driver {
            Driver::LvmThin => format!("{}/vm-{}-{volume}", crate::layout::VOLUME_GROUP, vm.name),
            Driver::Zfs => format!("{}/{}/{volume}", crate::layout::CONTAINER, vm.name),
            _ => format!("{}/{volume}", vm.folder()),
        }
    }
}

/// A volume of a VM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name in the VM.
    pub name: String,
    /// Its pool.
    pub pool: String,
    /// The driver of its pool.
    pub driver: Driver,
    /// Its name in the pool.
    pub vid: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Whether the VM may write to it.
    pub is_writable: bool,
    /// Whether it is kept when the VM stops.
    pub save_on_stop: bool,
    /// Whether it is taken from another volume when the VM starts.
    pub snap_on_start: bool,
    /// Its `source`.
    pub source: Option<String>,
    /// How many revisions are kept; -1: the running VM writes to the volume itself.
    pub revisions_to_keep: i64,
    /// Whether its content is encrypted with a key that is forgotten.
    pub is_ephemeral: bool,
    /// Its revisions, the oldest first.
    pub revisions: Vec<String>,
    /// How many revisions there ever were.
    pub revisions_made: u64,
    /// The size of the import that was begun and not ended.
    pub import_bytes: Option<u64>,
}

/// Returns the volumes of a new VM. `source_of` knows the volumes of its template, `pool_of` the pool of each.
pub(crate) fn new_volumes<'a>(
    vm: &Vm,
    kernel: &str,
    source_of: impl Fn(&str) -> Option<&'a Volume>,
    pool_of: impl Fn(&str) -> Pool,
) -> Vec<Volume> {
    if matches!(vm.class, Class::Admin | Class::Remote) {
        return Vec::new();
    }
    let made = NAMES.into_iter().map(|name| {
        let pool = pool_of(name);
        let is_snapshot = match name {
            "root" => matches!(vm.class, Class::App | Class::Disposable),
            "private" => vm.class == Class::Disposable,
            _ => false,
        };
        let source = if is_snapshot { source_of(name) } else { None };
        let default_bytes = match name {
            "private" => PRIVATE_BYTES,
            "kernel" => 0,
            _ => SYSTEM_BYTES,
        };
        Volume {
            name: name.to_owned(),
            driver: pool.driver,
            vid: if name == "kernel" {
                kernel.to_owned()
            } else {
                pool.vid(vm, name)
            },
            size_bytes: source.map_or(default_bytes, |source| source.size_bytes),
            is_writable: name != "kernel",
            save_on_stop: matches!(name, "root" | "private") && !is_snapshot,
            snap_on_start: is_snapshot,
            source: source.map(|source| source.source.clone().unwrap_or_else(|| source.vid.clone())),
            revisions_to_keep: if name == "kernel" { 0 } else { pool.revisions_to_keep },
            is_ephemeral: false,
            revisions: Vec::new(),
            revisions_made: 0,
            import_bytes: None,
            pool: pool.name,
        }
    });
    made.collect()
}
