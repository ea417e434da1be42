// SPDX-License-Identifier: GPL-3.0-or-later
//! One VM.

use std::collections::{BTreeMap, BTreeSet};

use super::Volume;
use crate::firewall::Rule;

/// The class of a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// dom0.
    Admin,
    /// Based on a template.
    App,
    /// A template.
    Template,
    /// With a system of its own.
    Standalone,
    /// A disposable.
    Disposable,
    /// On another computer.
    Remote,
}

impl Class {
    pub(crate) const ALL: [Self; 6] = [
        Self::App,
        Self::Template,
        Self::Standalone,
        Self::Admin,
        Self::Disposable,
        Self::Remote,
    ];

    /// Its name in the protocol and the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "AdminVM",
            Self::App => "AppVM",
            Self::Template => "TemplateVM",
            Self::Standalone => "StandaloneVM",
            Self::Disposable => "DispVM",
            Self::Remote => "RemoteVM",
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The folder below `/var/lib/qubes` with the folders of such VMs.
    pub(crate) fn folder(self) -> &'static str {
        if self == Self::Template {
            "vm-templates"
        } else {
            "appvms"
        }
    }
}

/// Whether a VM runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Power {
    /// It does not run.
    Halted,
    /// It runs.
    Running,
    /// It stands still in memory.
    Paused,
}

impl Power {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Halted => "Halted",
            Self::Running => "Running",
            Self::Paused => "Paused",
        }
    }
}

/// A VM.
#[derive(Debug, Clone)]
pub struct Vm {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: Class,
    /// Its number.
    pub qid: u32,
    /// Its uuid.
    pub uuid: String,
    /// The properties that are set, but for `name`, `qid` and `uuid`.
    pub properties: BTreeMap<String, String>,
    /// Its features, in the order in which they were set first.
    pub features: Vec<(String, String)>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// Its firewall; `None` where it was never set.
    pub rules: Option<Vec<Rule>>,
    /// Its notes.
    pub notes: String,
    /// The devices that are assigned to it.
    pub devices: Vec<Assignment>,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// Whether it runs.
    pub power: Power,
    /// The number of the running VM, else -1.
    pub xid: i32,
    /// When it was started, in seconds since 1970; empty while it is halted.
    pub start_time: String,
}

/// A device that is assigned to a VM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// `pci`, `block`.
    pub class: String,
    /// The VM that has the device.
    pub backend: String,
    /// The port.
    pub port: String,
    /// The identity, `*` for any.
    pub identity: String,
    /// `required`, `auto-attach` or `ask-to-attach`.
    pub mode: String,
    /// Options.
    pub options: Vec<(String, String)>,
}

impl Vm {
    /// A VM that is halted and has nothing yet.
    pub(crate) fn new(name: &str, class: Class, qid: u32, uuid: String) -> Self {
        Self {
            name: name.to_owned(),
            class,
            qid,
            uuid,
            properties: BTreeMap::new(),
            features: Vec::new(),
            tags: BTreeSet::new(),
            rules: None,
            notes: String::new(),
            devices: Vec::new(),
            volumes: Vec::new(),
            power: Power::Halted,
            xid: -1,
            start_time: String::new(),
        }
    }

    /// Whether it uses memory, be it paused.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.power != Power::Halted
    }

    /// The value of a property that is set.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }

    /// Whether a property is set to "True".
    pub(crate) fn is(&self, name: &str) -> bool {
        self.property(name) == Some("True")
    }

    /// The value of a feature.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<&str> {
        self.features
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The volume of that name.
    #[must_use]
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.volumes.iter().find(|volume| volume.name == name)
    }

    /// Its folder below `/var/lib/qubes`.
    pub(crate) fn folder(&self) -> String {
        format!("{}/{}", self.class.folder(), self.name)
    }
}
