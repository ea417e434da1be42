// SPDX-License-Identifier: GPL-3.0-or-later
//! The scrypt container: what does not authenticate is never released, and no key is derived that costs too much.

use pedos_backup::crypto::{
    CONTAINER_OVERHEAD_BYTES, ContainerError, ContainerHeader, KdfCost, KdfLimits, SealKey, open_in_place,
};

use crate::input::head;

const PASSPHRASE: &[u8] = b"a passphrase";

/// What is derived here: enough for every step, so little that it costs no time.
const CHEAP: KdfCost = KdfCost { log_n: 1, r: 1, p: 1 };
const LIMITS: KdfLimits = KdfLimits {
    max_memory_bytes: 1 << 16,
    max_work: 64,
};

pub(crate) fn container(input: &[u8]) {
    let Some((mode, rest)) = head(input) else { return };
    if mode & 1 == 0 { foreign(rest) } else { own(rest) }
}

/// No random input is a valid container: the reader refuses it and does not change it.
fn foreign(input: &[u8]) {
    let mut container = input.to_vec();
    let error = open_in_place(&mut container, PASSPHRASE, &LIMITS).err();
    assert_eq!(container, input, "changed before it was authenticated");
    match (ContainerHeader::parse(input), error) {
        (_, None) => panic!("somebody found a MAC"),
        (Err(first), Some(error)) => assert_eq!(first, error),
        (Ok(header), Some(ContainerError::TooCostly { cost })) => {
            assert!(cost == header.cost() && !LIMITS.allow(cost));
        }
        (Ok(header), Some(ContainerError::WrongPassphrase)) => assert!(LIMITS.allow(header.cost())),
        (Ok(_), Some(error)) => {
            assert!(matches!(error, ContainerError::TooShort { length } if length < CONTAINER_OVERHEAD_BYTES));
        }
    }
}

/// What was sealed opens; changed in any place it does not.
fn own(input: &[u8]) {
    let Some((place, content)) = input.split_first_chunk::<2>() else {
        return;
    };
    let mut sealed = content.to_vec();
    let Ok(key) = SealKey::derive(PASSPHRASE, CHEAP) else {
        panic!("no key")
    };
    let around = key.seal(&mut sealed);
    let container = [&around.header[..], &sealed, &around.mac].concat();
    let mut good = container.clone();
    match open_in_place(&mut good, PASSPHRASE, &LIMITS) {
        Ok(range) => assert_eq!(&good[range], content),
        Err(error) => panic!("{error}"),
    }
    let mut bad = container;
    let at = usize::from(u16::from_le_bytes(*place)) % bad.len();
    bad[at] ^= 1 << (place[0] % 8);
    let before = bad.clone();
    assert!(open_in_place(&mut bad, PASSPHRASE, &LIMITS).is_err(), "byte {at}");
    assert_eq!(bad, before);
}
