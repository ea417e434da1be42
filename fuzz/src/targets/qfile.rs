// SPDX-License-Identifier: GPL-3.0-or-later
//! The stream of files from a VM.

use std::io::{Read, Write};

use pedos_backup::qfile::{FINE, QfileError, Reader, Writer, parse_verdict};

use crate::input::{InPieces, head};

const MOST_FILES: u64 = 50;

type Files = Vec<(String, Vec<u8>)>;

/// The same however it comes; what was read is sent and read the same.
pub(crate) fn qfile(input: &[u8]) {
    let Some((piece, stream)) = head(input) else { return };
    let (whole, verdict) = read(stream);
    assert_eq!(
        read(InPieces {
            rest: stream,
            piece: 1 + usize::from(piece)
        })
        .0
        .ok(),
        whole.as_ref().ok().cloned()
    );
    let files = match whole {
        Ok(files) => files,
        Err(error) => return assert!(!error.is_empty()),
    };
    assert_eq!(parse_verdict(verdict).0, FINE);
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    for (name, content) in &files {
        if writer.file(name, 0o644, content.len() as u64, 7).is_err() || writer.write_all(content).is_err() {
            panic!("a name that was read cannot be written: {name:?}");
        }
    }
    let Ok(crc) = writer.finish() else {
        panic!("memory cannot be written")
    };
    let (again, verdict) = read(&bytes[..]);
    assert_eq!(again.ok(), Some(files));
    assert_eq!(parse_verdict(verdict), (FINE, u64::from(crc)));
}

fn read(stream: impl Read) -> (Result<Files, String>, [u8; 16]) {
    let mut reader = Reader::new(stream, MOST_FILES);
    let result = files(&mut reader);
    assert!(result.is_err() || reader.has_ended());
    (result.map_err(|error| error.to_string()), reader.verdict(FINE))
}

fn files(reader: &mut Reader<impl Read>) -> Result<Files, QfileError> {
    let mut files = Vec::new();
    while let Some(file) = reader.next_file()? {
        assert!(files.len() < MOST_FILES as usize && !file.untrusted_name.contains('\0'));
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        assert_eq!(content.len() as u64, file.size_bytes);
        files.push((file.untrusted_name, content));
    }
    Ok(files)
}
