// SPDX-License-Identifier: GPL-3.0-or-later
//! Made-up data, the same for the same seed on every VM.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use crate::units::KIB;

/// Volumes are filled in pieces of this size, each of one kind of data.
const PIECE_BYTES: u64 = 16 * KIB;
/// Segments stand together in runs of at most so many, as files do on a disk.
const LONGEST_RUN: u64 = 64;
/// The mode of a volume, as a PedOS gives it.
const MODE: u32 = 0o660;

const WORDS: [&str; 32] = [
    "the", "backup", "of", "every", "vm", "is", "only", "as", "good", "as", "its", "restore", "and", "nobody", "knows",
    "before", "it", "was", "tried", "once", "über", "Größe", "straße", "letter", "invoice", "travel", "photo",
    "network", "summer", "reports", "garden", "music",
];

/// A source of numbers that look random: SplitMix64, seeded with a name.
#[derive(Debug)]
pub(super) struct Source(u64);

impl Source {
    /// The source for that name.
    pub(super) fn new(seed: &str) -> Self {
        // FNV-1a.
        let hash = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(seed.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// A UUID of the random kind.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.number(), self.number());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    /// Text in lines.
    pub(super) fn text(&mut self, bytes: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(bytes + 16);
        let mut line_end = 70;
        while text.len() < bytes {
            let place = usize::try_from(self.below(WORDS.len() as u64)).unwrap_or_default();
            text.extend(WORDS[place].as_bytes());
            text.push(if text.len() >= line_end { b'\n' } else { b' ' });
            if text.len() >= line_end {
                line_end = text.len() + 70;
            }
        }
        text.truncate(bytes);
        text
    }

    /// Records of numbers as programs keep them: mostly zeros, some counting up, some noise.
    fn records(&mut self, bytes: usize) -> Vec<u8> {
        let mut records = Vec::with_capacity(bytes + 32);
        let mut count = self.below(1 << 20);
        while records.len() < bytes {
            count += 1;
            records.extend(count.to_le_bytes());
            records.extend(self.below(1 << 16).to_le_bytes());
            records.extend([0; 12]);
            records.extend(self.number().to_le_bytes()[..4].iter());
        }
        records.truncate(bytes);
        records
    }

    /// Noise, which no compression makes smaller: pictures, music, what is encrypted.
    pub(super) fn noise(&mut self, bytes: usize) -> Vec<u8> {
        let mut noise = Vec::with_capacity(bytes + 8);
        while noise.len() < bytes {
            noise.extend(self.number().to_le_bytes());
        }
        noise.truncate(bytes);
        noise
    }
}

/// Writes a sparse volume of that size with so much data in runs that are spread over it.
pub(super) fn volume(path: &Path, size_bytes: u64, data_bytes: u64, seed: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(MODE))?;
    file.set_len(size_bytes)?;
    let mut source = Source::new(seed);
    let places = size_bytes / PIECE_BYTES;
    let mut pieces = (data_bytes / PIECE_BYTES).min(places);
    let mut place = 0;
    while pieces > 0 {
        let run = (1 + source.below(LONGEST_RUN)).min(pieces);
        write_run(&file, &mut source, place, run)?;
        pieces -= run;
        place += run;
        // The gaps before the rest share what is not needed for it.
        let spare = (places - place).saturating_sub(pieces);
        let runs = pieces / (LONGEST_RUN / 2) + 1;
        place += source.below(2 * spare / runs + 1).min(spare);
    }
    Ok(())
}

fn write_run(file: &File, source: &mut Source, first: u64, pieces: u64) -> io::Result<()> {
    let length = usize::try_from(PIECE_BYTES).unwrap_or_default();
    // A run is one file: of one kind, mostly.
    let kind = source.below(10);
    for piece in first..first + pieces {
        let data = match kind {
            0..=3 => source.text(length),
            4..=6 => source.records(length),
            _ => source.noise(length),
        };
        file.write_all_at(&data, piece * PIECE_BYTES)?;
    }
    Ok(())
}
