// SPDX-License-Identifier: GPL-3.0-or-later
//! One of every kind, for tests that hold for all of them: that each has its words, and its code for programs.

use super::*;

impl FormatFault {
    one_of_each! {
        NotAHeader,
        LoneExtension,
        TooManyExtensions { limit: 3 },
        MemberName,
        SizeField,
        PaxSize,
        Pax { 0: PaxFault::NoLength },
        Sparse { 0: SparseFault::Name },
        MoreEntries,
        TooLarge { what: Limited::File, found: 9, limit: 7 },
        Compression { 0: CompressionFault::Damaged { form: "gzip" } },
        Volumes { 0: VolumeError::BehindTheEnd { volume: 2 } },
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::one_of_each();
        all.retain(|fault| {
            !matches!(
                fault,
                Self::Pax(_) | Self::Sparse(_) | Self::Compression(_) | Self::Volumes(_)
            )
        });
        all.retain(|fault| !matches!(fault, Self::TooLarge { .. }));
        all.extend(PaxFault::one_of_each().into_iter().map(Self::Pax));
        all.extend(SparseFault::one_of_each().into_iter().map(Self::Sparse));
        all.extend(CompressionFault::one_of_each().into_iter().map(Self::Compression));
        all.extend(VolumeError::one_of_each().into_iter().map(Self::Volumes));
        let (found, limit) = (9, 7);
        let too_large = |what| Self::TooLarge { what, found, limit };
        all.extend(Limited::one_of_each().into_iter().map(too_large));
        all
    }
}

impl Limited {
    one_of_each! { GlobalExtensions, Extension, Member, Part, File }
}

impl Within {
    one_of_each! { Header, Extension, Member, File, SparseMap, End }
}

impl PaxFault {
    one_of_each! { NoLength, BadLength, NoLineEnd, NoValue }
}

impl SparseFault {
    one_of_each! {
        Name, BeyondEnd, DataSize, Form, RealSize, Number, NoOffset, NoLength, Version, LongNumber, EmptyLine,
        NotNumbers, EndlessMap, HugeExtent, Order, BrokenBlock, TooManyExtents,
    }
}

impl CompressionFault {
    one_of_each! {
        Damaged { form: "gzip" },
        OtherForm { form: "xz" },
        UnknownKind { form: "xz" },
        TooMuchMemory { form: "xz" },
        MoreBehind { form: "zlib" },
        Short { form: "zstd" },
    }
}

impl VolumeError {
    one_of_each! {
        NoBeginning { name: "x\u{1b}y".into() },
        DoesNotFit { volume: 2, name: "x\u{1b}y".into(), left: 7 },
        Unexpected { volume: 2, name: "x\u{1b}y".into() },
        BehindTheEnd { volume: 2 },
        Cut { volume: 2, bytes: 7 },
    }
}
