// SPDX-License-Identifier: GPL-3.0-or-later
//! The three versions of the daemon's language, and the one table of what differs between them.

use std::{fmt, str::FromStr};

/// A version of the daemon's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// As PedOS 4.2 speaks.
    V4_2,
    /// As PedOS 4.3 speaks.
    V4_3,
    /// As the coming PedOS 4.4 speaks.
    V4_4,
}

/// What one dialect has that another has not.
#[derive(Debug)]
pub(crate) struct Differences {
    /// The number of the version, as options and recordings name it.
    pub(crate) number: &'static str,
    /// VMs have uuids in lists, and can be addressed by them.
    pub(crate) has_uuids: bool,
    /// Refusals of the protocol and of permissions have a type and a text, unknown labels and profiles a type of their own.
    pub(crate) refuses_with_words: bool,
    /// There are `admin.vm.notes.*`, the class `RemoteVM`, the boot modes, volumes without revisions.
    pub(crate) has_notes: bool,
    /// Devices are assigned by `.Assign`; without it by `.Attach` with `persistent=yes`.
    pub(crate) assigns_devices: bool,
    /// Values of features are checked, and some features belong to the daemon.
    pub(crate) guards_features: bool,
    /// A volume can be made smaller by `volume.Resize`.
    pub(crate) shrinks_volumes: bool,
    /// The default disposable template must be one.
    pub(crate) checks_default_dispvm: bool,
    /// The class in what is said of a wrong template for a disposable.
    pub(crate) disposable: &'static str,
    /// What stands between the VM in use and the hint at the log.
    pub(crate) in_use_gap: &'static str,
    /// `mem` and `mem_static_max` of dom0, as recorded.
    pub(crate) dom0_memory: (&'static str, &'static str),
}

const DIFFERENCES: [Differences; 3] = [
    Differences {
        number: "4.2",
        has_uuids: false,
        refuses_with_words: false,
        has_notes: false,
        assigns_devices: false,
        guards_features: false,
        shrinks_volumes: false,
        checks_default_dispvm: false,
        disposable: "DispVM",
        in_use_gap: "",
        dom0_memory: ("24684084", "4096"),
    },
    Differences {
        number: "4.3",
        has_uuids: true,
        refuses_with_words: false,
        has_notes: true,
        assigns_devices: true,
        guards_features: true,
        shrinks_volumes: false,
        checks_default_dispvm: false,
        disposable: "disposable",
        in_use_gap: "  ",
        dom0_memory: ("24684084", "4096"),
    },
    Differences {
        number: "4.4",
        has_uuids: true,
        refuses_with_words: true,
        has_notes: true,
        assigns_devices: true,
        guards_features: true,
        shrinks_volumes: true,
        checks_default_dispvm: true,
        disposable: "disposable",
        in_use_gap: "  ",
        dom0_memory: ("4242", "4194304"),
    },
];

impl Dialect {
    /// All of them, the oldest first.
    pub const ALL: [Self; 3] = [Self::V4_2, Self::V4_3, Self::V4_4];

    pub(crate) fn differences(self) -> &'static Differences {
        &DIFFERENCES[self as usize]
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.differences().number)
    }
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL
            .into_iter()
            .find(|dialect| dialect.differences().number == text);
        found.ok_or_else(|| format!("there is no dialect {text}: 4.2, 4.3 and 4.4 are known"))
    }
}
