// SPDX-License-Identifier: GPL-3.0-or-later
//! The tar archives: the outer one, the inner ones, and the volumes of format 2.

use std::io::{self, Read};

use pedos_backup::format::{
    FormatError, HEADER_MAC_MEMBER, HEADER_MEMBER, MultiVolume, PartName, inner, limits,
    outer::{self, Flaw, Member},
};

use crate::input::{InPieces, head, with_checksums};

type Members = Vec<(String, Vec<u8>)>;

/// The reader that refuses and the one that gets past damage: where the first finds nothing, both find the same, and what
/// they found is written and read the same.
pub(crate) fn outer(input: &[u8]) {
    let Some((mode, archive)) = head(input) else { return };
    let archive = if mode & 1 == 1 {
        with_checksums(archive)
    } else {
        archive.to_vec()
    };
    let strict = read(&archive);
    let walked = walk(&archive);
    if let Ok(members) = strict {
        let names = |members: &Members| -> Vec<_> {
            let plain = |name: &str| name.trim_start_matches("./").to_owned();
            members
                .iter()
                .map(|(name, content)| (plain(name), content.clone()))
                .collect()
        };
        assert_eq!(names(&members), names(&walked.0), "two readers");
        assert!(
            walked.1.iter().all(|flaw| matches!(flaw, Flaw::Altered(_))),
            "{:?}",
            walked.1
        );
        expect_written_the_same(&members);
    }
}

fn read(archive: &[u8]) -> Result<Members, FormatError> {
    let mut reader = outer::Reader::new(archive);
    let mut members = Vec::new();
    let mut buffer = Vec::new();
    while let Some(member) = reader.next_member()? {
        check(&member, archive);
        reader.read_into(&mut buffer)?;
        members.push((member.name, buffer.clone()));
    }
    Ok(members)
}

fn walk(archive: &[u8]) -> (Members, Vec<Flaw>) {
    let is_expected =
        |name: &str| name == HEADER_MEMBER || name == HEADER_MAC_MEMBER || PartName::parse_member(name).is_ok();
    let mut walker = outer::Walker::new(
        InPieces {
            rest: archive,
            piece: 700,
        },
        is_expected,
    );
    let mut members = Vec::new();
    let mut buffer = Vec::new();
    loop {
        // Memory has no faults of its own.
        let member = match walker.next_member() {
            Ok(Some(member)) => member,
            Ok(None) => break,
            Err(error) => panic!("{error}"),
        };
        check(&member, archive);
        match walker.member().read_into(&mut buffer) {
            Ok(()) => members.push((member.name, buffer.clone())),
            Err(FormatError::Io(error)) => panic!("{error}"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        assert!(members.len() <= archive.len() / 512);
    }
    (members, walker.flaws())
}

fn check(member: &Member, archive: &[u8]) {
    assert!(
        member.name.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{:?}",
        member.name
    );
    assert!(member.name.len() as u64 <= limits::OUTER_NAME_BYTES);
    assert!(member.position < archive.len() as u64);
}

fn expect_written_the_same(members: &Members) {
    let mut writer = outer::Writer::new(Vec::new());
    for (name, content) in members {
        if writer.member(name, 7, &[content]).is_err() {
            return;
        }
    }
    let Ok(archive) = writer.finish() else {
        panic!("memory cannot be written")
    };
    assert_eq!(read(&archive).ok().as_ref(), Some(members), "written and read");
}

/// The inner reader: the same however the stream comes, and no data but within its file and in its order.
pub(crate) fn inner(input: &[u8]) {
    let Some((mode, archive)) = head(input) else { return };
    let archive = if mode & 1 == 1 {
        with_checksums(archive)
    } else {
        archive.to_vec()
    };
    let whole = drain(&archive[..], 4096);
    let pieces = drain(
        InPieces {
            rest: &archive,
            piece: 1 + usize::from(mode >> 1),
        },
        700,
    );
    assert_eq!(whole, pieces, "in pieces");
}

type Entries = (Vec<(Vec<u8>, u64, Vec<(u64, u8)>)>, String);

/// What is in it, and how it ends.
fn drain(archive: impl Read, piece: usize) -> Entries {
    let mut reader = inner::Reader::new(archive);
    let mut buffer = vec![0; piece];
    let mut entries = Vec::new();
    let error = loop {
        let entry = match reader.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => break reader.finish().map(|ending| format!("{ending:?}")),
            Err(error) => break Err(error),
        };
        assert!(!entry.name.is_empty() && !entry.name.contains(&0) && entry.size <= limits::FILE_BYTES);
        if let Some(path) = entry.relative_path() {
            assert!(path.is_relative() && !path.iter().any(|segment| segment == ".."));
        }
        let (mut end, mut data) = (0, Vec::new());
        let failed = loop {
            match reader.next_data(&mut buffer) {
                Ok(Some((offset, count))) => {
                    assert!(offset >= end && offset + count as u64 <= entry.size);
                    end = offset + count as u64;
                    data.extend(
                        buffer[..count]
                            .iter()
                            .enumerate()
                            .map(|(at, byte)| (offset + at as u64, *byte)),
                    );
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        if let Some(error) = failed {
            // How much came of a piece that was cut depends on the size of pieces.
            break Err(error);
        }
        entries.push((entry.name, entry.size, data));
    };
    let ending = match error {
        Ok(ending) => ending,
        Err(FormatError::Io(error)) => panic!("{error}"),
        Err(error) => error.to_string(),
    };
    (entries, ending)
}

/// The volumes of format 2: joined to the same archive whatever is asked for at a time. One volume is an archive already.
pub(crate) fn volumes(input: &[u8]) {
    let Some((mode, rest)) = head(input) else { return };
    let Some((seams, archive)) = rest.split_at_checked(4) else {
        return;
    };
    let archive = if mode & 1 == 1 {
        with_checksums(archive)
    } else {
        archive.to_vec()
    };
    let mut volumes = Vec::new();
    let mut left = &archive[..];
    for blocks in seams.iter().filter(|blocks| **blocks > 0) {
        let (volume, rest) = left.split_at(left.len().min(usize::from(*blocks) * 512));
        volumes.push(volume);
        left = rest;
    }
    volumes.push(left);
    let small = join(&volumes, 511);
    let large = join(&volumes, 70_000);
    match (&small, &large) {
        (Ok(small), Ok(large)) => assert_eq!(small, large, "pieces"),
        (Err(small), Err(large)) => assert_eq!(small.kind(), large.kind(), "pieces"),
        _ => panic!("pieces decide whether it can be read: {small:?} {large:?}"),
    }
    if let (Ok(joined), [one]) = (&large, &volumes[..]) {
        let zeros_at_end = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        assert_eq!(joined[..zeros_at_end(joined)], one[..zeros_at_end(one)], "one volume");
    }
}

fn join(volumes: &[&[u8]], piece: usize) -> io::Result<Vec<u8>> {
    let mut rest = volumes.iter();
    let mut reader = MultiVolume::new(|| Ok(rest.next().copied()));
    let (mut joined, mut buffer) = (Vec::new(), vec![0; piece]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(joined),
            count => joined.extend_from_slice(&buffer[..count]),
        }
    }
}
