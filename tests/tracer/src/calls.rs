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
    /// Writes to standard output or standard error.
    Say,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 15] = [
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
        Self::Say,
    ];
}

/// Where a call names the file that it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// By the descriptor in this argument.
    Descriptor(usize),
    /// By the path in this argument.
    Path(usize),
    /// By a descriptor of a folder in this argument and a path in the next one.
    At(usize),
}

/// The arguments of a call.
pub(crate) type Arguments = [u64; 6];

/// Returns the kind of a call, and where it names a file; `None` for every call that concerns no file.
pub(crate) fn classify(number: u64, arguments: &Arguments) -> Option<(Kind, Named)> {
    use Named::{At, Descriptor, Path};
    let number = i64::try_from(number).ok()?;
    Some(match number {
        libc::SYS_openat | libc::SYS_openat2 => (Kind::Open, At(0)),
        libc::SYS_open | libc::SYS_creat => (Kind::Open, Path(0)),
        libc::SYS_read | libc::SYS_pread64 | libc::SYS_readv | libc::SYS_preadv | libc::SYS_preadv2 => {
            (Kind::Read, Descriptor(0))
        }
        libc::SYS_write
        | libc::SYS_pwrite64
        | libc::SYS_writev
        | libc::SYS_pwritev
        | libc::SYS_pwritev2
        | libc::SYS_sendfile => (Kind::Write, Descriptor(0)),
        libc::SYS_copy_file_range | libc::SYS_splice => (Kind::Write, Descriptor(2)),
        libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_syncfs | libc::SYS_sync_file_range => {
            (Kind::Sync, Descriptor(0))
        }
        libc::SYS_renameat | libc::SYS_renameat2 => (Kind::Rename, At(2)),
        libc::SYS_rename => (Kind::Rename, Path(1)),
        libc::SYS_fallocate | libc::SYS_ftruncate => (Kind::Allocate, Descriptor(0)),
        libc::SYS_truncate => (Kind::Allocate, Path(0)),
        libc::SYS_fstatfs => (Kind::Space, Descriptor(0)),
        libc::SYS_statfs => (Kind::Space, Path(0)),
        libc::SYS_statx | libc::SYS_newfstatat | libc::SYS_readlinkat | libc::SYS_faccessat | libc::SYS_faccessat2 => {
            (Kind::Stat, At(0))
        }
        libc::SYS_fstat => (Kind::Stat, Descriptor(0)),
        libc::SYS_stat | libc::SYS_lstat | libc::SYS_readlink | libc::SYS_access => (Kind::Stat, Path(0)),
        libc::SYS_getdents64 => (Kind::List, Descriptor(0)),
        libc::SYS_mkdirat | libc::SYS_mknodat => (Kind::Make, At(0)),
        libc::SYS_mkdir | libc::SYS_mknod => (Kind::Make, Path(0)),
        libc::SYS_linkat => (Kind::Make, At(2)),
        libc::SYS_symlinkat => (Kind::Make, At(1)),
        libc::SYS_link | libc::SYS_symlink => (Kind::Make, Path(1)),
        libc::SYS_unlinkat => (Kind::Remove, At(0)),
        libc::SYS_unlink | libc::SYS_rmdir => (Kind::Remove, Path(0)),
        libc::SYS_lseek => (Kind::Seek, Descriptor(0)),
        libc::SYS_flock => (Kind::Lock, Descriptor(0)),
        libc::SYS_fcntl if is_lock(arguments[1]) => (Kind::Lock, Descriptor(0)),
        libc::SYS_fchmod | libc::SYS_fchown => (Kind::Change, Descriptor(0)),
        libc::SYS_utimensat | libc::SYS_fchmodat | libc::SYS_fchownat => (Kind::Change, At(0)),
        libc::SYS_chmod | libc::SYS_chown | libc::SYS_lchown => (Kind::Change, Path(0)),
        _ => return None,
    })
}

/// Whether a command of `fcntl` sets a lock or asks for one.
fn is_lock(command: u64) -> bool {
    let locks = [
        libc::F_SETLK,
        libc::F_SETLKW,
        libc::F_GETLK,
        libc::F_OFD_SETLK,
        libc::F_OFD_SETLKW,
        libc::F_OFD_GETLK,
    ];
    // Half of the register counts.
    locks.contains(&(command as u32).cast_signed())
}

/// Which argument says how much is read or written: bytes, or buffers for the calls that take several.
pub(crate) fn amount(number: u64) -> usize {
    match i64::try_from(number) {
        Ok(libc::SYS_copy_file_range | libc::SYS_splice) => 4,
        Ok(libc::SYS_sendfile) => 3,
        _ => 2,
    }
}

/// Whether a call syncs all files of a file system.
pub(crate) fn is_of_all_files(number: u64) -> bool {
    i64::try_from(number) == Ok(libc::SYS_syncfs)
}

/// Whether a call takes room on the disk: it writes, makes something, or opens a file that it may have to make.
pub(crate) fn takes_room(number: u64, kind: Kind, arguments: &Arguments) -> bool {
    let makes = |flags: u64| flags & u64::from(libc::O_CREAT.cast_unsigned()) != 0;
    match kind {
        Kind::Write | Kind::Allocate | Kind::Make => true,
        Kind::Open => match i64::try_from(number) {
            Ok(libc::SYS_openat) => makes(arguments[2]),
            Ok(libc::SYS_open) => makes(arguments[1]),
            Ok(libc::SYS_creat) => true,
            _ => false,
        },
        _ => false,
    }
}
