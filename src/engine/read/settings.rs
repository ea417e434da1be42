// SPDX-License-Identifier: GPL-3.0-or-later
//! The settings of a restored VM. One that the host refuses is a warning; that the host cannot be reached is an error.

use crate::{
    engine::{Context, EngineError, SettingFault, Warning},
    host::{
        Host, HostError, IN_PROGRESS_TAG, Links, NewVm, NotTaken, Reference, Wanted,
        settings::{Setting, Unfit},
    },
    inventory::{Class, Inventory, PoolEntry, VolumeConfig},
    plan::{DeviceFate, RestoreRow},
};

/// Properties that creation decides, that belong to the old system, or that are set when all VMs are there.
const NOT_COPIED: [&str; 14] = [
    "name",
    "label",
    "template",
    "uuid",
    "qid",
    "dispid",
    "installed_by_rpm",
    "template_for_dispvms",
    "netvm",
    "default_dispvm",
    "kernel",
    "management_dispvm",
    "guivm",
    "audiovm",
];

/// What others are based on comes before what is based on it: templates, disposable templates, disposables.
pub(super) fn creation_order(row: &RestoreRow) -> u8 {
    match row.domain.class {
        Class::TemplateVm => 0,
        Class::DispVm => 3,
        _ if row.domain.is_true("template_for_dispvms") => 1,
        _ => 2,
    }
}

/// Sets the settings of restored VMs.
pub(super) struct Settings<'a> {
    rows: &'a [&'a RestoreRow],
    host: &'a dyn Host,
    context: &'a Context,
    /// The pools that the VMs were in.
    pools: Vec<PoolEntry>,
}

impl<'a> Settings<'a> {
    pub(super) fn new(
        rows: &'a [&'a RestoreRow],
        inventory: &Inventory,
        host: &'a dyn Host,
        context: &'a Context,
    ) -> Self {
        let pools = inventory.pools();
        Self {
            rows,
            host,
            context,
            pools,
        }
    }

    /// Adds the colour labels that VMs have and the host does not.
    pub(super) fn add_labels(&self, inventory: &Inventory) -> Result<(), EngineError> {
        let known = self.host.system()?.labels;
        let wanted = inventory.labels().into_iter().map(|entry| entry.label).filter(|label| {
            let is_used = self.rows.iter().any(|row| row.domain.label == label.name);
            is_used && !known.iter().any(|known| known.name == label.name)
        });
        for label in wanted {
            // A label that cannot be added is replaced by the host's own choice.
            if let Err(error) = self.host.add_label(&label) {
                log::warn!("label {}: {error}", label.name);
            }
        }
        self.warn_of_labels()
    }

    /// Warns of each VM that gets another label than its own.
    fn warn_of_labels(&self) -> Result<(), EngineError> {
        let known = self.host.system()?.labels;
        let is_known = |name: &str| name.is_empty() || known.iter().any(|label| label.name == name);
        for row in self
            .rows
            .iter()
            .filter(|row| !row.is_home() && !is_known(&row.domain.label))
        {
            self.context.warn(Warning::SettingUnfit {
                vm: row.name_here.clone(),
                setting: Setting::Label,
                value: row.domain.label.clone(),
                why: Unfit::NoSuchLabel,
            });
        }
        Ok(())
    }

    /// Creates a VM.
    pub(super) fn create(&self, row: &RestoreRow) -> Result<(), EngineError> {
        self.host.create_vm(&NewVm {
            name: row.name_here.clone(),
            class: row.domain.class.clone(),
            label: row.domain.label.clone(),
            template: row.template.clone(),
            pool: row.pool.clone(),
            // Set later, the tag would be missing where the program is killed in between.
            tags: vec![IN_PROGRESS_TAG.to_owned()],
        })?;
        Ok(())
    }

    /// Sets everything but the references to other VMs.
    pub(super) fn set_all(&self, row: &RestoreRow) -> Result<(), EngineError> {
        let wanted = Wanted {
            revisions: self.revisions(row),
            ..wanted(row)
        };
        self.note(row, self.host.settle(&row.name_here, &wanted))
    }

    /// How many old states of its volumes a VM keeps, where somebody chose that: where it was what the pool gave, the pool
    /// here may give something else.
    fn revisions(&self, row: &RestoreRow) -> Vec<(String, i32)> {
        let is_given = |volume: &VolumeConfig| {
            let pool = self.pools.iter().find(|pool| pool.name == volume.pool);
            pool.is_some_and(|pool| pool.revisions_to_keep == volume.revisions_to_keep)
        };
        let kept = row.domain.volumes.iter().filter(|volume| volume.save_on_stop);
        let chosen = kept.filter(|volume| !is_given(volume));
        chosen
            .filter_map(|volume| Some((volume.name.clone(), volume.revisions_to_keep?)))
            .collect()
    }

    /// Sets the references to other VMs.
    pub(super) fn link(&self, row: &RestoreRow) -> Result<(), EngineError> {
        self.note(row, self.host.link(&row.name_here, &links(row)))
    }

    fn note(&self, row: &RestoreRow, result: Result<Vec<NotTaken>, HostError>) -> Result<(), EngineError> {
        warn_of_not_taken(self.context, row, result?);
        Ok(())
    }
}

/// Warns of what the host did not take of a VM.
pub(super) fn warn_of_not_taken(context: &Context, row: &RestoreRow, not_taken: Vec<NotTaken>) {
    for NotTaken { what, why } in not_taken {
        context.warn(match why {
            HostError::Unfit {
                vm,
                setting,
                value,
                why,
            } => Warning::SettingUnfit {
                vm,
                setting,
                value,
                why,
            },
            why => Warning::SettingNotRestored {
                vm: row.name_here.clone(),
                what,
                why: SettingFault::Host(why),
            },
        });
    }
}

/// What a VM is to be, without what names other VMs and without what its pool decides.
pub(super) fn wanted(row: &RestoreRow) -> Wanted {
    let domain = &row.domain;
    // Other settings may depend on this one.
    let first = domain.property("template_for_dispvms");
    let first = first.map(|value| ("template_for_dispvms".to_owned(), value.to_owned()));
    let others = domain.properties.iter();
    let others = others.filter(|(key, _)| !NOT_COPIED.contains(&key.as_str()));
    let features = domain.features.iter().filter(|(key, _)| is_copied_feature(key));
    let tags = row.tags.iter().filter(|tag| *tag != IN_PROGRESS_TAG);
    Wanted {
        properties: first.into_iter().chain(others.cloned()).collect(),
        features: features.cloned().collect(),
        tags: tags.cloned().collect(),
        revisions: Vec::new(),
    }
}

/// What of a VM names others.
fn links(row: &RestoreRow) -> Links {
    let references = [
        ("kernel", &row.kernel),
        ("netvm", &row.netvm),
        ("default_dispvm", &row.dispvm),
    ];
    let named = references.into_iter().filter_map(|(property, reference)| {
        let value = match reference {
            Reference::Default => return None,
            Reference::None => String::new(),
            Reference::Named(name) => name.clone(),
        };
        Some((property.to_owned(), value))
    });
    let kept = row.devices.iter().filter(|device| device.fate == DeviceFate::Kept);
    Links {
        properties: named.chain(row.vms.clone()).collect(),
        devices: kept.map(|device| device.device.clone()).collect(),
    }
}

/// Not what the archive says of itself, nor what belongs to the run of the old system.
fn is_copied_feature(name: &str) -> bool {
    let is_runtime =
        name == "deferred-netvm-original" || name.starts_with("preload-dispvm") && name != "preload-dispvm-max";
    !name.starts_with("backup-") && !is_runtime
}
