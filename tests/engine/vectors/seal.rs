// SPDX-License-Identifier: GPL-3.0-or-later
//! What protects parts, written once more and with chosen salts: scrypt containers of format 4, codes and `openssl enc` of the
//! formats before. It shares no code with the library, so that a mistake in both would have to be made twice.

use aes::{
    Aes256,
    cipher::{Block, BlockCipherEncrypt, KeyInit},
};
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

/// The cheapest key that the format has: 2^1, 1, 1.
const LOG_N: u8 = 1;

/// A container around content.
pub(super) fn container(content: &[u8], passphrase: &str) -> Vec<u8> {
    let salt = Sha256::digest([passphrase.as_bytes(), content].concat());
    container_of_cost(content, passphrase, &salt, LOG_N)
}

/// A container whose header asks for another cost; the key is made as if it did not.
pub(super) fn container_of_cost(content: &[u8], passphrase: &str, salt: &[u8], log_n: u8) -> Vec<u8> {
    let mut bytes = b"scrypt\0".to_vec();
    bytes.push(log_n);
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(salt);
    let checksum = Sha256::digest(&bytes);
    bytes.extend(&checksum[..16]);
    let mut keys = [0; 64];
    let cost = scrypt::Params::new(LOG_N, 1, 1).unwrap();
    scrypt::scrypt(passphrase.as_bytes(), salt, &cost, &mut keys).unwrap();
    let mac = |bytes: &[u8]| hmac::<Hmac<Sha256>>(&keys[32..], bytes);
    bytes.extend(mac(&bytes));
    let mut cipher = ctr::Ctr64BE::<Aes256>::new_from_slices(&keys[..32], &[0; 16]).unwrap();
    let mut content = content.to_vec();
    cipher.apply_keystream(&mut content);
    bytes.extend(content);
    bytes.extend(mac(&bytes));
    bytes
}

/// The line with the code of a member, as `openssl dgst` printed it.
pub(super) fn code(content: &[u8], passphrase: &str) -> Vec<u8> {
    let code = hmac::<Hmac<Sha512>>(passphrase.as_bytes(), content);
    format!("(stdin)= {}\n", hex(&code)).into_bytes()
}

/// What `openssl enc -aes-256-cbc -md md5` makes of content.
pub(super) fn enciphered(content: &[u8], passphrase: &str) -> Vec<u8> {
    let salt = &Sha256::digest(content)[..8];
    let mut keys = Vec::new();
    for round in 0..3 {
        let before = &keys[keys.len() - if round == 0 { 0 } else { 16 }..];
        keys.extend(Md5::digest([before, passphrase.as_bytes(), salt].concat()).to_vec());
    }
    let cipher = Aes256::new_from_slice(&keys[..32]).unwrap();
    let padding = 16 - content.len() % 16;
    let padded = [content, &vec![padding as u8; padding]].concat();
    let mut last: [u8; 16] = keys[32..48].try_into().unwrap();
    let mut bytes = [b"Salted__", salt].concat();
    let (blocks, _) = padded.as_chunks::<16>();
    for block in blocks {
        let mixed: [u8; 16] = std::array::from_fn(|at| block[at] ^ last[at]);
        let mut mixed = Block::<Aes256>::from(mixed);
        cipher.encrypt_block(&mut mixed);
        last.copy_from_slice(&mixed);
        bytes.extend(last);
    }
    bytes
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac<M: Mac + hmac::KeyInit>(key: &[u8], content: &[u8]) -> Vec<u8> {
    let mac = <M as hmac::KeyInit>::new_from_slice(key).unwrap();
    mac.chain_update(content).finalize().into_bytes().to_vec()
}
