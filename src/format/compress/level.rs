// SPDX-License-Identifier: GPL-3.0-or-later
//! How hard a method works, in words that mean the same for all of them, or as the number that its stock tool takes.

use std::{ops::RangeInclusive, str::FromStr};

use super::Compression;

/// How hard a compression method works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Level {
    /// As fast as the method gets.
    Fast,
    /// What its stock tool does unasked.
    #[default]
    Balanced,
    /// As small as it gets in bearable time.
    Small,
    /// The number that its stock tool takes.
    Exact(u8),
}

impl Level {
    /// The three that have a name, in the order of the wizard's list.
    pub const NAMED: [Self; 3] = [Self::Fast, Self::Balanced, Self::Small];

    /// Its name on the command line; none for a number.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Fast => Some("fast"),
            Self::Balanced => Some("balanced"),
            Self::Small => Some("small"),
            Self::Exact(_) => None,
        }
    }

    /// The number that the method takes for it; `None` where the method has no such number.
    pub fn number(self, method: Compression) -> Option<u8> {
        let [fast, balanced, small] = match method {
            Compression::None => [0, 0, 0],
            // libdeflate's 6 leaves no more than the stock tool's 6, and its 9 less than the stock tool's 9.
            Compression::Gzip => [1, 6, 9],
            // Its number only says how much memory it takes.
            Compression::Bzip2 => [9, 9, 9],
            Compression::Xz | Compression::Lzma => [0, 6, 9],
            Compression::Zstd => [1, 3, 15],
        };
        match self {
            Self::Fast => Some(fast),
            Self::Balanced => Some(balanced),
            Self::Small => Some(small),
            Self::Exact(number) => Self::numbers(method).contains(&number).then_some(number),
        }
    }

    /// The numbers that a method takes.
    pub fn numbers(method: Compression) -> RangeInclusive<u8> {
        match method {
            Compression::None => 0..=0,
            Compression::Gzip | Compression::Bzip2 => 1..=9,
            Compression::Xz | Compression::Lzma => 0..=9,
            Compression::Zstd => 1..=19,
        }
    }
}

/// A word that names no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no level: fast, balanced, small or a number")]
pub struct UnknownLevel(pub String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let named = Self::NAMED.into_iter().find(|level| level.name() == Some(text));
        named
            .or_else(|| text.parse().ok().map(Self::Exact))
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_level_is_a_number_of_every_method() {
        for method in Compression::WRITABLE {
            for level in Level::NAMED {
                let number = level.number(method).unwrap();
                assert!(Level::numbers(method).contains(&number), "{level:?} {method:?}");
            }
        }
    }

    #[test]
    fn a_number_is_taken_only_where_the_method_has_it() {
        assert_eq!(Level::Exact(19).number(Compression::Zstd), Some(19));
        assert_eq!(Level::Exact(19).number(Compression::Gzip), None);
        assert_eq!(Level::Exact(0).number(Compression::Gzip), None);
        assert_eq!(Level::Exact(0).number(Compression::Xz), Some(0));
    }

    #[test]
    fn levels_are_read_as_they_are_called() {
        for level in Level::NAMED {
            assert_eq!(level.name().unwrap().parse(), Ok(level));
        }
        assert_eq!("7".parse(), Ok(Level::Exact(7)));
        for wrong in ["", "best", "-1", "256", "fast "] {
            assert_eq!(wrong.parse::<Level>(), Err(UnknownLevel(wrong.to_owned())));
        }
    }
}
