// SPDX-License-Identifier: GPL-3.0-or-later
//! The bytes of an archive that a run will read, in their order: an archive in a store fetches them ahead.

use std::ops::Range;

use crate::crypto::HEADER_BYTES;

use super::{
    member::{BLOCK_BYTES, MemberInfo},
    role::{Role, role},
};

/// The parts of the files that `is_read` wants, with what proves them.
pub(super) fn of_parts(members: &[MemberInfo], is_read: impl Fn(&str) -> bool) -> Vec<Range<u64>> {
    let wanted = members.iter().filter(|member| match role(&member.name) {
        Role::Part(part) | Role::Mac(part) => is_read(part.file()),
        Role::Front(_) | Role::Useless => false,
    });
    joined(wanted.map(|member| with_content(member, member.size)))
}

/// The first bytes of these parts, which their keys need.
pub(super) fn of_heads(members: &[MemberInfo], is_read: impl Fn(&str) -> bool) -> Vec<Range<u64>> {
    let wanted = members
        .iter()
        .filter(|member| matches!(role(&member.name), Role::Part(part) if is_read(part.file())));
    joined(wanted.map(|member| with_content(member, member.size.min(HEADER_BYTES as u64))))
}

/// A member's header and the first bytes of its content.
fn with_content(member: &MemberInfo, bytes: u64) -> Range<u64> {
    let blocks = 1 + bytes.div_ceil(BLOCK_BYTES);
    member.position..member.position.saturating_add(blocks.saturating_mul(BLOCK_BYTES))
}

/// Makes ranges that touch each other one.
fn joined(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_stand_together_are_one_range() {
        let member = |name: &str, size, position| MemberInfo {
            name: name.to_owned(),
            size,
            position,
        };
        let members = [
            member("backup-header", 100, 0),
            member("vm1/private.img.000.enc", 1000, 1024),
            member("vm1/private.img.001.enc", 10, 2560),
            member("vm2/private.img.000.enc", 600, 3584),
            member("vm1/root.img.000.enc", 513, 5120),
            member("something/else", 5, 9000),
            member("vm1/root.img.001.enc", u64::MAX, u64::MAX - 1000),
        ];
        let of_first = |file: &str| file.starts_with("vm1/");
        let end = u64::MAX;
        assert_eq!(of_parts(&members, of_first), [1024..3584, 5120..6656, end - 1000..end]);
        assert_eq!(of_heads(&members, of_first)[..3], [1024..2048, 2560..3584, 5120..6144]);
        assert!(of_parts(&members, |_| false).is_empty());
    }
}
