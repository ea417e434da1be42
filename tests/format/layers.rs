// SPDX-License-Identifier: GPL-3.0-or-later
//! Whole files through all layers, the short way: everything in memory. What the tests around it share.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
};

use pedos_backup::{
    crypto::{
        CONTAINER_OVERHEAD_BYTES, KdfCost, KdfLimits, SealKey, header_passphrase, open_in_place, part_passphrase,
    },
    format::{
        BackupId, Compression, FormatError, Header, Level, PartName, compressed, decoder,
        inner::{self, Entry, Extent},
        outer,
    },
};

/// A key that costs nothing. Never outside tests.
pub(crate) const CHEAP: KdfCost = KdfCost { log_n: 10, r: 8, p: 1 };

/// Content that neither compresses to nothing nor repeats.
pub(crate) fn content(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random(seed);
    (0..length).map(|_| (random.next() >> 40) as u8 & 0x3f | 1).collect()
}

/// A generator of numbers that is the same everywhere: xorshift64*.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(0x1234_5678_9abc_def1);
        self.0 ^= self.0 >> 29;
        self.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound
    }
}

/// A container around content.
pub(crate) fn sealed(content: &[u8], passphrase: &[u8], cost: KdfCost) -> Vec<u8> {
    let mut content = content.to_vec();
    let around = SealKey::derive(passphrase, cost).unwrap().seal(&mut content);
    [&around.header[..], &content, &around.mac].concat()
}

/// What is in a container.
pub(crate) fn opened(mut container: Vec<u8>, passphrase: &[u8]) -> Vec<u8> {
    let range = open_in_place(&mut container, passphrase, &KdfLimits::DEFAULT).unwrap();
    container[range].to_vec()
}

/// An archive that is written file by file.
pub(crate) struct Archive {
    pub(crate) outer: outer::Writer<Vec<u8>>,
    id: BackupId,
    passphrase: Vec<u8>,
    compression: Compression,
    part_bytes: usize,
}

impl Archive {
    pub(crate) fn new(passphrase: &[u8], compression: Compression, part_bytes: usize) -> Self {
        let id = BackupId::parse("20260102T030405-7").unwrap();
        let header = Header::v4(id.clone(), compression).to_bytes();
        let mut outer = outer::Writer::new(Vec::new());
        outer.member("backup-header", 1, &[&header]).unwrap();
        let container = sealed(&header, &header_passphrase(passphrase), CHEAP);
        outer.member("backup-header.hmac", 1, &[&container]).unwrap();
        Self {
            outer,
            id,
            passphrase: passphrase.to_vec(),
            compression,
            part_bytes,
        }
    }

    /// Compresses, cuts, seals and writes an inner archive.
    pub(crate) fn file(&mut self, file: &str, tar: &[u8]) {
        let stream = compressed(self.compression, Level::default(), tar).unwrap();
        for (number, part) in stream.chunks(self.part_bytes).enumerate() {
            let name = PartName::new(file, number as u32).unwrap();
            let passphrase = part_passphrase(self.id.as_str(), &name.to_string(), &self.passphrase);
            let mut content = part.to_vec();
            let around = SealKey::derive(&passphrase, CHEAP).unwrap().seal(&mut content);
            self.outer
                .member(&name.member(), 1, &[&around.header, &content, &around.mac])
                .unwrap();
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.outer.finish().unwrap()
    }
}

/// Opens an archive and joins the parts of each file, still compressed.
pub(crate) fn open_archive(archive: &[u8], passphrase: &[u8]) -> (Header, Vec<String>, BTreeMap<String, Vec<u8>>) {
    let mut reader = outer::Reader::new(archive);
    let mut buffer = Vec::new();
    let mut next = |reader: &mut outer::Reader<_>| {
        let member = reader.next_member().unwrap()?;
        reader.read_into(&mut buffer).unwrap();
        Some((member.name, buffer.clone()))
    };
    let (name, clear) = next(&mut reader).unwrap();
    let (mac_name, container) = next(&mut reader).unwrap();
    let mut names = vec![name, mac_name];
    let authentic = opened(container, &header_passphrase(passphrase));
    assert_eq!(authentic, clear);
    let header = Header::parse(&authentic).unwrap();
    let mut files: BTreeMap<String, (u32, Vec<u8>)> = BTreeMap::new();
    while let Some((name, container)) = next(&mut reader) {
        let part = PartName::parse_member(&name).unwrap();
        let id = header.backup_id.as_ref().unwrap().as_str();
        assert!(container.len() >= CONTAINER_OVERHEAD_BYTES);
        let content = opened(container, &part_passphrase(id, &part.to_string(), passphrase));
        let (parts, joined) = files.entry(part.file().to_owned()).or_default();
        assert_eq!(part.number(), *parts, "{part}");
        *parts += 1;
        joined.extend_from_slice(&content);
        names.push(name);
    }
    assert!(reader.has_seen_end());
    (
        header,
        names,
        files.into_iter().map(|(name, (_, joined))| (name, joined)).collect(),
    )
}

/// Decompresses.
pub(crate) fn expanded(stream: &[u8], compression: Compression) -> Vec<u8> {
    let mut tar = Vec::new();
    decoder(compression, Cursor::new(stream.to_vec()))
        .read_to_end(&mut tar)
        .unwrap();
    tar
}

/// The entries of an inner archive, files with their content, holes filled in.
pub(crate) fn read_inner(tar: &[u8], buffer_bytes: usize) -> Result<Vec<(Entry, Vec<u8>)>, FormatError> {
    let mut reader = inner::Reader::new(tar);
    let mut buffer = vec![0; buffer_bytes];
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        assert!(entry.size < 1 << 28, "too large for this test: {}", entry.size);
        let mut content = vec![0; entry.size as usize];
        while let Some((offset, count)) = reader.next_data(&mut buffer)? {
            content[offset as usize..offset as usize + count].copy_from_slice(&buffer[..count]);
        }
        entries.push((entry, content));
    }
    reader.finish()?;
    Ok(entries)
}

/// An inner archive of one sparse file.
pub(crate) fn sparse_tar(name: &str, content: &[u8], extents: &[Extent]) -> Vec<u8> {
    let mut writer = inner::Writer::new(Vec::new());
    writer.sparse_member(name, content.len() as u64, extents).unwrap();
    for extent in extents {
        writer
            .write_all(&content[extent.offset as usize..extent.end() as usize])
            .unwrap();
    }
    writer.end_member().unwrap();
    writer.finish().unwrap()
}

/// The blocks of a file that are not all zeros.
pub(crate) fn data_extents(content: &[u8]) -> Vec<Extent> {
    let blocks = content.chunks(512).enumerate();
    let ranges = blocks
        .filter(|(_, block)| block.iter().any(|byte| *byte != 0))
        .map(|(index, block)| Extent {
            offset: index as u64 * 512,
            length: block.len() as u64,
        });
    inner::block_extents(ranges, content.len() as u64)
}
