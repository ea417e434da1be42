// SPDX-License-Identifier: GPL-3.0-or-later
//! Gives a restored machine its settings: each is set on its own, and what the host does not take is a warning.

use std::collections::BTreeMap;

use crate::{
    host::{Host, HostError, Label, NewMachine, Reference},
    inventory::{Class, Inventory},
    plan::RestoreRow,
};

use super::{Context, EngineError, Warning};

/// The tag of a machine that is being restored: a live host does not start such a machine.
pub(super) const IN_PROGRESS_TAG: &str = "backup-restore-in-progress";

/// Properties that creation decides, that belong to the old system, or that are set when all machines are there.
const NOT_COPIED: [&str; 10] = [
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
];

/// Properties that name another machine and are set with all others.
const MACHINE_PROPERTIES: [&str; 3] = ["management_dispvm", "guivm", "audiovm"];

/// What templates are before what is made of them.
pub(super) fn creation_order(row: &RestoreRow) -> u8 {
    match row.domain.class {
        Class::TemplateVm => 0,
        _ if row.domain.is_property_set("template_for_dispvms") => 1,
        _ => 2,
    }
}

/// Sets the settings of restored machines.
pub(super) struct Settings<'a> {
    rows: &'a [&'a RestoreRow],
    host: &'a dyn Host,
    context: &'a Context,
    /// Names here by names in the archive, of the machines of this restore.
    names: BTreeMap<&'a str, &'a str>,
}

impl<'a> Settings<'a> {
    pub(super) fn new(rows: &'a [&'a RestoreRow], host: &'a dyn Host, context: &'a Context) -> Self {
        let names = rows
            .iter()
            .map(|row| (row.domain.name.as_str(), row.name_here.as_str()))
            .collect();
        Self {
            rows,
            host,
            context,
            names,
        }
    }

    /// Adds the colour labels that machines have and the host does not.
    pub(super) fn add_labels(&self, inventory: &Inventory) -> Result<(), EngineError> {
        let known = self.host.system()?.labels;
        let wanted = inventory.labels().into_iter().filter(|label| {
            let is_used = self.rows.iter().any(|row| row.domain.label == label.name);
            is_used && !known.iter().any(|known| known.name == label.name)
        });
        for label in wanted {
            // A label that cannot be added is replaced by the host's own choice, which is no loss to speak of.
            let label = Label {
                name: label.name,
                color: label.color,
            };
            if let Err(error) = self.host.add_label(&label) {
                log::warn!("label {}: {error}", label.name);
            }
        }
        Ok(())
    }

    /// Creates a machine.
    pub(super) fn create(&self, row: &RestoreRow) -> Result<(), EngineError> {
        self.host.create_machine(&NewMachine {
            name: row.name_here.clone(),
            class: row.domain.class.clone(),
            label: row.domain.label.clone(),
            template: row.template.clone(),
            pool: None,
        })?;
        Ok(())
    }

    /// Sets everything but the references to other machines.
    pub(super) fn set_all(&self, row: &RestoreRow) {
        let name = row.name_here.as_str();
        let domain = &row.domain;
        self.note(
            row,
            &format!("tag {IN_PROGRESS_TAG}"),
            self.host.add_tag(name, IN_PROGRESS_TAG),
        );
        if let Some(value) = domain.property("template_for_dispvms") {
            self.set(row, "template_for_dispvms", value);
        }
        for (property, value) in domain
            .properties
            .iter()
            .filter(|(key, _)| !NOT_COPIED.contains(&key.as_str()))
        {
            let is_machine = MACHINE_PROPERTIES.contains(&property.as_str());
            self.set(row, property, if is_machine { self.here(value) } else { value });
        }
        for (feature, value) in domain.features.iter().filter(|(key, _)| is_copied_feature(key)) {
            self.note(
                row,
                &format!("feature {feature}"),
                self.host.set_feature(name, feature, value),
            );
        }
        for tag in domain.tags.iter().filter(|tag| *tag != IN_PROGRESS_TAG) {
            self.note(row, &format!("tag {tag}"), self.host.add_tag(name, tag));
        }
    }

    /// Sets the references to other machines.
    pub(super) fn link(&self, row: &RestoreRow) {
        match &row.netvm {
            Reference::Default => {}
            Reference::None => self.set(row, "netvm", ""),
            Reference::Named(name) => self.set(row, "netvm", name),
        }
        if let Some(value) = row.domain.property("default_dispvm") {
            self.set(row, "default_dispvm", self.here(value));
        }
        for device in &row.domain.devices {
            let mut device = device.clone();
            if let Some(backend) = device.backend().map(|backend| self.here(backend).to_owned()) {
                device.set_backend(&backend);
            }
            let what = format!("device {} {}", device.class, device.id().unwrap_or_default());
            match self.host.assign_device(&row.name_here, &device) {
                Err(HostError::NoSuchMachine { name }) if device.backend() == Some(&name) => {
                    self.warn(row, &what, format!("the VM {name}, which it belongs to, is not here"));
                }
                result => self.note(row, &what, result),
            }
        }
    }

    /// The name here of a machine that the archive names: another one if this restore has renamed it.
    fn here<'n>(&'n self, name: &'n str) -> &'n str {
        self.names.get(name).copied().unwrap_or(name)
    }

    fn set(&self, row: &RestoreRow, property: &str, value: &str) {
        self.note(
            row,
            &format!("property {property}"),
            self.host.set_property(&row.name_here, property, value),
        );
    }

    fn note(&self, row: &RestoreRow, setting: &str, result: Result<(), HostError>) {
        if let Err(error) = result {
            self.warn(row, setting, error.to_string());
        }
    }

    fn warn(&self, row: &RestoreRow, setting: &str, why: String) {
        self.context.warn(Warning::SettingNotRestored {
            machine: row.name_here.clone(),
            setting: setting.to_owned(),
            why,
        });
    }
}

/// Not what the archive says of itself, nor what belongs to the run of the old system.
fn is_copied_feature(name: &str) -> bool {
    let is_runtime =
        name == "deferred-netvm-original" || name.starts_with("preload-dispvm") && name != "preload-dispvm-max";
    !name.starts_with("backup-") && !is_runtime
}
