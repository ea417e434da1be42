// SPDX-License-Identifier: GPL-3.0-or-later
//! The core against its vector, and every width of register against the plain one.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_chunks().0.iter().map(byte).collect()
}

#[test]
fn salsa20_8_has_the_vector_of_the_standard() {
    // RFC 7914, section 8.
    let mut block = Blocks::<Plain>::zero();
    let input = bytes(
        "7e879a21 4f3ec986 7ca940e6 41718f26 baee555b 8c61c1b5 0df84611 6dcd3b1d
         ee24f319 df9b3d85 14121e4b 5ac5aa32 76021d29 09c74829 edebc68d b8b8c25e",
    );
    let output = bytes(
        "a41f859c 6608cc99 3b81cacb 020cef05 044b2181 a2fd337d fd7b1c63 96682f29
         b4393168 e3c9e6bc fe6bc5b7 a06d96ba e424cc10 2c91745c 24ad673d c7618f81",
    );
    // The rest of the block of r = 8 stays zero.
    block.read(0, &input);
    let rows = [block.0[0], block.0[1], block.0[2], block.0[3]];
    block.0[..4].copy_from_slice(&salsa20_8(Plain, rows));
    let mut found = [0; BLOCK_BYTES];
    block.write(0, &mut found);
    assert_eq!(found[..64], output);
    assert!(found[64..].iter().all(|byte| *byte == 0));
}

/// A block of its own for each number.
fn block(number: u8) -> Vec<u8> {
    (0..BLOCK_BYTES).map(|at| (at as u8).wrapping_mul(7) ^ number).collect()
}

#[cfg(target_arch = "x86_64")]
#[test]
#[cfg_attr(miri, ignore = "it has no registers to compare")]
fn every_width_of_register_that_this_processor_has_comes_to_the_same() {
    use super::super::lanes::{Four, OneOfV3, OneOfV4, TwoOfV3, TwoOfV4};
    use pulp::x86::{V3, V4};

    let n = 64;
    for table_blocks in if cfg!(miri) {
        vec![4, 40]
    } else {
        vec![4, 7, 40, 130, 256]
    } {
        let mut table = vec![[[0; 4]; ROWS]; table_blocks];
        let blocks: Vec<u8> = (0..4).flat_map(block).collect();
        let mut expected = blocks.clone();
        mix(Plain, &mut expected, &mut table, n, |mixing| mixing.run());
        let mut seen = 0;
        let mut expect_same = |mut bytes: Vec<u8>, mixed: &mut dyn FnMut(&mut [u8])| {
            mixed(&mut bytes);
            assert_eq!(bytes, expected, "{table_blocks}");
            seen += 1;
        };
        if let Some(v3) = V3::try_new() {
            expect_same(blocks.clone(), &mut |bytes| {
                mix(OneOfV3(v3), bytes, &mut table, n, |mixing| v3.vectorize(mixing));
            });
            expect_same(blocks.clone(), &mut |bytes| {
                mix(TwoOfV3(v3), bytes, &mut table, n, |mixing| v3.vectorize(mixing));
            });
        }
        if let Some(v4) = V4::try_new() {
            expect_same(blocks.clone(), &mut |bytes| {
                mix(OneOfV4(v4), bytes, &mut table, n, |mixing| v4.vectorize(mixing));
            });
            expect_same(blocks.clone(), &mut |bytes| {
                mix(TwoOfV4(v4), bytes, &mut table, n, |mixing| v4.vectorize(mixing));
            });
            expect_same(blocks.clone(), &mut |bytes| {
                mix(Four(v4), bytes, &mut table, n, |mixing| v4.vectorize(mixing));
            });
        }
        eprintln!("{seen} widths beside the plain one");
    }
}

#[test]
fn a_gap_never_asks_for_more_memory_than_there_is() {
    for n in [2_usize, 16, if cfg!(miri) { 32 } else { 1024 }] {
        for lanes in [1, 2, 4] {
            for table_blocks in lanes..n * lanes + 3 {
                let every = gap(n, lanes, table_blocks);
                assert!(n.div_ceil(every) * lanes <= table_blocks, "{n} {lanes} {table_blocks}");
            }
        }
    }
}
