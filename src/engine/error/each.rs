// SPDX-License-Identifier: GPL-3.0-or-later
//! One error of every kind, for tests that hold for all of them: that each has its words, and its code for programs.

use super::*;
use crate::plan::BackupRemark;

/// A text that could steer a terminal.
fn odd() -> String {
    "x\u{1b}y".to_owned()
}

fn answer() -> IoError {
    std::io::ErrorKind::PermissionDenied.into()
}

impl EngineError {
    one_of_each! {
        Cancelled,
        Host { 0: HostError::NoSuchVm { name: odd() } },
        Volume { vm: odd(), volume: odd(), source: answer() },
        VolumeChanged { vm: odd(), volume: odd(), change: Change::Content },
        HomeIncomplete { path: odd().into(), count: 2 },
        Home { path: odd().into(), source: answer() },
        Destination { 0: DestinationError::Full { place: odd() } },
        Source { 0: SourceError::Io { place: odd(), source: answer() } },
        Archive { 0: ArchiveError::WrongPassphrase },
        NotInArchive { what: ArchivedFile::OfVm { vm: odd(), file: odd() } },
        NotReady { 0: Finding { vm: None, remark: BackupRemark::NothingSelected } },
        Plan { why: PlanFault::NoHome },
        Key { 0: CryptoError::NoRandomness },
        NoThread,
        Internal { what: Mistake::Worker },
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::one_of_each();
        let has_kinds = |error: &Self| {
            matches!(
                error,
                Self::Plan { .. }
                    | Self::Key(_)
                    | Self::Internal { .. }
                    | Self::Host(_)
                    | Self::Destination(_)
                    | Self::Source(_)
                    | Self::Archive(_)
            )
        };
        all.retain(|error| !has_kinds(error));
        all.push(Self::Home {
            path: odd().into(),
            source: std::io::ErrorKind::StorageFull.into(),
        });
        all.extend(PlanFault::all().into_iter().map(|why| Self::Plan { why }));
        all.extend(CryptoError::one_of_each().into_iter().map(Self::Key));
        all.extend(Mistake::one_of_each().into_iter().map(|what| Self::Internal { what }));
        all.extend(HostError::all().into_iter().map(Self::Host));
        all.extend(DestinationError::one_of_each().into_iter().map(Self::Destination));
        all.extend(SourceError::one_of_each().into_iter().map(Self::Source));
        all.extend(ArchiveError::all().into_iter().map(Self::Archive));
        all
    }
}

impl ArchiveError {
    one_of_each! {
        NotABackup { place: odd(), why: NotABackup::Empty },
        UnsupportedVersion { version: odd() },
        UnsupportedCompression { name: odd() },
        UnsupportedAlgorithm { name: odd() },
        UnsupportedCipher { name: odd(), version: 3, filter: None },
        WrongPassphrase,
        KeyTooCostly { member: odd(), cost: KdfCost::DEFAULT },
        KeyMemory { member: odd(), bytes: 7 },
        Damaged { member: Some(odd()), position: 7, why: Damage::Misplaced },
        Truncated { position: 7, cut: Cut::EndMark },
        Altered { position: 7, anomaly: Anomaly::Padding },
        LostMember { position: 7, end: 9 },
        Duplicate { member: odd(), position: 7 },
        NoSuchVolume { vm: odd(), file: odd() },
        HomeEntries { path: odd().into(), count: 2 },
        Foreign { member: odd(), position: 7 },
        UnreadableRules { member: odd(), why: FirewallError::Version },
        Missing { what: Missing::Vm { vm: odd() } },
    }

    /// One of every kind, with one of every kind of what it holds, for tests that hold for all of them.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::one_of_each();
        all.retain(|error| !matches!(error, Self::Damaged { .. }));
        let member = || Some(odd());
        let position = 7;
        all.extend(
            NotABackup::all()
                .into_iter()
                .map(|why| Self::NotABackup { place: odd(), why }),
        );
        all.extend(Damage::all().into_iter().map(|why| Self::Damaged {
            member: member(),
            position,
            why,
        }));
        all.extend(Cut::all().into_iter().map(|cut| Self::Truncated { position, cut }));
        all.extend(
            Anomaly::one_of_each()
                .into_iter()
                .map(|anomaly| Self::Altered { position, anomaly }),
        );
        all.extend(
            FirewallError::all()
                .into_iter()
                .map(|why| Self::UnreadableRules { member: odd(), why }),
        );
        all.extend(Missing::one_of_each().into_iter().map(|what| Self::Missing { what }));
        all
    }
}
