// SPDX-License-Identifier: GPL-3.0-or-later
//! The VMs that a restored VM names: template, net VM, disposable template, what its other properties and its
//! tags name.
//!
//! A name of the archive means the VM of the archive, by whatever name it is restored; only where that one is not
//! restored it means the host's VM of that name.

use crate::{
    host::{Reference, is_valid_vm_name},
    inventory::Class,
    plan::{Absence, RestoreProblem, RestoreRemark, RestoreRow},
};

use super::{
    Resolver,
    peers::{Kind, Peers},
};

/// Properties that name a VM and without which a VM works: the host's default takes their place.
const VM_PROPERTIES: [(&str, Kind); 3] = [
    ("management_dispvm", Kind::DispVmTemplate),
    ("guivm", Kind::Any),
    ("audiovm", Kind::Any),
];
/// The VM that this tag names may do what it likes with the tagged one, so it must never be another of that name.
const CREATOR_TAG: &str = "created-by-";
/// Tags that a PedOS sets along with the properties `guivm` and `audiovm`.
const SERVICE_TAGS: [&str; 2] = ["guivm-", "audiovm-"];

/// Whether linking finds this problem anew in every round.
pub(super) fn is_link_problem(problem: &RestoreProblem) -> bool {
    matches!(
        problem,
        RestoreProblem::TemplateMissing { .. }
            | RestoreProblem::NoDefaultTemplate
            | RestoreProblem::NetVmMissing { .. }
            | RestoreProblem::NetVmCycle { .. }
            | RestoreProblem::DispVmMissing { .. }
    )
}

impl Resolver<'_> {
    /// Finds template, net VM and disposable template of a row.
    pub(super) fn link(self, row: &mut RestoreRow, peers: &Peers, is_in_cycle: bool) {
        self.link_template(row, peers);
        let name = row.domain.name.as_str();
        if is_in_cycle && let Some(netvm) = row.netvm.name() {
            let name = netvm.to_owned();
            row.problems.push(RestoreProblem::NetVmCycle { name });
        } else {
            let archived = Reference::of_property(row.domain.property("netvm"));
            match self.find(archived, self.choices.netvms.get(name), peers, Kind::NetVm) {
                Ok(found) => row.netvm = found,
                Err((name, absence, is_chosen)) => {
                    row.netvm = Reference::Named(name.clone());
                    row.problems.push(RestoreProblem::NetVmMissing {
                        name,
                        absence,
                        is_chosen,
                    });
                }
            }
        }
        let archived = Reference::of_property(row.domain.property("default_dispvm"));
        let chosen = self.choices.dispvms.get(&row.domain.name);
        match self.find(archived, chosen, peers, Kind::DispVmTemplate) {
            Ok(found) => row.dispvm = found,
            Err((name, absence, is_chosen)) => {
                row.dispvm = Reference::Named(name.clone());
                row.problems.push(RestoreProblem::DispVmMissing {
                    name,
                    absence,
                    is_chosen,
                });
            }
        }
    }

    /// What a reference means here; else the name that leads nowhere, why, and whether the user chose it.
    fn find(
        self,
        archived: Reference,
        chosen: Option<&Reference>,
        peers: &Peers,
        kind: Kind,
    ) -> Result<Reference, (String, Absence, bool)> {
        let is_chosen = chosen.is_some();
        let name = match chosen.cloned().unwrap_or(archived) {
            Reference::Named(name) => name,
            other => return Ok(other),
        };
        let found = if is_chosen {
            peers.choose(self.system, &name, kind)
        } else {
            peers.follow(self.system, &name, kind)
        };
        match found {
            Ok(name) => Ok(Reference::Named(name)),
            Err(_) if self.accepts(&name) => Ok(Reference::Named(self.as_it_is(&name, peers))),
            Err(_) if self.ignores(kind) && !is_chosen => Ok(Reference::Default),
            Err(absence) => Err((name, absence, is_chosen)),
        }
    }

    /// Whether the host's default replaces what is missing.
    fn ignores(self, kind: Kind) -> bool {
        let policy = &self.choices.policy;
        policy.ignore_missing || policy.default_missing && kind == Kind::DispVmTemplate
    }

    fn accepts(self, name: &str) -> bool {
        self.choices.policy.accept_missing && is_valid_vm_name(name)
    }

    /// A name that is kept although it leads nowhere: at least it follows a rename.
    fn as_it_is(self, name: &str, peers: &Peers) -> String {
        peers.restored(name).unwrap_or(name).to_owned()
    }

    fn link_template(self, row: &mut RestoreRow, peers: &Peers) {
        if !row.domain.class.has_template() {
            row.template = None;
            return;
        }
        let kind = match row.domain.class {
            Class::DispVm => Kind::DispVmTemplate,
            _ => Kind::Template,
        };
        let default = self.default_template(kind);
        let chosen = self.choices.templates.get(&row.domain.name);
        let archived = row.domain.property("template").filter(|name| !name.is_empty());
        let Some(name) = chosen.map(String::as_str).or(archived) else {
            // The archive leaves it to the host.
            row.template = default.map(str::to_owned);
            if row.template.is_none() && !self.choices.policy.accept_missing {
                row.problems.push(RestoreProblem::NoDefaultTemplate);
            }
            return;
        };
        let found = if chosen.is_some() {
            peers.choose(self.system, name, kind)
        } else {
            peers.follow(self.system, name, kind)
        };
        let default = default.filter(|_| chosen.is_none());
        row.template = Some(match (found, default) {
            (Ok(found), _) => found,
            (Err(_), _) if self.accepts(name) => self.as_it_is(name, peers),
            (Err(_), Some(default)) if self.choices.policy.ignore_missing => default.to_owned(),
            (Err(absence), default) => {
                row.problems.push(RestoreProblem::TemplateMissing {
                    name: name.to_owned(),
                    absence,
                    default: default.map(str::to_owned),
                });
                name.to_owned()
            }
        });
    }

    fn default_template(&self, kind: Kind) -> Option<&str> {
        let global = match kind {
            Kind::DispVmTemplate => "default_dispvm",
            _ => "default_template",
        };
        let name = self.system.globals.get(global)?;
        let vm = self.system.vm(name)?;
        kind.fits_vm(vm).then_some(name)
    }

    /// Finds the VMs that the other properties name.
    pub(super) fn link_properties(self, row: &mut RestoreRow, peers: &Peers) {
        for (property, kind) in VM_PROPERTIES {
            let Some(name) = row.domain.property(property) else {
                continue;
            };
            let found = match name {
                "" => Some(String::new()),
                name => self.other(name, peers, kind),
            };
            match found {
                Some(found) => {
                    row.vms.insert(property.to_owned(), found);
                }
                None => row.remarks.push(RestoreRemark::VmMissing {
                    property: property.to_owned(),
                    name: name.to_owned(),
                }),
            }
        }
    }

    /// The VM here that the archive means, of that kind; the name itself where dangling names are accepted.
    pub(super) fn other(self, archived: &str, peers: &Peers, kind: Kind) -> Option<String> {
        match peers.follow(self.system, archived, kind) {
            Ok(found) => Some(found),
            Err(_) => self.accepts(archived).then(|| archived.to_owned()),
        }
    }

    /// Lets the tags that name a VM follow it.
    pub(super) fn link_tags(self, row: &mut RestoreRow, peers: &Peers) {
        let mut tags = Vec::new();
        for tag in &row.domain.tags {
            if let Some(creator) = tag.strip_prefix(CREATOR_TAG) {
                match self.other(creator, peers, Kind::Any) {
                    Some(found) => tags.push(format!("{CREATOR_TAG}{found}")),
                    None => row.remarks.push(RestoreRemark::TagDropped { tag: tag.clone() }),
                }
                continue;
            }
            let service = SERVICE_TAGS.iter().find_map(|prefix| {
                let name = tag.strip_prefix(prefix)?;
                Some(format!("{prefix}{}", peers.restored(name)?))
            });
            tags.push(service.unwrap_or_else(|| tag.clone()));
        }
        row.tags = tags;
    }
}
