// SPDX-License-Identifier: GPL-3.0-or-later
//! The four ways in which tar archives describe holes: type `S` of old GNU tar, and pax sparse 0.0, 0.1 and 1.0.

use std::io::Read;

use crate::format::{
    FormatError, SparseFault, Within,
    tape::{BLOCK_BYTES, BLOCK_SIZE, Blocks, Head, decimal, number},
};

use super::sparse_map::SparseMap;

/// A file's shape as its headers describe it.
pub(super) struct Shape {
    /// Where its data lies.
    pub(super) map: SparseMap,
    /// Its size with holes, in bytes.
    pub(super) real_size: u64,
    /// Bytes of data that follow in the archive, now that the map has been read.
    pub(super) stored_bytes: u64,
    /// The name that the sparse headers give it in place of the member's own.
    pub(super) name: Option<Vec<u8>>,
}

impl Shape {
    /// Reads what is to be known of a plain or sparse file, from its head and, where the map stands there, its data.
    pub(super) fn read(head: &Head, blocks: &mut Blocks<impl Read>) -> Result<Self, FormatError> {
        let mut shape = if head.type_byte() == b'S' {
            old_gnu(head, blocks)?
        } else if head.record("GNU.sparse.major").is_some_and(|major| major != b"0") {
            pax_1_0(head, blocks)?
        } else if let Some(map) = head.record("GNU.sparse.map") {
            pax_0_1(head, map)?
        } else if head.record("GNU.sparse.size").is_some() {
            pax_0_0(head)?
        } else {
            return Ok(Self {
                map: SparseMap::whole(head.stored_bytes),
                real_size: head.stored_bytes,
                stored_bytes: head.stored_bytes,
                name: None,
            });
        };
        shape.name = head.record("GNU.sparse.name").map(<[u8]>::to_vec);
        if shape
            .name
            .as_ref()
            .is_some_and(|name| name.is_empty() || name.contains(&0))
        {
            return Err(bad_map(head, SparseFault::Name));
        }
        if shape.map.end() > shape.real_size {
            return Err(bad_map(head, SparseFault::BeyondEnd));
        }
        if shape.map.data_bytes() != shape.stored_bytes {
            return Err(bad_map(head, SparseFault::DataSize));
        }
        Ok(shape)
    }
}

/// Four entries in the header, 21 in each block that follows it.
fn old_gnu(head: &Head, blocks: &mut Blocks<impl Read>) -> Result<Shape, FormatError> {
    const IN_HEADER: std::ops::Range<usize> = 386..482;
    const HEADER_GOES_ON: usize = 482;
    const REAL_SIZE: std::ops::Range<usize> = 483..495;
    const IN_BLOCK: std::ops::Range<usize> = 0..504;
    const BLOCK_GOES_ON: usize = 504;

    let header = head.header.as_bytes();
    if head.header.as_gnu().is_none() {
        return Err(bad_map(head, SparseFault::Form));
    }
    let mut map = SparseMap::default();
    take_entries(head, &header[IN_HEADER], &mut map)?;
    let mut goes_on = header[HEADER_GOES_ON] != 0;
    while goes_on {
        let mut block = [0; BLOCK_SIZE];
        blocks.read_exact(&mut block, Within::SparseMap)?;
        take_entries(head, &block[IN_BLOCK], &mut map)?;
        goes_on = block[BLOCK_GOES_ON] != 0;
    }
    Ok(Shape {
        map,
        real_size: number(&header[REAL_SIZE]).ok_or_else(|| bad_map(head, SparseFault::RealSize))?,
        stored_bytes: head.stored_bytes,
        name: None,
    })
}

fn take_entries(head: &Head, fields: &[u8], map: &mut SparseMap) -> Result<(), FormatError> {
    let (entries, _) = fields.as_chunks::<24>();
    for entry in entries {
        let (offset, length) = entry.split_at(12);
        // An entry that was never filled in ends the map.
        if length[0] == 0 {
            break;
        }
        let (Some(offset), Some(length)) = (number(offset), number(length)) else {
            return Err(bad_map(head, SparseFault::Number));
        };
        map.push(offset, length).map_err(|fault| bad_map(head, fault))?;
    }
    Ok(())
}

/// Offset and length in a record of their own each, in turn.
fn pax_0_0(head: &Head) -> Result<Shape, FormatError> {
    let mut map = SparseMap::default();
    let mut open_offset = None;
    for record in &head.records {
        match &*record.key {
            b"GNU.sparse.offset" => open_offset = Some(decimal_or_bad(head, &record.value)?),
            b"GNU.sparse.numbytes" => {
                let offset = open_offset.take().ok_or_else(|| bad_map(head, SparseFault::NoOffset))?;
                map.push(offset, decimal_or_bad(head, &record.value)?)
                    .map_err(|fault| bad_map(head, fault))?;
            }
            _ => {}
        }
    }
    if open_offset.is_some() {
        return Err(bad_map(head, SparseFault::NoLength));
    }
    pax_0(head, map)
}

/// All offsets and lengths in one record, with commas between.
fn pax_0_1(head: &Head, text: &[u8]) -> Result<Shape, FormatError> {
    let mut map = SparseMap::default();
    let mut numbers = text.split(|byte| *byte == b',').filter(|number| !number.is_empty());
    while let Some(offset) = numbers.next() {
        let length = numbers.next().ok_or_else(|| bad_map(head, SparseFault::NoLength))?;
        map.push(decimal_or_bad(head, offset)?, decimal_or_bad(head, length)?)
            .map_err(|fault| bad_map(head, fault))?;
    }
    pax_0(head, map)
}

fn pax_0(head: &Head, map: SparseMap) -> Result<Shape, FormatError> {
    Ok(Shape {
        map,
        real_size: real_size(head, &["GNU.sparse.size", "GNU.sparse.realsize"])?,
        stored_bytes: head.stored_bytes,
        name: None,
    })
}

/// The map stands before the data: decimal numbers on a line each, their count first, padded to a whole block.
fn pax_1_0(head: &Head, blocks: &mut Blocks<impl Read>) -> Result<Shape, FormatError> {
    let version = (head.record("GNU.sparse.major"), head.record("GNU.sparse.minor"));
    if version != (Some(b"1"), Some(b"0")) {
        return Err(bad_map(head, SparseFault::Version));
    }
    let mut text = MapText {
        head,
        blocks,
        block: [0; BLOCK_SIZE],
        at: BLOCK_SIZE,
        stored_bytes: head.stored_bytes,
    };
    let count = text.number()?;
    let mut map = SparseMap::default();
    for _ in 0..count {
        let offset = text.number()?;
        let length = text.number()?;
        map.push(offset, length).map_err(|fault| bad_map(head, fault))?;
    }
    Ok(Shape {
        map,
        stored_bytes: text.stored_bytes,
        real_size: real_size(head, &["GNU.sparse.realsize", "GNU.sparse.size"])?,
        name: None,
    })
}

/// Reads the numbers of a map of version 1.0.
struct MapText<'a, R> {
    head: &'a Head,
    blocks: &'a mut Blocks<R>,
    block: [u8; BLOCK_SIZE],
    at: usize,
    stored_bytes: u64,
}

impl<R: Read> MapText<'_, R> {
    fn number(&mut self) -> Result<u64, FormatError> {
        let mut value: Option<u64> = None;
        loop {
            match self.byte()? {
                digit @ b'0'..=b'9' => {
                    value = value
                        .unwrap_or(0)
                        .checked_mul(10)
                        .and_then(|value| value.checked_add(u64::from(digit - b'0')));
                    if value.is_none() {
                        return Err(bad_map(self.head, SparseFault::LongNumber));
                    }
                }
                b'\n' => return value.ok_or_else(|| bad_map(self.head, SparseFault::EmptyLine)),
                _ => return Err(bad_map(self.head, SparseFault::NotNumbers)),
            }
        }
    }

    fn byte(&mut self) -> Result<u8, FormatError> {
        if self.at == BLOCK_SIZE {
            self.stored_bytes = self
                .stored_bytes
                .checked_sub(BLOCK_BYTES)
                .ok_or_else(|| bad_map(self.head, SparseFault::EndlessMap))?;
            self.blocks.read_exact(&mut self.block, Within::SparseMap)?;
            self.at = 0;
        }
        let byte = self.block[self.at];
        self.at += 1;
        Ok(byte)
    }
}

fn real_size(head: &Head, keys: &[&str]) -> Result<u64, FormatError> {
    keys.iter()
        .find_map(|key| head.record(key))
        .and_then(decimal)
        .ok_or_else(|| bad_map(head, SparseFault::RealSize))
}

fn decimal_or_bad(head: &Head, text: &[u8]) -> Result<u64, FormatError> {
    decimal(text).ok_or_else(|| bad_map(head, SparseFault::Number))
}

fn bad_map(head: &Head, fault: SparseFault) -> FormatError {
    FormatError::damaged(head.position, fault)
}
