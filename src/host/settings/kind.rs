// SPDX-License-Identifier: GPL-3.0-or-later
//! The kinds of values that properties have, and what each kind takes.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    Unfit,
    text::{LONGEST_TEXT, is_printable, text},
};
use crate::{host::check_vm_name, inventory};

/// The length of the code of a device interface, in characters.
const INTERFACE_LENGTH: usize = 7;

/// What a property needs the VM to be that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referent {
    /// A template.
    Template,
    /// What disposables are made from.
    DispVmTemplate,
    /// What others reach the network through.
    NetVm,
    /// Any VM that runs here.
    Local,
}

/// What a property can be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// True or false.
    Truth,
    /// A whole number.
    Whole { least: i64, most: i64 },
    /// A moment, in seconds since 1970.
    Time,
    /// The name of a VM; empty for none, but for a template.
    Vm(Referent),
    /// The name of a label.
    Label,
    /// The name of a kernel; empty for none.
    Kernel,
    /// Printable text of ASCII, up to a length in bytes.
    Text { longest: usize },
    /// The name of a user.
    User,
    /// One of some words, in any case.
    OneOf(&'static [&'static str]),
    /// A keyboard layout, a variant and options.
    KeyboardLayout,
    /// Codes of device interfaces.
    Interfaces,
    /// An address.
    Ipv4,
    /// An address.
    Ipv6,
    /// A hardware address.
    Mac,
}

impl Kind {
    /// Checks a value. An empty value stands in a record as no text at all, which the system takes for nothing.
    pub(super) fn check(self, value: &str) -> Result<(), Unfit> {
        match self {
            Self::Truth => is(inventory::is_truth(value), Unfit::Truth),
            Self::Whole { least, most } => whole(value, least, most),
            Self::Time => whole(value, i64::MIN, i64::MAX),
            Self::Vm(Referent::Template) => Ok(check_vm_name(value)?),
            Self::Vm(_) if value.is_empty() => Ok(()),
            // dom0 is a VM that others can name, and no name that a VM can be given.
            Self::Vm(_) if value == crate::host::DOM0 => Ok(()),
            Self::Vm(_) => Ok(check_vm_name(value)?),
            Self::Label => is(!value.is_empty(), Unfit::Empty),
            Self::Kernel => text(value, LONGEST_TEXT, |c| c != '/' && is_printable(c)),
            Self::Text { longest } => text(value, longest, is_printable),
            Self::User => text(value, LONGEST_TEXT, |c| {
                c.is_ascii_alphanumeric() || "_-+,.".contains(c)
            }),
            Self::OneOf(allowed) => is(
                allowed.iter().any(|word| word.eq_ignore_ascii_case(value)),
                Unfit::OneOf { allowed },
            ),
            Self::KeyboardLayout => is(is_keyboard_layout(value), Unfit::KeyboardLayout),
            Self::Interfaces => is(is_interfaces(value), Unfit::Interfaces),
            Self::Ipv4 => is(value.parse::<Ipv4Addr>().is_ok(), Unfit::Ipv4),
            Self::Ipv6 => is(value.parse::<Ipv6Addr>().is_ok(), Unfit::Ipv6),
            Self::Mac => is(is_mac(value), Unfit::Mac),
        }
    }
}

fn is(fits: bool, otherwise: Unfit) -> Result<(), Unfit> {
    if fits { Ok(()) } else { Err(otherwise) }
}

fn whole(value: &str, least: i64, most: i64) -> Result<(), Unfit> {
    let number = value.parse::<i64>().ok();
    let number = number.filter(|number| (least..=most).contains(number));
    number.map(drop).ok_or(Unfit::Whole { least, most })
}

fn is_keyboard_layout(value: &str) -> bool {
    let parts: Vec<&str> = value.split('+').collect();
    let [layout, variant, options] = parts[..] else {
        return false;
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !layout.is_empty()
        && layout.chars().all(|c| c.is_ascii_alphabetic())
        && variant.chars().all(is_word)
        && options.chars().all(|c| is_word(c) || matches!(c, ':' | ','))
}

/// Whether it is codes one behind the other: a letter for the class, six hexadecimal digits, `*` for any of them.
fn is_interfaces(value: &str) -> bool {
    value.is_ascii()
        && value.len().is_multiple_of(INTERFACE_LENGTH)
        && value
            .as_bytes()
            .chunks(INTERFACE_LENGTH)
            .all(|code| b"bump*".contains(&code[0]) && code[1..].iter().all(|byte| b"0123456789abcdef*".contains(byte)))
}

fn is_mac(value: &str) -> bool {
    let pairs: Vec<&str> = value.split(':').collect();
    pairs.len() == 6
        && pairs
            .iter()
            .all(|pair| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
