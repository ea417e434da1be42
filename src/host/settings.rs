// SPDX-License-Identifier: GPL-3.0-or-later
//! What a PedOS takes as a setting of a VM: one table of the properties of each class, and the rules of features,
//! tags, labels and devices. Every host asks here before a setting is set or written, because a record with one setting
//! that does not fit is refused as a whole when the system starts.

mod device;
mod feature;
mod kind;
mod text;
mod unfit;

pub use device::check_device;
pub use feature::{check_feature, check_label_name, check_sent_feature, check_tag};
pub use kind::Referent;
pub use unfit::{Setting, Unfit};

use self::{kind::Kind, text::LONGEST_TEXT};
use super::NameFault;
use crate::inventory::{Class, PoolEntry, VolumeConfig};

/// The largest number that a property can be: the system computes with larger ones, and no VM has use for them.
const LARGEST: i64 = i32::MAX as i64;
/// The longest kernel command line, in bytes.
const LONGEST_KERNEL_OPTIONS: usize = 512;

/// The number of old states that means: no snapshots at all.
const NO_SNAPSHOTS: i32 = -1;
/// The most old states that pools of the driver `file` keep.
const MOST_REVISIONS_OF_FILES: i32 = 1;

/// The classes that have a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holders {
    /// Whatever runs here beside dom0.
    Vms,
    /// What runs here, and dom0.
    VmsAndDom0,
    /// All classes.
    All,
    /// Templates.
    Templates,
    /// What is based on a template.
    Based,
    /// What disposables can be made from.
    DispVmTemplates,
    /// Disposables.
    DispVms,
    /// VMs elsewhere.
    Remote,
}

impl Holders {
    fn include(self, class: &Class) -> bool {
        // What a class of another maker has beside the properties of all VMs is not known.
        let is_vm = !matches!(class, Class::AdminVm | Class::RemoteVm);
        match self {
            Self::Vms => is_vm,
            Self::VmsAndDom0 => *class != Class::RemoteVm,
            Self::All => true,
            Self::Templates => *class == Class::TemplateVm,
            Self::Based => class.has_template(),
            Self::DispVmTemplates => matches!(class, Class::AppVm | Class::StandaloneVm),
            Self::DispVms => *class == Class::DispVm,
            Self::Remote => *class == Class::RemoteVm,
        }
    }
}

const POSITIVE: Kind = Kind::Whole {
    least: 1,
    most: LARGEST,
};
const TEXT: Kind = Kind::Text { longest: LONGEST_TEXT };

/// All properties that can be set on a VM, of versions 4.2 to 4.4. The name, the number and the identifier of a
/// VM are fixed when it is made and therefore not in it.
const PROPERTIES: [(&str, Holders, Kind); 36] = [
    ("appvm_default_bootmode", Holders::Templates, TEXT),
    ("audiovm", Holders::Vms, Kind::Vm(Referent::Local)),
    ("auto_cleanup", Holders::DispVms, Kind::Truth),
    ("autostart", Holders::Vms, Kind::Truth),
    ("backup_timestamp", Holders::Vms, Kind::Time),
    ("bootmode", Holders::Vms, TEXT),
    ("debug", Holders::Vms, Kind::Truth),
    (
        "default_dispvm",
        Holders::VmsAndDom0,
        Kind::Vm(Referent::DispVmTemplate),
    ),
    ("default_user", Holders::Vms, Kind::User),
    ("devices_denied", Holders::VmsAndDom0, Kind::Interfaces),
    ("dispid", Holders::DispVms, Kind::Whole { least: 0, most: 9999 }),
    ("guivm", Holders::Vms, Kind::Vm(Referent::Local)),
    ("include_in_backups", Holders::All, Kind::Truth),
    ("installed_by_rpm", Holders::Vms, Kind::Truth),
    ("ip", Holders::Vms, Kind::Ipv4),
    ("ip6", Holders::Vms, Kind::Ipv6),
    ("kernel", Holders::Vms, Kind::Kernel),
    (
        "kernelopts",
        Holders::Vms,
        Kind::Text {
            longest: LONGEST_KERNEL_OPTIONS,
        },
    ),
    ("keyboard_layout", Holders::VmsAndDom0, Kind::KeyboardLayout),
    ("label", Holders::All, Kind::Label),
    ("mac", Holders::Vms, Kind::Mac),
    ("management_dispvm", Holders::Vms, Kind::Vm(Referent::DispVmTemplate)),
    (
        "maxmem",
        Holders::Vms,
        Kind::Whole {
            least: 0,
            most: LARGEST,
        },
    ),
    ("memory", Holders::Vms, POSITIVE),
    ("netvm", Holders::Vms, Kind::Vm(Referent::NetVm)),
    ("provides_network", Holders::Vms, Kind::Truth),
    ("qrexec_timeout", Holders::Vms, POSITIVE),
    ("relayvm", Holders::Remote, Kind::Vm(Referent::Local)),
    ("remote_name", Holders::Remote, TEXT),
    ("shutdown_timeout", Holders::Vms, POSITIVE),
    ("stubdom_mem", Holders::Vms, POSITIVE),
    ("template", Holders::Based, Kind::Vm(Referent::Template)),
    ("template_for_dispvms", Holders::DispVmTemplates, Kind::Truth),
    ("transport_rpc", Holders::Remote, TEXT),
    ("vcpus", Holders::Vms, POSITIVE),
    ("virt_mode", Holders::Vms, Kind::OneOf(&["hvm", "pv", "pvh"])),
];

fn find(class: &Class, name: &str) -> Option<Kind> {
    let mut rows = PROPERTIES.iter();
    let (_, _, kind) = rows.find(|(property, holders, _)| *property == name && holders.include(class))?;
    Some(*kind)
}

/// Whether VMs of a class have that property and it can be set.
pub fn has_property(class: &Class, name: &str) -> bool {
    find(class, name).is_some()
}

/// Checks a value of a property by itself. Whether the label, the kernel or the VM that it names is there, the host
/// knows.
///
/// # Errors
/// With what is wrong with it.
pub fn check_property(class: &Class, name: &str, value: &str) -> Result<(), Unfit> {
    let kind = find(class, name).ok_or_else(|| Unfit::NoSuchProperty { class: class.clone() })?;
    kind.check(value)
}

/// Checks how many old states of a volume are to be kept.
///
/// # Errors
/// When the driver of its pool does not keep that many.
pub fn check_revisions(pools: &[PoolEntry], volume: &VolumeConfig, count: i32) -> Result<(), Unfit> {
    let pool = pools.iter().find(|pool| pool.name == volume.pool);
    let most = match pool {
        Some(pool) if pool.driver == "file" => MOST_REVISIONS_OF_FILES,
        _ => i32::MAX,
    };
    if (NO_SNAPSHOTS..=most).contains(&count) {
        return Ok(());
    }
    let (least, most) = (NO_SNAPSHOTS.into(), most.into());
    Err(Unfit::Whole { least, most })
}

/// What a VM must be that a property of a VM of that class names; `None` for properties that name none.
pub fn referent(class: &Class, property: &str) -> Option<Referent> {
    match find(class, property)? {
        // A disposable is based on the VM that it is made from.
        Kind::Vm(Referent::Template) if *class == Class::DispVm => Some(Referent::DispVmTemplate),
        Kind::Vm(referent) => Some(referent),
        _ => None,
    }
}

impl From<NameFault> for Unfit {
    fn from(fault: NameFault) -> Self {
        Self::VmName { fault }
    }
}

#[cfg(test)]
mod tests;
