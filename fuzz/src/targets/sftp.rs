// SPDX-License-Identifier: GPL-3.0-or-later
//! The replies of an SFTP server. Their lengths and numbers are made right, so that what is in them is reached.

use std::{
    io::{self, Cursor},
    sync::Arc,
    time::{Duration, Instant},
};

use pedos_backup::sftp::{OpenFile, Reading, Session};

use crate::input::head;

/// How long a server is waited for. Everything that it says is there at once, and then it is gone.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long everything together may take, on a computer with other work.
const LONGEST: Duration = Duration::from_secs(20);

/// The type byte of the first reply.
const VERSION: u8 = 2;

pub(crate) fn sftp(input: &[u8]) {
    let Some((mode, rest)) = head(input) else { return };
    let stream = if mode & 1 == 1 { rest.to_vec() } else { replies(rest) };
    let begun = Instant::now();
    talk(mode, stream);
    assert!(begun.elapsed() < LONGEST, "waited for somebody who is gone");
}

fn talk(mode: u8, stream: Vec<u8>) {
    let Ok(session) = Session::start(Box::new(Cursor::new(stream)), Box::new(io::sink()), PATIENCE) else {
        return;
    };
    match mode >> 1 & 3 {
        0 => {
            let _ = session.stat("/a");
            let _ = session.stat_link("/a");
            let _ = session.room("/");
        }
        1 => {
            if let Ok(entries) = session.list("/") {
                assert!(entries.iter().all(|entry| entry.name != "." && entry.name != ".."));
            }
        }
        2 => {
            let _ = session.rename("/a", "/b");
            let _ = session.remove("/a");
        }
        _ => read(&session),
    }
}

fn read(session: &Session) {
    let Ok(file) = OpenFile::open(session, "/a") else {
        return;
    };
    let mut reading = Reading::new(Arc::new(file), 1 << 20);
    let mut buffer = [0; 1000];
    for position in [0, 1000, 5, 100_000] {
        if let Ok(count) = reading.read_at(position, position + 1000, &mut buffer) {
            assert!(count <= buffer.len());
        }
    }
}

/// A type, a length and a content each; the first is what every server begins with, and the others answer one request each.
fn replies(mut input: &[u8]) -> Vec<u8> {
    let mut stream = vec![0, 0, 0, 5, VERSION, 0, 0, 0, 3];
    let mut number = 0_u32;
    while let Some(([kind, length], rest)) = input.split_first_chunk::<2>().map(|(head, rest)| (*head, rest)) {
        let (content, rest) = rest.split_at(rest.len().min(usize::from(length)));
        number += 1;
        stream.extend((content.len() as u32 + 5).to_be_bytes());
        stream.push(kind);
        stream.extend(number.to_be_bytes());
        stream.extend(content);
        input = rest;
    }
    stream
}
