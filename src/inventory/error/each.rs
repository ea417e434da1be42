// SPDX-License-Identifier: GPL-3.0-or-later
//! One of every kind, for tests that hold for all of them: that each has its words, and its code for programs.

use super::*;

fn text() -> String {
    "x\u{1b}y".to_owned()
}

impl InventoryError {
    one_of_each! {
        Invalid { fault: InventoryFault::NoClass, position: Some(7) },
        TooLarge { what: InventoryBound::Size },
        NoSuchVm { name: text() },
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::one_of_each();
        all.retain(|error| matches!(error, Self::NoSuchVm { .. }));
        all.extend(InventoryFault::one_of_each().into_iter().map(Self::from));
        let bounds = InventoryBound::one_of_each().into_iter();
        all.extend(bounds.map(|what| Self::TooLarge { what }));
        all
    }
}

impl InventoryBound {
    one_of_each! { Size, Depth, Elements, Attributes, Vms }
}

impl InventoryFault {
    one_of_each! {
        NotUtf8, ControlCharacter,
        Malformed { said: text() },
        NoElement, EndTag,
        Encoding { name: text() },
        DocumentType, Unfinished, TextOutside, SecondRoot,
        XmlName { name: text() },
        Entity { name: text() },
        LessThan, Ampersand, Root, OldForm, NoClass,
        NoName { id: text() },
        NoNumber { name: text() },
        SameName { name: text() },
        SameNumber { qid: 7 },
        NoPath { name: text() },
        VmTaken { name: text(), qid: 7 },
        LabelTaken { name: text() },
        OtherName, ControlInValue, AttributeName,
    }
}

impl FirewallError {
    one_of_each! {
        Document { 0: InventoryFault::NoElement.into() },
        Version, Policy,
        Rule { number: 2, fault: RuleFault::NoAction },
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let rule = |fault| Self::Rule { number: 2, fault };
        let mut all = Self::one_of_each();
        all.retain(|error| !matches!(error, Self::Document(_) | Self::Rule { .. }));
        all.extend(InventoryError::all().into_iter().map(Self::Document));
        all.extend(RuleFault::one_of_each().into_iter().map(rule));
        all
    }
}

impl RuleFault {
    one_of_each! {
        Unknown { name: text() },
        Action { action: text() },
        NoAction,
        Element { name: text() },
        Protocol { protocol: text() },
        PortWithoutProtocol,
        Expiry { time: text() },
        Address { address: text() },
        Netmask { netmask: text() },
        Port { port: text() },
        PortRange { first: 9, last: 7 },
    }
}
