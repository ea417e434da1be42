// SPDX-License-Identifier: GPL-3.0-or-later
//! What the volumes are filled with: streams of bytes that are the same in every run on one computer.
//!
//! System data comes from the computer's own `/usr`, taken in the order of the names; the rest is made from numbers.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use pedos_backup::units::MIB;

use crate::noise::Noise;

/// What a stream is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A mixture as on the disk of a computer in use.
    Mixed,
    /// Words.
    Words,
    /// Noise.
    Noise,
}

/// What the mixture is made of, with the share of each in 100.
const MIXTURE: [(Ingredient, u64); 5] = [
    (Ingredient::Programs, 47),
    (Ingredient::Texts, 21),
    (Ingredient::Noise, 10),
    (Ingredient::Zstd, 12),
    (Ingredient::Gzip, 10),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ingredient {
    /// Programs and libraries of this computer.
    Programs,
    /// Its sources, scripts and documentation.
    Texts,
    /// What no program can compress.
    Noise,
    /// Programs and texts that zstd has compressed.
    Zstd,
    /// The same by gzip.
    Gzip,
}

/// A stream without end.
pub(crate) struct Stream {
    kind: Kind,
    noise: Noise,
    words: Vec<String>,
    programs: Files,
    texts: Files,
    /// What is left of the piece of compressed data that was made last, by method.
    compressed: [Vec<u8>; 2],
    /// The ingredient of now, and how much of it is to come.
    current: (Ingredient, u64),
}

impl Stream {
    /// The stream of that kind and number.
    pub(crate) fn new(kind: Kind, number: u64) -> io::Result<Self> {
        let mut noise = Noise::new(1000 + number);
        let is_mixed = kind == Kind::Mixed;
        let (mut programs, mut texts) = if is_mixed { system_files()? } else { <_>::default() };
        // Streams of other numbers begin at other places.
        programs.skip(number * 7);
        texts.skip(number * 31);
        Ok(Self {
            kind,
            words: if kind == Kind::Words {
                vocabulary(&mut noise)
            } else {
                Vec::new()
            },
            noise,
            programs,
            texts,
            compressed: [Vec::new(), Vec::new()],
            current: (Ingredient::Programs, 0),
        })
    }

    /// Fills a buffer with what comes next.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        match self.kind {
            Kind::Noise => self.noise.fill(buffer),
            Kind::Words => self.fill_with_words(buffer),
            Kind::Mixed => {
                let mut at = 0;
                while at < buffer.len() {
                    at += self.mix(&mut buffer[at..])?;
                }
            }
        }
        Ok(())
    }

    /// Puts the next piece of the mixture at the beginning of a buffer, and says how long it is.
    fn mix(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.current.1 == 0 {
            let mut draw = self.noise.below(100);
            let drawn = MIXTURE.iter().find(|(_, share)| {
                let is_it = draw < *share;
                draw = draw.saturating_sub(*share);
                is_it
            });
            let ingredient = drawn.map_or(Ingredient::Programs, |(ingredient, _)| *ingredient);
            self.current = (ingredient, MIB + self.noise.below(3 * MIB));
        }
        let length = buffer.len().min(self.current.1 as usize);
        self.current.1 -= length as u64;
        let piece = &mut buffer[..length];
        match self.current.0 {
            Ingredient::Programs => self.programs.fill(piece)?,
            Ingredient::Texts => self.texts.fill(piece)?,
            Ingredient::Noise => self.noise.fill(piece),
            Ingredient::Zstd => self.fill_with_compressed(0, piece)?,
            Ingredient::Gzip => self.fill_with_compressed(1, piece)?,
        }
        Ok(length)
    }

    fn fill_with_compressed(&mut self, method: usize, mut piece: &mut [u8]) -> io::Result<()> {
        while !piece.is_empty() {
            if self.compressed[method].is_empty() {
                let mut plain = vec![0; 4 * MIB as usize];
                let (programs, texts) = plain.split_at_mut(3 * MIB as usize);
                self.programs.fill(programs)?;
                self.texts.fill(texts)?;
                self.compressed[method] = if method == 0 {
                    zstd::encode_all(&*plain, 3)?
                } else {
                    gzip(&plain)?
                };
            }
            let ready = &mut self.compressed[method];
            let length = piece.len().min(ready.len());
            piece[..length].copy_from_slice(&ready[..length]);
            ready.drain(..length);
            piece = &mut piece[length..];
        }
        Ok(())
    }

    fn fill_with_words(&mut self, buffer: &mut [u8]) {
        let mut at = 0;
        while at < buffer.len() {
            // Few words are frequent and many are rare, as in a language.
            let (one, other) = (self.noise.below(1000), self.noise.below(1000));
            let word = self.words[(one * one * other / 1_000_000 * self.words.len() as u64 / 1000) as usize].as_bytes();
            let length = word.len().min(buffer.len() - at);
            buffer[at..at + length].copy_from_slice(&word[..length]);
            at += length;
        }
    }
}

fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// How many words the made-up language has.
const VOCABULARY: usize = 20_000;

fn vocabulary(noise: &mut Noise) -> Vec<String> {
    const SYLLABLES: [&str; 16] = [
        "ba", "ne", "ti", "ro", "lu", "sa", "ke", "mi", "do", "ther", "ing", "an", "st", "er", "qu", "ex",
    ];
    let mut word = |_| {
        let count = 1 + noise.below(4);
        let mut word: String = (0..count).map(|_| SYLLABLES[noise.below(16) as usize]).collect();
        word.push_str(match noise.below(12) {
            0 => ", ",
            1 => ".\n",
            _ => " ",
        });
        word
    };
    (0..VOCABULARY).map(&mut word).collect()
}

/// Files whose contents make a stream, one behind the other, from the beginning again when all have come.
#[derive(Debug, Default)]
struct Files {
    paths: Vec<PathBuf>,
    next: usize,
    open: Option<File>,
}

impl Files {
    fn skip(&mut self, files: u64) {
        self.next = (files % self.paths.len().max(1) as u64) as usize;
    }

    fn fill(&mut self, mut buffer: &mut [u8]) -> io::Result<()> {
        let mut opened = 0;
        while !buffer.is_empty() {
            let Some(file) = &mut self.open else {
                if opened > self.paths.len() {
                    return Err(io::Error::other("the files of this system hold nothing"));
                }
                opened += 1;
                let path = self
                    .paths
                    .get(self.next)
                    .ok_or_else(|| io::Error::other("there are no programs or no texts below /usr to make data of"))?;
                self.open = Some(File::open(path)?);
                self.next = (self.next + 1) % self.paths.len();
                continue;
            };
            match file.read(buffer)? {
                0 => self.open = None,
                length => buffer = &mut buffer[length..],
            }
        }
        Ok(())
    }
}

/// Where programs and texts are looked for.
const SYSTEM_FOLDERS: [&str; 5] = ["/usr/bin", "/usr/include", "/usr/lib", "/usr/libexec", "/usr/share"];
/// More files than this are not looked at: it is data enough.
const MOST_FILES: usize = 60_000;
/// A file that is smaller says nothing about compression.
const SMALLEST_FILE: u64 = 512;

/// The programs and the texts of this computer, each by name.
fn system_files() -> io::Result<(Files, Files)> {
    let (mut programs, mut texts) = (Vec::new(), Vec::new());
    for folder in SYSTEM_FOLDERS {
        let mut left = MOST_FILES;
        walk(Path::new(folder), &mut left, &mut |path| {
            let mut head = [0; 512];
            let Ok(length) = File::open(path).and_then(|mut file| file.read(&mut head)) else {
                return;
            };
            let head = &head[..length];
            if head.starts_with(b"\x7fELF") {
                programs.push(path.to_owned());
            } else if head
                .iter()
                .all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 128..))
            {
                texts.push(path.to_owned());
            }
        })?;
    }
    let files = |paths| Files {
        paths,
        ..Files::default()
    };
    Ok((files(programs), files(texts)))
}

fn walk(folder: &Path, left: &mut usize, found: &mut dyn FnMut(&Path)) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if *left == 0 {
            return Ok(());
        }
        // Links are passed over: what they lead to comes by itself.
        match fs::symlink_metadata(&path) {
            Ok(facts) if facts.is_dir() => walk(&path, left, found)?,
            Ok(facts) if facts.is_file() && facts.len() >= SMALLEST_FILE => {
                *left -= 1;
                found(&path);
            }
            _ => {}
        }
    }
    Ok(())
}
