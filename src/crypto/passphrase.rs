// SPDX-License-Identifier: GPL-3.0-or-later
//! The passphrases of the pieces of an archive: the user's, bound to a backup and to a name in it.

use crate::secret::Locked;

/// What the stock `scrypt` reads as one passphrase, in bytes; it takes no longer line.
pub const LONGEST_STOCK_PASSPHRASE_BYTES: usize = 2047;

/// The passphrase of one part, named as its member is but without `.enc`.
pub fn part_passphrase(backup_id: &str, part_name: &str, passphrase: &[u8]) -> Locked {
    joined(&[backup_id.as_bytes(), part_name.as_bytes(), passphrase])
}

/// The passphrase of the container around the backup header.
pub fn header_passphrase(passphrase: &[u8]) -> Locked {
    joined(&[b"backup-header", passphrase])
}

/// Joins the pieces with exclamation marks.
fn joined(pieces: &[&[u8]]) -> Locked {
    let marks = pieces.len().saturating_sub(1);
    let mut whole = Locked::zeroed(pieces.iter().map(|piece| piece.len()).sum::<usize>() + marks);
    let mut rest = &mut whole[..];
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            rest[0] = b'!';
            rest = &mut rest[1..];
        }
        let (here, behind) = rest.split_at_mut(piece.len());
        here.copy_from_slice(piece);
        rest = behind;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_name_what_they_open() {
        assert_eq!(
            *part_passphrase("20260102T030405-1", "vm6/private.img.000", b"a!b"),
            *b"20260102T030405-1!vm6/private.img.000!a!b"
        );
        assert_eq!(*header_passphrase(b""), *b"backup-header!");
    }
}
