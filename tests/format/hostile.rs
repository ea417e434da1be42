// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives that were cut, altered or made up: never a panic, never wrong data passed for good, never memory for a
//! number alone.

use std::io::{self, Read, Write};

use pedos_backup::format::{
    Compression, FormatError, FormatFault, Header, Limited, MemberKind, decoder,
    inner::{self, EntryKind, Extent, NewMember},
    limits, outer,
};
use proptest::prelude::*;

use super::layers::{Random, content, data_extents, read_inner, sparse_tar};

/// Names and contents in their order.
type Members = Vec<(String, Vec<u8>)>;

fn read_outer(archive: impl Read) -> Result<(Members, bool), FormatError> {
    let mut reader = outer::Reader::new(archive);
    let mut members = Vec::new();
    let mut buffer = Vec::new();
    while let Some(member) = reader.next_member()? {
        reader.read_into(&mut buffer)?;
        members.push((member.name, buffer.clone()));
    }
    Ok((members, reader.has_seen_end()))
}

fn outer_archive() -> (Vec<u8>, Members) {
    let members: Vec<_> = [0, 1, 511, 512, 513, 3000]
        .into_iter()
        .map(|length| (format!("vm1/f{length}.000.enc"), content(length, length as usize)))
        .collect();
    let mut writer = outer::Writer::new(Vec::new());
    for (name, data) in &members {
        writer.member(name, 7, &[data]).unwrap();
    }
    (writer.finish().unwrap(), members)
}

/// A header block with its checksum.
fn block(name: &str, type_byte: u8, change: impl FnOnce(&mut [u8; 512])) -> [u8; 512] {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).unwrap();
    header.set_size(0);
    let bytes = header.as_mut_bytes();
    bytes[156] = type_byte;
    change(bytes);
    header.set_cksum();
    *header.as_bytes()
}

#[test]
fn an_outer_archive_that_was_cut_never_looks_whole() {
    let (archive, members) = outer_archive();
    let content_end = archive.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for length in 0..archive.len() {
        match read_outer(&archive[..length]) {
            Err(FormatError::Truncated { position, .. }) => assert_eq!(position, length as u64),
            Err(error) => panic!("{length}: {error}"),
            Ok((seen, has_end)) => {
                assert_eq!(seen, members[..seen.len()]);
                assert!(length.is_multiple_of(512));
                assert!(!has_end || length > content_end);
            }
        }
    }
}

#[test]
fn an_altered_outer_archive_gives_damage_or_other_data_but_no_panic() {
    let (archive, members) = outer_archive();
    for at in 0..archive.len() {
        let mut altered = archive.clone();
        altered[at] ^= 1 << (at % 8);
        if let Ok((seen, _)) = read_outer(&*altered) {
            // Nothing authenticates data here, but names and lengths are under the header's sum.
            let shape = |members: &[(String, Vec<u8>)]| -> Vec<_> {
                members.iter().map(|(name, data)| (name.clone(), data.len())).collect()
            };
            assert_eq!(shape(&seen), shape(&members), "{at}");
        }
    }
}

#[test]
fn only_plain_files_may_stand_in_the_outer_archive() {
    for (type_byte, kind) in [
        (b'1', MemberKind::HardLink),
        (b'2', MemberKind::Symlink),
        (b'3', MemberKind::Device),
        (b'4', MemberKind::Device),
        (b'5', MemberKind::Directory),
        (b'6', MemberKind::Fifo),
        (b'S', MemberKind::Sparse),
        (b'V', MemberKind::Other(b'V')),
        (b'\x1b', MemberKind::Other(27)),
    ] {
        let archive = block("vm1/x", type_byte, |_| ());
        let error = read_outer(&archive[..]).unwrap_err();
        assert!(
            matches!(&error, FormatError::UnexpectedKind { kind: found, .. } if *found == kind),
            "{error}"
        );
        assert!(!error.to_string().contains('\x1b'));
    }
}

/// Whether the number of these things is beyond its limit.
fn is_too_large(error: &FormatError, counted: Limited) -> bool {
    matches!(fault(error), Some(FormatFault::TooLarge { what, .. }) if *what == counted)
}

fn fault(error: &FormatError) -> Option<&FormatFault> {
    match error {
        FormatError::Damaged { fault, .. } => Some(fault),
        _ => None,
    }
}

#[test]
fn claimed_sizes_cost_no_memory() {
    let huge = |bytes: &mut [u8; 512]| bytes[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x0f, 0xff, 0, 0, 0, 0, 0, 0]);
    for (archive, counted) in [
        (block("a", b'0', huge), Limited::Part),
        (block("a", b'x', huge), Limited::Extension),
        (block("a", b'L', huge), Limited::Extension),
        (block("a", b'g', huge), Limited::Extension),
    ] {
        let error = read_outer(&archive[..]).unwrap_err();
        assert!(is_too_large(&error, counted), "{error}");
        drain(&archive);
    }
    let beyond = block("a", b'0', |bytes| bytes[124..136].copy_from_slice(&[0xff; 12]));
    assert_eq!(
        fault(&read_outer(&beyond[..]).unwrap_err()),
        Some(&FormatFault::SizeField)
    );
    let large = block("a", b'0', |bytes| bytes[124..135].copy_from_slice(b"00777777777"));
    assert!(matches!(read_outer(&large[..]), Err(FormatError::Truncated { .. })));
}

#[test]
fn endless_extension_headers_are_refused() {
    let one = [
        &block("x", b'x', |bytes| bytes[124..135].copy_from_slice(b"00000000006"))[..],
        b"6 a=b\n",
        &[0; 506],
    ]
    .concat();
    let error = read_outer(&*one.repeat(100)).unwrap_err();
    assert!(matches!(fault(&error), Some(FormatFault::TooManyExtensions { .. })));
    let global = [
        &block("x", b'g', |bytes| bytes[124..135].copy_from_slice(b"00000000006"))[..],
        b"6 a=b\n",
        &[0; 506],
    ]
    .concat();
    let member = block("a", b'0', |_| ());
    let error = read_outer(&*[&global[..], &member].concat().repeat(5000)).unwrap_err();
    assert!(is_too_large(&error, Limited::GlobalExtensions), "{error}");
}

#[test]
fn headers_that_belong_to_nothing_are_refused() {
    let alone = [
        &block("x", b'x', |bytes| bytes[124..135].copy_from_slice(b"00000000006"))[..],
        b"6 a=b\n",
        &[0; 506],
    ]
    .concat();
    assert!(matches!(read_outer(&*alone), Err(FormatError::Truncated { .. })));
    let before_end = [&alone[..], &[0; 1024]].concat();
    assert_eq!(
        fault(&read_outer(&*before_end).unwrap_err()),
        Some(&FormatFault::LoneExtension)
    );
    let (archive, _) = outer_archive();
    let garbage = [&archive[..], &[b'x'; 512]].concat();
    assert_eq!(
        fault(&read_outer(&*garbage).unwrap_err()),
        Some(&FormatFault::NotAHeader)
    );
}

#[test]
fn a_hard_link_has_no_data_whatever_it_says() {
    // Some writers give a link the size of what it links to; the stock tool takes the next block for the next header.
    let link = block("link", b'1', |bytes| bytes[124..135].copy_from_slice(b"00000000700"));
    let tar = [&link[..], &block("file", b'0', |_| ()), &[0; 1024]].concat();
    let entries = read_inner(&tar, 512).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (&entries[0].0.kind, entries[0].0.size),
        (&EntryKind::HardLink(Vec::new()), 0)
    );
}

#[test]
fn sizes_and_names_of_pax_headers_win() {
    let mut records = b"15 path=longer\n9 size=3\n".to_vec();
    let length = format!("{:011o}", records.len());
    let pax = block("x", b'x', |bytes| bytes[124..135].copy_from_slice(length.as_bytes()));
    records.resize(512, 0);
    let mut data = b"abc".to_vec();
    data.resize(512, 0);
    let tar = [&pax[..], &records, &block("short", b'0', |_| ()), &data, &[0; 1024]].concat();
    let expected = vec![("longer".to_owned(), b"abc".to_vec())];
    assert_eq!(read_outer(&*tar).unwrap(), (expected, true));
    let entries = read_inner(&tar, 512).unwrap();
    assert_eq!((&*entries[0].0.name, &*entries[0].1), (&b"longer"[..], &b"abc"[..]));
}

#[test]
fn the_bounds_of_sparse_maps_hold() {
    let volume = content(1, 4096);
    let extents = [Extent {
        offset: 0,
        length: 4096,
    }];
    let tar = sparse_tar("v", &volume, &extents);
    let map_at = tar.windows(7).position(|window| window == b"1\n0\n409").unwrap();
    for map in [
        &b"2\n0\n4096\n"[..],
        b"0\n",
        b"1\n0\n4095\n",
        b"1\n0\n8192\n",
        b"1\n1\n4096\n",
        b"2\n0\n2048\n0\n2048\n",
        b"2\n2048\n2048\n0\n2048\n",
        b"1\n18446744073709551615\n4096\n",
        b"99999999999999999999999999\n",
        b"18446744073709551615\n0\n0\n",
        b"1\n\n4096\n",
        b"-1\n0\n4096\n",
        b"1 0 4096 ",
    ] {
        let mut altered = tar.clone();
        altered[map_at..map_at + 512].fill(0);
        altered[map_at..map_at + map.len()].copy_from_slice(map);
        let error = read_inner(&altered, 512).unwrap_err();
        assert!(matches!(error, FormatError::Damaged { .. }), "{map:?}: {error}");
    }
}

fn inner_archive() -> (Vec<u8>, Vec<u8>) {
    let mut volume = vec![0; 20_000];
    volume[600..5000].copy_from_slice(&content(5, 4400));
    volume[15_000..15_010].copy_from_slice(b"0123456789");
    let mut tar = sparse_tar("vm1/private.img", &volume, &data_extents(&volume));
    tar.truncate(tar.len() - 1024);
    let mut writer = inner::Writer::new(tar);
    let long = "l".repeat(150);
    writer.member(&NewMember::small_file(&long, 7, 700)).unwrap();
    writer.write_all(&content(6, 700)).unwrap();
    writer.end_member().unwrap();
    let link = EntryKind::Symlink(vec![b't'; 200]);
    writer
        .member(&NewMember {
            kind: &link,
            ..NewMember::small_file("link", 7, 0)
        })
        .unwrap();
    writer.end_member().unwrap();
    (writer.finish().unwrap(), volume)
}

#[test]
fn an_inner_archive_that_was_cut_never_gives_a_whole_file_too_few() {
    let (tar, volume) = inner_archive();
    let whole = read_inner(&tar, 4096).unwrap();
    assert!(whole[0].1 == volume);
    for length in 0..tar.len() {
        match read_inner(&tar[..length], 4096) {
            Ok(entries) => {
                let is_within_mark = length > tar.len() - 1024;
                assert!(length.is_multiple_of(512) || is_within_mark, "{length}");
                assert!(entries == whole[..entries.len()], "{length}");
            }
            Err(FormatError::Truncated { .. }) => {}
            Err(error) => panic!("{length}: {error}"),
        }
    }
}

#[test]
fn a_cut_below_a_reader_is_a_cut_above_it() {
    let (tar, _) = inner_archive();
    let stream = pedos_backup::format::compressed(Compression::Gzip, Default::default(), &tar).unwrap();
    for length in 0..stream.len() {
        let mut reader = inner::Reader::new(decoder(Compression::Gzip, io::Cursor::new(stream[..length].to_vec())));
        let result = loop {
            match reader.next_entry() {
                Ok(Some(_)) => {}
                Ok(None) => break reader.finish().map(|_| ()),
                Err(error) => break Err(error),
            }
        };
        assert!(
            matches!(result, Err(FormatError::Truncated { .. })),
            "{length}: {result:?}"
        );
    }
}

#[test]
fn an_error_from_below_stays_what_it_was() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable"))
        }
    }
    let error = outer::Reader::new(Broken).next_member().unwrap_err();
    assert!(matches!(error, FormatError::Io(error) if error.to_string() == "the cable"));
    let mut reader = inner::Reader::new(decoder(Compression::Gzip, Broken));
    assert!(matches!(reader.next_entry(), Err(FormatError::Io(error)) if error.to_string() == "the cable"));
}

#[test]
fn ten_thousand_altered_archives_break_nothing() {
    let (tar, _) = inner_archive();
    let (archive, _) = outer_archive();
    let mut random = Random(1);
    for _ in 0..10_000 {
        let mut altered = if random.below(2) == 0 {
            tar.clone()
        } else {
            archive.clone()
        };
        for _ in 0..=random.below(8) {
            let at = random.below(altered.len());
            altered[at] = match random.below(4) {
                0 => 0,
                1 => b'0' + random.below(10) as u8,
                2 => altered[at] ^ (1 << random.below(8)),
                _ => random.next() as u8,
            };
        }
        mend_checksums(&mut altered);
        drop(read_outer(&*altered));
        drain(&altered);
    }
}

/// Makes every block that could be a header a valid one, so that what is behind the sum is reached as well.
fn mend_checksums(archive: &mut [u8]) {
    let (blocks, _) = archive.as_chunks_mut::<512>();
    for block in blocks.iter_mut().filter(|block| &block[257..262] == b"ustar") {
        let mut header = tar::Header::from_byte_slice(&block[..]).clone();
        header.set_cksum();
        *block = *header.as_bytes();
    }
}

fn drain(tar: &[u8]) {
    let mut reader = inner::Reader::new(tar);
    let mut buffer = [0; 700];
    while let Ok(Some(entry)) = reader.next_entry() {
        assert!(!entry.name.is_empty() && entry.size <= limits::FILE_BYTES);
        let mut end = 0;
        while let Ok(Some((offset, count))) = reader.next_data(&mut buffer) {
            assert!(offset >= end && offset + count as u64 <= entry.size);
            end = offset + count as u64;
        }
    }
}

proptest! {
    #[test]
    fn rubbish_is_never_taken_for_anything(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        drop(Header::parse(&bytes));
        drop(read_outer(&*bytes));
        drain(&bytes);
    }

    #[test]
    fn a_header_that_is_read_is_written_the_same(id in "[A-Za-z0-9][A-Za-z0-9-]{0,30}", compressed in any::<bool>()) {
        let compression = if compressed { Compression::Gzip } else { Compression::None };
        let header = Header::v4(pedos_backup::format::BackupId::parse(&id).unwrap(), compression);
        prop_assert_eq!(Header::parse(&header.to_bytes()).unwrap(), header);
    }
}
