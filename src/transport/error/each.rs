// SPDX-License-Identifier: GPL-3.0-or-later
//! One of every kind, for tests that hold for all of them: that each has its words, and its code for programs.

use super::*;

/// A text that could steer a terminal.
fn odd() -> String {
    "x\u{1b}y".to_owned()
}

fn answer() -> IoError {
    io::ErrorKind::PermissionDenied.into()
}

impl DestinationError {
    one_of_each! {
        Exists { path: odd().into() },
        InUse { path: odd().into() },
        Replaced { path: odd().into() },
        NotMounted { path: odd().into(), made: 3 },
        NotADirectory { path: odd().into() },
        OtherDisk { path: odd().into() },
        Full { place: odd() },
        FileTooLarge { place: odd() },
        Io { place: odd(), source: answer() },
        Service { vm: odd(), code: 1, said: odd() },
        NotWritable { place: odd() },
        NothingThere { place: odd() },
        Stalled { place: odd(), after: std::time::Duration::from_secs(7) },
        NotKept { place: odd() },
        Command { command: odd(), code: 1, said: odd() },
        Store { place: odd(), fault: StoreFault::Lost, said: odd() },
        Taken { place: odd() },
        Impossible { place: odd() },
    }
}

impl SourceError {
    one_of_each! {
        Io { place: odd(), source: answer() },
        Program { program: odd(), source: answer() },
        Service { vm: odd(), code: 1, said: odd() },
        NotReadable { place: odd(), kind: Unreadable::Directory },
        ReadAlready { place: odd() },
        Command { command: odd(), code: 1, said: odd() },
        BrokenOff { vm: odd(), position: 7 },
        NotAStream { vm: odd(), position: 7, fault: QfileFault::Kind },
        Store { place: odd(), fault: StoreFault::Lost, said: odd() },
        Changed { place: odd() },
        NoPedos { vm: odd() },
    }
}

impl Unreadable {
    one_of_each! { Directory, Pipe, Other }
}
