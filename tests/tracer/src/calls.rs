// SPDX-License-Identifier: GPL-3.0-or-later
//! The system calls that concern files, by what they are for and by where their arguments name a file.

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Opens a file or makes one.
    Open,
    /// Reads bytes.
    Read,
    /// Writes bytes.
    Write,
    /// Asks for bytes and names to be on the disk.
    Sync,
    /// Gives a file another name.
    Rename,
    /// Sets a size or reserves room.
    Allocate,
    /// Asks for the room of a file system.
    Space,
    /// Asks what is known of a file.
    Stat,
    /// Lists a folder.
    List,
    /// Makes a folder or a link.
    Make,
    /// Removes a name.
    Remove,
    /// Moves in a file, or looks for its holes.
    Seek,
    /// Locks a file.
    Lock,
    /// Changes mode, owner or times.
    Change,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 14] = [
        Self::Open,
        Self::Read,
        Self::Write,
        Self::Sync,
        Self::Rename,
        Self::Allocate,
        Self::Space,
        Self::Stat,
        Self::List,
        Self::Make,
        Self::Remove,
        Self::Seek,
        Self::Lock,
        Self::Change,
    ];
}

/// Where a call names the file that it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// By the descriptor in its first argument.
    Descriptor,
    /// By the path in this argument.
    Path(usize),
    /// By a descriptor of a folder in this argument and a path in the next one.
    At(usize),
}

/// Returns the kind of a call, and where it names a file; `None` for every call that concerns no file.
pub(crate) fn classify(number: u64) -> Option<(Kind, Named)> {
    use Named::{At, Descriptor, Path};
    let number = i64::try_from(number).ok()?;
    Some(match number {
        libc::SYS_openat | libc::SYS_openat2 => (Kind::Open, At(0)),
        libc::SYS_open | libc::SYS_creat => (Kind::Open, Path(0)),
        libc::SYS_read | libc::SYS_pread64 | libc::SYS_readv | libc::SYS_preadv | libc::SYS_preadv2 => {
            (Kind::Read, Descriptor)
        }
        libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev | libc::SYS_pwritev | libc::SYS_pwritev2 => {
            (Kind::Write, Descriptor)
        }
        libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_syncfs => (Kind::Sync, Descriptor),
        libc::SYS_renameat | libc::SYS_renameat2 => (Kind::Rename, At(2)),
        libc::SYS_rename => (Kind::Rename, Path(1)),
        libc::SYS_fallocate | libc::SYS_ftruncate => (Kind::Allocate, Descriptor),
        libc::SYS_fstatfs => (Kind::Space, Descriptor),
        libc::SYS_statfs => (Kind::Space, Path(0)),
        libc::SYS_statx | libc::SYS_newfstatat => (Kind::Stat, At(0)),
        libc::SYS_fstat => (Kind::Stat, Descriptor),
        libc::SYS_stat | libc::SYS_lstat => (Kind::Stat, Path(0)),
        libc::SYS_getdents64 => (Kind::List, Descriptor),
        libc::SYS_mkdirat => (Kind::Make, At(0)),
        libc::SYS_mkdir => (Kind::Make, Path(0)),
        libc::SYS_linkat => (Kind::Make, At(2)),
        libc::SYS_symlinkat => (Kind::Make, At(1)),
        libc::SYS_unlinkat => (Kind::Remove, At(0)),
        libc::SYS_unlink | libc::SYS_rmdir => (Kind::Remove, Path(0)),
        libc::SYS_lseek => (Kind::Seek, Descriptor),
        libc::SYS_flock => (Kind::Lock, Descriptor),
        libc::SYS_fchmod | libc::SYS_fchown => (Kind::Change, Descriptor),
        libc::SYS_utimensat | libc::SYS_fchmodat | libc::SYS_fchownat => (Kind::Change, At(0)),
        libc::SYS_chmod => (Kind::Change, Path(0)),
        _ => return None,
    })
}
