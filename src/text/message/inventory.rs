// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a list of VMs or the firewall rules of a VM are not accepted, in words.

use crate::inventory::{FirewallError, InventoryBound, InventoryError, InventoryFault, RuleFault};

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize,
    },
    parts::Message,
};

/// Why the table of VMs, of a system or in an archive, is not accepted.
pub fn inventory_error(error: &InventoryError) -> Message {
    match error {
        InventoryError::Invalid { fault, position } => {
            let detail = inventory_fault(fault);
            let detail = position.map_or(detail.clone(), |position| near(&detail, position));
            Message::new(gettext("The list of VMs (qubes.xml) is not valid")).detail(detail)
        }
        InventoryError::TooLarge { what } => {
            Message::new(gettext("The list of VMs (qubes.xml) is larger than any real one")).detail(bound(*what))
        }
        InventoryError::NoSuchVm { name } => {
            Message::new(gettext_f("no such domain: '{name}'", &[("name", &sanitize(name))]))
        }
    }
}

/// The same on one line, to go behind a place.
pub(super) fn inventory_line(error: &InventoryError) -> String {
    inventory_error(error).line()
}

fn near(what: &str, position: u64) -> String {
    gettext_f(
        // Translators: {what} says what is wrong, without a full stop.
        "{what} (near byte {position})",
        &[("what", what), ("position", &position.to_string())],
    )
}

fn bound(what: InventoryBound) -> String {
    match what {
        InventoryBound::Size => gettext("it has too many bytes"),
        InventoryBound::Depth => gettext("its elements are nested too deeply"),
        InventoryBound::Elements => gettext("it has too many elements"),
        InventoryBound::Attributes => gettext("one of its elements has too many attributes"),
        InventoryBound::Vms => gettext("it has too many VMs"),
    }
}

/// What is wrong with a list of VMs: no capital letter, no full stop.
pub(super) fn inventory_fault(fault: &InventoryFault) -> String {
    match fault {
        InventoryFault::NotUtf8 => gettext("it is not UTF-8"),
        InventoryFault::ControlCharacter => gettext("it has a control character"),
        InventoryFault::Malformed { said } => gettext_f(
            // Translators: {said} is what the XML library says, in English.
            "its XML is not well-formed: {said}",
            &[("said", &sanitize(said))],
        ),
        InventoryFault::NoElement => gettext("it has no element"),
        InventoryFault::EndTag => gettext("it has an end tag without a start tag"),
        InventoryFault::Encoding { name } => {
            gettext_f("its encoding is {name}, not UTF-8", &[("name", &sanitize(name))])
        }
        InventoryFault::DocumentType => gettext("it has a document type, which a PedOS never writes"),
        InventoryFault::Unfinished => gettext("it ends too early"),
        InventoryFault::TextOutside => gettext("it has text outside of its outermost element"),
        InventoryFault::SecondRoot => gettext("it has a second outermost element"),
        InventoryFault::XmlName { name } => gettext_f(
            "'{name}' cannot be the name of an element",
            &[("name", &sanitize(name))],
        ),
        InventoryFault::Entity { name } => gettext_f("the entity '{name}' is unknown", &[("name", &sanitize(name))]),
        InventoryFault::LessThan => gettext("an attribute contains '<'"),
        InventoryFault::Ampersand => gettext("an '&' does not begin an entity"),
        InventoryFault::Root => gettext("its outermost element is not 'qubes'"),
        InventoryFault::OldForm => gettext("it is in the form of version 3.2 and before"),
        InventoryFault::NoClass => gettext("a VM has no class"),
        InventoryFault::NoName { id } if id.is_empty() => gettext("a VM has neither a name nor an identifier"),
        InventoryFault::NoName { id } => gettext_f("the VM {id} has no name", &[("id", &sanitize(id))]),
        InventoryFault::NoNumber { name } => gettext_f("the VM {name} has no number", &[("name", &sanitize(name))]),
        InventoryFault::SameName { name } => gettext_f("two VMs have the name {name}", &[("name", &sanitize(name))]),
        InventoryFault::SameNumber { qid } => {
            gettext_f("two VMs have the number {number}", &[("number", &qid.to_string())])
        }
        InventoryFault::NoPath { name } => gettext_f(
            "the VM {name} is in the backup, but the list does not say where",
            &[("name", &sanitize(name))],
        ),
        InventoryFault::VmTaken { name, qid } => gettext_f(
            "it has a VM with the name {name} or the number {number} already",
            &[("name", &sanitize(name)), ("number", &qid.to_string())],
        ),
        InventoryFault::LabelTaken { name } => {
            gettext_f("it has the label {name} already", &[("name", &sanitize(name))])
        }
        InventoryFault::OtherName => gettext("the properties of a new VM do not hold its name"),
        InventoryFault::ControlInValue => gettext("a value contains a control character"),
        InventoryFault::AttributeName => gettext("a name cannot be the name of an attribute"),
    }
}

/// Why firewall rules cannot be used.
pub(super) fn firewall_error(error: &FirewallError) -> String {
    match error {
        FirewallError::Document(InventoryError::Invalid { fault, .. }) => inventory_fault(fault),
        FirewallError::Document(InventoryError::TooLarge { what }) => bound(*what),
        FirewallError::Document(error @ InventoryError::NoSuchVm { .. }) => inventory_line(error),
        FirewallError::Version => gettext("they are of an unknown version"),
        FirewallError::Policy => gettext("their policy is neither 'allow' nor 'deny'"),
        FirewallError::Rule { number, fault } => gettext_f(
            // Translators: {what} says what is wrong with the rule, without a full stop.
            "rule {number}: {what}",
            &[("number", &number.to_string()), ("what", &rule_fault(fault))],
        ),
    }
}

fn rule_fault(fault: &RuleFault) -> String {
    match fault {
        RuleFault::Unknown { name } => gettext_f("'{name}' in it is unknown", &[("name", &sanitize(name))]),
        RuleFault::Action { action } => gettext_f("its action '{action}' is unknown", &[("action", &sanitize(action))]),
        RuleFault::NoAction => gettext("it has no action"),
        RuleFault::Element { name } => gettext_f("it is called '{name}'", &[("name", &sanitize(name))]),
        RuleFault::Protocol { protocol } => gettext_f(
            "its protocol '{protocol}' is unknown",
            &[("protocol", &sanitize(protocol))],
        ),
        RuleFault::PortWithoutProtocol => gettext("it has a port, but its protocol has none"),
        RuleFault::Expiry { time } => {
            gettext_f("it ends at '{time}', which is not a time", &[("time", &sanitize(time))])
        }
        RuleFault::Address { address } => {
            gettext_f("'{address}' is not an address", &[("address", &sanitize(address))])
        }
        RuleFault::Netmask { netmask } => gettext_f("'{netmask}' is not a netmask", &[("netmask", &sanitize(netmask))]),
        RuleFault::Port { port } => gettext_f("'{port}' is not a port", &[("port", &sanitize(port))]),
        RuleFault::PortRange { first, last } => gettext_f(
            "its last port {last} is below its first port {first}",
            &[("first", &first.to_string()), ("last", &last.to_string())],
        ),
    }
}
