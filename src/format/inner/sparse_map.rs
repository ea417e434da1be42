// SPDX-License-Identifier: GPL-3.0-or-later
//! The map of a sparse file while it is read: millions of extents in a few bytes each.

use crate::format::{SparseFault, limits, ustar::BLOCK_BYTES};

use super::Extent;

/// Extents in ascending order. Taken out from the front, one by one.
#[derive(Debug, Default)]
pub(super) struct SparseMap {
    /// Gap and length of each extent, in sevens of bits, the lowest first.
    packed: Vec<u8>,
    read_to: usize,
    read_end: u64,
    /// Where the last entry ends, and where the last one with data does.
    end: u64,
    data_end: u64,
    data_bytes: u64,
    /// Something other than whole blocks: nothing may follow it, since readers disagree about where that would begin.
    is_closed: bool,
}

impl SparseMap {
    /// The map of a file without holes.
    pub(super) fn whole(size: u64) -> Self {
        let mut map = Self::default();
        if size > 0 {
            map.append(0, size);
        }
        map
    }

    /// Takes the next entry of a map.
    pub(super) fn push(&mut self, offset: u64, length: u64) -> Result<(), SparseFault> {
        let end = offset
            .checked_add(length)
            .filter(|end| *end <= limits::FILE_BYTES)
            .ok_or(SparseFault::HugeExtent)?;
        if offset < self.end {
            return Err(SparseFault::Order);
        }
        if length == 0 {
            // Marks the end of a file that ends in a hole.
            self.end = end;
            return Ok(());
        }
        if self.is_closed {
            return Err(SparseFault::BrokenBlock);
        }
        if self.packed.len() as u64 >= limits::SPARSE_MAP_BYTES {
            return Err(SparseFault::TooManyExtents);
        }
        self.append(offset, length);
        Ok(())
    }

    fn append(&mut self, offset: u64, length: u64) {
        pack(&mut self.packed, offset - self.data_end);
        pack(&mut self.packed, length);
        self.end = offset + length;
        self.data_end = self.end;
        self.data_bytes += length;
        self.is_closed = !length.is_multiple_of(BLOCK_BYTES);
    }

    /// The bytes of all extents together.
    pub(super) fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// Where the last entry ends.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Takes out the next extent.
    pub(super) fn next(&mut self) -> Option<Extent> {
        let gap = unpack(&self.packed, &mut self.read_to)?;
        let length = unpack(&self.packed, &mut self.read_to)?;
        let offset = self.read_end + gap;
        self.read_end = offset + length;
        Some(Extent { offset, length })
    }
}

fn pack(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

fn unpack(from: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *from.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(entries in prop::collection::vec((0_u64..1 << 40, 0_u64..1 << 30), 0..50)) {
            let mut map = SparseMap::default();
            let mut expected = Vec::new();
            let mut position = 0;
            for (gap, blocks) in entries {
                let (offset, length) = (position + gap, blocks * BLOCK_BYTES);
                map.push(offset, length).unwrap();
                position = offset + length;
                if length > 0 {
                    expected.push(Extent { offset, length });
                }
            }
            prop_assert_eq!(map.end(), position);
            prop_assert_eq!(map.data_bytes(), expected.iter().map(|e| e.length).sum::<u64>());
            prop_assert_eq!(std::iter::from_fn(|| map.next()).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn maps_that_contradict_themselves_are_refused() {
        let pushed = |entries: &[(u64, u64)]| {
            let mut map = SparseMap::default();
            entries
                .iter()
                .try_for_each(|(offset, length)| map.push(*offset, *length))
        };
        assert!(pushed(&[(0, 512), (512, 512), (9999, 1), (10_000, 0)]).is_ok());
        assert!(pushed(&[(0, 512), (511, 512)]).is_err());
        assert!(pushed(&[(1024, 0), (512, 512)]).is_err());
        assert!(pushed(&[(0, 1), (512, 512)]).is_err());
        assert!(pushed(&[(u64::MAX, 1)]).is_err());
        assert!(pushed(&[(limits::FILE_BYTES - 1, 1)]).is_ok());
        assert!(pushed(&[(limits::FILE_BYTES, 1)]).is_err());
    }

    #[test]
    fn a_map_takes_so_much_memory_and_no_more() {
        let most = usize::try_from(limits::SPARSE_MAP_BYTES).unwrap();
        for (bytes, expected) in [(most - 1, Ok(())), (most, Err(SparseFault::TooManyExtents))] {
            let mut map = SparseMap {
                packed: vec![0; bytes],
                ..SparseMap::default()
            };
            assert_eq!(map.push(0, 512), expected, "{bytes}");
        }
    }
}
