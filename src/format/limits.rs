// SPDX-License-Identifier: GPL-3.0-or-later
//! Every bound that is put on numbers which an archive chooses. Nothing is allocated or read before its number was
//! held against one of these.

use crate::units::{KIB, MIB};

// Every bound of the project, also those of the other rooms, stands in docs/LIMITS.md with its reason and its test.

/// The compressed tar stream of a file is cut into parts of this many bytes, as the stock tools cut it.
pub const PART_CONTENT_BYTES: u64 = 100 * MIB;

/// The largest part that is read, in bytes with its container. Genuine ones have 100 MiB and 128 bytes; the rest is
/// room for other cutters. A reader holds one or two of them in memory.
pub const PART_CONTAINER_BYTES: u64 = 128 * MIB;

/// The largest `backup-header.hmac` in bytes: the stock restorer refuses more.
pub const HEADER_CONTAINER_BYTES: u64 = 4 * KIB;

/// The largest `backup-header` in bytes: what its container may have, without the container's own 128.
pub const HEADER_BYTES: u64 = HEADER_CONTAINER_BYTES - CONTAINER_BYTES;

/// What a container adds to its content, in bytes: 96 before it and 32 behind it.
pub const CONTAINER_BYTES: u64 = 128;

/// The largest `.hmac` member of formats 2 and 3 in bytes: the stock restorer refuses more. Genuine ones have 138.
pub const MAC_MEMBER_BYTES: u64 = 4 * KIB;

/// The largest `qubes.xml` container in bytes. It is read whole; a host with 200 VMs has under 1 MiB.
pub const INVENTORY_CONTAINER_BYTES: u64 = 64 * MIB;

/// The largest `qubes.xml` in bytes once it is decompressed, so that a small container cannot fill the memory: as much as
/// the parser of the inventory takes.
pub const INVENTORY_BYTES: u64 = 64 * MIB;

/// The longest name of a member of the outer archive in bytes: what a ustar header holds, prefix, slash and name.
pub const OUTER_NAME_BYTES: u64 = 256;

/// The largest pax or GNU extension header in the outer archive, in bytes. Nobody has authenticated it; genuine ones
/// hold three times in under 200 bytes.
pub const OUTER_EXTENSION_BYTES: u64 = 64 * KIB;

/// The largest pax or GNU extension header in an inner archive, in bytes. It has been authenticated; pax sparse 0.1
/// keeps a whole map in one.
pub const INNER_EXTENSION_BYTES: u64 = 16 * MIB;

/// The most memory that the map of a sparse file may take, in bytes. An entry takes about five; a file system in a
/// volume leaves about one hole behind each of its files, so this is room for tens of millions of files.
pub const SPARSE_MAP_BYTES: u64 = 256 * MIB;

/// The largest size of a file in bytes that is believed: larger than any file system's, small enough to calculate with.
pub const FILE_BYTES: u64 = 1 << 60;

/// The highest part number that is believed: 100 million parts of 100 MiB are ten petabytes.
pub const PART_NUMBER: u32 = 99_999_999;

/// The most zero blocks of the outer archive that are read in search of another member: 4 GiB. A member behind a larger
/// hole is not looked for, so that an empty device comes to an end.
pub const ZERO_BLOCKS: u64 = (4 << 30) / 512;

/// How much of what follows the end-of-archive mark and is no member is searched for another member, in bytes: a few
/// times the largest part.
pub const SEARCH_BEHIND_END_BYTES: u64 = 1 << 30;

/// How much of a file is searched for the first member, in bytes: far more than a damaged header with its content.
pub const SEARCH_FOR_BEGINNING_BYTES: u64 = MIB;

/// The most members of an outer archive. Ten terabytes in parts of 100 MiB are a hundred thousand.
pub const MEMBERS: usize = 2_000_000;

/// The most extension headers before one member. Genuine ones have one; two long names and a pax header make three.
pub const EXTENSION_HEADERS: u32 = 8;

/// The most memory that reading an xz or `.lzma` stream may take, in bytes. `xz -9` asks for 65 MiB; this is room for
/// dictionaries of 128 MiB, twice as large, where a hostile stream could ask for 4 GiB.
pub const XZ_MEMORY_BYTES: u64 = 160 * MIB;

/// The largest window of a zstd stream, as the power of two of its bytes: 128 MiB, which is what `zstd --long` (27) and
/// `zstd --ultra -22` use and the most that the stock tool reads without being told so.
pub const ZSTD_WINDOW_LOG: u32 = 27;
