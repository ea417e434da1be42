// SPDX-License-Identifier: GPL-3.0-or-later
//! The archives that are damaged: one of each format, encrypted and not, with each compression that the format has.

use pedos_backup::format::{Compression, Level, compressed};

use crate::support::noise::Noise;

use super::super::{
    backup::{Backup, VMS, volume},
    tar,
};

/// An archive, and another backup with the same passphrase.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) backup: Backup,
    pub(super) compression: Compression,
    pub(super) other: Backup,
}

impl Subject {
    pub(super) fn is_old(&self) -> bool {
        self.backup.version < 4
    }
}

/// How the streams of each compression are made, and what headers call it.
const METHODS: [(Compression, &str, super::super::backup::Compress); 6] = [
    (Compression::None, "none", <[u8]>::to_vec),
    (Compression::Gzip, "gzip", |content| packed(Compression::Gzip, content)),
    (Compression::Bzip2, "bzip2", |content| {
        packed(Compression::Bzip2, content)
    }),
    (Compression::Xz, "xz", |content| packed(Compression::Xz, content)),
    (Compression::Lzma, "lzma", |content| packed(Compression::Lzma, content)),
    (Compression::Zstd, "zstd", |content| packed(Compression::Zstd, content)),
];

fn packed(compression: Compression, content: &[u8]) -> Vec<u8> {
    compressed(compression, Level::Fast, content).unwrap()
}

/// All of them.
pub(super) fn subjects() -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (compression, word, compress) in METHODS {
        let with = |backup: Backup| Backup { compress, ..backup };
        let (is, filter) = (
            if word == "none" { "False" } else { "True" },
            format!("compression-filter={word}"),
        );
        let said = |header: &str| {
            let header = header.replace("compressed=True", &format!("compressed={is}"));
            if word == "none" {
                header
            } else {
                header.replace("compression-filter=gzip", &filter)
            }
        };
        let mut add = |name: &str, backup: Backup| {
            let header = said(&backup.header);
            subjects.push(Subject::new(
                format!("{name}, {word}"),
                Backup { header, ..backup },
                compression,
            ));
        };
        add("format 4", with(Backup::v4()));
        add("format 3, encrypted", with(Backup::v3()));
        let plain = Backup {
            is_encrypted: false,
            header: "version=3\nhmac-algorithm=SHA512\nencrypted=False\ncompressed=True\ncompression-filter=gzip\n"
                .into(),
            ..Backup::v3()
        };
        add("format 3, plain", with(plain));
        // Parts of format 2 show by their first bytes that they are compressed; only gzip was.
        if matches!(compression, Compression::None | Compression::Gzip) {
            add("format 2, encrypted", with(Backup::v2()));
            let plain = Backup {
                is_encrypted: false,
                header: Backup::v2().header.replace("encrypted=True", "encrypted=False"),
                ..Backup::v2()
            };
            add("format 2, plain", with(plain));
        }
    }
    subjects
}

impl Subject {
    fn new(name: String, backup: Backup, compression: Compression) -> Self {
        let other = VMS.iter().fold(backup.clone(), |other, (vm, number)| {
            let name = format!("vm{number}/private.img");
            other.with(&name, tar::archive(&name, &other_volume(vm)))
        });
        Self {
            name,
            backup,
            compression,
            other: other.with_id("20260103T030405-1013"),
        }
    }
}

/// What a VM's volume holds in the other backup: as much as in this one.
pub(super) fn other_volume(vm: &str) -> Vec<u8> {
    Noise::new(40 + vm.len() as u64).text(volume(vm).len())
}
