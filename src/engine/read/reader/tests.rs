// SPDX-License-Identifier: GPL-3.0-or-later
//! The reader over an archive of one part, on a medium that does not always read the same.

use std::sync::{Arc, Mutex, atomic::AtomicBool, mpsc::sync_channel};

use super::*;
use crate::{
    crypto::{HEADER_BYTES, KdfCost, SealKey, part_passphrase},
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

/// An archive of a part of each of these files, and where the content of the first lies.
fn archive(passphrase: &Passphrase, files: &[String]) -> (Vec<u8>, u64) {
    let mut writer = outer::Writer::new(Vec::new());
    for file in files {
        let part = format!("{file}.000");
        let key = part_passphrase(ID, &part, passphrase.as_bytes());
        let mut content = CONTENT.to_vec();
        let sealed = SealKey::derive(&key, COST).unwrap().seal(&mut content);
        writer
            .member(&format!("{part}.enc"), 0, &[&sealed.header, &content, &sealed.mac])
            .unwrap();
    }
    (writer.finish().unwrap(), 512 + HEADER_BYTES as u64)
}

/// What comes of an archive of one part where a byte of it is read wrong for so many times.
fn read(times: u32) -> (Option<Vec<u8>>, Vec<Warning>) {
    let (part, warnings, findings) = read_files(&["vm1/private.img".to_owned()], times);
    assert_eq!(findings, []);
    (part, warnings)
}

/// What comes of an archive of these files.
fn read_files(files: &[String], times: u32) -> (Option<Vec<u8>>, Vec<Warning>, Vec<ArchiveError>) {
    let passphrase = Arc::new(Passphrase::for_reading("a passphrase".to_owned()));
    let (bytes, position) = archive(&passphrase, files);
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
    let (messages, received) = sync_channel(9);
    let (_empties, emptied) = sync_channel(1);
    let wanted = [Wanted {
        only: None,
        row: &row,
        has_failed: AtomicBool::new(false),
    }];
    let promised = [ArchivePath::new("vm1/")];
    let owners = crate::engine::read::wanted::owners(&wanted);
    let reader = Reader {
        context: &context,
        part_format: &PartFormat::scrypt(
            &Access::new(Location::File("/none".into()).into(), passphrase.clone()),
            ID.to_owned(),
            Arc::new(Workers::for_reading(Resources::default())),
        ),
        wanted: &wanted,
        owners: &owners,
        promised_owners: Owners::of(promised.iter()),
        promised: &promised,
        stops_at_failure: true,
        audits: true,
        messages,
        empties: emptied,
        meter: &Meter::new(&context, None),
        keys: KeysAhead::default(),
    };
    let findings = reader.run(&mut members).unwrap();
    let parts = received.iter().filter_map(|message| match message {
        ReadMessage::Part { buffer, plain, .. } => Some(buffer[plain].to_vec()),
        _ => None,
    });
    let part = parts.last();
    let warnings = heard.0.lock().unwrap().clone();
    (part, warnings, findings)
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

#[test]
fn so_many_members_that_nobody_asked_for_are_authenticated_and_no_more() {
    let files = |strangers: usize| -> Vec<String> {
        let strangers = (0..strangers).map(|number| format!("vm1/stranger{number}"));
        std::iter::once("vm1/private.img".to_owned()).chain(strangers).collect()
    };
    for (strangers, foreign) in [(MOST_AUDITED, 0), (MOST_AUDITED + 1, 1)] {
        let (part, warnings, findings) = read_files(&files(strangers), 0);
        assert_eq!(part.as_deref(), Some(CONTENT));
        // What authenticates is only named; what was not looked at is taken for foreign.
        assert_eq!(
            (warnings.len(), findings.len()),
            (MOST_AUDITED, foreign),
            "{findings:?}"
        );
    }
}

#[test]
fn so_many_findings_of_a_stream_are_kept_and_no_more() {
    let mut walk = Walk::default();
    for number in 0..=MOST_FINDINGS {
        assert_eq!(walk.findings.len(), number);
        walk.note(ArchiveError::LostMember { position: 0, end: 1 });
    }
    assert_eq!(walk.findings.len(), MOST_FINDINGS);
}
