// SPDX-License-Identifier: GPL-3.0-or-later
//! The vector registers that blocks are mixed in, one lane of 128 bits for each block.
//!
//! Salsa20 waits for its own results most of the time, so that two or four lanes take hardly longer than one. What the
//! compiler makes of plain arrays differs by a factor of three from one processor to the next, so the instructions are
//! named here; `pulp` hands them out where the processor has them, with no `unsafe` of our own.

use bytemuck::Pod;

/// Registers of some lanes, and the operations on them. A value of this type proves that the processor has the instructions.
pub(super) trait Lanes: Copy {
    /// One row of the matrix that Salsa20 works on, for each lane.
    type Row: Pod;

    /// How many lanes there are.
    const COUNT: usize = size_of::<Self::Row>() / size_of::<[u32; 4]>();

    fn plus(self, one: Self::Row, other: Self::Row) -> Self::Row;

    fn xor(self, one: Self::Row, other: Self::Row) -> Self::Row;

    fn and(self, one: Self::Row, other: Self::Row) -> Self::Row;

    /// Each word rotated to the left by so many bits; the rest to 32 is given too.
    fn rotated<const LEFT: i32, const REST: i32>(self, row: Self::Row) -> Self::Row;

    /// The words of each lane in the order that an immediate of `pshufd` names.
    fn moved<const ORDER: i32>(self, row: Self::Row) -> Self::Row;
}

/// How many blocks are mixed side by side on this processor.
pub(in super::super) fn most_lanes() -> usize {
    #[cfg(target_arch = "x86_64")]
    match pulp::x86::Arch::new() {
        pulp::x86::Arch::V4(_) => return super::MOST_LANES,
        pulp::x86::Arch::V3(_) => return 2,
        _ => {}
    }
    1
}

/// The largest power of two that is neither more than the blocks nor than the lanes there are.
pub(super) fn lanes_for(blocks: usize) -> usize {
    let most = blocks.min(most_lanes()).max(1);
    1 << most.ilog2()
}

/// One lane, as every processor has it.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Lanes for Plain {
    type Row = [u32; 4];

    #[inline(always)]
    fn plus(self, one: Self::Row, other: Self::Row) -> Self::Row {
        std::array::from_fn(|word| one[word].wrapping_add(other[word]))
    }

    #[inline(always)]
    fn xor(self, one: Self::Row, other: Self::Row) -> Self::Row {
        std::array::from_fn(|word| one[word] ^ other[word])
    }

    #[inline(always)]
    fn and(self, one: Self::Row, other: Self::Row) -> Self::Row {
        std::array::from_fn(|word| one[word] & other[word])
    }

    #[inline(always)]
    fn rotated<const LEFT: i32, const REST: i32>(self, row: Self::Row) -> Self::Row {
        row.map(|word| word.rotate_left(LEFT.cast_unsigned()))
    }

    #[inline(always)]
    fn moved<const ORDER: i32>(self, row: Self::Row) -> Self::Row {
        std::array::from_fn(|word| row[(ORDER >> (2 * word) & 3) as usize])
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Four, OneOfV3, OneOfV4, TwoOfV3, TwoOfV4};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m128i, __m256i, __m512i};

    use pulp::x86::{V3, V4};

    use super::Lanes;

    /// The operations of one width: where each is found, and how words are rotated.
    macro_rules! lanes {
        (
            $(#[$doc:meta])* $name:ident($level:ty) of $row:ty:
            $plus:ident, $xor:ident, $and:ident, $moved:ident in $set:ident,
            |$simd:ident, $value:ident, $left:ident, $rest:ident| $rotated:expr
        ) => {
            $(#[$doc])*
            #[derive(Clone, Copy)]
            pub(in super::super) struct $name(pub(in super::super) $level);

            impl Lanes for $name {
                type Row = $row;

                #[inline(always)]
                fn plus(self, one: $row, other: $row) -> $row {
                    self.0.$set.$plus(one, other)
                }

                #[inline(always)]
                fn xor(self, one: $row, other: $row) -> $row {
                    self.0.$set.$xor(one, other)
                }

                #[inline(always)]
                fn and(self, one: $row, other: $row) -> $row {
                    self.0.$set.$and(one, other)
                }

                #[inline(always)]
                fn rotated<const $left: i32, const $rest: i32>(self, $value: $row) -> $row {
                    let $simd = self.0;
                    $rotated
                }

                #[inline(always)]
                fn moved<const ORDER: i32>(self, row: $row) -> $row {
                    self.0.$set.$moved::<ORDER>(row)
                }
            }
        };
    }

    lanes!(
        /// One lane where there is AVX2.
        OneOfV3(V3) of __m128i:
        _mm_add_epi32, _mm_xor_si128, _mm_and_si128, _mm_shuffle_epi32 in sse2,
        |simd, row, LEFT, REST| {
            let (left, right) = (simd.sse2._mm_slli_epi32::<LEFT>(row), simd.sse2._mm_srli_epi32::<REST>(row));
            simd.sse2._mm_or_si128(left, right)
        }
    );
    lanes!(
        /// Two lanes where there is AVX2.
        TwoOfV3(V3) of __m256i:
        _mm256_add_epi32, _mm256_xor_si256, _mm256_and_si256, _mm256_shuffle_epi32 in avx2,
        |simd, row, LEFT, REST| {
            let (left, right) = (simd.avx2._mm256_slli_epi32::<LEFT>(row), simd.avx2._mm256_srli_epi32::<REST>(row));
            simd.avx2._mm256_or_si256(left, right)
        }
    );
    lanes!(
        /// One lane where there is AVX-512, which rotates in one step.
        OneOfV4(V4) of __m128i:
        _mm_add_epi32, _mm_xor_si128, _mm_and_si128, _mm_shuffle_epi32 in sse2,
        |simd, row, LEFT, _REST| simd.avx512f._mm_rol_epi32::<LEFT>(row)
    );
    lanes!(
        /// Two lanes where there is AVX-512.
        TwoOfV4(V4) of __m256i:
        _mm256_add_epi32, _mm256_xor_si256, _mm256_and_si256, _mm256_shuffle_epi32 in avx2,
        |simd, row, LEFT, _REST| simd.avx512f._mm256_rol_epi32::<LEFT>(row)
    );
    lanes!(
        /// Four lanes.
        Four(V4) of __m512i:
        _mm512_add_epi32, _mm512_xor_si512, _mm512_and_si512, _mm512_shuffle_epi32 in avx512f,
        |simd, row, LEFT, _REST| simd.avx512f._mm512_rol_epi32::<LEFT>(row)
    );
}
