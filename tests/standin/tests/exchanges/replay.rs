// SPDX-License-Identifier: GPL-3.0-or-later
//! The recordings of the three versions, sent to the stand-in in their order: every answer must be the recorded one.

use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
};

use pedos_standin::{Dialect, Standin};
use serde_json::Value;

use super::support::{listen, send};

/// How many exchanges were recorded of each version. The stand-in claims to know the answer to every one.
const EXCHANGES: usize = 339;
/// How many requests the life of a VM takes, of which the last exchange tells the events.
const REQUESTS_OF_A_LIFE: usize = 12;

struct Exchange {
    name: String,
    is_internal: bool,
    request: Vec<u8>,
    answer: Vec<u8>,
    is_stream: bool,
}

#[test]
fn recorded_answers_of_4_2_come_back() {
    replay(Dialect::V4_2);
}

#[test]
fn recorded_answers_of_4_3_come_back() {
    replay(Dialect::V4_3);
}

#[test]
fn recorded_answers_of_4_4_come_back() {
    replay(Dialect::V4_4);
}

fn replay(dialect: Dialect) {
    let Some(folder) = env::var_os("PEDOS_BACKUP_FIXTURES") else {
        eprintln!("PEDOS_BACKUP_FIXTURES is not set: no recordings");
        return;
    };
    let exchanges = read(&PathBuf::from(folder).join(format!("qubesd/{dialect}.jsonl")));
    assert_eq!(exchanges.len(), EXCHANGES);
    let pedos = Standin::new(dialect);
    let mut wrong = Vec::new();
    for (index, exchange) in exchanges.iter().enumerate() {
        let answer = if exchange.is_stream {
            events_of_a_life(pedos.root())
        } else {
            send(pedos.root(), exchange.is_internal, &exchange.request)
        };
        let (answer, recorded) = (comparable(&answer), comparable(&exchange.answer));
        if answer != recorded {
            let (answer, recorded) = (shown(&answer), shown(&recorded));
            wrong.push(format!(
                "{index} {}\n  recorded {recorded}\n  is       {answer}",
                exchange.name
            ));
        }
    }
    assert_eq!(pedos.journal().len(), EXCHANGES + REQUESTS_OF_A_LIFE);
    let violations = pedos.violations();
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    // The recording sends much that no client should.
    assert!(violations.len() > 15, "{}", violations.join("\n"));
}

fn read(path: &Path) -> Vec<Exchange> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| value[key].as_str().unwrap();
            Exchange {
                name: text("name").to_owned(),
                is_internal: text("socket") == "internal",
                request: whole(text("request")),
                answer: whole(text("answer")),
                is_stream: value["stream"] == true,
            }
        })
        .collect()
}

/// Returns the bytes, one for each character. What was cut is one character again and again.
fn whole(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    if let Some((kept, rest)) = text.rsplit_once("...<")
        && let Some(count) = rest.strip_suffix(" bytes>")
    {
        let kept = kept.chars().count();
        bytes.truncate(kept);
        bytes.resize(count.parse().unwrap(), bytes[kept - 1]);
    }
    bytes
}

/// Makes, fills, starts, kills and removes a VM, as was done for the recording, and returns what a listener hears.
fn events_of_a_life(root: &Path) -> Vec<u8> {
    let mut listener = listen(root, "dom0");
    let mut heard = b"1\0\0connection-established\0\0".to_vec();
    let tag = "backup-restore-in-progress";
    for (request, payload) in [
        ("admin.vm.Create.AppVM+tpl-main dom0 name dom0", "name=evvm label=red"),
        (&format!("admin.vm.tag.Set+{tag} dom0 name evvm"), ""),
        ("admin.vm.property.Set+memory dom0 name evvm", "555"),
        ("admin.vm.property.Set+netvm dom0 name evvm", ""),
        ("admin.vm.feature.Set+empty dom0 name evvm", ""),
        ("internal.vm.volume.ImportBegin+private dom0 name evvm", "4096"),
        ("internal.vm.volume.ImportEnd+private dom0 name evvm", "ok"),
        ("admin.vm.firewall.Set+ dom0 name evvm", "action=accept\n"),
        (&format!("admin.vm.tag.Remove+{tag} dom0 name evvm"), ""),
        ("admin.vm.Start+ dom0 name evvm", ""),
        ("admin.vm.Kill+ dom0 name evvm", ""),
        ("admin.vm.Remove+ dom0 name evvm", ""),
    ] {
        let bytes = format!("{request}\0{payload}");
        let answer = send(root, request.starts_with("internal"), bytes.as_bytes());
        assert!(answer.starts_with(b"0\0"), "{request}");
    }
    listener.set_nonblocking(true).unwrap();
    let _ = listener.read_to_end(&mut heard);
    heard
}

/// Takes out what differs from run to run.
fn comparable(bytes: &[u8]) -> Vec<u8> {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let text = text
        .replace("/STATE/var-lib-qubes", "/var/lib/qubes")
        .split('\n')
        .map(|line| match line.split_once("usage=") {
            Some((before, _)) if line.starts_with("usage=") || line.starts_with("data_usage=") => {
                format!("{before}usage=N")
            }
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    let text = without_addresses(&without_uuids(&text));
    let mut sorted = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\"tags\": [") {
        let (tags, behind) = after.split_once(']').unwrap();
        let mut tags: Vec<&str> = tags.split(", ").collect();
        tags.sort_unstable();
        sorted.push_str(&format!("{before}\"tags\": [{}]", tags.join(", ")));
        rest = behind;
    }
    sorted.push_str(rest);
    sorted.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn without_uuids(text: &str) -> String {
    const SHAPE: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    let bytes: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while at < bytes.len() {
        let fits = bytes.len() - at >= SHAPE.len()
            && SHAPE.chars().zip(&bytes[at..]).all(|(shape, c)| match shape {
                '-' => *c == '-',
                _ => c.is_ascii_hexdigit(),
            });
        if fits {
            out.push_str("UUID");
            at += SHAPE.len();
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

fn without_addresses(text: &str) -> String {
    match text.split_once(" at 0x") {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
            format!("{before} at ADDRESS{after}")
        }
        None => text.to_owned(),
    }
}

fn shown(bytes: &[u8]) -> String {
    let text = format!("{:?}", String::from_utf8_lossy(bytes));
    text.chars().take(3000).collect()
}
