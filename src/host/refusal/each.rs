// SPDX-License-Identifier: GPL-3.0-or-later
//! One of every kind, for tests that hold for all of them: that each has its words, and its code for programs.

use super::*;

fn text() -> String {
    "x\u{1b}y".to_owned()
}

impl Refusal {
    one_of_each! {
        NotEmpty { path: text().into() },
        NoSnapshot { vm: text(), volume: text() },
        WrittenInPlace { vm: text(), volume: text() },
        NotAFile { path: text().into() },
        NoSuchFile { vm: text(), file: VmFile::Notes },
        VmName { name: text(), fault: NameFault::Start },
        Class { class: text() },
        Pool { pool: text() },
        NoPool, TooManyDisposables, Dom0,
        InTheWay { path: text().into() },
        FixedProperty { vm: text(), property: text() },
        FileTooLong { path: text().into(), limit: 7 },
        FileContent { file: VmFile::Notes, fault: FileFault::NotUtf8 },
        BehindTheEnd { vm: text(), volume: text(), size_bytes: 7 },
        OutOfOrder,
        ServiceName { name: text() },
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let content = |fault| Self::FileContent {
            file: VmFile::Notes,
            fault,
        };
        let mut all = Self::one_of_each();
        all.retain(|refusal| !matches!(refusal, Self::FileContent { .. }));
        all.extend(FileFault::one_of_each().into_iter().map(content));
        all
    }
}

impl FileFault {
    one_of_each! {
        TooLong { limit: 7 },
        NotAscii, NotUtf8,
        RulesRefused,
        Firewall { 0: FirewallError::Version },
    }
}

impl Operation {
    one_of_each! {
        Open { 0: text().into() },
        Read { 0: text().into() },
        Write { 0: text().into() },
        Make { 0: text().into() },
        Remove { 0: text().into() },
        Lock { 0: text().into() },
        WriteOutput,
        MakeVolumes { 0: text() },
        Random,
        StartService { service: text(), vm: text() },
        StartHelper,
    }
}
