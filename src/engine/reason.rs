// SPDX-License-Identifier: GPL-3.0-or-later
//! Reasons: why a file is not a backup, and in which part of it a truncated backup ends.

use crate::{
    format::{HeaderError, MacError, Within},
    transport::Unreadable,
};

use super::Damage;

/// Why something cannot be read as a backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotABackup {
    /// It has no bytes, or no member.
    #[error("it is empty")]
    Empty,
    /// It is nothing that bytes can be read from as from a file.
    #[error("it is {0}")]
    NotReadable(Unreadable),
    /// It is a tar archive of something else.
    #[error("it is another archive, which holds {member}")]
    OtherArchive {
        /// One of its members.
        member: String,
    },
    /// It does not begin like a backup.
    #[error("it does not begin like one")]
    OtherBeginning,
    /// Its first members are damaged.
    #[error("{0}")]
    Unreadable(Damage),
    /// It ends within its first members.
    #[error("{0}")]
    Cut(Cut),
    /// Another member than the expected one comes.
    #[error("{found} stands where {expected} was expected")]
    OtherMember {
        /// The member that comes.
        found: String,
        /// The one that was expected.
        expected: &'static str,
    },
    /// A member is missing.
    #[error("it has no {member}")]
    NoMember {
        /// The member.
        member: &'static str,
    },
    /// Header or MAC are larger than any.
    #[error("its {member} has {bytes} bytes, more than {limit}")]
    MemberSize {
        /// The member.
        member: String,
        /// Its length.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// Its header has no version that could be read.
    #[error("its header makes no sense")]
    HeaderVersion,
    /// Its header is not accepted.
    #[error("{0}")]
    Header(HeaderError),
    /// The authentication code of its header is none.
    #[error("the authentication code of its header: {0}")]
    HeaderMac(MacError),
    /// It has no inventory.
    #[error("it has no inventory")]
    NoInventory,
}

/// What an archive ends within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// A piece of the outer archive.
    #[error("the rest of {0} is missing")]
    Within(Within),
    /// What a VM sends.
    #[error("the rest of what the VM sends is missing")]
    Answer,
    /// Its members are there, and the mark of its end is not.
    #[error("the mark of its end is missing")]
    EndMark,
}

#[cfg(test)]
mod each {
    use super::*;

    fn text() -> String {
        "x\u{1b}y".to_owned()
    }

    impl NotABackup {
        one_of_each! {
            Empty,
            NotReadable { 0: Unreadable::Directory },
            OtherArchive { member: text() },
            OtherBeginning,
            Unreadable { 0: Damage::HeaderGone },
            Cut { 0: Cut::EndMark },
            OtherMember { found: text(), expected: "backup-header" },
            NoMember { member: "backup-header" },
            MemberSize { member: text(), bytes: 9, limit: 7 },
            HeaderVersion,
            Header { 0: HeaderError::NotAscii },
            HeaderMac { 0: MacError::NotACode },
            NoInventory,
        }

        /// One of every kind, with one of every kind of what it holds.
        pub(crate) fn all() -> Vec<Self> {
            let mut all = Self::one_of_each();
            all.retain(|why| {
                !matches!(
                    why,
                    Self::Header(_) | Self::HeaderMac(_) | Self::Cut(_) | Self::NotReadable(_)
                )
            });
            all.extend(Unreadable::one_of_each().into_iter().map(Self::NotReadable));
            all.extend(Cut::all().into_iter().map(Self::Cut));
            all.extend(HeaderError::one_of_each().into_iter().map(Self::Header));
            all.extend(MacError::one_of_each().into_iter().map(Self::HeaderMac));
            all
        }
    }

    impl Cut {
        one_of_each! { Within { 0: Within::Member }, Answer, EndMark }

        /// One of every kind, with one of every kind of what it holds.
        pub(crate) fn all() -> Vec<Self> {
            let mut all = Self::one_of_each();
            all.retain(|cut| !matches!(cut, Self::Within(_)));
            all.extend(Within::one_of_each().into_iter().map(Self::Within));
            all
        }
    }
}
