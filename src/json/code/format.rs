// SPDX-License-Identifier: GPL-3.0-or-later
//! The code of each reason why bytes of an archive make no sense.

use crate::format::{
    CompressionFault, FormatFault, HeaderError, Limited, MacError, PaxFault, SparseFault, VolumeError, Within,
    outer::Anomaly,
};

pub(super) fn format_fault(fault: &FormatFault) -> &'static str {
    match fault {
        FormatFault::NotAHeader => "tar_not_a_header",
        FormatFault::LoneExtension => "tar_lone_extension",
        FormatFault::TooManyExtensions { .. } => "tar_too_many_extensions",
        FormatFault::MemberName => "tar_member_name",
        FormatFault::SizeField => "tar_size_field",
        FormatFault::PaxSize => "tar_pax_size",
        FormatFault::Pax(fault) => pax_fault(*fault),
        FormatFault::Sparse(fault) => sparse_fault(*fault),
        FormatFault::MoreEntries => "tar_more_entries",
        FormatFault::TooLarge { what, .. } => too_large(*what),
        FormatFault::Compression(fault) => compression_fault(*fault),
        FormatFault::Volumes(error) => volume_error(error),
    }
}

fn too_large(what: Limited) -> &'static str {
    match what {
        Limited::GlobalExtensions => "limit_global_extensions",
        Limited::Extension => "limit_extension",
        Limited::Member => "limit_member",
        Limited::Part => "limit_part",
        Limited::File => "limit_file",
    }
}

fn pax_fault(fault: PaxFault) -> &'static str {
    match fault {
        PaxFault::NoLength => "pax_no_length",
        PaxFault::BadLength => "pax_bad_length",
        PaxFault::NoLineEnd => "pax_no_line_end",
        PaxFault::NoValue => "pax_no_value",
    }
}

fn sparse_fault(fault: SparseFault) -> &'static str {
    match fault {
        SparseFault::Name => "sparse_name",
        SparseFault::BeyondEnd => "sparse_beyond_end",
        SparseFault::DataSize => "sparse_data_size",
        SparseFault::Form => "sparse_form",
        SparseFault::RealSize => "sparse_real_size",
        SparseFault::Number => "sparse_number",
        SparseFault::NoOffset => "sparse_no_offset",
        SparseFault::NoLength => "sparse_no_length",
        SparseFault::Version => "sparse_version",
        SparseFault::LongNumber => "sparse_long_number",
        SparseFault::EmptyLine => "sparse_empty_line",
        SparseFault::NotNumbers => "sparse_not_numbers",
        SparseFault::EndlessMap => "sparse_endless_map",
        SparseFault::HugeExtent => "sparse_huge_extent",
        SparseFault::Order => "sparse_order",
        SparseFault::BrokenBlock => "sparse_broken_block",
        SparseFault::TooManyExtents => "sparse_too_many_extents",
    }
}

fn compression_fault(fault: CompressionFault) -> &'static str {
    match fault {
        CompressionFault::Damaged { .. } => "compression_damaged",
        CompressionFault::OtherForm { .. } => "compression_other_form",
        CompressionFault::UnknownKind { .. } => "compression_unknown_kind",
        CompressionFault::TooMuchMemory { .. } => "compression_memory",
        CompressionFault::MoreBehind { .. } => "compression_more_behind",
        CompressionFault::Short { .. } => "compression_short",
    }
}

fn volume_error(error: &VolumeError) -> &'static str {
    match error {
        VolumeError::NoBeginning { .. } => "volumes_no_beginning",
        VolumeError::DoesNotFit { .. } => "volumes_do_not_fit",
        VolumeError::Unexpected { .. } => "volumes_unexpected",
        VolumeError::BehindTheEnd { .. } => "volumes_behind_end",
        VolumeError::Cut { .. } => "volumes_cut",
    }
}

pub(super) fn within(within: Within) -> &'static str {
    match within {
        Within::Header => "cut_in_header",
        Within::Extension => "cut_in_extension",
        Within::Member => "cut_in_member",
        Within::File => "cut_in_file",
        Within::SparseMap => "cut_in_sparse_map",
        Within::End => "cut_at_end",
    }
}

pub(super) fn anomaly(anomaly: Anomaly) -> &'static str {
    match anomaly {
        Anomaly::Padding => "anomaly_padding",
        Anomaly::EmptySpace => "anomaly_empty_space",
        Anomaly::Checksum => "anomaly_checksum",
        Anomaly::Times => "anomaly_times",
    }
}

pub(super) fn header_error(error: &HeaderError) -> &'static str {
    match error {
        HeaderError::TooLong { .. } => "header_too_long",
        HeaderError::NotAscii => "header_not_ascii",
        HeaderError::Line { .. } => "header_line",
        HeaderError::Twice { .. } => "header_key_twice",
        HeaderError::Value { .. } => "header_value",
        HeaderError::Missing { .. } => "header_key_missing",
        HeaderError::UnsupportedVersion { .. } => "header_version",
    }
}

pub(super) fn mac_error(error: MacError) -> &'static str {
    match error {
        MacError::TooLong { .. } => "mac_too_long",
        MacError::NotACode => "mac_not_a_code",
    }
}
