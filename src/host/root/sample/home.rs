// SPDX-License-Identifier: GPL-3.0-or-later
//! The home of the sample's dom0: with all that makes copying a home difficult.

use std::{
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use super::{
    SampleSize,
    data::Source,
    files::{settle, write},
};
use crate::units::KIB;

/// Texts and noise: name, KiB in a full sample, mode, whether it is text.
const FILES: [(&str, u64, u32, bool); 14] = [
    (".bashrc", 1, 0o644, true),
    (".config/menu/applications.conf", 4, 0o600, true),
    (".config/panel.conf", 12, 0o600, true),
    (".local/share/keys/private.key", 4, 0o400, false),
    ("Documents/Verträge/Miete 2026.txt", 60, 0o644, true),
    ("Documents/a name with blanks.txt", 20, 0o664, true),
    ("Documents/read only.txt", 8, 0o444, true),
    ("Documents/-rf", 1, 0o644, true),
    ("Documents/it's \"quoted\" $HOME `x`.txt", 1, 0o644, true),
    ("Documents/漢字 🦀.txt", 2, 0o644, true),
    ("Pictures/2025/summer.jpg", 1400, 0o644, false),
    ("Pictures/2025/garden.jpg", 900, 0o644, false),
    ("Pictures/screenshot.png", 400, 0o644, false),
    ("bin/tidy-up", 2, 0o755, true),
];

/// Folders with their modes, the inner ones first: a folder's time is set when nothing in it changes any more.
const FOLDERS: [(&str, u32); 13] = [
    (".config/menu", 0o700),
    (".config", 0o700),
    (".local/share/keys", 0o700),
    (".local/share", 0o755),
    (".local", 0o755),
    ("Documents/Verträge", 0o750),
    ("Documents/empty folder", 0o755),
    ("Documents", 0o755),
    ("Pictures/2025", 0o755),
    ("Pictures", 0o755),
    ("bin", 0o755),
    ("Shared", 0o1777),
    ("", 0o700),
];

pub(super) fn fill(home: &Path, size: SampleSize) -> io::Result<()> {
    for (name, kibibytes, mode, is_text) in FILES {
        let bytes = (kibibytes * KIB / size.data_divisor()).max(100);
        let bytes = usize::try_from(bytes).unwrap_or_default();
        let mut source = Source::new(name);
        let content = if is_text {
            source.text(bytes)
        } else {
            source.noise(bytes)
        };
        write(&home.join(name), &content, mode)?;
    }
    let long = "a name as long as file systems take it ".repeat(6);
    write(&home.join("Documents").join(&long[..230]), b"long\n", 0o644)?;
    write(&home.join("Documents/empty"), b"", 0o644)?;
    fs::create_dir_all(home.join("Documents/empty folder"))?;
    fs::create_dir_all(home.join("Shared"))?;
    symlink("Documents/a name with blanks.txt", home.join("latest"))?;
    symlink("../Pictures/2025", home.join("Documents/holiday"))?;
    symlink("/media/disk/that is not there", home.join("dangling"))?;
    for (name, mode) in FOLDERS {
        let folder = home.join(name);
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode))?;
        settle(&folder)?;
    }
    Ok(())
}
