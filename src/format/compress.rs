// SPDX-License-Identifier: GPL-3.0-or-later
//! How the inner archives are compressed.

/// A method of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Compression {
    /// None at all.
    None,
    /// `gzip`, which every Unix reads.
    #[default]
    Gzip,
}

impl Compression {
    /// The methods that a backup can use, in the order of the wizard's list.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::None];

    /// The name of the stock tool that reads it, which is its name in the header, on the command line and in profiles.
    pub fn filter_name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
        }
    }

    /// The method of that name.
    pub fn from_filter_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.filter_name() == Some(name))
    }
}
