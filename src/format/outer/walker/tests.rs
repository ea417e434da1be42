// SPDX-License-Identifier: GPL-3.0-or-later
//! The walker over archives that are damaged between their members.

use std::io::{Cursor, Read};

use super::*;
use crate::format::outer::Writer;

const NAMES: [&str; 4] = ["head", "a.000", "b.000", "c.000"];

fn is_expected(name: &str) -> bool {
    NAMES.contains(&name)
}

/// An archive of small members, and where each begins.
fn archive() -> (Vec<u8>, Vec<usize>) {
    let mut writer = Writer::new(Vec::new());
    for (place, name) in NAMES.iter().enumerate() {
        let content = vec![b'x' + place as u8; 700 + place];
        writer.member(name, 0, &[&content]).unwrap();
    }
    (
        writer.finish().unwrap(),
        (0..NAMES.len()).map(|place| place * 1536).collect(),
    )
}

type Walked = (Vec<(String, Vec<u8>)>, Vec<Flaw>, Option<u64>);

fn walk(archive: impl Read) -> Walked {
    let mut walker = Walker::new(archive, is_expected);
    let mut members = Vec::new();
    while let Some(member) = walker.next_member().unwrap() {
        let mut content = Vec::new();
        match walker.member().read_into(&mut content) {
            Ok(()) => members.push((member.name, content)),
            Err(_) => break,
        }
    }
    (members, walker.flaws(), walker.trailing())
}

fn names(walked: &Walked) -> Vec<&str> {
    walked.0.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn any_flipped_bit_of_a_header_costs_its_member_at_most() {
    let (good, starts) = archive();
    for (place, start) in starts.iter().enumerate() {
        for byte in 0..512 {
            let mut bytes = good.clone();
            bytes[start + byte] ^= 1 << (byte % 8);
            let walked = walk(&bytes[..]);
            if walked.0.len() == NAMES.len() {
                // The checksum in another spelling.
                assert!(
                    matches!(walked.1[..], [Flaw::Altered(_)]),
                    "member {place}, byte {byte}"
                );
                continue;
            }
            let others = (0..NAMES.len()).filter(|other| *other != place);
            let expected: Vec<&str> = others.map(|other| NAMES[other]).collect();
            assert_eq!(names(&walked), expected, "member {place}, byte {byte}");
            assert!(
                matches!(walked.1[..], [Flaw::Lost { position, .. }] if position == *start as u64),
                "member {place}, byte {byte}: {:?}",
                walked.1
            );
        }
    }
}

#[test]
fn zeroed_sectors_cost_the_members_that_they_hit() {
    let (good, starts) = archive();
    for length in [512, 1536, 2048] {
        let mut bytes = good.clone();
        bytes[starts[1]..starts[1] + length].fill(0);
        let walked = walk(&bytes[..]);
        let expected: &[&str] = if length > 1536 {
            &["head", "c.000"]
        } else {
            &["head", "b.000", "c.000"]
        };
        assert_eq!(names(&walked), expected, "{length}");
        // A whole member of zeros looks like the space between archives that were put one behind the other.
        assert_eq!(walked.1.is_empty(), length == 1536, "{length}");
    }
}

#[test]
fn what_stands_behind_the_end_is_not_part_of_the_archive() {
    let (good, _) = archive();
    let noise: Vec<u8> = (0..5000_u32)
        .map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8 | 1)
        .collect();
    for behind in [&noise[..], &[0; 40960], &noise[..3]] {
        let bytes = [&good[..], behind].concat();
        let walked = walk(&bytes[..]);
        assert_eq!(names(&walked), NAMES);
        assert_eq!(walked.1, [], "{}", behind.len());
        assert!(
            walked.2.is_some_and(|position| position <= bytes.len() as u64),
            "{}",
            behind.len()
        );
    }
    assert_eq!(walk(&good[..]).2, None);
}

#[test]
fn a_damaged_header_behind_an_end_mark_is_damage() {
    let (good, _) = archive();
    // Archives put one behind the other, as the existing tools write them.
    let mut bytes = [&good[..], &good[..]].concat();
    bytes[good.len() + 3] ^= 4;
    let walked = walk(&bytes[..]);
    assert_eq!(walked.0.len(), 7);
    assert!(matches!(walked.1[..], [Flaw::Lost { .. }]), "{:?}", walked.1);
}

#[test]
fn folders_are_passed_over_and_links_named() {
    let (good, _) = archive();
    let mut header = tar::Header::new_ustar();
    header.set_path("x/").unwrap();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    header.set_cksum();
    let mut link = tar::Header::new_ustar();
    link.set_path("y").unwrap();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_link_name("/etc/passwd").unwrap();
    link.set_size(1 << 40);
    link.set_cksum();
    let bytes = [header.as_bytes(), &good[..1536], link.as_bytes(), &good[1536..]].concat();
    let walked = walk(&bytes[..]);
    assert_eq!(names(&walked), NAMES);
    assert!(
        matches!(&walked.1[..], [Flaw::Foreign { name, .. }] if name == "y"),
        "{:?}",
        walked.1
    );
}

#[test]
fn a_size_that_leads_beyond_the_end_is_not_believed() {
    let (good, starts) = archive();
    let mut bytes = good.clone();
    let mut header = tar::Header::from_byte_slice(&bytes[starts[1]..starts[1] + 512]).clone();
    header.set_size(1 << 50);
    header.set_cksum();
    bytes[starts[1]..starts[1] + 512].copy_from_slice(header.as_bytes());
    let length = bytes.len() as u64;
    let mut walker = Walker::new(BufReader::new(Cursor::new(bytes)), is_expected);
    let mut found = Vec::new();
    while let Some(member) = walker.next_member().unwrap() {
        walker.leap(length).unwrap();
        found.push(member.name);
    }
    assert_eq!(found, NAMES);
    assert!(
        matches!(walker.flaws()[..], [Flaw::Lost { .. }]),
        "{:?}",
        walker.flaws()
    );
}

/// A reader that makes its bytes as they are read, so that no memory holds what is passed over.
fn with_zeros_between(before: &[u8], zero_blocks: u64, behind: &[u8]) -> Walked {
    let zeros = std::io::repeat(0).take(zero_blocks * BLOCK_BYTES);
    walk(Read::chain(Read::chain(before, zeros), behind))
}

#[test]
fn a_member_is_looked_for_behind_so_many_zeros_and_no_more() {
    let (good, starts) = archive();
    let (before, behind) = good.split_at(starts[1]);
    let walked = with_zeros_between(before, limits::ZERO_BLOCKS - 1, behind);
    assert_eq!(names(&walked), NAMES);
    let walked = with_zeros_between(before, limits::ZERO_BLOCKS, behind);
    assert_eq!(names(&walked), NAMES[..1]);
    // The same where the zeros follow a header that is damaged.
    let mut damaged = before.to_vec();
    damaged.extend([7; BLOCK_SIZE]);
    let walked = with_zeros_between(&damaged, limits::ZERO_BLOCKS - 1, behind);
    assert_eq!(names(&walked), NAMES);
    let walked = with_zeros_between(&damaged, limits::ZERO_BLOCKS, behind);
    assert_eq!(names(&walked), NAMES[..1]);
}

#[test]
fn a_member_is_looked_for_in_so_many_bytes_behind_the_end_and_before_the_first() {
    let (good, _) = archive();
    let noise = |bytes: u64| std::io::repeat(0xa5).take(bytes);
    let beyond = limits::SEARCH_BEHIND_END_BYTES;
    // The zeros of the end mark are searched too, and a header is found within the limit.
    let end = good.iter().rposition(|byte| *byte != 0).unwrap() / BLOCK_SIZE + 1;
    let mark = (good.len() - end * BLOCK_SIZE) as u64;
    for (bytes, is_found) in [(beyond - mark, true), (beyond - mark + BLOCK_BYTES, false)] {
        let walked = walk(Read::chain(Read::chain(&good[..], noise(bytes)), &good[..]));
        assert_eq!(names(&walked).len(), if is_found { 8 } else { 4 }, "{bytes}");
    }
    let before = limits::SEARCH_FOR_BEGINNING_BYTES;
    for (bytes, is_found) in [(before, true), (before + BLOCK_BYTES, false)] {
        let walked = walk(Read::chain(noise(bytes), &good[..]));
        assert_eq!(names(&walked).len(), if is_found { 4 } else { 0 }, "{bytes}");
    }
}

#[test]
fn so_many_flaws_are_kept_and_no_more() {
    let mut link = tar::Header::new_ustar();
    link.set_path("y").unwrap();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    link.set_cksum();
    let (good, _) = archive();
    for (count, kept) in [(MOST_FLAWS, MOST_FLAWS), (MOST_FLAWS + 1, MOST_FLAWS)] {
        let walked = walk(&[link.as_bytes().repeat(count), good.clone()].concat()[..]);
        assert_eq!((names(&walked).len(), walked.1.len()), (4, kept));
    }
}

#[test]
fn so_many_zeros_stand_at_the_end_and_more_belong_to_a_device() {
    let (good, _) = archive();
    let end = good.iter().rposition(|byte| *byte != 0).unwrap() / BLOCK_SIZE + 1;
    let end = &good[..end * BLOCK_SIZE];
    let behind = end.len() as u64 + MOST_ZERO_BLOCKS * BLOCK_BYTES;
    for (zeros, trailing) in [(MOST_ZERO_BLOCKS, None), (MOST_ZERO_BLOCKS + 1, Some(behind))] {
        let walked = with_zeros_between(end, zeros, &[]);
        assert_eq!((names(&walked), walked.2), (NAMES.to_vec(), trailing));
    }
}
