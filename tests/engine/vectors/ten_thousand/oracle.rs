// SPDX-License-Identifier: GPL-3.0-or-later
//! What stock libraries make of the stream of a file: the measure for archives that whoever has the passphrase has altered.

use std::io::Read;

use liblzma::{
    read::XzDecoder,
    stream::{CONCATENATED, Stream},
};
use pedos_backup::format::Compression;

/// The content of a file in its stream; none where there is no such file to be had.
pub(super) fn content(compression: Compression, stream: &[u8], file: &str) -> Option<Vec<u8>> {
    let unpacked = unpacked(compression, stream)?;
    let mut archive = tar::Archive::new(&*unpacked);
    let mut entry = archive.entries().ok()?.next()?.ok()?;
    let (mut name, mut real_size) = (entry.path_bytes().into_owned(), None);
    if let Some(records) = entry.pax_extensions().ok()? {
        for record in records {
            let record = record.ok()?;
            match record.key().ok()? {
                "GNU.sparse.name" => name = record.value_bytes().to_vec(),
                "GNU.sparse.realsize" => real_size = Some(record.value().ok()?.parse().ok()?),
                _ => {}
            }
        }
    }
    let mut data = Vec::new();
    entry.read_to_end(&mut data).ok()?;
    if name != file.as_bytes() {
        return None;
    }
    match real_size {
        None => Some(data),
        Some(size) => unfolded(&data, size),
    }
}

fn unpacked(compression: Compression, stream: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    match compression {
        Compression::None => return Some(stream.to_vec()),
        Compression::Gzip => flate2::read::MultiGzDecoder::new(stream).read_to_end(&mut content),
        Compression::Bzip2 => bzip2::read::MultiBzDecoder::new(stream).read_to_end(&mut content),
        Compression::Xz | Compression::Lzma => {
            let decoder = Stream::new_auto_decoder(1 << 30, CONCATENATED).ok()?;
            XzDecoder::new_stream(stream, decoder).read_to_end(&mut content)
        }
        Compression::Zstd => return zstd::stream::decode_all(stream).ok(),
        _ => return None,
    }
    .ok()?;
    Some(content)
}

/// A file of its map and its data, in the way of GNU tar (sparse 1.0).
fn unfolded(data: &[u8], size: usize) -> Option<Vec<u8>> {
    if size > 1 << 20 {
        return None;
    }
    let mut at = 0;
    let mut number = || {
        let length = data[at..].iter().position(|byte| *byte == b'\n')?;
        let number: usize = std::str::from_utf8(&data[at..at + length]).ok()?.parse().ok()?;
        at += length + 1;
        Some(number)
    };
    let count = number()?;
    let mut map = Vec::new();
    for _ in 0..count {
        map.push((number()?, number()?));
    }
    let mut from = at.next_multiple_of(512);
    let mut content = vec![0; size];
    for (offset, length) in map {
        let room = content.get_mut(offset..offset.checked_add(length)?)?;
        room.copy_from_slice(data.get(from..from + length)?);
        from += length;
    }
    Some(content)
}
