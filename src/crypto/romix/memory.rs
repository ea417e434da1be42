// SPDX-License-Identifier: GPL-3.0-or-later
//! The memory that blocks are mixed in, used again for one call after the other. It is asked for in large pages, as the
//! table is read here and there.

use std::fmt;

#[cfg(not(miri))]
use memmap2::Advice;
use memmap2::MmapMut;
use zeroize::Zeroize;

use super::{
    BLOCK_BYTES, MAX_EVERY,
    lanes::{lanes_for, most_lanes},
    mixing::{Block, romix},
};

/// The system has less memory than was allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct OutOfMemory;

/// Memory for mixing. It is taken by the first call that needs it, and wiped when it is given back.
pub(in super::super) struct Memory {
    usual_bytes: u64,
    most_bytes: u64,
    table: Option<MmapMut>,
}

impl Memory {
    /// Memory of at most `most_bytes`. For a large N it is half of what a whole table takes, as long as that is between the
    /// usual and the most.
    pub(in super::super) fn new(usual_bytes: u64, most_bytes: u64) -> Self {
        Self {
            usual_bytes,
            most_bytes: most_bytes.max(usual_bytes),
            table: None,
        }
    }

    /// Returns the least memory in which a block can be mixed with that N, in bytes.
    pub(in super::super) fn least_bytes(n: u64) -> u64 {
        n.saturating_mul(BLOCK_BYTES as u64) / MAX_EVERY as u64
    }

    /// Returns how many groups of blocks are best mixed at a time: as many as fill the registers of this processor, as long
    /// as the memory is enough.
    pub(in super::super) fn groups_at_a_time(&self, n: u64, blocks_each: usize) -> usize {
        let mut groups = lanes_for(most_lanes() / blocks_each);
        while groups > 1 && Self::least_bytes(n).saturating_mul((groups * blocks_each) as u64) > self.most_bytes {
            groups /= 2;
        }
        groups
    }

    /// Returns the memory that is taken now, in bytes.
    pub(in super::super) fn bytes(&self) -> u64 {
        self.table.as_ref().map_or(0, |table| table.len() as u64)
    }

    /// Returns the most that it may take, in bytes.
    pub(in super::super) fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// Replaces each block of `blocks` ([`BLOCK_BYTES`] each) by scryptROMix of it. `n` is a power of two of at least 2.
    ///
    /// # Errors
    /// When the system refuses the memory; the blocks are unchanged then.
    pub(in super::super) fn mix(&mut self, blocks: &mut [u8], n: usize) -> Result<(), OutOfMemory> {
        let most_lanes = lanes_for(blocks.len() / BLOCK_BYTES);
        let (table, lanes) = self.reserve(n, most_lanes)?;
        romix(blocks, table, n, lanes);
        Ok(())
    }

    /// Makes room for the tables of so many lanes, with gaps where they do not fit, or of fewer lanes. Returns how many.
    fn reserve(&mut self, n: usize, mut lanes: usize) -> Result<(&mut [Block], usize), OutOfMemory> {
        let half_bytes = n as u64 * BLOCK_BYTES as u64 / 2;
        let limit = half_bytes.clamp(self.usual_bytes, self.most_bytes);
        let limit_blocks = usize::try_from(limit / BLOCK_BYTES as u64).map_err(|_| OutOfMemory)?;
        // Beyond the largest gap the work grows without end.
        let least_each = n.div_ceil(MAX_EVERY);
        while lanes > 1 && least_each * lanes > limit_blocks {
            lanes /= 2;
        }
        let least = least_each * lanes;
        let blocks = limit_blocks.clamp(least, (n * lanes).max(least));
        if self
            .table
            .as_ref()
            .is_none_or(|table| table.len() / BLOCK_BYTES < blocks)
        {
            // What is in it is of no use any more, and need not be copied.
            self.wipe();
            let table = MmapMut::map_anon(blocks * BLOCK_BYTES).map_err(|_| OutOfMemory)?;
            // Where the system has no large pages, it goes without. Miri does not know this call.
            #[cfg(not(miri))]
            let _ = table.advise(Advice::HugePage);
            // A table tells the key to who gets hold of it in a core dump.
            #[cfg(not(miri))]
            let _ = table.advise(Advice::DontDump);
            self.table = Some(table);
        }
        let table = self.table.as_mut().ok_or(OutOfMemory)?;
        Ok((&mut bytemuck::cast_slice_mut(table)[..blocks], lanes))
    }

    fn wipe(&mut self) {
        if let Some(mut table) = self.table.take() {
            let words: &mut [u64] = bytemuck::cast_slice_mut(&mut table);
            words.zeroize();
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} of {} bytes)", self.bytes(), self.most_bytes)
    }
}
