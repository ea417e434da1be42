// SPDX-License-Identifier: GPL-3.0-or-later
//! Tar archives, block by block.

pub(super) const BLOCK: usize = 512;

/// The headers of one member, to be made wrong, and its content.
pub(super) fn member_of_kind(name: &str, kind: u8, size: usize, content: &[u8]) -> Vec<u8> {
    let mut bytes = header(name, kind, size).to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

/// A plain file.
pub(super) fn member(name: &str, content: &[u8]) -> Vec<u8> {
    member_of_kind(name, b'0', content.len(), content)
}

/// A ustar header.
pub(super) fn header(name: &str, kind: u8, size: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, "14524770411\0");
    put(257, "ustar\x0000");
    block[156] = kind;
    sealed(block)
}

/// A header with its checksum.
pub(super) fn sealed(mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// The mark of an archive's end.
pub(super) fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

/// An archive of one plain file.
pub(super) fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    [member(name, content), end()].concat()
}

/// An archive of one file with a hole in its middle, in the way of GNU tar (sparse 1.0).
pub(super) fn sparse(name: &str, content: &[u8], map: &[usize], data: &[u8]) -> Vec<u8> {
    let (folder, file) = name.rsplit_once('/').unwrap();
    let mut map: String = map.iter().map(|number| format!("{number}\n")).collect();
    map.extend(std::iter::repeat_n('\0', map.len().next_multiple_of(BLOCK) - map.len()));
    let records: Vec<u8> = [
        ("GNU.sparse.major", "1".to_owned()),
        ("GNU.sparse.minor", "0".to_owned()),
        ("GNU.sparse.name", name.to_owned()),
        ("GNU.sparse.realsize", content.len().to_string()),
    ]
    .iter()
    .flat_map(|(key, value)| record(key, value))
    .collect();
    [
        member_of_kind(&format!("{folder}/PaxHeaders.0/{file}"), b'x', records.len(), &records),
        member(
            &format!("{folder}/GNUSparseFile.0/{file}"),
            &[map.as_bytes(), data].concat(),
        ),
        end(),
    ]
    .concat()
}

/// A record of a pax header, which begins with its own length.
pub(super) fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let length = (1..)
        .find(|length: &usize| length.to_string().len() + rest.len() == *length)
        .unwrap();
    format!("{length}{rest}").into_bytes()
}

/// The volumes of a multi-volume archive of one file, cut behind so many bytes of it each time.
pub(super) fn volumes(name: &str, content: &[u8], cut: usize) -> Vec<Vec<u8>> {
    let mut volumes: Vec<Vec<u8>> = Vec::new();
    for (number, piece) in content.chunks(cut).enumerate() {
        let offset = number * cut;
        let head = match offset {
            0 => header(name, b'0', content.len()),
            _ => continuation(name, offset, content.len() - offset),
        };
        volumes.push([&head[..], piece].concat());
    }
    let last = volumes.last_mut().unwrap();
    last.resize(last.len().next_multiple_of(BLOCK) + 2 * BLOCK, 0);
    volumes
}

/// The header with which a volume goes on.
pub(super) fn continuation(name: &str, offset: usize, left: usize) -> [u8; BLOCK] {
    let mut block = header(name, b'M', left);
    block[257..265].copy_from_slice(b"ustar  \0");
    block[369..381].copy_from_slice(format!("{offset:011o}\0").as_bytes());
    sealed(block)
}
