// SPDX-License-Identifier: GPL-3.0-or-later
//! The reasons why bytes of an archive are not what a writer leaves there, with the numbers that belong to them.
//!
//! [`FormatError`](super::FormatError) adds where it was found. What a user reads of a reason is in `text`.

/// Why a piece of an archive makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatFault {
    /// A block is neither a header nor empty.
    #[error("neither a tar header nor the end of the archive")]
    NotAHeader,
    /// An extension header is followed by the end of the archive.
    #[error("an extension header without its member")]
    LoneExtension,
    /// A member has more extension headers than any writer makes.
    #[error("more than {limit} extension headers for one member")]
    TooManyExtensions {
        /// The most that are read.
        limit: u32,
    },
    /// A member's name is empty or contains NUL.
    #[error("a member without a proper name")]
    MemberName,
    /// The size field of a header holds no number.
    #[error("the size in a header is not a number")]
    SizeField,
    /// The pax record `size` holds no number.
    #[error("the pax size is not a number")]
    PaxSize,
    /// The records of a pax header make no sense.
    #[error("pax header: {0}")]
    Pax(#[from] PaxFault),
    /// The description of a sparse file makes no sense.
    #[error("sparse file: {0}")]
    Sparse(#[from] SparseFault),
    /// There are more entries than the one that was expected.
    #[error("there is more in it than belongs there")]
    MoreEntries,
    /// A number is beyond every genuine one.
    #[error("{what} of {found} is beyond the limit of {limit}")]
    TooLarge {
        /// The thing.
        what: Limited,
        /// The number.
        found: u64,
        /// The most that is read.
        limit: u64,
    },
    /// Compressed data cannot be decompressed.
    #[error(transparent)]
    Compression(#[from] CompressionFault),
    /// The volumes of format 2 do not fit each other.
    #[error(transparent)]
    Volumes(#[from] VolumeError),
}

/// What a number that is held against a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limited {
    /// Bytes of all global extension headers.
    #[error("the size of all global extension headers")]
    GlobalExtensions,
    /// Bytes of an extension header.
    #[error("the size of an extension header")]
    Extension,
    /// Bytes of a member, by its header.
    #[error("the size of a member")]
    Member,
    /// Bytes of a member of the outer archive, of which parts are the largest.
    #[error("the size of a part")]
    Part,
    /// Bytes of a file, holes included.
    #[error("the size of a file")]
    File,
}

/// What a stream ended within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Within {
    /// A header.
    #[error("a header")]
    Header,
    /// An extension header.
    #[error("an extension header")]
    Extension,
    /// A member of the outer archive.
    #[error("an archive member")]
    Member,
    /// A file in an inner archive.
    #[error("a file")]
    File,
    /// The map of a sparse file.
    #[error("the map of a sparse file")]
    SparseMap,
    /// What follows the last file of an inner archive.
    #[error("the end of the archive")]
    End,
}

/// What is wrong with the records of a pax header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaxFault {
    /// A record does not begin with its length.
    #[error("a record without a length")]
    NoLength,
    /// A record cannot have the length that it names.
    #[error("a record of impossible length")]
    BadLength,
    /// A record does not end with a line end.
    #[error("a record without a line end")]
    NoLineEnd,
    /// A record has no equals sign.
    #[error("a record without a value")]
    NoValue,
}

/// What is wrong with the description of a sparse file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SparseFault {
    /// Its name is empty or contains NUL.
    #[error("it has no proper name")]
    Name,
    /// An extent ends behind the end of the file.
    #[error("data beyond the end of its file")]
    BeyondEnd,
    /// The extents hold another number of bytes than the archive.
    #[error("the map does not fit the data")]
    DataSize,
    /// Its header is of a form that has no map.
    #[error("its header is of another form")]
    Form,
    /// The size of the file is missing or no number.
    #[error("no real size")]
    RealSize,
    /// An offset or a length is no number.
    #[error("an extent that is not a number")]
    Number,
    /// A length has no offset before it.
    #[error("a length without its offset")]
    NoOffset,
    /// An offset has no length behind it.
    #[error("an offset without its length")]
    NoLength,
    /// The version of the form is not known.
    #[error("an unknown form of sparse file")]
    Version,
    /// A number has more digits than any real one.
    #[error("a number beyond all bounds")]
    LongNumber,
    /// A line of the map is empty.
    #[error("an empty line in the map")]
    EmptyLine,
    /// The map holds something else than numbers.
    #[error("a map that is not made of numbers")]
    NotNumbers,
    /// The map is longer than the member.
    #[error("a map that does not end")]
    EndlessMap,
    /// An extent ends beyond the end of the largest file.
    #[error("an extent beyond every file's end")]
    HugeExtent,
    /// The extents do not ascend.
    #[error("extents out of order")]
    Order,
    /// An extent follows one that is not made of whole blocks.
    #[error("an extent behind a broken block")]
    BrokenBlock,
    /// The map has more extents than are read.
    #[error("a map of too many extents")]
    TooManyExtents,
}

/// Why compressed data cannot be decompressed. `form` is the name of the compressed form, as `gzip`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CompressionFault {
    /// The data was altered.
    #[error("the {form} stream is damaged")]
    Damaged {
        /// The form.
        form: &'static str,
    },
    /// The data does not begin like a stream of this form.
    #[error("this is not a {form} stream")]
    OtherForm {
        /// The form that was expected.
        form: &'static str,
    },
    /// The stream uses something that this program does not know.
    #[error("the {form} stream is of a kind that is not known")]
    UnknownKind {
        /// The form.
        form: &'static str,
    },
    /// The stream asks for more memory than the limit.
    #[error("the {form} stream asks for more memory than any usual one")]
    TooMuchMemory {
        /// The form.
        form: &'static str,
    },
    /// Something follows the end of the stream.
    #[error("something follows the end of the {form} stream")]
    MoreBehind {
        /// The form.
        form: &'static str,
    },
    /// A piece holds less than it says.
    #[error("a {form} frame holds less than it says")]
    Short {
        /// The form.
        form: &'static str,
    },
}

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
mod each;
