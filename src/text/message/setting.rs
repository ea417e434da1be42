// SPDX-License-Identifier: GPL-3.0-or-later
//! The settings of a VM, why a value does not fit one, and why no VM can have a name, in words.

use crate::host::{
    LONGEST_VM_NAME, NameFault,
    settings::{Setting, Unfit},
};

use super::super::{
    i18n::{gettext, gettext_f},
    sanitize,
};

/// A setting of a VM, by its kind and its name.
pub fn setting(setting: &Setting) -> String {
    match setting {
        Setting::Property(name) => gettext_f("property {name}", &[("name", &sanitize(name))]),
        Setting::Feature(name) => gettext_f("feature {name}", &[("name", &sanitize(name))]),
        Setting::Tag => gettext("tag"),
        Setting::Label => gettext("label"),
        Setting::Device(class) => gettext_f("{class} device", &[("class", &sanitize(class))]),
        // Translators: revisions are old states of a volume that the system keeps. After this stands a number or a reason.
        Setting::Revisions { volume } => gettext_f(
            "revisions to keep of the volume {volume}",
            &[("volume", &sanitize(volume))],
        ),
    }
}

/// Why a value does not fit a setting.
pub fn unfit(why: &Unfit) -> String {
    match why {
        Unfit::NoSuchProperty { class } => gettext_f(
            "VMs of the class {class} have no such property, as far as this program knows",
            &[("class", &sanitize(class.wire_name()))],
        ),
        Unfit::Truth => gettext("it must be True or False"),
        Unfit::Whole { least, most } => gettext_f(
            "it must be a whole number from {least} to {most}",
            &[("least", &least.to_string()), ("most", &most.to_string())],
        ),
        Unfit::OneOf { allowed } => gettext_f("it must be one of: {words}", &[("words", &allowed.join(", "))]),
        Unfit::Ipv4 => gettext("it is not an IPv4 address"),
        Unfit::Ipv6 => gettext("it is not an IPv6 address"),
        Unfit::Mac => gettext("it is not a MAC address"),
        Unfit::KeyboardLayout => {
            gettext("it is not a keyboard layout with its variant and options, as in us+colemak+caps:none")
        }
        Unfit::Interfaces => gettext("it is not a list of device interface codes"),
        Unfit::Empty => gettext("it must not be empty"),
        Unfit::Character { character } => gettext_f(
            "it must not contain the character {character}",
            &[("character", &character.escape_debug().to_string())],
        ),
        Unfit::TooLong { longest } => gettext_f(
            "it must not be longer than {longest} characters",
            &[("longest", &longest.to_string())],
        ),
        Unfit::VmName { fault } => name_fault(*fault),
        Unfit::VmKind => gettext("the VM of that name cannot be used for this"),
        Unfit::NoSuchLabel => gettext("there is no such label here"),
        Unfit::DeviceId => gettext("it is not the identifier of such a device"),
        Unfit::DeviceBackend => gettext("only dom0 has devices of this class"),
        Unfit::DeviceMode { mode } => gettext_f(
            "the mode of assignment '{mode}' is not known",
            &[("mode", &sanitize(mode))],
        ),
    }
}

/// Why no VM can have a name.
pub fn name_fault(fault: NameFault) -> String {
    match fault {
        NameFault::Empty => gettext("A VM must have a name."),
        NameFault::TooLong { length } => gettext_f(
            "This name has {length} characters; the name of a VM has at most {most}.",
            &[("length", &length.to_string()), ("most", &LONGEST_VM_NAME.to_string())],
        ),
        NameFault::Start => gettext("The name of a VM begins with a letter from A to Z."),
        NameFault::Character { character } => gettext_f(
            "The name of a VM cannot contain the character '{character}': only letters from A to Z, digits, dots, underscores and hyphens are allowed.",
            &[("character", &character.escape_debug().to_string())],
        ),
        NameFault::Reserved => gettext("This name is reserved for another use, so no VM can have it."),
        NameFault::Ending => gettext("The name of a VM cannot end with -dm: such names are reserved for another use."),
    }
}
