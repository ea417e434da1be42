// SPDX-License-Identifier: GPL-3.0-or-later
//! The reader over an archive of one part, on a medium that does not always read the same.

use std::sync::{Arc, Mutex, atomic::AtomicBool, mpsc::sync_channel};

use super::*;
use crate::{
    crypto::{KdfCost, SealKey, part_passphrase},
    engine::{CancelToken, ItemState, Observer, Phase, Progress, Resources, workers::Workers},
    format::outer,
    inventory::{ArchivePath, Class, Content, Domain},
    plan::{Access, RestoreRow},
    secret::Passphrase,
    transport::Location,
};

/// Cheap, for keys that protect nothing.
const COST: KdfCost = KdfCost { log_n: 10, r: 8, p: 1 };

const ID: &str = "20260101T000000-1";
const CONTENT: &[u8] = b"what the volume holds";

#[derive(Default)]
struct Heard(Mutex<Vec<Warning>>);

impl Observer for Heard {
    fn phase(&self, _: Phase) {}
    fn progress(&self, _: Progress) {}
    fn item(&self, _: &str, _: ItemState) {}
    fn warning(&self, warning: Warning) {
        self.0.lock().unwrap().push(warning);
    }
}

/// An archive of one part, and where its content lies.
fn archive(passphrase: &Passphrase) -> (Vec<u8>, u64) {
    let key = part_passphrase(ID, "vm1/private.img.000", passphrase.as_bytes());
    let mut content = CONTENT.to_vec();
    let sealed = SealKey::derive(&key, COST).unwrap().seal(&mut content);
    let mut writer = outer::Writer::new(Vec::new());
    writer
        .member("vm1/private.img.000.enc", 0, &[&sealed.header, &content, &sealed.mac])
        .unwrap();
    (writer.finish().unwrap(), 512 + sealed.header.len() as u64)
}

/// What comes of that archive where a byte of its part is read wrong for so many times.
fn read(times: u32) -> (Option<Vec<u8>>, Vec<Warning>) {
    let passphrase = Arc::new(Passphrase::for_reading("a passphrase".to_owned()));
    let (bytes, position) = archive(&passphrase);
    let mut members = Members::of_flaky(bytes, position, times);
    let content = Content {
        path: ArchivePath::new("vm1/"),
        size_bytes: 0,
    };
    let row = RestoreRow::new(
        Domain {
            name: "work".to_owned(),
            class: Class::AppVm,
            ..Domain::default()
        },
        content,
    );
    let heard = Arc::new(Heard::default());
    let context = Context::new(CancelToken::default(), heard.clone());
    let (pieces, received) = sync_channel(9);
    let (_empties, emptied) = sync_channel(1);
    let wanted = [Wanted {
        only: None,
        row: &row,
        has_failed: AtomicBool::new(false),
    }];
    let reader = Reader {
        context: &context,
        dialect: &Dialect::sealed(
            &Access::new(Location::File("/none".into()).into(), passphrase.clone()),
            ID.to_owned(),
            Arc::new(Workers::for_reading(Resources::default())),
        ),
        wanted: &wanted,
        promised: &[ArchivePath::new("vm1/")],
        stops_at_failure: true,
        audits: true,
        pieces,
        empties: emptied,
        meter: &Meter::new(&context, None),
        keys: KeysAhead::default(),
    };
    assert_eq!(reader.run(&mut members).unwrap(), []);
    let parts = received.iter().filter_map(|piece| match piece {
        Piece::Part { buffer, plain, .. } => Some(buffer[plain].to_vec()),
        _ => None,
    });
    let part = parts.last();
    let warnings = heard.0.lock().unwrap().clone();
    (part, warnings)
}

#[test]
fn a_part_that_is_read_right_needs_no_word() {
    assert_eq!(read(0), (Some(CONTENT.to_vec()), vec![]));
}

#[test]
fn a_part_that_is_right_at_the_second_try_is_taken_with_a_warning() {
    let (part, warnings) = read(1);
    assert_eq!(part.as_deref(), Some(CONTENT));
    assert_eq!(
        warnings,
        [Warning::GoodAtSecondTry {
            member: "vm1/private.img.000.enc".to_owned(),
            position: 0
        }]
    );
}

#[test]
fn a_part_that_stays_wrong_is_not_taken() {
    assert_eq!(read(2), (None, vec![]));
}
