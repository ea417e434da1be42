// SPDX-License-Identifier: GPL-3.0-or-later
//! Finds the next member of a tar archive, with everything that the headers before it say about it.

use std::io::Read;

use crate::format::{FormatError, FormatFault, Limited, Within, limits};

use super::{
    BLOCK_SIZE, Blocks, Record,
    anomaly::Anomalies,
    decimal,
    fields::{has_right_checksum, number},
    pax::parse_records,
};

/// A member's header, with extension headers applied to name, link and size.
pub(in crate::format) struct Head {
    /// Where its first header begins, in bytes.
    pub(in crate::format) position: u64,
    /// Its own header block.
    pub(in crate::format) header: tar::Header,
    /// Its name, bytes as they stand.
    pub(in crate::format) name: Vec<u8>,
    /// Where it points, for links.
    pub(in crate::format) link: Vec<u8>,
    /// Bytes that follow in the archive.
    pub(in crate::format) stored_bytes: u64,
    /// Pax records that hold for it, global ones first.
    pub(in crate::format) records: Vec<Record>,
}

impl Head {
    /// The type byte.
    pub(in crate::format) fn type_byte(&self) -> u8 {
        self.header.as_bytes()[156]
    }

    /// The last value of a pax key.
    pub(in crate::format) fn record(&self, key: &str) -> Option<&[u8]> {
        self.records
            .iter()
            .rev()
            .find(|record| record.key == key.as_bytes())
            .map(|record| &*record.value)
    }
}

/// Walks over the headers of an archive.
pub(in crate::format) struct HeadReader {
    /// Reads on behind zero blocks, as `tar -i` does, for archives that were put one behind the other.
    reads_through_zeros: bool,
    extension_limit: u64,
    global: Vec<Record>,
    /// Whether there were zero blocks since the last member.
    pub(in crate::format) has_seen_end: bool,
    /// How many zero blocks were read since the last header.
    pub(in crate::format) zero_blocks: u64,
    pub(in crate::format) anomalies: Anomalies,
}

impl HeadReader {
    pub(in crate::format) fn new(reads_through_zeros: bool, extension_limit: u64) -> Self {
        Self {
            reads_through_zeros,
            extension_limit,
            global: Vec::new(),
            has_seen_end: false,
            zero_blocks: 0,
            anomalies: Anomalies::default(),
        }
    }

    /// The next member's head; none at the end of the stream, or at the end-of-archive mark where that ends it.
    pub(in crate::format) fn next(&mut self, blocks: &mut Blocks<impl Read>) -> Result<Option<Head>, FormatError> {
        let mut extensions = Extensions::default();
        loop {
            let position = blocks.position();
            let Some(block) = blocks.next_block()? else {
                return if extensions.start.is_none() {
                    Ok(None)
                } else {
                    Err(FormatError::Truncated {
                        position,
                        within: Within::Extension,
                    })
                };
            };
            if block == [0; BLOCK_SIZE] {
                if extensions.start.is_some() {
                    return Err(FormatError::damaged(position, FormatFault::LoneExtension));
                }
                self.has_seen_end = true;
                self.zero_blocks += 1;
                if self.reads_through_zeros && self.zero_blocks < limits::ZERO_BLOCKS {
                    continue;
                }
                return Ok(None);
            }
            if !has_right_checksum(&block) {
                // The next search begins with this block.
                blocks.put_back(block);
                return Err(FormatError::damaged(position, FormatFault::NotAHeader));
            }
            self.anomalies.check_zero_blocks(self.zero_blocks, position);
            (self.has_seen_end, self.zero_blocks) = (false, 0);
            self.anomalies.check_header(&block, position);
            let header = tar::Header::from_byte_slice(&block).clone();
            match block[156] {
                type_byte @ (b'x' | b'X' | b'g' | b'L' | b'K') => {
                    extensions.start.get_or_insert(position);
                    extensions.count += 1;
                    if extensions.count > limits::EXTENSION_HEADERS {
                        return Err(FormatError::damaged(
                            position,
                            FormatFault::TooManyExtensions {
                                limit: limits::EXTENSION_HEADERS,
                            },
                        ));
                    }
                    let content = self.extension(&header, blocks, position)?;
                    match type_byte {
                        b'g' => self.add_global(parse_records(&content, position)?, position)?,
                        b'L' => extensions.name = Some(until_nul(content)),
                        b'K' => extensions.link = Some(until_nul(content)),
                        _ => extensions.records.extend(parse_records(&content, position)?),
                    }
                }
                _ => return self.head(header, extensions, position).map(Some),
            }
        }
    }

    /// Global headers hold for all that follows, so they are bounded together, and low: each member copies them.
    fn add_global(&mut self, records: Vec<Record>, position: u64) -> Result<(), FormatError> {
        self.global.extend(records);
        let found = self.global.iter().map(Record::size_bytes).sum();
        if found > limits::OUTER_EXTENSION_BYTES {
            return Err(too_large(
                position,
                Limited::GlobalExtensions,
                found,
                limits::OUTER_EXTENSION_BYTES,
            ));
        }
        Ok(())
    }

    fn extension(
        &mut self,
        header: &tar::Header,
        blocks: &mut Blocks<impl Read>,
        position: u64,
    ) -> Result<Vec<u8>, FormatError> {
        let size = size_field(header, position)?;
        if size > self.extension_limit {
            return Err(too_large(position, Limited::Extension, size, self.extension_limit));
        }
        let mut content = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        blocks.read_exact(&mut content, Within::Extension)?;
        let at = blocks.position();
        let padding = blocks.read_padding(size, Within::Extension)?;
        self.anomalies.check_padding(&padding, at);
        Ok(content)
    }

    fn head(&mut self, header: tar::Header, extensions: Extensions, position: u64) -> Result<Head, FormatError> {
        self.anomalies.check_records(&extensions.records, &header, position);
        let mut head = Head {
            position: extensions.start.unwrap_or(position),
            name: header.path_bytes().into_owned(),
            link: header
                .link_name_bytes()
                .map(std::borrow::Cow::into_owned)
                .unwrap_or_default(),
            stored_bytes: 0,
            records: self.global.iter().cloned().chain(extensions.records).collect(),
            header,
        };
        // Of the two kinds of extension, pax is the stronger one.
        let long_name = head.record("path").map(<[u8]>::to_vec).or(extensions.name);
        let long_link = head.record("linkpath").map(<[u8]>::to_vec).or(extensions.link);
        head.name = long_name.unwrap_or(head.name);
        head.link = long_link.unwrap_or(head.link);
        if head.name.is_empty() || head.name.contains(&0) {
            return Err(FormatError::damaged(position, FormatFault::MemberName));
        }
        head.stored_bytes = match head.record("size") {
            Some(size) => decimal(size).ok_or_else(|| FormatError::damaged(position, FormatFault::PaxSize))?,
            None => size_field(&head.header, position)?,
        };
        // A hard link carries no data, whatever its size field says: the stock tool's rule.
        if head.type_byte() == b'1' {
            head.stored_bytes = 0;
        }
        if head.stored_bytes > limits::FILE_BYTES {
            return Err(too_large(
                position,
                Limited::Member,
                head.stored_bytes,
                limits::FILE_BYTES,
            ));
        }
        Ok(head)
    }
}

#[derive(Default)]
struct Extensions {
    start: Option<u64>,
    count: u32,
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    records: Vec<Record>,
}

fn size_field(header: &tar::Header, position: u64) -> Result<u64, FormatError> {
    number(&header.as_old().size).ok_or_else(|| FormatError::damaged(position, FormatFault::SizeField))
}

pub(in crate::format) fn too_large(position: u64, what: Limited, found: u64, limit: u64) -> FormatError {
    FormatError::damaged(position, FormatFault::TooLarge { what, found, limit })
}

fn until_nul(mut text: Vec<u8>) -> Vec<u8> {
    if let Some(end) = text.iter().position(|byte| *byte == 0) {
        text.truncate(end);
    }
    text
}
