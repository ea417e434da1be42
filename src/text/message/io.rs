// SPDX-License-Identifier: GPL-3.0-or-later
//! Answers of the operating system in words.

use std::io;

use rustix::io::Errno;

use crate::text::{i18n::gettext, sanitize};

/// Whether an answer of the operating system speaks of a device that fails or is gone, and not of a limit, a name or a
/// setting.
pub(super) fn is_of_the_device(error: &io::Error) -> bool {
    let failing = [
        Errno::IO,
        Errno::REMOTEIO,
        Errno::NXIO,
        Errno::NODEV,
        Errno::NODATA,
        Errno::NOMEDIUM,
        Errno::UCLEAN,
        Errno::BADMSG,
        Errno::ILSEQ,
        Errno::SHUTDOWN,
        Errno::NOTCONN,
    ];
    Errno::from_io_error(error).is_some_and(|errno| failing.contains(&errno))
}

/// What the operating system said, without its number.
pub fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" (os error ").unwrap_or(text.len());
    sanitize(&text[..end])
}

/// What can be done about an answer of the operating system, where the answer alone tells.
pub(super) fn io_hint(error: &io::Error) -> Option<String> {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::PermissionDenied => Some(gettext(
            "This user may not do that: choose another place, or start the program as a user who may.",
        )),
        Kind::NotFound => Some(gettext("Check whether it is there, and whether its disk is mounted.")),
        Kind::StorageFull | Kind::QuotaExceeded => Some(gettext("Make room on that disk, or choose another one.")),
        Kind::ReadOnlyFilesystem => Some(gettext(
            "That disk can only be read: mount it for writing, or choose another one.",
        )),
        Kind::UnexpectedEof => Some(gettext(
            "It ended before its size was reached: see that no other program changes it, and try again.",
        )),
        Kind::FileTooLarge => Some(gettext(
            "The file system or a limit of this user (ulimit -f) does not allow files as large as that.",
        )),
        Kind::InvalidFilename => Some(gettext("Choose a shorter name, or a directory with a shorter path.")),
        Kind::ResourceBusy => Some(gettext("Another program is using it: end that one, and try again.")),
        Kind::StaleNetworkFileHandle | Kind::TimedOut => Some(gettext(
            "Its file server does not answer as expected. Check the network, mount it again, and try again.",
        )),
        Kind::OutOfMemory => Some(gettext("End other programs, and try again.")),
        _ if matches!(
            Errno::from_io_error(error),
            Some(Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOLCK)
        ) =>
        {
            Some(gettext(
                "A limit of this user or of the system is reached (ulimit -a shows them): end other programs, and try again.",
            ))
        }
        _ if Errno::from_io_error(error) == Some(Errno::LOOP) => Some(gettext(
            "Symbolic links in this path lead in a circle: name the place itself.",
        )),
        Kind::NotADirectory => Some(gettext(
            "A part of this path is not a directory: check the path for a typo.",
        )),
        Kind::IsADirectory => Some(gettext("This is a directory: name a file in it.")),
        _ => None,
    }
}
