// SPDX-License-Identifier: GPL-3.0-or-later
//! Walks over the members of an outer archive and gets past what is damaged, foreign or of no use between them, so that
//! one bad header costs one member and not everything behind it.

use std::io::{BufReader, Read, Seek};

use crate::format::{
    FormatError, MemberKind, Within,
    error::shown,
    limits,
    ustar::{BLOCK_BYTES, BLOCK_SIZE, FoundAnomaly, MOST_ZERO_BLOCKS, has_right_checksum, number},
};

use super::{Member, Reader};

/// The most flaws that are kept: an archive with more is not looked at flaw by flaw.
const MOST_FLAWS: usize = 1000;

/// What is wrong between the members of an archive, or with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// A header is damaged: no member could be found in these bytes.
    Lost {
        /// Where they begin.
        position: u64,
        /// Where the next member begins, or the archive ends.
        end: u64,
    },
    /// A member that is no plain file, or has a name that no writer chooses.
    Foreign {
        /// Its name, made safe to show.
        name: String,
        /// Where it begins.
        position: u64,
    },
    /// The archive ends within this.
    Cut {
        /// Where it ends.
        position: u64,
        /// What was being read.
        within: Within,
    },
    /// Bytes that hold no content are not as any writer leaves them.
    Altered(FoundAnomaly),
}

/// Walks over the members of an archive.
pub struct Walker<R> {
    reader: Reader<R>,
    /// Whether a name may be that of a member: by this a header is told from content that looks like one.
    is_expected: fn(&str) -> bool,
    flaws: Vec<Flaw>,
    trailing: Option<u64>,
    /// Whether a member has been found: a file that does not begin like an archive is not searched to its end.
    has_found: bool,
    is_at_end: bool,
}

impl<R: Read> Walker<R> {
    /// Walks over an archive from its beginning. `is_expected` knows the names that members can have.
    pub fn new(inner: R, is_expected: fn(&str) -> bool) -> Self {
        Self {
            reader: Reader::new(inner),
            is_expected,
            flaws: Vec::new(),
            trailing: None,
            has_found: false,
            is_at_end: false,
        }
    }

    /// The next plain file, its name without a `./` before it; none at the end of the archive. Folders are passed over,
    /// and what is wrong on the way is noted in [`Walker::flaws`].
    ///
    /// # Errors
    /// Only those of the medium ([`FormatError::Io`]).
    pub fn next_member(&mut self) -> Result<Option<Member>, FormatError> {
        while !self.is_at_end {
            match self.reader.next_member() {
                Ok(Some(mut member)) => {
                    self.has_found = true;
                    while let Some(name) = member.name.strip_prefix("./") {
                        member.name = name.to_owned();
                    }
                    return Ok(Some(member));
                }
                Ok(None) => self.end(),
                Err(error @ FormatError::Io(_)) => return Err(error),
                Err(FormatError::UnexpectedKind {
                    kind: MemberKind::Directory,
                    ..
                }) => {}
                Err(
                    FormatError::UnexpectedKind { name, position, .. } | FormatError::MemberName { name, position },
                ) => self.note(Flaw::Foreign { name, position }),
                Err(FormatError::Truncated { position, within }) => self.end_within(position, within),
                Err(_) => self.search()?,
            }
        }
        Ok(None)
    }

    /// What was wrong so far, in the order of the archive.
    pub fn flaws(&self) -> Vec<Flaw> {
        let altered = self.reader.anomaly().map(Flaw::Altered);
        self.flaws.iter().cloned().chain(altered).collect()
    }

    /// Where something begins that stands behind the end of the archive and is not part of it.
    pub fn trailing(&self) -> Option<u64> {
        self.trailing
    }

    /// The reader of the current member.
    pub fn member(&mut self) -> &mut Reader<R> {
        &mut self.reader
    }

    /// What it reads from.
    pub fn inner_mut(&mut self) -> &mut R {
        self.reader.inner_mut()
    }

    /// Bytes of the archive read so far.
    pub fn position(&self) -> u64 {
        self.reader.position()
    }

    /// Whether the mark of an archive's end stands behind the last member so far.
    pub fn has_seen_end(&self) -> bool {
        self.reader.has_seen_end()
    }

    fn note(&mut self, flaw: Flaw) {
        if self.flaws.len() < MOST_FLAWS {
            self.flaws.push(flaw);
        }
    }

    fn end(&mut self) {
        self.is_at_end = true;
        let zeros = self.reader.zero_blocks();
        if zeros > MOST_ZERO_BLOCKS {
            let excess = (zeros - MOST_ZERO_BLOCKS) * BLOCK_BYTES;
            self.trailing = Some(self.reader.position().saturating_sub(excess));
        }
    }

    /// The stream ended within something: behind the end mark that is nothing of the archive.
    fn end_within(&mut self, position: u64, within: Within) {
        self.is_at_end = true;
        if !self.reader.has_member() && self.reader.zero_blocks() > 0 {
            self.trailing = Some(position / BLOCK_BYTES * BLOCK_BYTES);
        } else {
            self.note(Flaw::Cut { position, within });
        }
    }

    /// Looks for the next header of an expected member at the boundaries of blocks. What stands behind an end mark, does
    /// not look like a header and is followed by none is not part of the archive.
    fn search(&mut self) -> Result<(), FormatError> {
        let zeros_before = self.reader.zero_blocks();
        let (is_expected, has_found) = (self.is_expected, self.has_found);
        let blocks = self.reader.blocks();
        let misaligned = blocks.position().wrapping_neg() % BLOCK_BYTES;
        let start = blocks.position() - zeros_before * BLOCK_BYTES;
        let mut is_behind_end = zeros_before >= 2;
        let mut zeros = 0;
        let mut is_first = true;
        let is_found = match blocks.skip(misaligned, Within::Member) {
            Err(error @ FormatError::Io(_)) => return Err(error),
            Err(_) => false,
            Ok(()) => loop {
                let block = match blocks.next_block() {
                    Ok(Some(block)) => block,
                    Err(error @ FormatError::Io(_)) => return Err(error),
                    Ok(None) | Err(_) => break false,
                };
                if std::mem::take(&mut is_first) {
                    is_behind_end &= !has_magic(&block);
                }
                if block == [0; BLOCK_SIZE] {
                    zeros += 1;
                } else if is_header(&block, is_expected) {
                    blocks.put_back(block);
                    break true;
                } else {
                    zeros = 0;
                }
                let searched = blocks.position() - start;
                let is_far = is_behind_end && searched > limits::SEARCH_BEHIND_END_BYTES
                    || !has_found && searched > limits::SEARCH_FOR_BEGINNING_BYTES;
                if zeros >= limits::ZERO_BLOCKS || is_far {
                    break false;
                }
            },
        };
        let end = blocks.position();
        self.reader.passed_over(if is_found { 0 } else { zeros });
        self.is_at_end = !is_found;
        if is_behind_end && !is_found {
            self.trailing = Some(start + zeros_before * BLOCK_BYTES);
            self.reader.passed_over(zeros_before);
        } else {
            self.note(Flaw::Lost { position: start, end });
        }
        Ok(())
    }
}

impl<S: Read + Seek> Walker<BufReader<S>> {
    /// Passes over what is left of the current member without reading it, in an archive of `length` bytes. A size that
    /// leads beyond the end is not believed: the next member is looked for behind the header.
    ///
    /// # Errors
    /// Those of the medium.
    pub fn leap(&mut self, length: u64) -> Result<(), FormatError> {
        if self.reader.end_of_member() <= length {
            return match self.reader.leap() {
                Err(FormatError::Truncated { position, within }) => {
                    self.end_within(position, within);
                    Ok(())
                }
                other => other,
            };
        }
        self.reader.passed_over(0);
        let before = self.flaws.len();
        self.search()?;
        if self.is_at_end {
            self.flaws.truncate(before);
            self.note(Flaw::Cut {
                position: length,
                within: Within::Member,
            });
        }
        Ok(())
    }

    /// Goes to a member that was found before, which is then the next one.
    ///
    /// # Errors
    /// When the stream cannot be moved.
    pub fn go_to(&mut self, member: &Member) -> Result<(), FormatError> {
        self.is_at_end = false;
        self.reader.go_to(member)
    }

    /// The same, and nothing that was read ahead is kept.
    ///
    /// # Errors
    /// When the stream cannot be moved.
    pub fn go_back(&mut self, member: &Member) -> Result<(), FormatError> {
        self.is_at_end = false;
        self.reader.go_back(member)
    }
}

fn has_magic(block: &[u8; BLOCK_SIZE]) -> bool {
    &block[257..262] == b"ustar"
}

/// Whether a block is the header of an expected member, or an extension header before one.
fn is_header(block: &[u8; BLOCK_SIZE], is_expected: fn(&str) -> bool) -> bool {
    if !has_right_checksum(block) {
        return false;
    }
    let header = tar::Header::from_byte_slice(block);
    match block[156] {
        b'x' | b'X' | b'L' => {
            has_magic(block) && number(&header.as_old().size).is_some_and(|size| size <= limits::OUTER_EXTENSION_BYTES)
        }
        b'0' | b'7' | 0 => {
            let name = shown(&header.path_bytes());
            is_expected(name.trim_start_matches("./"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
