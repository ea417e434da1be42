// SPDX-License-Identifier: GPL-3.0-or-later
//! What came of each machine, held against the size that was announced for it.
//!
//! Archives that list no small files announce for each machine what its files took on the disk. Where that fits to the
//! byte for the other machines, one that has less than was announced lacks a file. Where it fits nowhere, because the
//! volumes lay in a pool that counts otherwise, nothing can be said.

use crate::format::inner::{Entry, EntryKind};

/// The unit of files on a disk, in bytes.
const BLOCK_BYTES: u64 = 4096;

/// Some file systems list more pieces of a file than this in blocks of their own, and count those with it.
const MOST_EXTENTS: u64 = 4;

/// More than this is no small file: what lacks more lacks a volume, which is found without this.
const MOST_MISSING_BYTES: u64 = 64 * 1024;

/// What came of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// What its files took on the disk.
    file_bytes: u64,
    directories: u64,
    /// Whether a file of it has so many pieces that some file systems need blocks of their own to list them.
    is_fragmented: bool,
    /// Whether what its files took cannot be told from what came of them.
    is_vague: bool,
}

impl Tally {
    /// Counts an entry of which so much data came in so many pieces.
    pub(super) fn count(&mut self, entry: &Entry, data_bytes: u64, extents: u64) {
        match entry.kind {
            EntryKind::File => self.file_bytes += data_bytes.next_multiple_of(BLOCK_BYTES),
            EntryKind::Directory => self.directories += 1,
            _ => self.is_vague = true,
        }
        self.is_fragmented |= extents > MOST_EXTENTS;
        self.is_vague |= entry.has_map_by_content;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.file_bytes += other.file_bytes;
        self.directories += other.directories;
        self.is_fragmented |= other.is_fragmented;
        self.is_vague |= other.is_vague;
    }

    fn bytes(&self, directory_bytes: u64) -> u64 {
        self.file_bytes + self.directories * directory_bytes
    }
}

/// The machines that lack a small file, and how many bytes of it: their place among those that are given with what was
/// announced for each.
pub(super) fn short(all: &[(u64, Tally)]) -> Vec<(usize, u64)> {
    // File systems count a directory as nothing or as a block; which it was shows where there is one.
    let fitting = |directory_bytes| {
        let is_fit = move |(announced, tally): &&(u64, Tally)| {
            *announced > 0 && !tally.is_vague && tally.bytes(directory_bytes) == *announced
        };
        all.iter().filter(is_fit)
    };
    let fits = |directory_bytes| fitting(directory_bytes).count();
    let directory_bytes = if fits(BLOCK_BYTES) > fits(0) { BLOCK_BYTES } else { 0 };
    let lists_cost_nothing = fitting(directory_bytes).any(|(_, tally)| tally.is_fragmented);
    let is_clear = |tally: &Tally| !tally.is_vague && (lists_cost_nothing || !tally.is_fragmented);
    let mut found = Vec::new();
    for (place, (announced, tally)) in all.iter().enumerate().filter(|(_, (_, tally))| is_clear(tally)) {
        match announced.checked_sub(tally.bytes(directory_bytes)) {
            Some(0) => {}
            Some(missing) if missing <= MOST_MISSING_BYTES && missing.is_multiple_of(BLOCK_BYTES) => {
                found.push((place, missing));
            }
            // Sizes were announced by another measure.
            _ => return Vec::new(),
        }
    }
    // One that fits may be chance, and one alone has nothing to be compared with.
    if fits(directory_bytes) > found.len() {
        found
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(blocks: u64, directories: u64) -> Tally {
        Tally {
            file_bytes: blocks * BLOCK_BYTES,
            directories,
            is_fragmented: false,
            is_vague: false,
        }
    }

    const BLOCK: u64 = BLOCK_BYTES;

    #[test]
    fn nothing_is_said_where_everything_fits() {
        assert_eq!(short(&[(3 * BLOCK, tally(3, 0)), (BLOCK, tally(1, 0))]), []);
        assert_eq!(
            short(&[(4 * BLOCK, tally(3, 1)), (BLOCK, tally(1, 0)), (0, tally(0, 0))]),
            []
        );
        assert_eq!(short(&[]), []);
    }

    #[test]
    fn one_that_has_less_than_was_announced_is_found() {
        let all = [(3 * BLOCK, tally(3, 0)), (2 * BLOCK, tally(1, 0)), (BLOCK, tally(1, 0))];
        assert_eq!(short(&all), [(1, BLOCK)]);
        // Where directories count for nothing, they explain nothing.
        let all = [(3 * BLOCK, tally(3, 1)), (2 * BLOCK, tally(1, 1)), (BLOCK, tally(1, 0))];
        assert_eq!(short(&all), [(1, BLOCK)]);
    }

    #[test]
    fn pieces_that_may_need_a_list_say_something_only_where_lists_cost_nothing() {
        let fragmented = |blocks| Tally {
            is_fragmented: true,
            ..tally(blocks, 0)
        };
        let unclear = [
            (3 * BLOCK, tally(3, 0)),
            (2 * BLOCK, fragmented(1)),
            (BLOCK, tally(1, 0)),
        ];
        assert_eq!(short(&unclear), []);
        let clear = [
            (3 * BLOCK, fragmented(3)),
            (2 * BLOCK, fragmented(1)),
            (BLOCK, tally(1, 0)),
        ];
        assert_eq!(short(&clear), [(1, BLOCK)]);
    }

    #[test]
    fn where_sizes_were_counted_otherwise_nothing_is_said() {
        let odd = [
            (3 * BLOCK, tally(3, 0)),
            (2 * BLOCK, tally(1, 0)),
            (BLOCK + 512, tally(1, 0)),
        ];
        assert_eq!(short(&odd), []);
        let less = [(3 * BLOCK, tally(3, 0)), (2 * BLOCK, tally(1, 0)), (BLOCK, tally(2, 0))];
        assert_eq!(short(&less), []);
        let alone = [(2 * BLOCK, tally(1, 0))];
        assert_eq!(short(&alone), []);
        let vague = Tally {
            is_vague: true,
            ..tally(1, 0)
        };
        assert_eq!(
            short(&[(3 * BLOCK, tally(3, 0)), (2 * BLOCK, vague), (BLOCK, tally(1, 0))]),
            []
        );
    }
}
