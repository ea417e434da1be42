// SPDX-License-Identifier: GPL-3.0-or-later
//! One VM of an old document: its settings, what the archive holds of it, its volumes. Its place in the network is
//! found in `network.rs`.

use crate::inventory::{Class, Device, Domain, InventoryError, InventoryFault, VolumeConfig, marks};

use super::{
    entries::{Numbers, Reference, Vm, is_none},
    literal::{self, Value},
};

/// Properties that go over unless they are what they were by default in version 3.2.
const PLAIN_PROPERTIES: [(&str, &str); 10] = [
    ("autostart", "False"),
    ("debug", "False"),
    ("default_user", "user"),
    ("include_in_backups", "True"),
    ("mac", ""),
    ("maxmem", "4000"),
    ("memory", "400"),
    ("qrexec_timeout", "60"),
    ("vcpus", "2"),
    ("dispid", ""),
];

/// Services that are not a feature of the same name today.
const SERVICES: [(&str, &str); 3] = [
    ("meminfo-writer", "service.meminfo-writer"),
    ("ntpd", "service.ntpd"),
    ("qubes-update-check", "check-updates"),
];

/// The folder that VMs without a place in the archive have theirs under.
const BASE_FOLDER: &str = "/var/lib/qubes/";

/// How a true and a false feature are written.
const TRUE: &str = "1";
const FALSE: &str = "";

impl Vm<'_> {
    /// The VM in the form of today.
    pub(super) fn domain(&self, numbers: &Numbers) -> Result<Domain, InventoryError> {
        let label = self.attribute("label").filter(|label| !label.is_empty());
        let label = label.unwrap_or(if self.class == Class::AdminVm { "black" } else { "red" });
        let mut domain = Domain {
            name: self.name.to_owned(),
            class: self.class.clone(),
            qid: self.qid,
            label: label.to_owned(),
            ..Domain::default()
        };
        self.add_content(&mut domain)?;
        set(&mut domain, "label", label);
        // Of dom0 nothing else was ever taken over.
        if self.class == Class::AdminVm {
            return Ok(domain);
        }
        set(&mut domain, "name", self.name);
        set(&mut domain, "qid", &self.qid.to_string());
        self.add_properties(&mut domain, numbers);
        self.add_features(&mut domain);
        self.add_devices(&mut domain);
        Ok(domain)
    }

    /// What the archive holds of it.
    fn add_content(&self, domain: &mut Domain) -> Result<(), InventoryError> {
        if self.flag("backup_content") != Some(true) {
            return Ok(());
        }
        let path = self.attribute("backup_path").filter(|path| !path.is_empty());
        let folder = || self.attribute("dir_path")?.strip_prefix(BASE_FOLDER);
        let Some(path) = path.or_else(folder).filter(|path| !path.is_empty()) else {
            let name = self.name.to_owned();
            return Err(InventoryFault::NoPath { name }.into());
        };
        set_feature(domain, marks::CONTENT, TRUE);
        set_feature(domain, marks::PATH, path);
        set_feature(domain, marks::SIZE, self.attribute("backup_size").unwrap_or("0"));
        let volumes: &[&str] = match self.class {
            Class::TemplateVm | Class::StandaloneVm => &["root", "private"],
            Class::AppVm => &["private"],
            _ => &[],
        };
        domain.volumes = volumes.iter().map(|name| saved_volume(name)).collect();
        Ok(())
    }

    fn add_properties(&self, domain: &mut Domain, numbers: &Numbers) {
        for (name, default) in PLAIN_PROPERTIES {
            if let Some(value) = self.attribute(name)
                && !is_none(value)
                && value != default
            {
                set(domain, name, value);
            }
        }
        for name in ["kernel", "kernelopts"] {
            if self.flag(&format!("uses_default_{name}")) == Some(false) {
                let value = self.attribute(name).filter(|value| !is_none(value));
                set(domain, name, value.unwrap_or_default());
            }
        }
        if self.is_hvm() {
            set(domain, "virt_mode", "hvm");
            set(domain, "kernel", "");
        }
        if matches!(self.element.name.as_str(), "QubesNetVm" | "QubesProxyVm") {
            set(domain, "provides_network", "True");
        }
        if self.class == Class::AppVm {
            match numbers.find(self.attribute("template_qid")) {
                Reference::Vm(name) => set(domain, "template", name),
                Reference::Missing(name) => set(domain, "template", &name),
                Reference::Unset | Reference::Nobody => {}
            }
        }
    }

    fn add_features(&self, domain: &mut Domain) {
        if self.is_hvm() {
            // These ran with the old device model; with another one some systems do not find their hardware again.
            set_feature(domain, "linux-stubdom", FALSE);
        }
        let is_standalone = self.element.name == "QubesAppVm" && self.class == Class::StandaloneVm;
        if self.element.name == "QubesTemplateVm" || is_standalone {
            // In version 3.2 every such VM was taken to have these agents.
            set_feature(domain, "qrexec", TRUE);
            set_feature(domain, "gui", TRUE);
        }
        if self.flag("internal") == Some(true) {
            set_feature(domain, "internal", TRUE);
        }
        let Some(services) = self.attribute("services").filter(|text| !is_none(text)) else {
            return;
        };
        let Some(services) = literal::dictionary(services) else {
            log::warn!("{}: its services are not understood", self.name.escape_debug());
            return;
        };
        // What an archive says of itself is not for a service to say.
        for (service, value) in services.into_iter().filter(|(name, _)| !name.starts_with("backup-")) {
            let renamed = SERVICES.iter().find(|(old, _)| *old == service);
            let feature = renamed.map_or(service.as_str(), |(_, feature)| feature);
            match value {
                Value::Truth(true) => set_feature(domain, feature, TRUE),
                Value::Truth(false) | Value::Nothing => set_feature(domain, feature, FALSE),
                Value::Text(text) | Value::Number(text) => set_feature(domain, feature, &text),
            }
        }
    }

    fn add_devices(&self, domain: &mut Domain) {
        let Some(list) = self.attribute("pcidevs").filter(|text| !is_none(text)) else {
            return;
        };
        let Some(devices) = literal::texts(list) else {
            log::warn!("{}: its devices are not understood", self.name.escape_debug());
            return;
        };
        let is_lax = self.flag("pci_strictreset") == Some(false);
        let options = if is_lax {
            vec![pair("no-strict-reset", "True")]
        } else {
            Vec::new()
        };
        domain.devices = devices
            .iter()
            .map(|id| Device {
                class: "pci".to_owned(),
                attributes: vec![
                    pair("backend-domain", "dom0"),
                    pair("id", &id.replace(':', "_")),
                    pair("required", "yes"),
                ],
                options: options.clone(),
            })
            .collect();
    }

    fn is_hvm(&self) -> bool {
        matches!(self.element.name.as_str(), "QubesHVm" | "QubesTemplateHVm")
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Sets a property in place of what was set before.
fn set(domain: &mut Domain, name: &str, value: &str) {
    domain.properties.retain(|(other, _)| other != name);
    domain.properties.push(pair(name, value));
}

/// Sets a feature in place of what was set before.
fn set_feature(domain: &mut Domain, name: &str, value: &str) {
    domain.features.retain(|(other, _)| other != name);
    domain.features.push(pair(name, value));
}

fn saved_volume(name: &str) -> VolumeConfig {
    VolumeConfig {
        name: name.to_owned(),
        save_on_stop: true,
        is_writable: true,
        ..VolumeConfig::default()
    }
}
