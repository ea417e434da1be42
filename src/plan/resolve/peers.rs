// SPDX-License-Identifier: GPL-3.0-or-later
//! What a row can know of the others while they are being worked out: who they are, and whether they can be referred to.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::{DOM0, System, Vm},
    inventory::Class,
    plan::{Absence, RestoreChoices, RestoreRow},
};

/// What a setting needs the VM to be that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum Kind {
    /// VMs are based on it.
    Template,
    /// Disposables are made from it.
    DispVmTemplate,
    /// Others reach the network through it.
    NetVm,
    /// Whatever it is.
    Any,
}

impl Kind {
    /// Whether a VM of the host is of this kind.
    pub(in crate::plan) fn fits_vm(self, vm: &Vm) -> bool {
        self.fits(&vm.class, vm.provides_network, vm.template_for_dispvms)
    }

    /// Whether a VM of the archive is of this kind.
    pub(in crate::plan) fn fits_row(self, row: &RestoreRow) -> bool {
        self.fits(
            &row.domain.class,
            row.domain.is_true("provides_network"),
            row.domain.is_true("template_for_dispvms"),
        )
    }

    fn fits(self, class: &Class, provides_network: bool, template_for_dispvms: bool) -> bool {
        match self {
            Self::Template => *class == Class::TemplateVm,
            // A disposable made from a disposable cannot be created, whatever is set on it.
            Self::DispVmTemplate => template_for_dispvms && *class != Class::DispVm,
            Self::NetVm => provides_network,
            Self::Any => true,
        }
    }
}

/// Another VM of the archive.
#[derive(Debug)]
struct Peer {
    name_here: String,
    kinds: [bool; 3],
    is_selected: bool,
    is_usable: bool,
    is_whole: bool,
}

impl Peer {
    fn fits(&self, kind: Kind) -> bool {
        match kind {
            Kind::Template => self.kinds[0],
            Kind::DispVmTemplate => self.kinds[1],
            Kind::NetVm => self.kinds[2],
            Kind::Any => true,
        }
    }
}

/// The VMs of the archive, by their names there.
#[derive(Debug)]
pub(super) struct Peers {
    peers: BTreeMap<String, Peer>,
    /// The names in the archive of those that can be referred to, by their names here.
    here: BTreeMap<String, String>,
}

impl Peers {
    /// The rows as they are now; those that others can refer to are `usable`, by their names in the archive.
    pub(super) fn new(rows: &[RestoreRow], usable: &BTreeSet<String>, choices: &RestoreChoices) -> Self {
        let mut peers = BTreeMap::new();
        let mut here = BTreeMap::new();
        for row in rows.iter().filter(|row| !row.is_home()) {
            let name = row.domain.name.clone();
            let peer = Peer {
                name_here: row.name_here.clone(),
                kinds: [Kind::Template, Kind::DispVmTemplate, Kind::NetVm].map(|kind| kind.fits_row(row)),
                is_selected: row.is_selected,
                is_usable: row.is_selected && usable.contains(&name),
                is_whole: !choices.missing.contains_key(&name),
            };
            if peer.is_usable {
                here.insert(peer.name_here.clone(), name.clone());
            }
            peers.insert(name, peer);
        }
        Self { peers, here }
    }

    /// The name here of a VM that is restored, by its name in the archive.
    pub(super) fn restored(&self, archived: &str) -> Option<&str> {
        let peer = self.peers.get(archived).filter(|peer| peer.is_usable)?;
        Some(&peer.name_here)
    }

    /// The VM here that the archive means by a name: the restored one if it is restored, else the host's own.
    pub(super) fn follow(&self, system: &System, archived: &str, kind: Kind) -> Result<String, Absence> {
        let peer = self.peers.get(archived);
        if let Some(peer) = peer.filter(|peer| peer.is_usable && peer.fits(kind)) {
            return Ok(peer.name_here.clone());
        }
        if is_here(system, archived, kind) {
            return Ok(archived.to_owned());
        }
        Err(match peer {
            Some(peer) if !peer.fits(kind) => Absence::WrongKind,
            Some(peer) if !peer.is_whole => Absence::Incomplete,
            Some(peer) if !peer.is_selected => Absence::NotSelected,
            Some(_) => Absence::HasProblem,
            None if is_here(system, archived, Kind::Any) => Absence::WrongKind,
            None => Absence::NotHere,
        })
    }

    /// The VM that the user means by a name: a name here, and only if there is none, one of the archive.
    pub(super) fn choose(&self, system: &System, chosen: &str, kind: Kind) -> Result<String, Absence> {
        let restored = self.here.get(chosen).and_then(|archived| self.peers.get(archived));
        if is_here(system, chosen, kind) || restored.is_some_and(|peer| peer.fits(kind)) {
            return Ok(chosen.to_owned());
        }
        match (restored, self.follow(system, chosen, kind)) {
            (Some(_), Err(_)) => Err(Absence::WrongKind),
            (_, found) => found,
        }
    }
}

/// Whether the host has such a VM of that name.
fn is_here(system: &System, name: &str, kind: Kind) -> bool {
    match system.vm(name) {
        Some(vm) => kind.fits_vm(vm),
        // A picture of a host may leave it out, but there is no host without it.
        None => name == DOM0 && kind == Kind::Any,
    }
}
