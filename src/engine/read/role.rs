// SPDX-License-Identifier: GPL-3.0-or-later
//! What a member of an archive is, told by its name.

use crate::format::{HEADER_MAC_MEMBER, HEADER_MEMBER, INVENTORY_FILE, PartName, member_of_mac};

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// Header, its proof, or inventory: what is read when an archive is opened, by its place there.
    Front(u8),
    /// A part of a file.
    Part(PartName),
    /// The MAC behind a part, in formats before 4.
    Mac(PartName),
    /// Something that no backup holds, or holds already.
    Useless,
}

/// What a member of that name is.
pub(super) fn role(name: &str) -> Role {
    let inventory = |part: PartName, place| match (part.file(), part.number()) {
        (INVENTORY_FILE, 0) => Role::Front(place),
        // An empty part follows an inventory that fills its only one.
        (INVENTORY_FILE, _) => Role::Front(MAC_OF_INVENTORY + 1),
        _ if place == MAC_OF_INVENTORY => Role::Mac(part),
        _ => Role::Part(part),
    };
    match name {
        HEADER_MEMBER => return Role::Front(0),
        HEADER_MAC_MEMBER => return Role::Front(1),
        _ => {}
    }
    if let Ok(part) = PartName::parse_member(name).or_else(|_| PartName::parse_old_member(name)) {
        return inventory(part, INVENTORY);
    }
    match member_of_mac(name).map(PartName::parse_old_member) {
        Some(Ok(part)) => inventory(part, MAC_OF_INVENTORY),
        _ => Role::Useless,
    }
}

/// The places of the inventory and of its MAC among what is read when an archive is opened.
const INVENTORY: u8 = 2;

const MAC_OF_INVENTORY: u8 = 3;

/// Whether a member of a backup can have this name.
pub(super) fn is_expected(name: &str) -> bool {
    role(name) != Role::Useless
}
