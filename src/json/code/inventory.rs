// SPDX-License-Identifier: GPL-3.0-or-later
//! The code of each reason why an inventory or a set of firewall rules is not accepted.

use crate::inventory::{FirewallError, InventoryBound, InventoryError, InventoryFault, RuleFault};

pub(super) fn inventory_error(error: &InventoryError) -> &'static str {
    match error {
        InventoryError::Invalid { fault, .. } => inventory_fault(fault),
        InventoryError::TooLarge { what } => match what {
            InventoryBound::Size => "inventory_too_large",
            InventoryBound::Depth => "inventory_too_deep",
            InventoryBound::Elements => "inventory_too_many_elements",
            InventoryBound::Attributes => "inventory_too_many_attributes",
            InventoryBound::Vms => "inventory_too_many_vms",
        },
        InventoryError::NoSuchVm { .. } => "inventory_no_such_vm",
    }
}

fn inventory_fault(fault: &InventoryFault) -> &'static str {
    match fault {
        InventoryFault::NotUtf8 => "inventory_not_utf8",
        InventoryFault::ControlCharacter => "inventory_control_character",
        InventoryFault::Malformed { .. } => "inventory_malformed",
        InventoryFault::NoElement => "inventory_no_element",
        InventoryFault::EndTag => "inventory_end_tag",
        InventoryFault::Encoding { .. } => "inventory_encoding",
        InventoryFault::DocumentType => "inventory_document_type",
        InventoryFault::Unfinished => "inventory_unfinished",
        InventoryFault::TextOutside => "inventory_text_outside",
        InventoryFault::SecondRoot => "inventory_second_root",
        InventoryFault::XmlName { .. } => "inventory_xml_name",
        InventoryFault::Entity { .. } => "inventory_entity",
        InventoryFault::LessThan => "inventory_less_than",
        InventoryFault::Ampersand => "inventory_ampersand",
        InventoryFault::Root => "inventory_root",
        InventoryFault::OldForm => "inventory_old_form",
        InventoryFault::NoClass => "inventory_vm_without_class",
        InventoryFault::NoName { .. } => "inventory_vm_without_name",
        InventoryFault::NoNumber { .. } => "inventory_vm_without_number",
        InventoryFault::SameName { .. } => "inventory_same_name",
        InventoryFault::SameNumber { .. } => "inventory_same_number",
        InventoryFault::NoPath { .. } => "inventory_vm_without_path",
        InventoryFault::VmTaken { .. } => "inventory_vm_taken",
        InventoryFault::LabelTaken { .. } => "inventory_label_taken",
        InventoryFault::OtherName => "inventory_other_name",
        InventoryFault::ControlInValue => "inventory_control_in_value",
        InventoryFault::AttributeName => "inventory_attribute_name",
    }
}

pub(super) fn firewall_error(error: &FirewallError) -> &'static str {
    match error {
        FirewallError::Document(error) => inventory_error(error),
        FirewallError::Version => "rules_version",
        FirewallError::Policy => "rules_policy",
        FirewallError::Rule { fault, .. } => match fault {
            RuleFault::Unknown { .. } => "rule_unknown_property",
            RuleFault::Action { .. } => "rule_action",
            RuleFault::NoAction => "rule_no_action",
            RuleFault::Element { .. } => "rule_element",
            RuleFault::Protocol { .. } => "rule_protocol",
            RuleFault::PortWithoutProtocol => "rule_port_without_protocol",
            RuleFault::Expiry { .. } => "rule_expiry",
            RuleFault::Address { .. } => "rule_address",
            RuleFault::Netmask { .. } => "rule_netmask",
            RuleFault::Port { .. } => "rule_port",
            RuleFault::PortRange { .. } => "rule_port_range",
        },
    }
}
