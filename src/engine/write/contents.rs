// SPDX-License-Identifier: GPL-3.0-or-later
//! What a backup is going to hold, found out before anything is written: every source is opened once, so that what
//! cannot be read is known now and not after an hour.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    engine::{
        Context, EngineError, Failure, ItemReport, ItemResult, ItemState, PlanFault, VmReport, VmResult,
        io_errors::from_io, names::PLACEHOLDER,
    },
    format::{HOME_FOLDER, limits::PART_CONTENT_BYTES},
    host::{DOM0, DataBound, Home, System, VmFile, Vms, VolumeSource},
    inventory::{ArchivePath, Content, Inventory, volume_file},
    plan::{BackupPlan, Finding, InventoryScope},
    units::{KIB, MIB},
};

use super::home::{self, TreeSize};

/// What tar, compression and encryption may add to a file at most: headers and padding, and for each part its container.
const FILE_OVERHEAD_BYTES: u64 = 16 * KIB;

/// What an entry of a sparse map takes at most: two decimal numbers with line ends.
const MAP_ENTRY_BYTES: u64 = 42;

/// A block that does not fit into a part any more begins the next one: what a part may lack for it, in bytes.
const LARGEST_BLOCK_BYTES: u64 = 8 * MIB;

/// Data that cannot be compressed grows by less than this share of itself: bzip2 adds one part in 219 to noise.
const INCOMPRESSIBLE_SHARE: u64 = 128;

/// Everything that goes into an archive.
pub(super) struct Contents {
    /// The VMs in the order of the archive, dom0 last.
    pub(super) vms: Vec<VmContents>,
    /// The inventory as it goes into the archive.
    pub(super) inventory: Vec<u8>,
    /// The VMs that cannot be backed up, with the reason. The inventory promises nothing of them.
    pub(super) left_out: Vec<(String, EngineError)>,
}

/// What one VM gives.
pub(super) struct VmContents {
    /// Its name.
    pub(super) name: String,
    /// Where its files lie.
    pub(super) path: ArchivePath,
    /// Its volumes and files.
    pub(super) items: Vec<Item>,
    /// Why one of its small files is not among them.
    pub(super) lacks: Option<EngineError>,
}

/// One file of the archive.
pub(super) enum Item {
    /// A volume, as `NAME.img`. It stays open from here on, so that all volumes of an archive are of one time.
    Volume {
        name: String,
        source: Box<dyn VolumeSource>,
        /// The most data that it holds; what it really holds may be known only when its turn comes.
        bound: DataBound,
    },
    /// A small file.
    File { kind: VmFile, content: Vec<u8> },
    /// What stands for a VM without any file, so that it is found when it is restored.
    Placeholder,
    /// dom0's home.
    Home { home: Home, size: TreeSize },
}

impl Item {
    /// The name in the VM's folder.
    pub(super) fn file_name(&self) -> String {
        match self {
            Self::Volume { name, .. } => volume_file(name),
            Self::File { kind, .. } => kind.file_name().to_owned(),
            Self::Placeholder => PLACEHOLDER.to_owned(),
            Self::Home { home, .. } => home.user.clone(),
        }
    }

    /// The most bytes that are read for it.
    pub(super) fn data_bytes(&self) -> u64 {
        match self {
            Self::Volume { bound, .. } => bound.data_bytes,
            Self::Home { size, .. } => size.data_bytes,
            Self::File { content, .. } => content.len() as u64,
            Self::Placeholder => 0,
        }
    }

    /// The most that it can take in the archive. The reference's restorer refuses an archive, read through another
    /// VM, whose members are larger than was announced, so what is announced must not be too little.
    fn announced_bytes(&self) -> u64 {
        let inside = match self {
            Self::Volume { bound, .. } => bound.extents * MAP_ENTRY_BYTES,
            Self::Home { size, .. } => size.overhead_bytes,
            Self::File { .. } | Self::Placeholder => 0,
        };
        let bytes = self.data_bytes();
        // A part may be cut short by a block that does not fit into it any more.
        let parts = bytes / (PART_CONTENT_BYTES - LARGEST_BLOCK_BYTES) + 1;
        bytes + bytes / INCOMPRESSIBLE_SHARE + inside + FILE_OVERHEAD_BYTES + parts * 128
    }
}

impl VmContents {
    /// The bytes that are read for it.
    pub(super) fn data_bytes(&self) -> u64 {
        self.items.iter().map(Item::data_bytes).sum()
    }

    /// What the report says of it: each item with its result, in the order of the items.
    pub(super) fn report(&self, items: Vec<ItemResult>, result: VmResult) -> VmReport {
        let item = |(item, result): (&Item, ItemResult)| ItemReport {
            result,
            ..ItemReport::done(item.file_name(), item.data_bytes())
        };
        VmReport {
            name: self.name.clone(),
            name_here: self.name.clone(),
            items: self.items.iter().zip(items).map(item).collect(),
            result,
        }
    }
}

/// Whether an error tells of one VM alone, so that the others can go on.
pub(super) fn is_of_one_vm(error: &EngineError) -> bool {
    match error {
        EngineError::Host(error) => !error.is_of_the_host(),
        EngineError::Volume { .. }
        | EngineError::VolumeChanged { .. }
        | EngineError::Home { .. }
        | EngineError::HomeIncomplete { .. }
        | EngineError::NotReady(_) => true,
        EngineError::Cancelled
        | EngineError::NoThread
        | EngineError::Destination(_)
        | EngineError::Source(_)
        | EngineError::Archive(_)
        | EngineError::NotInArchive { .. }
        | EngineError::Plan { .. }
        | EngineError::Key(_)
        | EngineError::Internal { .. } => false,
    }
}

impl Contents {
    /// Finds out what there is. VMs with a finding of their own are left out, as are those that cannot be opened;
    /// where none is left, the first reason is the error.
    pub(super) fn gather(
        plan: &BackupPlan,
        system: &System,
        unready: &[Finding],
        host: &dyn Vms,
        context: &Context,
    ) -> Result<Self, EngineError> {
        let mut names: Vec<&String> = Vec::new();
        for name in &plan.vms {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        // Readers look for dom0's home at the end.
        names.sort_by_key(|name| *name == DOM0);
        let (mut vms, mut left_out) = (Vec::new(), Vec::new());
        for name in names {
            context.cancel.check()?;
            let finding = unready.iter().find(|finding| finding.vm.as_ref() == Some(name));
            let gathered = match finding {
                Some(finding) => Err(EngineError::NotReady(finding.clone())),
                None if name == DOM0 => gather_home(host, context),
                None => gather_vm(name, system, host),
            };
            match gathered {
                Ok(vm) => vms.push(vm),
                Err(error) if is_of_one_vm(&error) => {
                    let failure = Failure(error.clone());
                    context.observer.item(name, ItemState::Failed(failure));
                    left_out.push((name.clone(), error));
                }
                Err(error) => return Err(error),
            }
        }
        if let (true, Some((_, error))) = (vms.is_empty(), left_out.first()) {
            return Err(error.clone());
        }
        check_paths(&vms)?;
        let inventory = inventory(plan, host, &vms)?.to_xml();
        Ok(Self {
            vms,
            inventory,
            left_out,
        })
    }

    /// The bytes that are read for all of it.
    pub(super) fn total_bytes(&self) -> u64 {
        self.vms.iter().map(VmContents::data_bytes).sum()
    }
}

/// Two VMs in one folder would be restored as one VM.
fn check_paths(vms: &[VmContents]) -> Result<(), EngineError> {
    let mut seen = BTreeMap::new();
    for vm in vms {
        if let Some(other) = seen.insert(vm.path.as_str(), vm.name.as_str()) {
            let (one, other) = (other.to_owned(), vm.name.clone());
            let why = PlanFault::SameNumber { one, other };
            return Err(EngineError::Plan { why });
        }
    }
    Ok(())
}

fn gather_vm(name: &str, system: &System, host: &dyn Vms) -> Result<VmContents, EngineError> {
    let Some(vm) = system.vm(name) else {
        return Err(crate::host::HostError::NoSuchVm { name: name.to_owned() }.into());
    };
    let mut items = Vec::new();
    for volume in &vm.volumes {
        let source = host.open_volume(name, &volume.name)?;
        let bound = source
            .bound()
            .map_err(|error| volume_error(name, &volume.name, error))?;
        items.push(Item::Volume {
            name: volume.name.clone(),
            source,
            bound,
        });
    }
    let mut lacks = None;
    for (kind, content) in host.vm_files(name)? {
        match content {
            Ok(content) => items.push(Item::File { kind, content }),
            // The volumes are worth having without it.
            Err(error) => lacks = lacks.or(Some(error.into())),
        }
    }
    if items.is_empty() {
        items.push(Item::Placeholder);
    }
    Ok(VmContents {
        name: name.to_owned(),
        path: ArchivePath::of_number(vm.qid),
        items,
        lacks,
    })
}

fn gather_home(host: &dyn Vms, context: &Context) -> Result<VmContents, EngineError> {
    let Some(home) = host.home()? else {
        return Err(EngineError::Plan { why: PlanFault::NoHome });
    };
    let size = home::tree_size(&home.folder, &context.cancel)?;
    let path = ArchivePath::new(format!("{HOME_FOLDER}/{}", home.user));
    Ok(VmContents {
        name: DOM0.to_owned(),
        path,
        items: vec![Item::Home { home, size }],
        lacks: None,
    })
}

fn inventory(plan: &BackupPlan, host: &dyn Vms, vms: &[VmContents]) -> Result<Inventory, EngineError> {
    let mut inventory = host.inventory()?;
    if plan.scope == InventoryScope::SelectedOnly {
        let names: BTreeSet<String> = vms.iter().map(|vm| vm.name.clone()).collect();
        inventory.retain_domains(&names);
    }
    let contents: BTreeMap<String, Content> = vms
        .iter()
        .map(|vm| {
            let size_bytes = vm.items.iter().map(Item::announced_bytes).sum();
            (
                vm.name.clone(),
                Content {
                    path: vm.path.clone(),
                    size_bytes,
                },
            )
        })
        .collect();
    inventory
        .mark_contents(&contents)
        .map_err(crate::host::HostError::from)?;
    for vm in vms {
        let files: Vec<String> = vm.items.iter().map(Item::file_name).collect();
        inventory
            .list_files(&vm.name, &files)
            .map_err(crate::host::HostError::from)?;
    }
    Ok(inventory)
}

/// An error of reading a volume, with its name.
pub(super) fn volume_error(vm: &str, volume: &str, error: std::io::Error) -> EngineError {
    from_io(error, |source| EngineError::Volume {
        vm: vm.to_owned(),
        volume: volume.to_owned(),
        source,
    })
}

/// What a file of a VM is called in the archive (`vm7/private.img`).
pub(super) fn member_name(vm: &VmContents, item: &Item) -> String {
    match item {
        // A home is a folder, and the name of its archive is that of the folder.
        Item::Home { .. } => vm.path.to_string(),
        _ => vm.path.member(&item.file_name()),
    }
}
