// SPDX-License-Identifier: GPL-3.0-or-later
//! Why the volumes of a multi-volume archive do not fit each other.

/// Why volumes do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VolumeError {
    /// The first volume begins within a member.
    #[error("the first volume begins within {name}: volumes before it are missing")]
    NoBeginning {
        /// The member, made safe to show.
        name: String,
    },
    /// A volume does not go on where the one before it ends.
    #[error(
        "volume {volume} does not go on within {name}, {left} bytes before its end, where the one before it stops: a volume is missing, repeated, or out of order"
    )]
    DoesNotFit {
        /// The volume, from one.
        volume: u32,
        /// The member that should go on, made safe to show.
        name: String,
        /// How much of it has not come yet.
        left: u64,
    },
    /// A volume goes on with a member though none is open.
    #[error(
        "volume {volume} goes on with {name}, which has no beginning: a volume is missing, repeated, or out of order"
    )]
    Unexpected {
        /// The volume, from one.
        volume: u32,
        /// The member, made safe to show.
        name: String,
    },
    /// The archive has ended before a volume.
    #[error("volume {volume} comes after the end of the archive: it is repeated, or belongs to another one")]
    BehindTheEnd {
        /// The volume, from one.
        volume: u32,
    },
    /// A volume is empty, or does not end at the end of a block.
    #[error("volume {volume} is cut: it has {bytes} bytes")]
    Cut {
        /// The volume, from one.
        volume: u32,
        /// Its length in bytes.
        bytes: u64,
    },
}

#[cfg(test)]
impl VolumeError {
    one_of_each! {
        NoBeginning { name: "x\u{1b}y".into() },
        DoesNotFit { volume: 2, name: "x\u{1b}y".into(), left: 7 },
        Unexpected { volume: 2, name: "x\u{1b}y".into() },
        BehindTheEnd { volume: 2 },
        Cut { volume: 2, bytes: 7 },
    }
}
