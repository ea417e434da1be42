// SPDX-License-Identifier: GPL-3.0-or-later
//! The passphrases of the pieces of an archive: the user's, bound to a backup and to a name in it.

use zeroize::Zeroizing;

/// What the stock `scrypt` reads as one passphrase, in bytes; it takes no longer line.
pub const LONGEST_STOCK_PASSPHRASE_BYTES: usize = 2047;

/// The passphrase of one part, named as its member is but without `.enc`.
pub fn part_passphrase(backup_id: &str, part_name: &str, passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    joined(&[backup_id.as_bytes(), part_name.as_bytes(), passphrase])
}

/// The passphrase of the container around the backup header.
pub fn header_passphrase(passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    joined(&[b"backup-header", passphrase])
}

fn joined(pieces: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    // In one allocation: a vector that grows leaves copies of the secret behind.
    let length = pieces.iter().map(|piece| piece.len() + 1).sum();
    let mut whole = Zeroizing::new(Vec::with_capacity(length));
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            whole.push(b'!');
        }
        whole.extend_from_slice(piece);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_name_what_they_open() {
        assert_eq!(
            **part_passphrase("20260102T030405-1", "vm6/private.img.000", b"a!b"),
            *b"20260102T030405-1!vm6/private.img.000!a!b"
        );
        assert_eq!(**header_passphrase(b""), *b"backup-header!");
    }
}
