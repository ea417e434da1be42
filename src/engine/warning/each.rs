// SPDX-License-Identifier: GPL-3.0-or-later
//! One of every kind, for tests that hold for all of them: that each has its words, and its code for programs.

use super::*;
use crate::{engine::HomeFault, host::VmFile};

/// A text that could steer a terminal.
fn odd() -> String {
    "x\u{1b}y".to_owned()
}

fn answer() -> IoError {
    io::ErrorKind::PermissionDenied.into()
}

fn refused() -> HostError {
    HostError::NoSuchVm { name: odd() }
}

impl Warning {
    one_of_each! {
        HomeFileLeftOut { path: odd().into(), why: LeftOut::Socket },
        HomeFileChanged { path: odd().into() },
        NameNotSynced { path: odd().into(), why: answer() },
        LeftoverReplaced { path: odd().into() },
        UptakeUnknown { vm: odd() },
        TemplateNotRestored { vm: odd(), template: odd() },
        TakesNothing { place: odd() },
        VmStarted { vm: odd() },
        VmEndsWhenIdle { vm: odd() },
        NotRecorded { why: refused() },
        NotVerified { why: Unverified::InVm },
        SettingNotRestored { vm: odd(), what: Restored::Tag(odd()), why: SettingFault::Host(refused()) },
        SettingUnfit { vm: odd(), setting: Setting::Tag, value: odd(), why: Unfit::Empty },
        NameUnusable { vm: odd(), why: NameFault::Start },
        UnknownFile { member: odd() },
        HomeFileNotRestored { path: odd().into(), why: answer() },
        HomeEntryRefused { path: odd().into(), why: HomeRefusal::Fault(HomeFault::Twice) },
        HomePrivilegesDropped { path: odd().into() },
        LeftBehind { place: odd() },
        GoodAtSecondTry { member: odd(), position: 7 },
        VolumeSizeDiffers { vm: odd(), volume: odd(), announced: 7, found: 9 },
        RecoveryTextNotWritten { path: odd().into(), why: answer() },
        NotRemembered { why: answer() },
        OlderKept,
        OlderNotFound { why: RemovalError::Host(refused()) },
        ArchiveNotRemoved { place: odd(), why: NotRemoved::Another },
        RecoveryTextNotRemoved { path: odd().into(), why: answer() },
        RestUnreadable { why: EngineError::NoThread },
        Archive { 0: ArchiveError::WrongPassphrase },
        NamedFromTheStart { vm: odd() },
        BehindTheEnd { position: 7 },
        NotTakenAway { vm: odd(), tag: "tag", why: refused() },
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::one_of_each();
        let left_out = |why| Self::HomeFileLeftOut {
            path: odd().into(),
            why,
        };
        let setting = |what, why| Self::SettingNotRestored { vm: odd(), what, why };
        let refused_entry = |why| Self::HomeEntryRefused {
            path: odd().into(),
            why,
        };
        let faults = HomeFault::one_of_each().into_iter().map(HomeRefusal::Fault);
        all.extend(faults.chain([HomeRefusal::System(answer())]).map(refused_entry));
        all.extend(LeftOut::one_of_each().into_iter().map(left_out));
        let refused = || SettingFault::Host(refused());
        all.extend(Restored::one_of_each().into_iter().map(|what| setting(what, refused())));
        all.extend(
            SettingFault::one_of_each()
                .into_iter()
                .map(|why| setting(Restored::File(VmFile::Notes), why)),
        );
        all.extend(
            NotRemoved::all()
                .into_iter()
                .map(|why| Self::ArchiveNotRemoved { place: odd(), why }),
        );
        all.extend(ArchiveError::all().into_iter().map(Self::Archive));
        all.extend(EngineError::all().into_iter().map(|why| Self::RestUnreadable { why }));
        all
    }
}

impl LeftOut {
    one_of_each! { System { 0: answer() }, Socket, Device }
}

impl SettingFault {
    one_of_each! { Host { 0: refused() }, TooLarge { bytes: 7 } }
}

impl NotRemoved {
    one_of_each! {
        Another,
        Unreadable { 0: EngineError::NoThread },
        Removal { 0: RemovalError::NotThere },
        Cancelled,
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::one_of_each();
        all.extend(RemovalError::one_of_each().into_iter().map(Self::Removal));
        all.extend(EngineError::all().into_iter().map(Self::Unreadable));
        all
    }
}
