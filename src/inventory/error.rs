// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a `qubes.xml` or a set of firewall rules is not accepted. Texts from the document are kept as they are: the
//! code that shows them must escape them.

/// An inventory that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// Not well-formed XML, or not what a PedOS writes.
    #[error("not a valid qubes.xml: {fault}{}", near(*.position))]
    Invalid {
        /// What is wrong.
        fault: InventoryFault,
        /// How far the document was read, in bytes; none where it was read to its end.
        position: Option<u64>,
    },
    /// Larger, deeper or with more VMs than any real one.
    #[error("the qubes.xml is beyond all bounds: {what}")]
    TooLarge {
        /// Which bound.
        what: InventoryBound,
    },
    /// An edit names a VM that is not in it.
    #[error("no such domain: '{name}'")]
    NoSuchVm {
        /// The name.
        name: String,
    },
}

impl InventoryError {
    /// Adds how far the document was read.
    pub(super) fn at(self, read: u64) -> Self {
        match self {
            Self::Invalid { fault, .. } => Self::Invalid {
                fault,
                position: Some(read),
            },
            other => other,
        }
    }
}

impl From<InventoryFault> for InventoryError {
    fn from(fault: InventoryFault) -> Self {
        Self::Invalid { fault, position: None }
    }
}

fn near(position: Option<u64>) -> String {
    position
        .map(|position| format!(" (near byte {position})"))
        .unwrap_or_default()
}

/// A bound that every real inventory keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InventoryBound {
    /// Its bytes.
    #[error("its size")]
    Size,
    /// How deep its elements are nested.
    #[error("its depth")]
    Depth,
    /// How many elements, attributes and texts it has.
    #[error("the number of its elements")]
    Elements,
    /// How many attributes one element has.
    #[error("the number of attributes of an element")]
    Attributes,
    /// How many VMs it has.
    #[error("the number of its VMs")]
    Vms,
}

/// What is wrong with an inventory, or with a change of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InventoryFault {
    /// It is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// It holds a character that XML forbids.
    #[error("it holds a control character")]
    ControlCharacter,
    /// Its XML is not well-formed.
    #[error("malformed XML: {said}")]
    Malformed {
        /// What the XML library says, in English.
        said: String,
    },
    /// It has no element at all.
    #[error("it has no element")]
    NoElement,
    /// An end tag has no start tag.
    #[error("an end tag too many")]
    EndTag,
    /// It says that it is in another encoding.
    #[error("its encoding is {}, not UTF-8", name.escape_debug())]
    Encoding {
        /// The encoding.
        name: String,
    },
    /// It has a document type, which a PedOS never writes.
    #[error("it has a document type, which a PedOS never writes")]
    DocumentType,
    /// It ends before its elements do.
    #[error("it ends in the middle")]
    Unfinished,
    /// Text stands outside of the outermost element.
    #[error("there is text outside of its element")]
    TextOutside,
    /// It has two outermost elements.
    #[error("it has a second outermost element")]
    SecondRoot,
    /// An element or attribute has a name that cannot be printed again.
    #[error("a bad name '{}'", name.escape_debug())]
    XmlName {
        /// The beginning of the name.
        name: String,
    },
    /// An entity is not one of XML's own.
    #[error("an unknown entity '{}'", name.escape_debug())]
    Entity {
        /// The beginning of its name.
        name: String,
    },
    /// The value of an attribute contains `<`.
    #[error("an attribute with '<' in it")]
    LessThan,
    /// An ampersand begins no entity.
    #[error("an '&' that stands for nothing")]
    Ampersand,
    /// The outermost element is not `qubes`.
    #[error("its outermost element is not 'qubes'")]
    Root,
    /// It is in the form of version 3.2 and before, where only one of today will do.
    #[error("it is in the form of version 3.2 and before")]
    OldForm,
    /// A VM has no class.
    #[error("a VM has no class")]
    NoClass,
    /// A VM has no name.
    #[error("the VM {} has no name", id.escape_debug())]
    NoName {
        /// Its identifier, or its number; empty where it has none.
        id: String,
    },
    /// A VM has no number.
    #[error("the VM {} has no number", name.escape_debug())]
    NoNumber {
        /// Its name.
        name: String,
    },
    /// Two VMs have one name.
    #[error("two VMs are called '{}'", name.escape_debug())]
    SameName {
        /// The name.
        name: String,
    },
    /// Two VMs have one number.
    #[error("two VMs have the number {qid}")]
    SameNumber {
        /// The number.
        qid: u32,
    },
    /// A VM is in the backup, and the old inventory does not say where.
    #[error("the VM {} is in the backup, but it does not say where", name.escape_debug())]
    NoPath {
        /// The VM.
        name: String,
    },
    /// A VM that is to be added has the name or number of another one.
    #[error("{} (number {qid}) is in it already", name.escape_debug())]
    VmTaken {
        /// The name of the new VM.
        name: String,
        /// Its number.
        qid: u32,
    },
    /// A label that is to be added is there.
    #[error("the label {} is in it already", name.escape_debug())]
    LabelTaken {
        /// The label.
        name: String,
    },
    /// A VM that is to be added has another name among its properties.
    #[error("a VM whose properties do not hold its name")]
    OtherName,
    /// A value that is to be set contains a character that XML forbids.
    #[error("a value holds a control character")]
    ControlInValue,
    /// An attribute that is to be set has a name that cannot be printed.
    #[error("an attribute with a bad name")]
    AttributeName,
}

/// Firewall rules that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FirewallError {
    /// Not well-formed XML.
    #[error(transparent)]
    Document(#[from] InventoryError),
    /// They are neither of version 1 nor of version 2.
    #[error("the firewall rules are not of version 2")]
    Version,
    /// Old rules have no policy.
    #[error("the policy of the firewall rules is neither 'allow' nor 'deny'")]
    Policy,
    /// A rule has a value that no such rules have, or cannot be expressed today.
    #[error("firewall rule {number}: {fault}")]
    Rule {
        /// The number of the rule, from one.
        number: usize,
        /// What is wrong with it.
        fault: RuleFault,
    },
}

impl FirewallError {
    /// A fault of the rule at that place, which is counted from zero.
    pub(super) fn in_rule(place: usize, fault: RuleFault) -> Self {
        Self::Rule {
            number: place + 1,
            fault,
        }
    }
}

/// What is wrong with a firewall rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// It has a property that is not known, which might narrow it.
    #[error("it has something unknown, '{}'", name.escape_debug())]
    Unknown {
        /// The property.
        name: String,
    },
    /// Its action is not known.
    #[error("its action is '{}'", action.escape_debug())]
    Action {
        /// The action.
        action: String,
    },
    /// It has no action.
    #[error("it has no action")]
    NoAction,
    /// An old rule is not called one.
    #[error("it is called '{}'", name.escape_debug())]
    Element {
        /// What it is called.
        name: String,
    },
    /// Its protocol is not known.
    #[error("the protocol '{}' is not known", protocol.escape_debug())]
    Protocol {
        /// The protocol.
        protocol: String,
    },
    /// It has a port, and a protocol without ports.
    #[error("it has a port, but its protocol has none")]
    PortWithoutProtocol,
    /// The time of its end is no time.
    #[error("it ends at '{}'", time.escape_debug())]
    Expiry {
        /// The time as it stands there.
        time: String,
    },
    /// Its address is no address.
    #[error("'{}' is not an address", address.escape_debug())]
    Address {
        /// The address as it stands there.
        address: String,
    },
    /// Its netmask is no netmask.
    #[error("'{}' is not a netmask", netmask.escape_debug())]
    Netmask {
        /// The netmask as it stands there.
        netmask: String,
    },
    /// Its port is no port.
    #[error("'{}' is not a port", port.escape_debug())]
    Port {
        /// The port as it stands there.
        port: String,
    },
    /// Its last port is below its first.
    #[error("its ports go from {first} down to {last}")]
    PortRange {
        /// The first port.
        first: u64,
        /// The last port.
        last: u64,
    },
}

#[cfg(test)]
mod each;
