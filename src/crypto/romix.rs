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

/// Words of a row.
const ROW_WORDS: usize = 4;

/// One block as the table keeps it, its words in the order in which Salsa20 wants them: each row is a diagonal of the
/// 4 x 4 matrix that Salsa20 works on, so that its four quarter-rounds are one.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Block([[u32; ROW_WORDS]; ROWS]);

impl Block {
    pub(super) const ZERO: Self = Self([[0; ROW_WORDS]; ROWS]);
}

impl Zeroize for Block {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// A row of several blocks that are mixed at a time, side by side in one register. Salsa20 waits for its own results most
/// of the time, so that two or four blocks take hardly longer than one.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Row<const WORDS: usize>([u32; WORDS]);

impl<const WORDS: usize> Row<WORDS> {
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

    /// The words of each block moved by so many places, those in front to the end.
    #[inline(always)]
    fn moved<const BY: usize>(self) -> Self {
        Self(from_fn(|i| self.0[i / ROW_WORDS * ROW_WORDS + (i + BY) % ROW_WORDS]))
    }
}

/// Several blocks, row beside row. The number of words in a row says how many.
#[derive(Clone, Copy)]
struct Blocks<const WORDS: usize>([Row<WORDS>; ROWS]);

impl<const WORDS: usize> Blocks<WORDS> {
    const ZERO: Self = Self([Row([0; WORDS]); ROWS]);
    const LANES: usize = WORDS / ROW_WORDS;

    #[inline(always)]
    fn put(&mut self, lane: usize, block: &Block) {
        for (row, from) in self.0.iter_mut().zip(&block.0) {
            row.0[lane * ROW_WORDS..][..ROW_WORDS].copy_from_slice(from);
        }
    }

    #[inline(always)]
    fn get(&self, lane: usize, block: &mut Block) {
        for (row, to) in self.0.iter().zip(&mut block.0) {
            to.copy_from_slice(&row.0[lane * ROW_WORDS..][..ROW_WORDS]);
        }
    }

    #[inline(always)]
    fn xor_block(&mut self, lane: usize, block: &Block) {
        for (row, other) in self.0.iter_mut().zip(&block.0) {
            for (word, other) in row.0[lane * ROW_WORDS..][..ROW_WORDS].iter_mut().zip(other) {
                *word ^= other;
            }
        }
    }

    /// Does something with the words of one lane of this and of another.
    #[inline(always)]
    fn with_lane(&mut self, lane: usize, other: &Self, act: impl Fn(&mut u32, u32)) {
        for (row, other) in self.0.iter_mut().zip(&other.0) {
            for index in lane * ROW_WORDS..(lane + 1) * ROW_WORDS {
                act(&mut row.0[index], other.0[index]);
            }
        }
    }

    /// Which block of the table comes next: the first word of the last salsa block, as N is at most 2^32.
    #[inline(always)]
    fn index(&self, lane: usize, mask: u32) -> usize {
        (self.0[ROWS - 4].0[lane * ROW_WORDS] & mask) as usize
    }

    /// Row and column of a word of a salsa block.
    fn place(word: usize) -> (usize, usize) {
        // The diagonals of the matrix are the rows here.
        let (line, column) = (word / 4, word % 4);
        ((line + 4 - column) % 4, column)
    }

    fn read(&mut self, lane: usize, bytes: &[u8]) {
        for (index, word) in bytes.as_chunks::<4>().0.iter().enumerate() {
            let (row, column) = Self::place(index % 16);
            self.0[index / 16 * 4 + row].0[lane * ROW_WORDS + column] = u32::from_le_bytes(*word);
        }
    }

    fn write(&self, lane: usize, bytes: &mut [u8]) {
        for (index, word) in bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let (row, column) = Self::place(index % 16);
            *word = self.0[index / 16 * 4 + row].0[lane * ROW_WORDS + column].to_le_bytes();
        }
    }
}

impl<const WORDS: usize> Zeroize for Blocks<WORDS> {
    fn zeroize(&mut self) {
        for row in &mut self.0 {
            row.0.zeroize();
        }
    }
}

#[inline(always)]
fn salsa20_8<const WORDS: usize>(x: &mut [Row<WORDS>; 4]) {
    macro_rules! quarter {
        ($to:literal ^= ($one:literal + $other:literal) <<< $bits:literal) => {
            x[$to] = x[$to].xor(x[$one].plus(x[$other]).rotated::<$bits>());
        };
    }
    let before = *x;
    for _ in 0..4 {
        quarter!(1 ^= (0 + 3) <<< 7);
        quarter!(2 ^= (1 + 0) <<< 9);
        quarter!(3 ^= (2 + 1) <<< 13);
        quarter!(0 ^= (3 + 2) <<< 18);
        (x[1], x[2], x[3]) = (x[1].moved::<3>(), x[2].moved::<2>(), x[3].moved::<1>());
        quarter!(3 ^= (0 + 1) <<< 7);
        quarter!(2 ^= (3 + 0) <<< 9);
        quarter!(1 ^= (2 + 3) <<< 13);
        quarter!(0 ^= (1 + 2) <<< 18);
        (x[1], x[2], x[3]) = (x[1].moved::<1>(), x[2].moved::<2>(), x[3].moved::<3>());
    }
    *x = from_fn(|row| x[row].plus(before[row]));
}

/// scryptBlockMix of several blocks at a time.
#[inline(always)]
fn block_mix<const WORDS: usize>(from: &Blocks<WORDS>, to: &mut Blocks<WORDS>) {
    let mut x: [Row<WORDS>; 4] = from_fn(|row| from.0[ROWS - 4 + row]);
    for salsa in 0..SALSA_BLOCKS {
        x = from_fn(|row| x[row].xor(from.0[salsa * 4 + row]));
        salsa20_8(&mut x);
        // Those of even number come first, those of odd number behind them.
        let at = (salsa / 2 + salsa % 2 * (SALSA_BLOCKS / 2)) * 4;
        to.0[at..at + 4].copy_from_slice(&x);
    }
}

/// One call of scryptROMix on several blocks at a time.
struct Mixing<'a, const WORDS: usize> {
    blocks: &'a mut Blocks<WORDS>,
    /// The tables of all lanes, one behind the other.
    table: &'a mut [Block],
    n: usize,
    /// Every how many blocks one is kept in the table.
    every: usize,
}

impl<const WORDS: usize> pulp::NullaryFnOnce for Mixing<'_, WORDS> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            blocks,
            table,
            n,
            every,
        } = self;
        let mut next = Blocks::ZERO;
        let lane_blocks = n.div_ceil(every);
        for step in 0..n {
            if step % every == 0 {
                for lane in 0..Blocks::<WORDS>::LANES {
                    blocks.get(lane, &mut table[lane * lane_blocks + step / every]);
                }
            }
            block_mix(blocks, &mut next);
            std::mem::swap(blocks, &mut next);
        }
        if every > 1 {
            return look_up_and_repeat(blocks, table, n, every);
        }
        let mask = u32::try_from(n - 1).unwrap_or(u32::MAX);
        for _ in 0..n {
            for lane in 0..Blocks::<WORDS>::LANES {
                let index = blocks.index(lane, mask);
                blocks.xor_block(lane, &table[lane * lane_blocks + index]);
            }
            block_mix(blocks, &mut next);
            std::mem::swap(blocks, &mut next);
        }
    }
}

/// The second half of scryptROMix where the table has gaps. Each lane computes what it lacks at its own pace, and then
/// takes its step; a lane that has come to its end goes through the motions until all have.
#[inline(always)]
fn look_up_and_repeat<const WORDS: usize>(blocks: &mut Blocks<WORDS>, table: &[Block], n: usize, every: usize) {
    let mask = u32::try_from(n - 1).unwrap_or(u32::MAX);
    let lane_blocks = n.div_ceil(every);
    let lanes = Blocks::<WORDS>::LANES;
    // Takes the kept block at or before the one that is wanted; gives how many steps lie between.
    let look_up = |lane: usize, blocks: &Blocks<WORDS>, at_work: &mut Blocks<WORDS>| {
        let index = blocks.index(lane, mask);
        at_work.put(lane, &table[lane * lane_blocks + index / every]);
        index % every
    };
    let (mut at_work, mut next) = (Blocks::ZERO, Blocks::ZERO);
    let (mut missing, mut steps) = ([0; MOST_LANES], [0; MOST_LANES]);
    for (lane, missing) in missing.iter_mut().enumerate().take(lanes) {
        *missing = look_up(lane, blocks, &mut at_work);
    }
    while steps[..lanes].iter().any(|steps| *steps < n) {
        for (lane, missing) in missing.iter().enumerate().take(lanes) {
            if *missing == 0 {
                at_work.with_lane(lane, blocks, |word, other| *word ^= other);
            }
        }
        block_mix(&at_work, &mut next);
        std::mem::swap(&mut at_work, &mut next);
        for lane in 0..lanes {
            if missing[lane] > 0 {
                missing[lane] -= 1;
                continue;
            }
            if steps[lane] < n {
                steps[lane] += 1;
                blocks.with_lane(lane, &at_work, |word, other| *word = other);
            }
            missing[lane] = look_up(lane, blocks, &mut at_work);
        }
    }
}

/// The most blocks that are mixed at a time.
pub(super) const MOST_LANES: usize = 4;

/// How many blocks of so many are mixed at a time: as many as one register holds a row of.
pub(super) fn lanes(blocks: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    let widest = match pulp::Arch::new() {
        pulp::Arch::V4(_) => 4,
        pulp::Arch::V3(_) => 2,
        _ => 1,
    };
    #[cfg(not(target_arch = "x86_64"))]
    let widest = 1;
    [4, 2, 1]
        .into_iter()
        .find(|lanes| *lanes <= widest && *lanes <= blocks)
        .unwrap_or(1)
}

/// How many blocks of the table are needed for so many lanes.
pub(super) fn table_blocks(n: usize, lanes: usize, every: usize) -> usize {
    n.div_ceil(every) * lanes
}

/// scryptROMix of each block of `bytes` (128 * r bytes each), so many at a time as there are lanes. N is a power of two, and
/// the table has room for [`table_blocks`].
pub(super) fn romix(bytes: &mut [u8], table: &mut [Block], n: usize, every: usize, lanes: usize) {
    for group in bytes.chunks_mut(lanes * BLOCK_BYTES) {
        match group.len() / BLOCK_BYTES {
            4 => mix::<16>(group, table, n, every),
            2 => mix::<8>(group, table, n, every),
            // What is left over, one by one.
            _ => group
                .chunks_mut(BLOCK_BYTES)
                .for_each(|block| mix::<4>(block, table, n, every)),
        }
    }
}

fn mix<const WORDS: usize>(group: &mut [u8], table: &mut [Block], n: usize, every: usize) {
    let mut blocks = Blocks::<WORDS>::ZERO;
    for (lane, block) in group.chunks(BLOCK_BYTES).enumerate() {
        blocks.read(lane, block);
    }
    pulp::Arch::new().dispatch(Mixing {
        blocks: &mut blocks,
        table,
        n,
        every,
    });
    for (lane, block) in group.chunks_mut(BLOCK_BYTES).enumerate() {
        blocks.write(lane, block);
    }
    blocks.zeroize();
}
