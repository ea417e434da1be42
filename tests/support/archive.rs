// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive cut open into its members, to damage it on purpose. Reads the outer tar by itself, so that a mistake of
//! the library's reader cannot hide here.

use std::ops::Range;

/// The size of a tar block in bytes.
const BLOCK: usize = 512;

/// One member as it lies in the archive.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: String,
    /// Its headers, data and padding.
    pub(crate) whole: Range<usize>,
    /// Its data alone.
    pub(crate) data: Range<usize>,
}

/// The members in their order.
#[track_caller]
pub(crate) fn members(archive: &[u8]) -> Vec<Member> {
    let mut members = Vec::new();
    let mut position = 0;
    let mut begin = None;
    while position + BLOCK <= archive.len() {
        let header = &archive[position..position + BLOCK];
        if header.iter().all(|byte| *byte == 0) {
            position += BLOCK;
            begin = None;
            continue;
        }
        let start = *begin.get_or_insert(position);
        let size = octal(&header[124..136]);
        let data = position + BLOCK..position + BLOCK + size;
        position = data.end.next_multiple_of(BLOCK);
        if header[156] == b'0' {
            members.push(Member {
                name: name(header),
                whole: start..position,
                data,
            });
            begin = None;
        }
    }
    members
}

/// An archive of these members of another one.
pub(crate) fn assemble(archive: &[u8], members: &[&Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for member in members {
        bytes.extend_from_slice(&archive[member.whole.clone()]);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

/// The archive with the data of two members of the same size exchanged.
pub(crate) fn swap_data(archive: &[u8], one: &Member, other: &Member) -> Vec<u8> {
    assert_eq!(one.data.len(), other.data.len());
    let mut bytes = archive.to_vec();
    bytes[one.data.clone()].copy_from_slice(&archive[other.data.clone()]);
    bytes[other.data.clone()].copy_from_slice(&archive[one.data.clone()]);
    bytes
}

/// A member under another name: the header with its name and checksum made anew, and the data.
pub(crate) fn renamed(archive: &[u8], member: &Member, name: &str) -> Vec<u8> {
    let mut bytes = archive[member.data.start - BLOCK..member.whole.end].to_vec();
    bytes[..100].fill(0);
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes[..BLOCK].iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes
}

fn octal(field: &[u8]) -> usize {
    let text: String = field
        .iter()
        .map(|byte| char::from(*byte))
        .filter(char::is_ascii_digit)
        .collect();
    usize::from_str_radix(&text, 8).unwrap()
}

fn name(header: &[u8]) -> String {
    let text = |field: &[u8]| String::from_utf8(field.iter().copied().take_while(|byte| *byte != 0).collect()).unwrap();
    let (prefix, name) = (text(&header[345..500]), text(&header[..100]));
    if prefix.is_empty() {
        name
    } else {
        format!("{prefix}/{name}")
    }
}
