// SPDX-License-Identifier: GPL-3.0-or-later
//! The bounds of `format::limits` from both sides: what is just allowed is read, and what is just too much is refused.
//! Content of that size is made while it is read, so that a test takes no longer than the bound makes it.

use std::io::{self, Cursor, Read};

use pedos_backup::format::{FormatError, FormatFault, Limited, MultiVolume, inner, limits, outer};

/// A header block with its checksum.
fn block(name: &str, type_byte: u8, size: u64) -> [u8; 512] {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_size(size);
    header.as_mut_bytes()[156] = type_byte;
    header.set_cksum();
    *header.as_bytes()
}

/// An extension header of so many bytes, which holds one record.
fn extension(type_byte: u8, size: u64) -> Vec<u8> {
    let (length, key) = (size.to_string(), "comment");
    let padding = "x".repeat(size as usize - length.len() - key.len() - 3);
    let mut bytes = block("ext", type_byte, size).to_vec();
    bytes.extend(format!("{length} {key}={padding}\n").bytes());
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn too_large(error: &FormatError) -> Option<(Limited, u64, u64)> {
    match error {
        FormatError::Damaged {
            fault: FormatFault::TooLarge { what, found, limit },
            ..
        } => Some((*what, *found, *limit)),
        _ => None,
    }
}

fn outer_name(archive: &[u8]) -> Result<String, FormatError> {
    Ok(outer::Reader::new(archive).next_member()?.unwrap().name)
}

fn inner_name(archive: &[u8]) -> Result<Vec<u8>, FormatError> {
    Ok(inner::Reader::new(archive).next_entry()?.unwrap().name)
}

#[test]
fn a_part_is_read_up_to_its_largest_size() {
    let most = limits::PART_CONTAINER_BYTES;
    for (size, fits) in [(most, true), (most + 1, false)] {
        let header = block("vm1/a.000.enc", b'0', size);
        let content = io::repeat(7).take(size).chain(io::repeat(0).take(2048));
        let mut reader = outer::Reader::new(Read::chain(&header[..], content));
        assert_eq!(reader.next_member().unwrap().unwrap().size, size);
        let mut buffer = Vec::new();
        match reader.read_into(&mut buffer) {
            Ok(()) => assert_eq!((fits, buffer.len() as u64), (true, size)),
            Err(error) => assert_eq!((fits, too_large(&error)), (false, Some((Limited::Part, size, most)))),
        }
    }
}

#[test]
fn a_size_of_a_member_is_believed_up_to_the_largest_of_a_file() {
    let most = limits::FILE_BYTES;
    assert_eq!(outer_name(&block("a", b'0', most)).unwrap(), "a");
    let error = outer_name(&block("a", b'0', most + 1)).unwrap_err();
    assert_eq!(too_large(&error), Some((Limited::Member, most + 1, most)));
}

#[test]
fn a_name_of_a_member_is_as_long_as_a_header_holds() {
    let named = |length: usize| {
        let name = "n".repeat(length);
        let mut bytes = block("././@LongLink", b'L', length as u64 + 1).to_vec();
        bytes.extend(name.bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes.extend(block("short", b'0', 0));
        outer_name(&bytes)
    };
    let most = limits::OUTER_NAME_BYTES as usize;
    assert_eq!(named(most).unwrap().len(), most);
    assert!(matches!(named(most + 1), Err(FormatError::MemberName { .. })));
}

#[test]
fn an_extension_header_of_the_outer_archive_has_a_largest_size() {
    let most = limits::OUTER_EXTENSION_BYTES;
    let with = |type_byte, size| outer_name(&[extension(type_byte, size), block("a", b'0', 0).to_vec()].concat());
    assert_eq!(with(b'x', most).unwrap(), "a");
    let error = with(b'x', most + 1).unwrap_err();
    assert_eq!(too_large(&error), Some((Limited::Extension, most + 1, most)));
}

#[test]
fn all_global_extension_headers_together_have_a_largest_size() {
    // What each record counts is in the error: its key, its value and what holds them.
    let global = |sizes: [u64; 2]| {
        let archive = sizes.map(|size| [extension(b'g', size), block("a", b'0', 0).to_vec()].concat());
        let archive = archive.concat();
        let mut reader = outer::Reader::new(&archive[..]);
        loop {
            match reader.next_member() {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break too_large(&error),
            }
        }
    };
    let most = limits::OUTER_EXTENSION_BYTES;
    let Some((Limited::GlobalExtensions, found, _)) = global([40_000, 40_000]) else {
        panic!("two large headers are taken");
    };
    let second = 40_000 - (found - most);
    assert_eq!(global([40_000, second]), None);
    assert_eq!(
        global([40_000, second + 1]),
        Some((Limited::GlobalExtensions, most + 1, most))
    );
}

#[test]
fn an_extension_header_of_a_volume_has_a_largest_size() {
    let most = limits::OUTER_EXTENSION_BYTES;
    let read = |size: u64| {
        let name = "n".repeat(size as usize - 1);
        let mut volume = block("././@LongLink", b'L', size).to_vec();
        volume.extend(name.bytes());
        volume.resize(volume.len().next_multiple_of(512), 0);
        volume.extend(block("short", b'0', 0));
        volume.extend([0; 1024]);
        let mut volumes = [volume].into_iter();
        let mut reader = MultiVolume::new(|| Ok(volumes.next().map(Cursor::new)));
        reader.read_to_end(&mut Vec::new()).map_err(|error| error.to_string())
    };
    assert!(read(most).is_ok(), "{:?}", read(most));
    let error = read(most + 1).unwrap_err();
    assert!(error.contains(&(most + 1).to_string()), "{error}");
}

#[test]
fn an_extension_header_of_an_inner_archive_has_a_largest_size() {
    let most = limits::INNER_EXTENSION_BYTES;
    let with = |size| inner_name(&[extension(b'x', size), block("a", b'0', 0).to_vec()].concat());
    assert_eq!(with(most).unwrap(), b"a");
    let error = with(most + 1).unwrap_err();
    assert_eq!(too_large(&error), Some((Limited::Extension, most + 1, most)));
}

#[test]
fn so_many_extension_headers_stand_before_a_member_and_no_more() {
    let with = |count: u32| {
        let headers = extension(b'x', 40).repeat(count as usize);
        outer_name(&[headers, block("a", b'0', 0).to_vec()].concat())
    };
    assert_eq!(with(limits::EXTENSION_HEADERS).unwrap(), "a");
    let limit = limits::EXTENSION_HEADERS;
    let error = with(limit + 1).unwrap_err();
    let is_refused = |fault: &FormatFault| *fault == FormatFault::TooManyExtensions { limit };
    assert!(matches!(&error, FormatError::Damaged { fault, .. } if is_refused(fault)));
}

#[test]
fn a_file_of_an_inner_archive_is_believed_up_to_the_largest_size() {
    let sparse = |size: u64| {
        let records = [
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "v"),
        ];
        let size = size.to_string();
        let all = records.into_iter().chain([("GNU.sparse.realsize", size.as_str())]);
        let mut content = Vec::new();
        for (key, value) in all {
            let bare = key.len() + value.len() + 3;
            let length = bare + (bare + 2).to_string().len();
            content.extend(format!("{length} {key}={value}\n").bytes());
        }
        let mut tar = block("ext", b'x', content.len() as u64).to_vec();
        tar.extend(&content);
        tar.resize(tar.len().next_multiple_of(512), 0);
        tar.extend(block("v", b'0', 512));
        let mut map = b"0\n".to_vec();
        map.resize(512, 0);
        tar.extend(map);
        inner_name(&tar)
    };
    let most = limits::FILE_BYTES;
    assert_eq!(sparse(most).unwrap(), b"v");
    assert_eq!(
        too_large(&sparse(most + 1).unwrap_err()),
        Some((Limited::File, most + 1, most))
    );
}
