// SPDX-License-Identifier: GPL-3.0-or-later
//! What an archive lacks of what its inventory names, or of what its user wants.

/// What is missing in an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// A VM that was to be written, in the inventory.
    #[error("VM {vm}")]
    Vm {
        /// The VM.
        vm: String,
    },
    /// All files of a VM.
    #[error("everything of VM {vm} ({folder})")]
    EverythingOf {
        /// The VM.
        vm: String,
        /// Where the inventory says that its files are.
        folder: String,
    },
    /// A file of a VM.
    #[error("{file} of VM {vm} ({path})")]
    File {
        /// The VM.
        vm: String,
        /// The file, by its name in the VM's folder.
        file: String,
        /// Where in the archive it should be.
        path: String,
    },
    /// Parts of a file.
    #[error("parts of {path}")]
    Parts {
        /// The file.
        path: String,
    },
    /// What the inventory says to be in a folder, or in a file.
    #[error("{path}")]
    Path {
        /// The folder or file.
        path: String,
    },
}

impl Missing {
    /// What is missing, as it is called in the archive; a VM by its name.
    pub fn subject(&self) -> &str {
        match self {
            Self::Vm { vm } => vm,
            Self::EverythingOf { folder, .. } => folder,
            Self::File { path, .. } | Self::Parts { path } | Self::Path { path } => path,
        }
    }
}

#[cfg(test)]
impl Missing {
    one_of_each! {
        Vm { vm: "x\u{1b}y".into() },
        EverythingOf { vm: "x\u{1b}y".into(), folder: "x\u{1b}y".into() },
        File { vm: "x\u{1b}y".into(), file: "x\u{1b}y".into(), path: "x\u{1b}y".into() },
        Parts { path: "x\u{1b}y".into() },
        Path { path: "x\u{1b}y".into() },
    }
}
