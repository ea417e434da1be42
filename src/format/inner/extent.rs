// SPDX-License-Identifier: GPL-3.0-or-later
//! Where a file holds data, as sparse archives can say it.

use crate::{extent::Extent, format::ustar::BLOCK_BYTES};

/// Widens ranges to whole blocks, as archives need them, within the file's size, and joins those that then touch.
/// The ranges are in ascending order.
pub fn block_extents(ranges: impl IntoIterator<Item = Extent>, size: u64) -> Vec<Extent> {
    let mut extents: Vec<Extent> = Vec::new();
    for range in ranges {
        let start = range.offset - range.offset % BLOCK_BYTES;
        let end = range
            .end()
            .checked_next_multiple_of(BLOCK_BYTES)
            .unwrap_or(u64::MAX)
            .min(size);
        if range.length == 0 || end <= start {
            continue;
        }
        match extents.last_mut() {
            Some(last) if start <= last.end() => last.length = end.max(last.end()) - last.offset,
            _ => extents.push(Extent {
                offset: start,
                length: end - start,
            }),
        }
    }
    extents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(offset: u64, length: u64) -> Extent {
        Extent { offset, length }
    }

    #[test]
    fn odd_ranges_become_whole_blocks() {
        let ranges = [
            extent(1, 1),
            extent(600, 10),
            extent(2048, 512),
            extent(5000, 5000),
            extent(20_000, 9),
        ];
        assert_eq!(
            block_extents(ranges, 9000),
            [extent(0, 1024), extent(2048, 512), extent(4608, 4392)]
        );
        assert_eq!(block_extents([extent(0, 0), extent(5, u64::MAX)], 7), [extent(0, 7)]);
        assert_eq!(block_extents([extent(0, 9)], 0), []);
    }
}
