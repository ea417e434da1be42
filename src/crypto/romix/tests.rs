// SPDX-License-Identifier: GPL-3.0-or-later
//! The unit as its callers see it, against the vectors of RFC 7914, section 12. Those are of whole scrypt, so that PBKDF2
//! stands on both sides of it here; the first vector has r = 1, and the last one takes a gigabyte.

use sha2::Sha256;

use super::{BLOCK_BYTES, MAX_EVERY, Memory, most_lanes};

fn scrypt(memory: &mut Memory, password: &[u8], salt: &[u8], n: usize, p: usize) -> [u8; 64] {
    let mut blocks = vec![0; p * BLOCK_BYTES];
    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, 1, &mut blocks);
    memory.mix(&mut blocks, n).unwrap();
    let mut key = [0; 64];
    pbkdf2::pbkdf2_hmac::<Sha256>(password, &blocks, 1, &mut key);
    key
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Memory for a whole table in each lane, for half of one, and for the least that is possible.
fn memories(n: usize) -> [Memory; 3] {
    let whole = (n * BLOCK_BYTES * most_lanes()) as u64;
    [whole, (n * BLOCK_BYTES / 2) as u64, 0].map(|bytes| Memory::new(bytes, bytes))
}

#[test]
#[cfg_attr(miri, ignore = "too slow in an interpreter")]
fn sixteen_blocks_have_the_vector_of_the_standard() {
    for mut memory in memories(1024) {
        assert_eq!(
            hex(&scrypt(&mut memory, b"password", b"NaCl", 1024, 16)),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162\
             2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        );
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow in an interpreter")]
fn one_block_has_the_vector_of_the_standard() {
    for mut memory in memories(16384) {
        assert_eq!(
            hex(&scrypt(&mut memory, b"pleaseletmein", b"SodiumChloride", 16384, 1)),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2\
             d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        );
    }
}

/// Mixes a few blocks that differ from each other.
fn mixed(memory: &mut Memory, n: usize) -> Vec<u8> {
    let count = if cfg!(miri) { 1 } else { 3 };
    let mut blocks: Vec<u8> = (0..count * BLOCK_BYTES).map(|at| (at / 5) as u8).collect();
    memory.mix(&mut blocks, n).unwrap();
    blocks
}

/// The tables are whole, have gaps, and are used again for another N; all of it is small enough for Miri.
#[test]
fn the_memory_changes_nothing_but_the_time() {
    let many = if cfg!(miri) { 4 } else { 8 };
    let whole = |n| mixed(&mut Memory::new(1 << 20, 1 << 20), n);
    let (small, large) = (whole(2), whole(many));
    for blocks in if cfg!(miri) { 2..3 } else { 0..30_u64 } {
        let bytes = blocks * BLOCK_BYTES as u64;
        let mut memory = Memory::new(bytes, bytes);
        assert_eq!(mixed(&mut memory, many), large, "{blocks}");
        assert_eq!(mixed(&mut memory, 2), small, "{blocks}");
        assert_eq!(mixed(&mut memory, many), large, "{blocks}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow in an interpreter")]
fn the_memory_keeps_to_its_limit() {
    let n = 64;
    for blocks in [1, 7, 40, 500] {
        let bytes = blocks * BLOCK_BYTES as u64;
        let mut memory = Memory::new(bytes, bytes);
        let mut block = [1; BLOCK_BYTES];
        memory.mix(&mut block, n).unwrap();
        let least = Memory::least_bytes(n as u64);
        assert_eq!(least, (n * BLOCK_BYTES / MAX_EVERY) as u64);
        assert!(memory.bytes() <= bytes.max(least), "{blocks}");
    }
}
