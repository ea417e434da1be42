// SPDX-License-Identifier: GPL-3.0-or-later
//! The memory-hard middle of scrypt for blocks of r = 8, which is what every genuine archive has: faster than that of the
//! `scrypt` crate, which derives everything else and is the oracle of the tests, and in less memory where asked.
//!
//! The table of N blocks need not be kept whole: every second, third, ... block is enough, and what lies between is
//! computed again when it is wanted. Half of the table costs a few per cent of time, since that work stays in the cache.
//! The rows are plain arrays that the compiler puts into vector registers; `pulp` picks the widest that this processor has.

use std::array::from_fn;

use zeroize::Zeroize;

/// The block size factor that this is made for.
pub(super) const R: u32 = 8;

/// Rows of four words in a block of 128 * r bytes.
const ROWS: usize = 8 * R as usize;

/// Salsa blocks of 64 bytes in a block.
const SALSA_BLOCKS: usize = 2 * R as usize;

/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 128 * R as usize;

/// Four words, side by side in one register: a diagonal of the 4 x 4 matrix that Salsa20 works on, so that its four
/// quarter-rounds are one.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Row([u32; 4]);

impl Row {
    const ZERO: Self = Self([0; 4]);

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(from_fn(|i| self.0[i] ^ other.0[i]))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }

    #[inline(always)]
    fn rotated<const BITS: u32>(self) -> Self {
        Self(from_fn(|i| self.0[i].rotate_left(BITS)))
    }

    /// The words moved by so many places, those in front to the end.
    #[inline(always)]
    fn moved<const BY: usize>(self) -> Self {
        Self(from_fn(|i| self.0[(i + BY) % 4]))
    }
}

/// One block, its words in the order in which Salsa20 wants them.
#[derive(Clone, Copy)]
pub(super) struct Block([Row; ROWS]);

impl Block {
    pub(super) const ZERO: Self = Self([Row::ZERO; ROWS]);

    /// Row and column of a word of a salsa block.
    #[inline(always)]
    fn place(word: usize) -> (usize, usize) {
        // The diagonals of the matrix are the rows here.
        let (line, column) = (word / 4, word % 4);
        ((line + 4 - column) % 4, column)
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let mut block = Self::ZERO;
        for (index, word) in bytes.as_chunks::<4>().0.iter().enumerate() {
            let (row, column) = Self::place(index % 16);
            block.0[index / 16 * 4 + row].0[column] = u32::from_le_bytes(*word);
        }
        block
    }

    fn to_bytes(self, bytes: &mut [u8]) {
        for (index, word) in bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let (row, column) = Self::place(index % 16);
            *word = self.0[index / 16 * 4 + row].0[column].to_le_bytes();
        }
    }

    #[inline(always)]
    fn xor(&mut self, other: &Self) {
        for (row, other) in self.0.iter_mut().zip(&other.0) {
            *row = row.xor(*other);
        }
    }

    /// Which block of the table comes next: the first word of the last salsa block, as N is at most 2^32.
    #[inline(always)]
    fn index(&self, mask: u32) -> usize {
        (self.0[ROWS - 4].0[0] & mask) as usize
    }
}

impl Zeroize for Block {
    fn zeroize(&mut self) {
        for row in &mut self.0 {
            row.0.zeroize();
        }
    }
}

/// Salsa20/8 of several blocks at a time: one waits for its own results most of the time, and the other fills the gaps.
#[inline(always)]
fn salsa20_8<const LANES: usize>(x: &mut [[Row; 4]; LANES]) {
    macro_rules! quarter {
        ($to:literal ^= ($one:literal + $other:literal) <<< $bits:literal) => {
            for x in x.iter_mut() {
                x[$to] = x[$to].xor(x[$one].plus(x[$other]).rotated::<$bits>());
            }
        };
    }
    let before = *x;
    for _ in 0..4 {
        quarter!(1 ^= (0 + 3) <<< 7);
        quarter!(2 ^= (1 + 0) <<< 9);
        quarter!(3 ^= (2 + 1) <<< 13);
        quarter!(0 ^= (3 + 2) <<< 18);
        for x in x.iter_mut() {
            (x[1], x[2], x[3]) = (x[1].moved::<3>(), x[2].moved::<2>(), x[3].moved::<1>());
        }
        quarter!(3 ^= (0 + 1) <<< 7);
        quarter!(2 ^= (3 + 0) <<< 9);
        quarter!(1 ^= (2 + 3) <<< 13);
        quarter!(0 ^= (1 + 2) <<< 18);
        for x in x.iter_mut() {
            (x[1], x[2], x[3]) = (x[1].moved::<1>(), x[2].moved::<2>(), x[3].moved::<3>());
        }
    }
    for (x, before) in x.iter_mut().zip(&before) {
        *x = from_fn(|row| x[row].plus(before[row]));
    }
}

/// scryptBlockMix of several blocks at a time.
#[inline(always)]
fn block_mix<const LANES: usize>(from: &[Block; LANES], to: &mut [Block; LANES]) {
    let mut x: [[Row; 4]; LANES] = from_fn(|lane| from_fn(|row| from[lane].0[ROWS - 4 + row]));
    for salsa in 0..SALSA_BLOCKS {
        for (x, from) in x.iter_mut().zip(from) {
            *x = from_fn(|row| x[row].xor(from.0[salsa * 4 + row]));
        }
        salsa20_8(&mut x);
        // Those of even number come first, those of odd number behind them.
        let at = (salsa / 2 + salsa % 2 * (SALSA_BLOCKS / 2)) * 4;
        for (x, to) in x.iter().zip(to.iter_mut()) {
            to.0[at..at + 4].copy_from_slice(x);
        }
    }
}

/// One call of scryptROMix on several blocks at a time.
struct Mixing<'a, const LANES: usize> {
    blocks: &'a mut [Block; LANES],
    /// The tables of all lanes, one behind the other.
    table: &'a mut [Block],
    n: usize,
    /// Every how many blocks one is kept in the table.
    every: usize,
}

impl<const LANES: usize> pulp::NullaryFnOnce for Mixing<'_, LANES> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            blocks,
            table,
            n,
            every,
        } = self;
        let mut next = [Block::ZERO; LANES];
        let lane_blocks = n.div_ceil(every);
        for step in 0..n {
            if step % every == 0 {
                for (lane, block) in blocks.iter().enumerate() {
                    table[lane * lane_blocks + step / every] = *block;
                }
            }
            block_mix(blocks, &mut next);
            std::mem::swap(blocks, &mut next);
        }
        let mask = u32::try_from(n - 1).unwrap_or(u32::MAX);
        if every == 1 {
            for _ in 0..n {
                for (lane, block) in blocks.iter_mut().enumerate() {
                    block.xor(&table[lane * lane_blocks + block.index(mask)]);
                }
                block_mix(blocks, &mut next);
                std::mem::swap(blocks, &mut next);
            }
        } else {
            look_up_and_repeat(blocks, table, n, every);
        }
    }
}

/// The second half of scryptROMix where the table has gaps. Each lane computes what it lacks at its own pace, and then
/// takes its step; a lane that has come to its end goes through the motions until all have.
#[inline(always)]
fn look_up_and_repeat<const LANES: usize>(blocks: &mut [Block; LANES], table: &[Block], n: usize, every: usize) {
    let mask = u32::try_from(n - 1).unwrap_or(u32::MAX);
    let lane_blocks = n.div_ceil(every);
    // The kept block at or before the one that is wanted, and how many steps lie between.
    let look_up = |lane: usize, block: &Block| {
        let index = block.index(mask);
        (table[lane * lane_blocks + index / every], index % every)
    };
    let mut missing = [0; LANES];
    let mut steps = [0; LANES];
    let mut at_work: [Block; LANES] = from_fn(|lane| {
        let (kept, lacking) = look_up(lane, &blocks[lane]);
        missing[lane] = lacking;
        kept
    });
    let mut next = [Block::ZERO; LANES];
    while steps.iter().any(|steps| *steps < n) {
        for lane in 0..LANES {
            if missing[lane] == 0 {
                at_work[lane].xor(&blocks[lane]);
            }
        }
        block_mix(&at_work, &mut next);
        std::mem::swap(&mut at_work, &mut next);
        for lane in 0..LANES {
            if missing[lane] > 0 {
                missing[lane] -= 1;
                continue;
            }
            if steps[lane] < n {
                steps[lane] += 1;
                blocks[lane] = at_work[lane];
            }
            (at_work[lane], missing[lane]) = look_up(lane, &blocks[lane]);
        }
    }
}

/// How many blocks of the table are needed for so many lanes.
pub(super) fn table_blocks(n: usize, lanes: usize, every: usize) -> usize {
    n.div_ceil(every) * lanes
}

/// scryptROMix of each block of `bytes` (128 * r bytes each), two at a time where there are two. N is a power of two, and
/// the table has room for [`table_blocks`].
pub(super) fn romix(bytes: &mut [u8], table: &mut [Block], n: usize, every: usize) {
    let arch = pulp::Arch::new();
    for pair in bytes.chunks_mut(2 * BLOCK_BYTES) {
        let (one, other) = pair.split_at_mut(BLOCK_BYTES);
        if other.is_empty() {
            let blocks = &mut [Block::from_bytes(one)];
            arch.dispatch(Mixing {
                blocks,
                table,
                n,
                every,
            });
            blocks[0].to_bytes(one);
            blocks.zeroize();
        } else {
            let blocks = &mut [Block::from_bytes(one), Block::from_bytes(other)];
            arch.dispatch(Mixing {
                blocks,
                table,
                n,
                every,
            });
            blocks[0].to_bytes(one);
            blocks[1].to_bytes(other);
            blocks.zeroize();
        }
    }
}
