// SPDX-License-Identifier: GPL-3.0-or-later
//! What every method has to hold to, and the limits on hostile streams. The stock tools are tried in `tests/format`.

use std::io::{self, ErrorKind, Read, Write};

use liblzma::{
    stream::{Check, Filters, LzmaOptions, Stream},
    write::XzEncoder,
};

use super::*;
use crate::format::{FormatFault, limits};

const METHODS: [Compression; 4] = [
    Compression::Gzip,
    Compression::Bzip2,
    Compression::Xz,
    Compression::Zstd,
];

fn packed(method: Compression, content: &[u8]) -> Vec<u8> {
    compressed(method, Level::default(), content).unwrap()
}

/// What the old `lzma` writes.
fn lzma(content: &[u8], options: &LzmaOptions) -> Vec<u8> {
    let mut encoder = XzEncoder::new_stream(Vec::new(), Stream::new_lzma_encoder(options).unwrap());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn read(method: Compression, stream: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    decoder(method, io::Cursor::new(stream.to_vec())).read_to_end(&mut content)?;
    Ok(content)
}

/// Returns what it reads byte by byte.
struct Drip<R>(R);

impl<R: Read> Read for Drip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(1);
        self.0.read(&mut buffer[..count])
    }
}

/// Numbers that compress, but not to nothing.
fn content(numbers: u32) -> Vec<u8> {
    (0..numbers).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect()
}

#[test]
fn what_was_packed_is_unpacked() {
    for method in METHODS {
        for content in [Vec::new(), b"x".to_vec(), content(100_000)] {
            let stream = packed(method, &content);
            assert!(read(method, &stream).unwrap() == content, "{method:?}");
            let mut slowly = Vec::new();
            decoder(method, Drip(&stream[..])).read_to_end(&mut slowly).unwrap();
            assert!(slowly == content, "{method:?}");
        }
    }
}

#[test]
fn several_streams_are_one() {
    for method in METHODS {
        let stream = [&b"one "[..], b"", b"two"]
            .map(|content| packed(method, content))
            .concat();
        assert_eq!(read(method, &stream).unwrap(), b"one two", "{method:?}");
        // Also where the seam is that of two reads.
        let [first, second] = [&b"one "[..], b"two"].map(|content| packed(method, content));
        let mut both = Vec::new();
        let chained = first.as_slice().chain(second.as_slice());
        decoder(method, chained).read_to_end(&mut both).unwrap();
        assert_eq!(both, b"one two", "{method:?}");
    }
}

#[test]
fn xz_streams_may_have_zeros_between_them() {
    let [one, two] = [&b"one "[..], b"two"].map(|content| packed(Compression::Xz, content));
    let read = |padding: &[u8]| read(Compression::Xz, &[&one[..], padding, &two[..], &[0; 4]].concat());
    assert_eq!(read(&[0; 8]).unwrap(), b"one two");
    assert_eq!(read(&[0; 3]).unwrap_err().kind(), ErrorKind::InvalidData);
}

#[test]
fn every_cut_is_found() {
    for method in METHODS {
        let stream = packed(method, &vec![7; 10_000]);
        for length in 0..stream.len() {
            let error = read(method, &stream[..length]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{method:?} {length}: {error}");
        }
        // And in a second stream.
        let both = [stream.clone(), stream.clone()].concat();
        for length in stream.len() + 1..both.len() {
            let error = read(method, &both[..length]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{method:?} {length}: {error}");
        }
    }
}

#[test]
fn what_follows_the_stream_is_an_error() {
    for method in METHODS {
        for garbage in [&b"x"[..], b"\0", b"\x1f\x8b", b"BZ", b"garbage that is long enough"] {
            let error = read(method, &[&packed(method, b"abc")[..], garbage].concat()).unwrap_err();
            let kinds = [ErrorKind::UnexpectedEof, ErrorKind::InvalidData];
            assert!(kinds.contains(&error.kind()), "{method:?} {garbage:?}: {error}");
        }
    }
}

#[test]
fn altered_streams_never_pass_for_the_content() {
    let content = content(300);
    for method in METHODS {
        let stream = packed(method, &content);
        for at in 0..stream.len() {
            for bit in [0x01, 0x10, 0x80] {
                let mut altered = stream.clone();
                altered[at] ^= bit;
                match read(method, &altered) {
                    // Times, flags and the bits behind the last code are not the content.
                    Ok(read) => assert!(read == content, "{method:?} {at}"),
                    Err(error) => {
                        let kinds = [ErrorKind::UnexpectedEof, ErrorKind::InvalidData];
                        assert!(kinds.contains(&error.kind()), "{method:?} {at}: {error}");
                    }
                }
            }
        }
    }
}

#[test]
fn another_method_is_not_taken_for_this_one() {
    for method in METHODS {
        for other in METHODS.into_iter().filter(|other| *other != method) {
            let error = read(method, &packed(other, b"abc")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{method:?} {other:?}: {error}");
        }
        let error = read(method, &[b'x'; 600]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{method:?}: {error}");
    }
}

#[test]
fn errors_of_the_source_come_through() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(ErrorKind::PermissionDenied, "no"))
        }
    }
    for method in METHODS {
        let stream = packed(method, &content(50_000));
        let mut broken = decoder(method, stream[..stream.len() / 2].chain(Broken));
        let error = broken.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{method:?}");
    }
}

#[test]
fn the_old_form_of_xz_is_read_by_both_names() {
    let content = content(2_000);
    let stream = lzma(&content, &LzmaOptions::new_preset(6).unwrap());
    for method in [Compression::Lzma, Compression::Xz] {
        assert!(read(method, &stream).unwrap() == content);
        for length in 0..stream.len() {
            let error = read(method, &stream[..length]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{length}: {error}");
        }
        let error = read(method, &[&stream[..], b"x"].concat()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
    assert!(read(Compression::Lzma, &packed(Compression::Xz, b"abc")).unwrap() == b"abc");
    assert_eq!(
        Encoder::new(Compression::Lzma, Level::default()).err().unwrap().kind(),
        ErrorKind::Unsupported
    );
}

#[test]
fn what_is_written_in_the_old_form_is_one_stream_at_every_level() {
    let content = content(3_000_000);
    for level in [Level::Fast, Level::Balanced, Level::Small] {
        let stream = compressed(Compression::Lzma, level, &content).unwrap();
        assert!(stream.len() < content.len() && read(Compression::Lzma, &stream).unwrap() == content);
    }
    assert_eq!(
        read(
            Compression::Lzma,
            &compressed(Compression::Lzma, Level::Fast, b"").unwrap()
        )
        .unwrap(),
        b""
    );
}

#[test]
fn xz_may_not_ask_for_any_amount_of_memory() {
    let of_dictionary = |mib: u32| {
        let mut options = LzmaOptions::new_preset(0).unwrap();
        options.dict_size(mib << 20);
        let mut filters = Filters::new();
        filters.lzma2(&options);
        let stream = Stream::new_stream_encoder(&filters, Check::Crc64).unwrap();
        let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(b"abc").unwrap();
        (encoder.finish().unwrap(), lzma(b"abc", &options))
    };
    // `xz -9` has 64 MiB.
    for mib in [64, 128] {
        let (xz, lzma) = of_dictionary(mib);
        assert_eq!(read(Compression::Xz, &xz).unwrap(), b"abc");
        assert_eq!(read(Compression::Lzma, &lzma).unwrap(), b"abc");
    }
    // Between 128 and 192 MiB there is no size that a header of either form can hold.
    for mib in [192, 256] {
        let (xz, lzma) = of_dictionary(mib);
        for stream in [xz, lzma] {
            let error = read(Compression::Xz, &stream).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
            assert_eq!(fault(error), CompressionFault::TooMuchMemory { form: "xz" });
        }
    }
}

/// The reason in an error of a stream.
fn fault(error: io::Error) -> CompressionFault {
    match error.downcast().unwrap() {
        FormatFault::Compression(fault) => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn zstd_may_not_ask_for_any_amount_of_memory() {
    let of_window = |log| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(log).unwrap();
        encoder.write_all(b"abc").unwrap();
        encoder.flush().unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(
        read(Compression::Zstd, &of_window(limits::ZSTD_WINDOW_LOG)).unwrap(),
        b"abc"
    );
    let error = read(Compression::Zstd, &of_window(limits::ZSTD_WINDOW_LOG + 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    assert_eq!(fault(error), CompressionFault::TooMuchMemory { form: "zstd" });
}

#[test]
fn nothing_is_done_where_nothing_is_asked_for() {
    assert_eq!(packed(Compression::None, b"abc"), b"abc");
    assert_eq!(read(Compression::None, b"abc").unwrap(), b"abc");
}

#[test]
fn the_parallel_tools_are_other_names_of_the_plain_ones() {
    for (name, method) in [
        ("gzip", Compression::Gzip),
        ("pigz", Compression::Gzip),
        ("bzip2", Compression::Bzip2),
        ("pbzip2", Compression::Bzip2),
        ("xz", Compression::Xz),
        ("zstd", Compression::Zstd),
        ("zstdmt", Compression::Zstd),
    ] {
        assert_eq!(Compression::from_filter_name(name), Some(method));
        assert_eq!(Compression::writing_for(name), Some(method));
        assert_eq!(Filter::chosen(name), Filter::BuiltIn(method));
    }
    assert_eq!(Compression::from_filter_name("lzma"), Some(Compression::Lzma));
    assert_eq!(Compression::writing_for("lzma"), Some(Compression::Lzma));
    for name in ["", "GZIP", "/usr/bin/gzip", "lz4", "none"] {
        assert_eq!(Compression::from_filter_name(name), None, "{name}");
        assert_eq!(Filter::chosen(name), Filter::Program(name.to_owned()));
    }
}
