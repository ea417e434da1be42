// SPDX-License-Identifier: GPL-3.0-or-later
//! Which setting it is about, and why a value does not fit it.

use std::fmt;

use crate::{host::NameFault, inventory::Class};

/// One setting of a VM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// A property.
    Property(String),
    /// A feature.
    Feature(String),
    /// A tag, which has no value beside itself.
    Tag,
    /// The colour label.
    Label,
    /// A device of that class.
    Device(String),
    /// How many old states of a volume are kept.
    Revisions {
        /// The volume.
        volume: String,
    },
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(name) => write!(f, "property {name}"),
            Self::Feature(name) => write!(f, "feature {name}"),
            Self::Tag => f.write_str("tag"),
            Self::Label => f.write_str("label"),
            Self::Device(class) => write!(f, "{class} device"),
            Self::Revisions { volume } => write!(f, "revisions_to_keep of volume {volume}"),
        }
    }
}

/// Why a value does not fit a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// VMs of that class have no such property.
    #[error("a VM of class {class} has no such property")]
    NoSuchProperty {
        /// The class.
        class: Class,
    },
    /// It is neither of the truths.
    #[error("it is either True or False")]
    Truth,
    /// It is no whole number of that range.
    #[error("it is a whole number from {least} to {most}")]
    Whole {
        /// The least that it can be.
        least: i64,
        /// The most that it can be.
        most: i64,
    },
    /// It is none of those words.
    #[error("it is one of: {}", .allowed.join(", "))]
    OneOf {
        /// The words.
        allowed: &'static [&'static str],
    },
    /// It is no address of IPv4.
    #[error("it is no IPv4 address")]
    Ipv4,
    /// It is no address of IPv6.
    #[error("it is no IPv6 address")]
    Ipv6,
    /// It is no hardware address.
    #[error("it is no MAC address")]
    Mac,
    /// It is no keyboard layout in three parts.
    #[error("it is no keyboard layout of the form LAYOUT+VARIANT+OPTIONS")]
    KeyboardLayout,
    /// It is no list of device interfaces.
    #[error("it is no list of device interfaces of seven characters each")]
    Interfaces,
    /// It is empty, and must not be.
    #[error("it is empty")]
    Empty,
    /// It holds a character that cannot be in it.
    #[error("it holds {character:?}, which is not allowed there")]
    Character {
        /// The first such character.
        character: char,
    },
    /// It is longer than what the system takes.
    #[error("it is longer than {longest} characters")]
    TooLong {
        /// The most that the system takes.
        longest: usize,
    },
    /// It names a VM by a name that none can have.
    #[error("{fault}")]
    VmName {
        /// The rule that the name breaks.
        fault: NameFault,
    },
    /// The VM that it names is not of the kind that is needed.
    #[error("the VM of that name is not of the kind that is needed here")]
    VmKind,
    /// There is no such label.
    #[error("there is no such label")]
    NoSuchLabel,
    /// It is no identifier of a device of its class.
    #[error("it is no identifier of such a device")]
    DeviceId,
    /// A device is given on a VM that has none of its class.
    #[error("only dom0 has such devices")]
    DeviceBackend,
    /// It is no way to assign a device for good.
    #[error("it is no way in which a device is assigned: {mode}")]
    DeviceMode {
        /// The way.
        mode: String,
    },
}
