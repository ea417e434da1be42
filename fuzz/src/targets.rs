// SPDX-License-Identifier: GPL-3.0-or-later
//! The fuzz targets. Each target asserts more than the absence of panics: two readers agree, a value that parses prints to a text
//! that parses to an equal value, every error has words, and memory is bounded.

mod admin;
mod archive;
mod compressed;
mod container;
mod inventory;
mod names;
mod profile;
mod qfile;
mod sftp;
mod tar;

pub(crate) use archive::{INVENTORY as ARCHIVE_INVENTORY, member as tar_member};

/// Something to throw bytes at.
pub(crate) struct Target {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    pub(crate) run: fn(&[u8]),
    /// The most memory, in bytes, that one input may take.
    pub(crate) most_bytes: usize,
}

const MIB: usize = 1 << 20;

const fn target(name: &'static str, run: fn(&[u8]), most_mib: usize) -> Target {
    Target {
        name,
        run,
        most_bytes: most_mib * MIB,
    }
}

/// All of them. Inputs have 64 KiB at most.
pub(crate) const ALL: [Target; 15] = [
    // The size of a member is reserved, up to the largest part (128 MiB), and touched only as content comes.
    target("outer", tar::outer, 136),
    target("inner", tar::inner, 32),
    target("volumes", tar::volumes, 8),
    target("container", container::container, 8),
    target("header", names::header, 2),
    target("part_names", names::part_names, 2),
    target("inventory", inventory::inventory, 64),
    target("old_inventory", inventory::old_inventory, 64),
    target("archive", archive::archive, 256),
    target("segments", compressed::segments, 64),
    target("qfile", qfile::qfile, 2),
    target("profile", profile::profile, 8),
    target("answers", admin::answers, 32),
    target("events", admin::events, 32),
    target("sftp", sftp::sftp, 32),
];
