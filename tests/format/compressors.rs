// SPDX-License-Identifier: GPL-3.0-or-later
//! Stock compressors read what is written here, and the other way round.

use std::{
    fs,
    io::{self, Cursor, ErrorKind, Read},
};

use pedos_backup::format::{Compression, Level, compressed, decoder};

use super::{layers::content, tools};

/// Numbers that compress, noise that does not, and zeros, over several blocks of every method.
fn mixed() -> Vec<u8> {
    let numbers: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
    [numbers, content(1, 400_000), vec![0; 1_500_000]].concat()
}

fn packed(method: Compression, content: &[u8]) -> Vec<u8> {
    compressed(method, Level::default(), content).unwrap()
}

fn unpacked(method: Compression, stream: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    decoder(method, Cursor::new(stream)).read_to_end(&mut content)?;
    Ok(content)
}

#[test]
fn stock_tools_read_what_is_packed_here() {
    let readers = [
        (Compression::Gzip, "gzip"),
        (Compression::Gzip, "pigz"),
        (Compression::Bzip2, "bzip2"),
        (Compression::Bzip2, "pbzip2"),
        (Compression::Xz, "xz"),
        (Compression::Zstd, "zstd"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (method, tool) in readers {
        if !tools::have(&[tool]) {
            continue;
        }
        for content in [Vec::new(), b"x".to_vec(), mixed()] {
            fs::write(folder.path().join("packed"), packed(method, &content)).unwrap();
            // From a pipe, as tar and the published procedure give it to them.
            tools::shell(
                folder.path(),
                "cat packed | $tool -d > content",
                &[("tool", tool.as_ref())],
            );
            assert!(fs::read(folder.path().join("content")).unwrap() == content, "{tool}");
        }
    }
}

#[test]
fn xz_and_zstd_streams_have_their_checksums() {
    if !tools::have(&["xz", "zstd"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.xz"), packed(Compression::Xz, b"abc")).unwrap();
    fs::write(folder.path().join("t.zst"), packed(Compression::Zstd, b"abc")).unwrap();
    let xz = tools::shell(folder.path(), "xz --robot --list t.xz", &[]);
    assert!(xz.contains("CRC64"), "{xz}");
    let zstd = tools::shell(folder.path(), "zstd --list -v t.zst 2>&1", &[]);
    assert!(zstd.contains("XXH64"), "{zstd}");
}

/// What stock tools make of the file `content`; the tool is the first word.
const LINES: [(Compression, &str); 23] = [
    (Compression::Gzip, "gzip -1"),
    (Compression::Gzip, "gzip -9"),
    (Compression::Gzip, "pigz -p 3 -b 128"),
    (Compression::Gzip, "pigz -p 3 -b 128 -i"),
    (Compression::Bzip2, "bzip2 -1"),
    (Compression::Bzip2, "bzip2"),
    (Compression::Bzip2, "pbzip2 -p3 -b2"),
    (Compression::Xz, "xz -0"),
    (Compression::Xz, "xz"),
    (Compression::Xz, "xz -9"),
    (Compression::Xz, "xz -1 -T2 --block-size=300000"),
    (Compression::Xz, "xz -1 --check=none"),
    (Compression::Xz, "xz -1 --check=crc32"),
    (Compression::Xz, "xz -1 --check=sha256"),
    (Compression::Xz, "xz --x86 --lzma2=preset=1"),
    (Compression::Xz, "xz --format=lzma -1"),
    (Compression::Lzma, "lzma -1"),
    (Compression::Lzma, "xz --format=lzma -9"),
    (Compression::Zstd, "zstd"),
    (Compression::Zstd, "zstd -19"),
    (Compression::Zstd, "zstd --long=27"),
    (Compression::Zstd, "zstd -1 --no-check"),
    (Compression::Zstd, "zstdmt -1"),
];

#[test]
fn what_stock_tools_pack_is_read_here() {
    let folder = tempfile::tempdir().unwrap();
    let content = mixed();
    fs::write(folder.path().join("content"), &content).unwrap();
    for (method, line) in LINES {
        if !tools::have(&[line.split(' ').next().unwrap()]) {
            continue;
        }
        // Each from a pipe too: the tool does not know then how much there is to come.
        let shell = format!("cat content | {line} > piped; {line} -c content > named");
        tools::shell(folder.path(), &shell, &[]);
        for name in ["piped", "named"] {
            let stream = fs::read(folder.path().join(name)).unwrap();
            assert!(unpacked(method, &stream).unwrap() == content, "{line}: {name}");
            for length in [stream.len() / 2, stream.len() - 1] {
                let error = unpacked(method, &stream[..length]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{line}: {error}");
            }
            let error = unpacked(method, &[&stream[..], b"rubbish"].concat()).unwrap_err();
            let kinds = [ErrorKind::UnexpectedEof, ErrorKind::InvalidData];
            assert!(kinds.contains(&error.kind()), "{line}: {error}");
        }
    }
}

#[test]
fn streams_of_different_tools_one_behind_the_other_are_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one"), content(2, 70_000)).unwrap();
    fs::write(folder.path().join("two"), mixed()).unwrap();
    let both = [content(2, 70_000), mixed()].concat();
    for (method, first, second) in [
        (Compression::Gzip, "gzip", "pigz"),
        (Compression::Bzip2, "pbzip2", "bzip2"),
        (Compression::Xz, "xz", "xz"),
        (Compression::Zstd, "zstd", "zstdmt"),
    ] {
        if !tools::have(&[first, second]) {
            continue;
        }
        let line = format!("{first} -1 -c one > joined; : | {second} -1 >> joined; {second} -1 -c two >> joined");
        tools::shell(folder.path(), &line, &[]);
        let stream = fs::read(folder.path().join("joined")).unwrap();
        assert!(unpacked(method, &stream).unwrap() == both, "{first}, {second}");
    }
}
