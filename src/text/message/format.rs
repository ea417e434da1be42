// SPDX-License-Identifier: GPL-3.0-or-later
//! Why bytes of an archive make no sense, in words that go behind the place where it was found: no capital letter, no
//! full stop.

use crate::format::{
    CompressionFault, FormatFault, HeaderError, Limited, MacError, MemberKind, PaxFault, SparseFault, VolumeError,
    Within, outer::Anomaly,
};

use super::super::{
    i18n::{gettext, gettext_f, ngettext_f},
    sanitize, size,
};

/// Why a piece of an archive makes no sense.
pub(super) fn format_fault(fault: &FormatFault) -> String {
    match fault {
        FormatFault::NotAHeader => gettext("there is neither a tar header nor the end of the archive"),
        FormatFault::LoneExtension => gettext("an extension header has no member"),
        FormatFault::TooManyExtensions { limit } => ngettext_f(
            "a member has more than {n} extension header",
            "a member has more than {n} extension headers",
            (*limit).into(),
            &[],
        ),
        FormatFault::MemberName => gettext("a member has no proper name"),
        FormatFault::SizeField => gettext("the size in a header is not a number"),
        FormatFault::PaxSize => gettext("the size in an extension header is not a number"),
        FormatFault::Pax(fault) => pax_fault(*fault),
        FormatFault::Sparse(fault) => sparse_fault(*fault),
        FormatFault::MoreEntries => gettext("it holds more than belongs there"),
        FormatFault::TooLarge { what, found, limit } => too_large(*what, *found, *limit),
        FormatFault::Compression(fault) => compression_fault(*fault),
        FormatFault::Volumes(error) => volume_error(error),
    }
}

fn too_large(what: Limited, found: u64, limit: u64) -> String {
    let sizes = [("found", &*size(found)), ("limit", &*size(limit))];
    match what {
        Limited::GlobalExtensions => gettext_f(
            // Translators: global headers hold for all members of a tar archive.
            "the global extension headers have {found}, and {limit} are allowed",
            &sizes,
        ),
        Limited::Extension => gettext_f("an extension header has {found}, and {limit} are allowed", &sizes),
        Limited::Member => gettext_f("a member has {found}, and {limit} are allowed", &sizes),
        Limited::Part => gettext_f("a part has {found}, and {limit} are allowed", &sizes),
        Limited::File => gettext_f("a file has {found}, and {limit} are allowed", &sizes),
    }
}

fn pax_fault(fault: PaxFault) -> String {
    match fault {
        PaxFault::NoLength => gettext("a record of an extension header has no length"),
        PaxFault::BadLength => gettext("a record of an extension header has an impossible length"),
        PaxFault::NoLineEnd => gettext("a record of an extension header has no line end"),
        PaxFault::NoValue => gettext("a record of an extension header has no value"),
    }
}

/// What is wrong with the description of a file with holes.
fn sparse_fault(fault: SparseFault) -> String {
    match fault {
        SparseFault::Name => gettext("a sparse file has no proper name"),
        SparseFault::BeyondEnd => gettext("a sparse file has data beyond its end"),
        SparseFault::DataSize => gettext("the map of a sparse file does not fit its data"),
        SparseFault::Form => gettext("the header of a sparse file has another form"),
        SparseFault::RealSize => gettext("the size of a sparse file is missing"),
        SparseFault::Number => gettext("an extent of a sparse file is not a number"),
        SparseFault::NoOffset => gettext("an extent of a sparse file has no offset"),
        SparseFault::NoLength => gettext("an extent of a sparse file has no length"),
        SparseFault::Version => gettext("a sparse file is described in an unknown form"),
        SparseFault::LongNumber => gettext("the map of a sparse file has a number that is too long"),
        SparseFault::EmptyLine => gettext("the map of a sparse file has an empty line"),
        SparseFault::NotNumbers => gettext("the map of a sparse file is not made of numbers"),
        SparseFault::EndlessMap => gettext("the map of a sparse file does not end"),
        SparseFault::HugeExtent => gettext("an extent of a sparse file is too large"),
        SparseFault::Order => gettext("the extents of a sparse file are out of order"),
        SparseFault::BrokenBlock => gettext("an extent of a sparse file follows a broken block"),
        SparseFault::TooManyExtents => gettext("a sparse file has too many extents"),
    }
}

/// Why compressed data cannot be decompressed.
fn compression_fault(fault: CompressionFault) -> String {
    match fault {
        CompressionFault::Damaged { form } => gettext_f("the {form} data is damaged", &[("form", form)]),
        CompressionFault::OtherForm { form } => gettext_f("the data is not {form} data", &[("form", form)]),
        CompressionFault::UnknownKind { form } => gettext_f("the {form} data is of an unknown kind", &[("form", form)]),
        CompressionFault::TooMuchMemory { form } => {
            gettext_f("the {form} data needs more memory than is allowed", &[("form", form)])
        }
        CompressionFault::MoreBehind { form } => {
            gettext_f("something follows the end of the {form} data", &[("form", form)])
        }
        CompressionFault::Short { form } => {
            gettext_f("a piece of the {form} data holds less than it says", &[("form", form)])
        }
    }
}

/// Why the volumes of a backup of format 2 do not fit each other.
fn volume_error(error: &VolumeError) -> String {
    match error {
        VolumeError::NoBeginning { name } => gettext_f(
            "the first volume begins within {name}: volumes before it are missing",
            &[("name", &sanitize(name))],
        ),
        VolumeError::DoesNotFit { volume, name, left } => gettext_f(
            "volume {volume} does not continue {name}, of which {left} are missing: a volume is missing, repeated or out of order",
            &[
                ("volume", &volume.to_string()),
                ("name", &sanitize(name)),
                ("left", &size(*left)),
            ],
        ),
        VolumeError::Unexpected { volume, name } => gettext_f(
            "volume {volume} continues {name}, which has no beginning: a volume is missing, repeated or out of order",
            &[("volume", &volume.to_string()), ("name", &sanitize(name))],
        ),
        VolumeError::BehindTheEnd { volume } => gettext_f(
            "volume {volume} follows the end of the archive: it is repeated, or belongs to another archive",
            &[("volume", &volume.to_string())],
        ),
        VolumeError::Cut { volume, bytes } => gettext_f(
            "volume {volume} is cut after {size}",
            &[("volume", &volume.to_string()), ("size", &size(*bytes))],
        ),
    }
}

/// What is missing where an archive ends within something.
pub(super) fn rest_of(within: Within) -> String {
    match within {
        Within::Header => gettext("the rest of a header is missing"),
        Within::Extension => gettext("the rest of an extension header is missing"),
        Within::Member => gettext("the rest of a member is missing"),
        Within::File => gettext("the rest of a file is missing"),
        Within::SparseMap => gettext("the rest of the map of a sparse file is missing"),
        Within::End => gettext("the end of the archive is missing"),
    }
}

/// What bytes that hold no content have that no program writes.
pub(super) fn anomaly(anomaly: Anomaly) -> String {
    match anomaly {
        Anomaly::Padding => gettext("the padding after a member is not empty"),
        Anomaly::EmptySpace => gettext("there is more empty space than any backup program leaves"),
        Anomaly::Checksum => gettext("the checksum of a header is written in an unusual way"),
        Anomaly::Times => gettext("the times of a member contradict each other"),
    }
}

/// What stands in an archive instead of a file.
pub(super) fn member_kind(kind: MemberKind) -> String {
    match kind {
        MemberKind::HardLink => gettext("it is a hard link"),
        MemberKind::Symlink => gettext("it is a symbolic link"),
        MemberKind::Device => gettext("it is a device"),
        MemberKind::Directory => gettext("it is a directory"),
        MemberKind::Fifo => gettext("it is a pipe"),
        MemberKind::Sparse => gettext("it is a sparse file"),
        MemberKind::Other(byte) => gettext_f(
            "it is a member of the unknown type {type}",
            &[("type", &byte.to_string())],
        ),
    }
}

/// Why the header of a backup is not accepted.
pub(super) fn header_error(error: &HeaderError) -> String {
    match error {
        HeaderError::TooLong { bytes, limit } => gettext_f(
            "its header has {found}, and {limit} are allowed",
            &[("found", &size(*bytes)), ("limit", &size(*limit))],
        ),
        HeaderError::NotAscii => gettext("its header has other characters than plain ASCII"),
        HeaderError::Line { line } => gettext_f(
            "its header has a line that is not KEY=VALUE: {line}",
            &[("line", &sanitize(line))],
        ),
        HeaderError::Twice { key } => gettext_f("its header has {key} twice", &[("key", key)]),
        HeaderError::Value { key, value } => gettext_f(
            "its header has a bad value: {key}={value}",
            &[("key", key), ("value", &sanitize(value))],
        ),
        HeaderError::Missing { key } => gettext_f("its header lacks {key}", &[("key", key)]),
        HeaderError::UnsupportedVersion { version } => gettext_f(
            "its header has the unknown version {version}",
            &[("version", &sanitize(version))],
        ),
    }
}

/// Why an authentication code cannot be used.
pub(super) fn mac_error(error: MacError) -> String {
    match error {
        MacError::TooLong { bytes, limit } => gettext_f(
            "the authentication code has {found}, and {limit} are allowed",
            &[("found", &size(bytes)), ("limit", &size(limit))],
        ),
        MacError::NotACode => gettext("it holds no authentication code"),
    }
}
