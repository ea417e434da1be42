// SPDX-License-Identifier: GPL-3.0-or-later
//! The picture of a host, drawn from its record and its files: which VMs there are, which of their volumes can be read, how
//! much there is to read.
//!
//! It changes nothing and stops at nothing: a VM whose volumes cannot be read is listed with the reason.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::layout::Layout;
use crate::{
    cancel::{CancelToken, Cancelled},
    durable,
    host::{
        DOM0, Home, HostError, LocalDir, Operation, Reference, StoragePool, System, Vm, VmFile, VolumeInfo, VolumeState,
    },
    inventory::{self, Class, Domain, Inventory, VolumeConfig},
    units::MIB,
};

/// What the existing tools count for firewall rules, whatever their length.
const FIREWALL_BYTES: u64 = 4096;
/// File systems count blocks of this size, whatever the size of their own.
const BLOCK_BYTES: u64 = 512;
/// The driver of pools whose volumes are block devices.
pub(super) const BLOCK_DRIVER: &str = "lvm_thin";
/// The property that says when a VM was last backed up.
pub(super) const BACKUP_TIME: &str = "backup_timestamp";
/// The driver of the pool that holds kernels.
pub(super) const KERNEL_DRIVER: &str = "linux-kernel";

/// What a host knows beside the record and the files.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// The VMs that run, each with the moment of its start where that is known (seconds since 1970).
    pub(super) running: BTreeMap<String, Option<i64>>,
    /// The kernels that VMs can start with.
    pub(super) kernels: Option<Vec<String>>,
    /// Global properties that are in effect and not in the record.
    pub(super) globals: BTreeMap<String, String>,
    /// Who opens volumes.
    pub(super) opener: Opener,
}

/// Who opens volumes, and so decides which are within reach.
#[derive(Debug, Default)]
pub(super) enum Opener {
    /// This program, from files.
    #[default]
    Own,
    /// A helper with more rights, which asks a daemon where a volume lies.
    Helper {
        /// What the daemon knows of volumes that are no files, by VM and volume.
        volumes: BTreeMap<(String, String), DaemonVolume>,
        /// The bytes that can still be written into pools that are no files.
        free_bytes: BTreeMap<String, u64>,
    },
}

/// What a daemon knows of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DaemonVolume {
    pub(super) size_bytes: u64,
    pub(super) used_bytes: u64,
    /// When it got its present content, in seconds since 1970, where that is known.
    pub(super) changed: Option<i64>,
}

impl Sight {
    /// What is known of a root folder.
    ///
    /// # Errors
    /// When it cannot be learned which VMs run.
    pub(super) fn of_folder(layout: &Layout) -> Result<Self, HostError> {
        Ok(Self {
            running: running(layout)?.into_iter().map(|name| (name, None)).collect(),
            kernels: kernels(layout),
            ..Self::default()
        })
    }
}

/// The picture of a host with that record.
pub(super) fn system(layout: &Layout, record: &Inventory, sight: &Sight) -> System {
    // A home that cannot be looked at may be there: dom0 can be selected, and its backup says what is the matter.
    let home = home(layout);
    let may_have_home = !matches!(home, Ok(None));
    let picture = Picture {
        pools: Pools::new(layout, record),
        sight,
    };
    let mut vms: Vec<Vm> = record
        .domains()
        .iter()
        .map(|domain| picture.vm(domain, may_have_home))
        .collect();
    vms.sort_by(|a, b| (a.name != DOM0, &a.name).cmp(&(b.name != DOM0, &b.name)));
    let labels = record.labels().into_iter();
    let mut globals = record.globals();
    globals.extend(sight.globals.clone());
    System {
        root: layout.root.clone(),
        lacks_rights: false,
        starts_vms: matches!(sight.opener, Opener::Helper { .. }),
        hides_home: home.is_err(),
        user: home.ok().flatten().map(|home| home.user),
        labels: labels.map(|entry| entry.label).collect(),
        pools: picture.pools(),
        kernels: sight.kernels.clone(),
        globals,
        vms,
    }
}

/// The kernels that are there. A PedOS has at least one, so a folder without any knows nothing of them: it was made to
/// recover data into.
fn kernels(layout: &Layout) -> Option<Vec<String>> {
    let mut names = folders_in(&layout.kernels()).ok()?;
    names.sort();
    Some(names).filter(|names| !names.is_empty())
}

/// The bytes that can still be written below a folder, in whole mebibytes: what changes by less is no news.
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize) / MIB * MIB)
}

/// The VMs that run.
fn running(layout: &Layout) -> Result<BTreeSet<String>, HostError> {
    let names = folders_in(&layout.running())?;
    Ok(names.into_iter().collect())
}

/// The folders in a folder, links to folders among them. A folder that is not there has none.
fn folders_in(folder: &Path) -> Result<Vec<String>, HostError> {
    named_in(folder, |path| fs::metadata(path))
}

/// The names in a folder behind which `look` finds a folder. A folder that is not there has none.
fn named_in(folder: &Path, look: impl Fn(&Path) -> io::Result<Metadata>) -> Result<Vec<String>, HostError> {
    let failed = |path: &Path, error| HostError::io(Operation::Read(path.to_owned()), error);
    let names = match durable::names_in(folder) {
        Err(error) if durable::is_absence(&error) => return Ok(Vec::new()),
        names => names.map_err(|error| failed(folder, error))?,
    };
    let mut found = Vec::new();
    for name in names {
        let name = name.map_err(|error| failed(folder, error))?;
        let path = folder.join(&name);
        let is_folder = match look(&path) {
            Ok(metadata) => metadata.is_dir(),
            Err(error) if durable::is_absence(&error) => false,
            Err(error) => return Err(failed(&path, error)),
        };
        found.extend(name.into_string().ok().filter(|_| is_folder));
    }
    Ok(found)
}

/// dom0's home. A PedOS has one user; where a folder has several homes it is that of the first member of the group
/// `qubes` (as the existing tools have it), else that of `user` (the usual name), else the first by name.
///
/// # Errors
/// When it cannot be learned whether there is one.
pub(super) fn home(layout: &Layout) -> Result<Option<Home>, HostError> {
    let mut users = named_in(&layout.homes(), |path| fs::symlink_metadata(path))?;
    users.retain(|name| name != "lost+found" && !name.starts_with('.'));
    users.sort();
    let is_there = |user: &String| users.contains(user);
    let member = first_member(&layout.groups()).filter(is_there);
    let user = member.or_else(|| Some("user".to_owned()).filter(is_there));
    let user = user.or_else(|| users.first().cloned());
    Ok(user.map(|user| Home {
        folder: LocalDir::new(layout.homes().join(&user)),
        user,
    }))
}

/// The first member of the group `qubes`.
fn first_member(group_file: &Path) -> Option<String> {
    let groups = fs::read_to_string(group_file).ok()?;
    let line = groups.lines().find_map(|line| line.strip_prefix("qubes:"))?;
    let members = line.split(':').nth(2)?;
    Some(members.split(',').next()?.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The pools of a record with what can be done with them.
pub(super) struct Pools<'a> {
    layout: &'a Layout,
    pools: BTreeMap<String, inventory::PoolEntry>,
    order: Vec<String>,
}

impl<'a> Pools<'a> {
    pub(super) fn new(layout: &'a Layout, record: &Inventory) -> Self {
        let pools = record.pools();
        Self {
            layout,
            order: pools.iter().map(|pool| pool.name.clone()).collect(),
            pools: pools.into_iter().map(|pool| (pool.name.clone(), pool)).collect(),
        }
    }

    /// The pool's driver as the record names it.
    pub(super) fn driver(&self, pool: &str) -> String {
        let pool = self.pools.get(pool);
        pool.map_or_else(|| "unknown".to_owned(), |pool| pool.driver.clone())
    }

    /// Whether volumes in that pool can be read and written.
    pub(super) fn is_reachable(&self, pool: &str) -> bool {
        let folder = self.pools.get(pool).and_then(|pool| self.layout.pool(pool));
        folder.is_some_and(|folder| folder.is_dir())
    }

    /// The file of a volume, if it lies in a pool of files.
    pub(super) fn file(&self, volume: &VolumeConfig) -> Option<PathBuf> {
        self.layout.volume(self.pools.get(&volume.pool)?, &volume.vid)
    }
}

/// The record, the files and what the host knows beside them.
struct Picture<'a> {
    pools: Pools<'a>,
    sight: &'a Sight,
}

impl Picture<'_> {
    fn pools(&self) -> Vec<StoragePool> {
        let pools = self.pools.order.iter().filter_map(|name| self.pools.pools.get(name));
        pools
            .map(|pool| {
                let folder = self.pools.layout.pool(pool);
                let (is_reachable, told) = match &self.sight.opener {
                    Opener::Own => (self.pools.is_reachable(&pool.name), None),
                    // The daemon takes data for any pool in which a VM's data can lie.
                    Opener::Helper { free_bytes, .. } => (pool.driver != KERNEL_DRIVER, free_bytes.get(&pool.name)),
                };
                StoragePool {
                    name: pool.name.clone(),
                    driver: pool.driver.clone(),
                    is_reachable,
                    free_bytes: told.copied().or_else(|| folder.and_then(|folder| free_bytes(&folder))),
                }
            })
            .collect()
    }

    fn vm(&self, domain: &Domain, has_home: bool) -> Vm {
        let start = self.sight.running.get(&domain.name);
        let is_running = start.is_some();
        let is_dom0 = domain.class == Class::AdminVm;
        let saved = domain.volumes.iter().filter(|volume| volume.save_on_stop);
        let volumes: Vec<VolumeInfo> = saved
            .map(|volume| self.volume(&domain.name, volume, is_running))
            .collect();
        // A home is counted only on request.
        let is_counted = !(is_dom0 && has_home);
        let counted = || volumes.iter().map(|volume| volume.used_bytes).sum::<u64>() + self.file_bytes(domain);
        let backup_bytes = is_counted.then(counted);
        Vm {
            name: domain.name.clone(),
            qid: domain.qid,
            class: domain.class.clone(),
            label: domain.label.clone(),
            template: domain
                .property("template")
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            netvm: Reference::of_property(domain.property("netvm")),
            provides_network: is_on(domain, "provides_network", false),
            template_for_dispvms: is_on(domain, "template_for_dispvms", false),
            include_in_backups: is_included(domain),
            is_internal: domain.feature("internal").is_some_and(|value| !value.is_empty()),
            is_running: is_running || is_dom0,
            running_since: start.copied().flatten(),
            last_backup: domain.property(BACKUP_TIME).and_then(|text| text.parse().ok()),
            volumes,
            backup_bytes,
            tags: domain.tags.clone(),
        }
    }

    fn volume(&self, vm: &str, config: &VolumeConfig, is_running: bool) -> VolumeInfo {
        let mut info = VolumeInfo {
            name: config.name.clone(),
            pool: config.pool.clone(),
            size_bytes: config.size_bytes.unwrap_or_default(),
            used_bytes: 0,
            state: VolumeState::Missing,
        };
        let driver = self.pools.driver(&config.pool);
        let is_own = matches!(self.sight.opener, Opener::Own);
        // Snapshots that are enabled would not help there.
        if is_running && !is_own && driver == "file" {
            info.state = VolumeState::WrittenInPlace { driver: driver.clone() };
        } else if is_running && config.has_no_snapshots() {
            info.state = VolumeState::NoSnapshot;
        }
        if let Opener::Helper { volumes, .. } = &self.sight.opener
            && driver == BLOCK_DRIVER
        {
            let known = volumes.get(&(vm.to_owned(), config.name.clone()));
            if let Some(known) = known {
                info.size_bytes = known.size_bytes;
                info.used_bytes = known.used_bytes;
                if info.state == VolumeState::Missing {
                    info.state = VolumeState::Ready { changed: known.changed };
                }
            }
            return info;
        }
        let Some(path) = self.pools.file(config) else {
            info.state = VolumeState::OutOfReach { driver };
            return info;
        };
        let file = match fs::metadata(&path) {
            Ok(file) if file.is_file() => file,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                info.state = VolumeState::Unreadable;
                return info;
            }
            Ok(_) => return info,
            Err(error) => {
                // Of every other error but that there is no such file, the opening of the volume says what it is.
                if error.kind() != io::ErrorKind::NotFound && info.state == VolumeState::Missing {
                    info.state = VolumeState::Ready { changed: None };
                }
                return info;
            }
        };
        info.size_bytes = file.size();
        info.used_bytes = used(&file);
        if info.state == VolumeState::Missing {
            // The helper opens what this program may not.
            let is_refused = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
            info.state = if is_own && File::open(&path).is_err_and(is_refused) {
                VolumeState::Unreadable
            } else {
                VolumeState::Ready {
                    changed: Some(file.mtime()),
                }
            };
        }
        info
    }

    fn file_bytes(&self, domain: &Domain) -> u64 {
        let Some(folder) = self.pools.layout.vm(&domain.class, &domain.name) else {
            return 0;
        };
        let sizes = VmFile::ALL.into_iter().map(|kind| {
            let file = fs::metadata(folder.join(kind.file_name())).ok();
            let bytes = file.filter(Metadata::is_file).map(|file| used(&file));
            match kind {
                VmFile::Firewall => bytes.map(|_| FIREWALL_BYTES),
                _ => bytes,
            }
        });
        sizes.flatten().sum()
    }
}

/// Whether a property is on, as a PedOS writes truths.
fn is_on(domain: &Domain, property: &str, default: bool) -> bool {
    domain.property(property).map_or(default, inventory::is_true)
}

/// Whether a backup takes the VM by default: all but disposables that vanish with their last window.
fn is_included(domain: &Domain) -> bool {
    let default = domain.class != Class::DispVm || !is_on(domain, "auto_cleanup", false);
    is_on(domain, "include_in_backups", default)
}

fn used(file: &Metadata) -> u64 {
    file.blocks() * BLOCK_BYTES
}

/// What a home takes on the disk, as [`tree_bytes`] counts it.
pub(super) fn home_bytes(home: Option<Home>, cancel: &CancelToken) -> Result<Option<u64>, HostError> {
    let count = |home: Home| tree_bytes(home.folder.path(), cancel);
    Ok(home.map(count).transpose()?)
}

/// What a folder and all in it take on the disk: symbolic links are not followed, a file with several names counts once,
/// what cannot be read counts nothing.
fn tree_bytes(folder: &Path, cancel: &CancelToken) -> Result<u64, Cancelled> {
    let mut total = fs::symlink_metadata(folder).map_or(0, |folder| used(&folder));
    let mut seen = HashSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(names) = durable::names_in(&folder) else {
            continue;
        };
        for name in names.flatten() {
            cancel.check()?;
            let path = folder.join(name);
            let Ok(file) = fs::symlink_metadata(&path) else {
                continue;
            };
            if file.nlink() > 1 && !file.is_dir() && !seen.insert((file.dev(), file.ino())) {
                continue;
            }
            total += used(&file);
            if file.is_dir() {
                folders.push(path);
            }
        }
    }
    Ok(total)
}
