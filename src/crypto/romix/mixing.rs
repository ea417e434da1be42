// SPDX-License-Identifier: GPL-3.0-or-later
//! scryptROMix (RFC 7914, section 5) of several blocks at a time, in a table that may have gaps.

use zeroize::Zeroize;

use super::{
    BLOCK_BYTES, MOST_LANES, R,
    lanes::{Lanes, Plain, lanes_for},
};

/// Rows of four words in a block of 128 * r bytes.
const ROWS: usize = 8 * R as usize;

/// Salsa blocks of 64 bytes in a block.
const SALSA_BLOCKS: usize = 2 * R as usize;

/// The row of which the first word says which block of the table comes next: of the last salsa block, as N is at most 2^32.
const INDEX_ROW: usize = ROWS - 4;

/// The words of one row in one lane. Each row is a diagonal of the 4 x 4 matrix that Salsa20 works on, so that its four
/// quarter-rounds are one.
type Quad = [u32; 4];

/// One block as the table keeps it.
pub(super) type Block = [Quad; ROWS];

/// Several blocks, row beside row.
#[derive(Clone, Copy)]
struct Blocks<L: Lanes>([L::Row; ROWS]);

impl<L: Lanes> Blocks<L> {
    fn zero() -> Self {
        Self([bytemuck::Zeroable::zeroed(); ROWS])
    }

    #[inline(always)]
    fn quads(&self) -> &[Quad] {
        bytemuck::cast_slice(&self.0)
    }

    #[inline(always)]
    fn quads_mut(&mut self) -> &mut [Quad] {
        bytemuck::cast_slice_mut(&mut self.0)
    }

    #[inline(always)]
    fn put(&mut self, lane: usize, block: &Block) {
        for (row, quad) in self.quads_mut().chunks_exact_mut(L::COUNT).zip(block) {
            row[lane] = *quad;
        }
    }

    #[inline(always)]
    fn get(&self, lane: usize, block: &mut Block) {
        for (row, quad) in self.quads().chunks_exact(L::COUNT).zip(block) {
            *quad = row[lane];
        }
    }

    /// Which block of the table comes next.
    #[inline(always)]
    fn index(&self, lane: usize, mask: u32) -> usize {
        (self.quads()[INDEX_ROW * L::COUNT + lane][0] & mask) as usize
    }

    /// Row and column of a word of a salsa block.
    fn place(word: usize) -> (usize, usize) {
        // The diagonals of the matrix are the rows here.
        let (line, column) = (word / 4, word % 4);
        ((line + 4 - column) % 4, column)
    }

    fn read(&mut self, lane: usize, bytes: &[u8]) {
        let quads = self.quads_mut();
        for (index, word) in bytes.as_chunks::<4>().0.iter().enumerate() {
            let (row, column) = Self::place(index % 16);
            quads[(index / 16 * 4 + row) * L::COUNT + lane][column] = u32::from_le_bytes(*word);
        }
    }

    fn write(&self, lane: usize, bytes: &mut [u8]) {
        let quads = self.quads();
        for (index, word) in bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let (row, column) = Self::place(index % 16);
            *word = quads[(index / 16 * 4 + row) * L::COUNT + lane][column].to_le_bytes();
        }
    }
}

impl<L: Lanes> Zeroize for Blocks<L> {
    fn zeroize(&mut self) {
        self.quads_mut().as_flattened_mut().zeroize();
    }
}

// The orders in which the words of a row are taken: those in front go to the end.
const BY_ONE: i32 = 0b00_11_10_01;
const BY_TWO: i32 = 0b01_00_11_10;
const BY_THREE: i32 = 0b10_01_00_11;

#[inline(always)]
fn salsa20_8<L: Lanes>(lanes: L, before: [L::Row; 4]) -> [L::Row; 4] {
    let [mut a, mut b, mut c, mut d] = before;
    macro_rules! quarter {
        ($to:ident ^= ($one:ident + $other:ident) <<< ($bits:literal, $rest:literal)) => {
            $to = lanes.xor($to, lanes.rotated::<$bits, $rest>(lanes.plus($one, $other)));
        };
    }
    for _ in 0..4 {
        quarter!(b ^= (a + d) <<< (7, 25));
        quarter!(c ^= (b + a) <<< (9, 23));
        quarter!(d ^= (c + b) <<< (13, 19));
        quarter!(a ^= (d + c) <<< (18, 14));
        (b, c, d) = (
            lanes.moved::<BY_THREE>(b),
            lanes.moved::<BY_TWO>(c),
            lanes.moved::<BY_ONE>(d),
        );
        quarter!(d ^= (a + b) <<< (7, 25));
        quarter!(c ^= (d + a) <<< (9, 23));
        quarter!(b ^= (c + d) <<< (13, 19));
        quarter!(a ^= (b + c) <<< (18, 14));
        (b, c, d) = (
            lanes.moved::<BY_ONE>(b),
            lanes.moved::<BY_TWO>(c),
            lanes.moved::<BY_THREE>(d),
        );
    }
    [
        lanes.plus(a, before[0]),
        lanes.plus(b, before[1]),
        lanes.plus(c, before[2]),
        lanes.plus(d, before[3]),
    ]
}

/// scryptBlockMix of what `from` gives row by row.
#[inline(always)]
fn block_mix<L: Lanes>(lanes: L, from: impl Fn(usize) -> L::Row, to: &mut Blocks<L>) {
    let mut x = [from(ROWS - 4), from(ROWS - 3), from(ROWS - 2), from(ROWS - 1)];
    for salsa in 0..SALSA_BLOCKS {
        for (row, x) in x.iter_mut().enumerate() {
            *x = lanes.xor(*x, from(salsa * 4 + row));
        }
        x = salsa20_8(lanes, x);
        // Those of even number come first, those of odd number behind them.
        let at = (salsa / 2 + salsa % 2 * (SALSA_BLOCKS / 2)) * 4;
        to.0[at..at + 4].copy_from_slice(&x);
    }
}

/// One call of scryptROMix on several blocks at a time.
struct Mixing<'a, L: Lanes> {
    lanes: L,
    blocks: &'a mut Blocks<L>,
    /// The tables of all lanes, one behind the other.
    table: &'a mut [Block],
    n: usize,
    /// Every how many blocks one is kept in the table.
    every: usize,
}

impl<L: Lanes> Mixing<'_, L> {
    #[inline(always)]
    fn run(self) {
        let Self {
            lanes,
            blocks,
            table,
            n,
            every,
        } = self;
        fill_table(lanes, blocks, table, n, every);
        if every == 1 {
            look_up(lanes, blocks, table, n);
        } else {
            look_up_and_repeat(lanes, blocks, table, n, every);
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl<L: Lanes> pulp::NullaryFnOnce for Mixing<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.run();
    }
}

/// The first half of scryptROMix.
#[inline(always)]
fn fill_table<L: Lanes>(lanes: L, blocks: &mut Blocks<L>, table: &mut [Block], n: usize, every: usize) {
    let lane_blocks = n.div_ceil(every);
    let mut next = Blocks::zero();
    for step in 0..n {
        if step % every == 0 {
            for lane in 0..L::COUNT {
                blocks.get(lane, &mut table[lane * lane_blocks + step / every]);
            }
        }
        block_mix(lanes, |row| blocks.0[row], &mut next);
        std::mem::swap(blocks, &mut next);
    }
    next.zeroize();
}

/// The second half where the table is whole.
#[inline(always)]
fn look_up<L: Lanes>(lanes: L, blocks: &mut Blocks<L>, table: &[Block], n: usize) {
    let mask = index_mask(n);
    let (mut found, mut next) = (Blocks::<L>::zero(), Blocks::zero());
    for _ in 0..n {
        for lane in 0..L::COUNT {
            found.put(lane, &table[lane * n + blocks.index(lane, mask)]);
        }
        block_mix(lanes, |row| lanes.xor(blocks.0[row], found.0[row]), &mut next);
        std::mem::swap(blocks, &mut next);
    }
    found.zeroize();
    next.zeroize();
}

/// The second half where the table has gaps. Each lane computes what it lacks at its own pace, and then takes its step; a
/// lane that has come to its end goes through the motions until all have.
#[inline(always)]
fn look_up_and_repeat<L: Lanes>(lanes: L, blocks: &mut Blocks<L>, table: &[Block], n: usize, every: usize) {
    let mask = index_mask(n);
    let lane_blocks = n.div_ceil(every);
    // Takes the kept block at or before the one that is wanted; gives how many steps lie between.
    let begin = |lane: usize, blocks: &Blocks<L>, at_work: &mut Blocks<L>| {
        let index = blocks.index(lane, mask);
        at_work.put(lane, &table[lane * lane_blocks + index / every]);
        index % every
    };
    let (mut at_work, mut next) = (Blocks::zero(), Blocks::zero());
    let (mut missing, mut steps) = ([0; MOST_LANES], [0; MOST_LANES]);
    for (lane, missing) in missing.iter_mut().enumerate().take(L::COUNT) {
        *missing = begin(lane, blocks, &mut at_work);
    }
    let mut unfinished = L::COUNT;
    while unfinished > 0 {
        // All ones in the lanes that have what they want, and take their step now.
        let mut ready: L::Row = bytemuck::Zeroable::zeroed();
        let quads: &mut [Quad] = bytemuck::cast_slice_mut(std::slice::from_mut(&mut ready));
        for (lane, quad) in quads.iter_mut().enumerate() {
            *quad = [if missing[lane] == 0 && steps[lane] < n {
                u32::MAX
            } else {
                0
            }; 4];
        }
        let from = |row| lanes.xor(at_work.0[row], lanes.and(blocks.0[row], ready));
        block_mix(lanes, from, &mut next);
        for (block, next) in blocks.0.iter_mut().zip(&next.0) {
            *block = lanes.xor(*block, lanes.and(lanes.xor(*block, *next), ready));
        }
        std::mem::swap(&mut at_work, &mut next);
        for lane in 0..L::COUNT {
            if missing[lane] > 0 {
                missing[lane] -= 1;
                continue;
            }
            if steps[lane] < n {
                steps[lane] += 1;
                unfinished -= usize::from(steps[lane] == n);
            }
            missing[lane] = begin(lane, blocks, &mut at_work);
        }
    }
    at_work.zeroize();
    next.zeroize();
}

fn index_mask(n: usize) -> u32 {
    u32::try_from(n - 1).unwrap_or(u32::MAX)
}

/// Every how many blocks one is kept where the tables of so many lanes have to do with that many blocks of memory.
fn gap(n: usize, lanes: usize, table_blocks: usize) -> usize {
    let mut every = (n * lanes).div_ceil(table_blocks);
    while n.div_ceil(every) * lanes > table_blocks {
        every += 1;
    }
    every
}

/// Computes scryptROMix of each block of `bytes` in place, at most `most_lanes` at a time. The table has at least one
/// block for each lane.
pub(super) fn romix(mut bytes: &mut [u8], table: &mut [Block], n: usize, most_lanes: usize) {
    while !bytes.is_empty() {
        let lanes = lanes_for(bytes.len() / BLOCK_BYTES).min(most_lanes);
        let (group, rest) = bytes.split_at_mut(lanes * BLOCK_BYTES);
        mix_group(group, table, n);
        bytes = rest;
    }
}

#[cfg(target_arch = "x86_64")]
fn mix_group(group: &mut [u8], table: &mut [Block], n: usize) {
    use super::lanes::{Four, OneOfV3, OneOfV4, TwoOfV3, TwoOfV4};
    use pulp::x86::Arch;

    match (Arch::new(), group.len() / BLOCK_BYTES) {
        (Arch::V4(v4), 4) => mix(Four(v4), group, table, n, |mixing| v4.vectorize(mixing)),
        (Arch::V4(v4), 2) => mix(TwoOfV4(v4), group, table, n, |mixing| v4.vectorize(mixing)),
        (Arch::V4(v4), 1) => mix(OneOfV4(v4), group, table, n, |mixing| v4.vectorize(mixing)),
        (Arch::V3(v3), 2) => mix(TwoOfV3(v3), group, table, n, |mixing| v3.vectorize(mixing)),
        (Arch::V3(v3), 1) => mix(OneOfV3(v3), group, table, n, |mixing| v3.vectorize(mixing)),
        _ => mix(Plain, group, table, n, |mixing| mixing.run()),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn mix_group(group: &mut [u8], table: &mut [Block], n: usize) {
    mix(Plain, group, table, n, |mixing| mixing.run());
}

fn mix<L: Lanes>(lanes: L, group: &mut [u8], table: &mut [Block], n: usize, run: impl Fn(Mixing<'_, L>)) {
    let every = gap(n, L::COUNT, table.len());
    for group in group.chunks_exact_mut(L::COUNT * BLOCK_BYTES) {
        let mut blocks = Blocks::<L>::zero();
        for (lane, block) in group.chunks(BLOCK_BYTES).enumerate() {
            blocks.read(lane, block);
        }
        run(Mixing {
            lanes,
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
}

#[cfg(test)]
mod tests;
