// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads the recordings: one JSON object a line, bytes as characters from U+0000 to U+00FF.

use std::{fs, path::PathBuf};

use pedos_backup::adminapi::Response;
use serde_json::Value;

pub(super) const VERSIONS: [&str; 3] = ["4.2", "4.3", "4.4"];

pub(super) struct Exchange {
    pub(super) name: String,
    pub(super) request: Vec<u8>,
    pub(super) answer: Vec<u8>,
    pub(super) is_stream: bool,
}

impl Exchange {
    pub(super) fn response(&self) -> Response {
        match Response::decode(self.answer.clone()) {
            _ if self.is_stream => Response::Silence,
            Ok(response) => response,
            Err(error) => panic!("{}: {error}", self.name),
        }
    }

    /// What was called, without its argument.
    pub(super) fn service(&self) -> String {
        let end = self.request.iter().position(|byte| b"+ \0".contains(byte));
        let service = &self.request[..end.unwrap_or(self.request.len())];
        String::from_utf8(service.to_vec()).unwrap()
    }

    pub(super) fn payload(&self) -> &[u8] {
        let end = self.request.iter().position(|byte| *byte == 0).unwrap();
        &self.request[end + 1..]
    }
}

/// What was recorded of a version; `None` where there are no recordings to try.
pub(super) fn recorded(version: &str) -> Option<Vec<Exchange>> {
    let Some(folder) = std::env::var_os("PEDOS_BACKUP_FIXTURES").map(PathBuf::from) else {
        println!("PEDOS_BACKUP_FIXTURES is not set: nothing was tried");
        return None;
    };
    let text = fs::read_to_string(folder.join(format!("qubesd/{version}.jsonl"))).unwrap();
    let exchanges: Vec<Exchange> = text.lines().map(exchange).collect();
    assert_eq!(exchanges.len(), 339, "{version}");
    Some(exchanges)
}

fn exchange(line: &str) -> Exchange {
    let value: Value = serde_json::from_str(line).unwrap();
    let bytes = |name: &str| whole(value[name].as_str().unwrap());
    Exchange {
        name: value["name"].as_str().unwrap().to_owned(),
        request: bytes("request"),
        answer: bytes("answer"),
        is_stream: value["stream"] == Value::Bool(true),
    }
}

/// The bytes, and those that were cut: of long ones, `...<N bytes>` says how long they were, and all that is missing is
/// the last byte again.
fn whole(text: &str) -> Vec<u8> {
    let bytes = |text: &str| text.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<u8>>();
    let cut = text
        .strip_suffix(" bytes>")
        .and_then(|text| text.rsplit_once("...<"))
        .and_then(|(kept, length)| Some((kept, length.parse().ok()?)));
    match cut {
        Some((kept, length)) => {
            let mut bytes = bytes(kept);
            let last = *bytes.last().unwrap();
            bytes.resize(length, last);
            bytes
        }
        None => bytes(text),
    }
}
