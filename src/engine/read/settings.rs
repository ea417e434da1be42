// SPDX-License-Identifier: GPL-3.0-or-later
//! Applies the settings of a restored VM: each is set on its own, and a setting that the host refuses is a warning.

use crate::{
    engine::{Context, EngineError, Restored, SettingFault, Warning},
    host::{
        Host, HostError, NewVm, Reference,
        settings::{Setting, Unfit},
    },
    inventory::{Class, Inventory},
    plan::{DeviceFate, RestoreRow},
};

use super::leftovers::IN_PROGRESS_TAG;

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
}

impl<'a> Settings<'a> {
    pub(super) fn new(rows: &'a [&'a RestoreRow], host: &'a dyn Host, context: &'a Context) -> Self {
        Self { rows, host, context }
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
    pub(super) fn set_all(&self, row: &RestoreRow) {
        let name = row.name_here.as_str();
        let domain = &row.domain;
        if let Some(value) = domain.property("template_for_dispvms") {
            self.set(row, "template_for_dispvms", value);
        }
        for (property, value) in domain
            .properties
            .iter()
            .filter(|(key, _)| !NOT_COPIED.contains(&key.as_str()))
        {
            self.set(row, property, value);
        }
        self.refer(row, "kernel", &row.kernel);
        for (feature, value) in domain.features.iter().filter(|(key, _)| is_copied_feature(key)) {
            self.note(
                row,
                Restored::Feature(feature.clone()),
                self.host.set_feature(name, feature, value),
            );
        }
        for tag in row.tags.iter().filter(|tag| *tag != IN_PROGRESS_TAG) {
            self.note(row, Restored::Tag(tag.clone()), self.host.add_tag(name, tag));
        }
    }

    /// Sets the references to other VMs.
    pub(super) fn link(&self, row: &RestoreRow) {
        self.refer(row, "netvm", &row.netvm);
        self.refer(row, "default_dispvm", &row.dispvm);
        for (property, vm) in &row.vms {
            self.set(row, property, vm);
        }
        let kept = row.devices.iter().filter(|device| device.fate == DeviceFate::Kept);
        for device in kept.map(|device| &device.device) {
            let what = Restored::Device {
                class: device.class.clone(),
                id: device.id().unwrap_or_default().to_owned(),
            };
            self.note(row, what, self.host.assign_device(&row.name_here, device));
        }
    }

    /// Sets what names something, unless that is the host's default.
    fn refer(&self, row: &RestoreRow, property: &str, value: &Reference) {
        match value {
            Reference::Default => {}
            Reference::None => self.set(row, property, ""),
            Reference::Named(name) => self.set(row, property, name),
        }
    }

    fn set(&self, row: &RestoreRow, property: &str, value: &str) {
        self.note(
            row,
            Restored::Property(property.to_owned()),
            self.host.set_property(&row.name_here, property, value),
        );
    }

    fn note(&self, row: &RestoreRow, what: Restored, result: Result<(), HostError>) {
        match result {
            // A setting that was stopped by its user is no news; the job looks at its token next.
            Ok(()) | Err(HostError::Cancelled(_)) => {}
            Err(HostError::Unfit {
                vm,
                setting,
                value,
                why,
            }) => self.context.warn(Warning::SettingUnfit {
                vm,
                setting,
                value,
                why,
            }),
            Err(error) => self.warn(row, what, error),
        }
    }

    fn warn(&self, row: &RestoreRow, what: Restored, error: HostError) {
        self.context.warn(Warning::SettingNotRestored {
            vm: row.name_here.clone(),
            what,
            why: SettingFault::Host(error),
        });
    }
}

/// Not what the archive says of itself, nor what belongs to the run of the old system.
fn is_copied_feature(name: &str) -> bool {
    let is_runtime =
        name == "deferred-netvm-original" || name.starts_with("preload-dispvm") && name != "preload-dispvm-max";
    !name.starts_with("backup-") && !is_runtime
}
