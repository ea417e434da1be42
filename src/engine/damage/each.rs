// SPDX-License-Identifier: GPL-3.0-or-later
//! One of every kind, for tests that hold for all of them: that each has its words, and its code for programs.

use std::os::unix::process::ExitStatusExt;

use super::*;
use crate::inventory::InventoryFault;

fn text() -> String {
    "x\u{1b}y".to_owned()
}

impl Damage {
    one_of_each! {
        Outer { 0: FormatFault::NotAHeader },
        Inner { position: 7, fault: FormatFault::NotAHeader },
        InnerCut { position: 7, within: Within::File },
        Kind { 0: MemberKind::Fifo },
        Name,
        PartSize { bytes: 9, limit: 7 },
        InventorySize { bytes: 9, limit: 7 },
        HeaderGone, FrontHeader, MacMissing,
        Mac { 0: MacError::NotACode },
        MacMismatch, Misplaced,
        Container { 0: ContainerError::Damaged },
        OutOfOrder { number: 2, file: text() },
        BeginsAgain, Apart, InnerEmpty,
        InnerOther { name: text() },
        InnerMore { name: text() },
        InnerTwice { name: text() },
        InnerEndless, NoInventory,
        Inventory { 0: InventoryFault::NoClass.into() },
        Decryption { 0: DecryptFault::NoSalt },
        Filter { 0: FilterFault::Unread { program: text() } },
        Answer { 0: QfileFault::Kind },
        System { 0: io::ErrorKind::OutOfMemory.into() },
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::one_of_each();
        all.extend(FormatFault::all().into_iter().map(Self::Outer));
        all.extend(
            FormatFault::all()
                .into_iter()
                .map(|fault| Self::Inner { position: 7, fault }),
        );
        all.extend(
            Within::one_of_each()
                .into_iter()
                .map(|within| Self::InnerCut { position: 7, within }),
        );
        all.extend(MemberKind::one_of_each().into_iter().map(Self::Kind));
        all.extend(MacError::one_of_each().into_iter().map(Self::Mac));
        all.extend(ContainerError::one_of_each().into_iter().map(Self::Container));
        all.extend(InventoryError::all().into_iter().map(Self::Inventory));
        all.extend(DecryptFault::one_of_each().into_iter().map(Self::Decryption));
        all.extend(FilterFault::one_of_each().into_iter().map(Self::Filter));
        all.extend(QfileFault::one_of_each().into_iter().map(Self::Answer));
        all
    }
}

impl FilterFault {
    one_of_each! {
        Failed { program: text(), status: ExitStatus::from_raw(0x100), said: text() },
        Complained { program: text(), said: text() },
        Unread { program: text() },
    }
}

#[test]
fn the_reason_of_a_layer_comes_out_of_the_stream_as_it_went_in() {
    let fault = FormatFault::MoreEntries;
    let through = |error: io::Error| Damage::in_stream(error);
    assert_eq!(through(Damage::InnerEndless.into()), Damage::InnerEndless);
    let error = FormatError::Damaged {
        position: 7,
        fault: fault.clone(),
    };
    let error = io::Error::new(io::ErrorKind::InvalidData, error);
    assert_eq!(through(error), Damage::Inner { position: 7, fault });
    let below = FormatError::Below {
        position: 7,
        error: DecryptFault::LastBlock.into(),
    };
    assert_eq!(Damage::in_content(below), Damage::Decryption(DecryptFault::LastBlock));
    let memory = io::Error::from(io::ErrorKind::OutOfMemory);
    assert_eq!(through(memory), Damage::System(io::ErrorKind::OutOfMemory.into()));
}
