// SPDX-License-Identifier: GPL-3.0-or-later
//! The stages of the work by themselves: keys, parts, compression and the way back, the map of a volume, the inner archive.
//!
//! For work on the speed of one stage; `benches/compare` measures the whole against other programs.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/noise.rs"]
mod noise;

use std::{
    fs::File,
    hint::black_box,
    io::{self, Read, Write},
    os::unix::fs::FileExt,
    time::Duration,
};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pedos_backup::{
    crypto::{ContainerHeader, KdfCost, KdfLimits, SealKey},
    format::{
        Compression, Level, compressed, decoder,
        inner::{Extent, NewMember, Reader, Writer},
    },
    host::{FileVolume, VolumeSource},
};

use noise::Noise;

/// One mebibyte, in bytes.
const MIB: usize = 1 << 20;
/// A full part.
const PART: usize = 100 * MIB;
/// The cheapest key: where the work on the data is measured, the key is none of it.
const CHEAP: KdfCost = KdfCost { log_n: 1, r: 1, p: 1 };
const PASSPHRASE: &[u8] = b"20260101T000000-1!vm1/private.img.000!a passphrase";

criterion_group! {
    name = stages;
    // What takes seconds is done ten times; the spread is small.
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = keys, parts, compression, decompression, maps, inner_archives
}
criterion_main!(stages);

fn keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key");
    let costs = [
        ("default", KdfCost::DEFAULT),
        ("reference", KdfCost::REFERENCE),
        ("stock tool in 4 GiB", KdfCost { log_n: 18, r: 8, p: 8 }),
    ];
    for (name, cost) in costs {
        group.bench_function(name, |bencher| {
            bencher.iter(|| SealKey::derive(black_box(PASSPHRASE), cost).map(|_| ()));
        });
    }
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("part");
    group.throughput(Throughput::Bytes(PART as u64));
    let mut content = Noise::new(1).bytes(PART);
    let key = || SealKey::derive(PASSPHRASE, CHEAP);
    group.bench_function("seal", |bencher| {
        bencher.iter_batched(
            key,
            |key| key.map(|key| key.seal(&mut content)),
            BatchSize::PerIteration,
        );
    });
    let Ok(key) = key() else { return };
    let sealed = key.seal(&mut content);
    let container = [sealed.header.as_slice(), &content, &sealed.mac].concat();
    drop(content);
    group.bench_function("open", |bencher| {
        // A part that was opened is no container any more, so each time a copy is.
        let unlocked = || ContainerHeader::parse(&container)?.unlock(PASSPHRASE, &KdfLimits::DEFAULT);
        bencher.iter_batched(
            || (unlocked(), container.clone()),
            |(key, mut copy)| key.and_then(|key| key.open(&mut copy)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// What is compressed: text, a program (this one), and what cannot be compressed.
fn samples() -> io::Result<Vec<(&'static str, Vec<u8>)>> {
    const SIZE: usize = 32 * MIB;
    let mut program = Vec::new();
    while program.len() < SIZE {
        File::open(std::env::current_exe()?)?.read_to_end(&mut program)?;
    }
    program.truncate(SIZE);
    let mut noise = Noise::new(2);
    Ok(vec![
        ("text", noise.text(SIZE)),
        ("program", program),
        ("noise", noise.bytes(SIZE)),
    ])
}

const METHODS: [(&str, Compression); 2] = [("gzip", Compression::Gzip), ("zstd", Compression::Zstd)];

fn compression(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compress");
    let Ok(samples) = samples() else { return };
    for (method, compression) in METHODS {
        for level in [Level::Fast, Level::Balanced] {
            for (name, data) in &samples {
                let id = BenchmarkId::new(format!("{method}, {}", level.name().unwrap_or_default()), name);
                group.throughput(Throughput::Bytes(data.len() as u64));
                group.bench_with_input(id, data, |bencher, data| {
                    bencher.iter(|| compressed(compression, level, data).map(|bytes| bytes.len()));
                });
            }
        }
    }
    group.finish();
}

fn decompression(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decompress");
    let Ok(samples) = samples() else { return };
    for (method, compression) in METHODS {
        for (name, data) in &samples {
            let Ok(stream) = compressed(compression, Level::default(), data) else {
                return;
            };
            group.throughput(Throughput::Bytes(data.len() as u64));
            group.bench_with_input(BenchmarkId::new(method, name), &stream, |bencher, stream| {
                bencher.iter(|| io::copy(&mut decoder(compression, stream.as_slice()), &mut io::sink()));
            });
        }
    }
    group.finish();
}

/// A volume of so many segments of one block each, far from each other.
fn volume(segments: u64) -> io::Result<FileVolume> {
    let file = tempfile::tempfile()?;
    file.set_len(segments * MIB as u64)?;
    for segment in 0..segments {
        file.write_all_at(&[1; 4096], segment * MIB as u64)?;
    }
    FileVolume::new(file)
}

fn maps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("map of a volume");
    for segments in [100, 10_000] {
        let Ok(volume) = volume(segments) else { return };
        group.throughput(Throughput::Elements(segments));
        group.bench_with_input(BenchmarkId::from_parameter(segments), &volume, |bencher, volume| {
            bencher.iter(|| volume.extents().map(|extents| extents.len()));
        });
    }
    group.finish();
}

fn inner_archives(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inner archive");
    let extents: Vec<Extent> = (0..5000)
        .map(|number| Extent {
            offset: number * MIB as u64,
            length: 8192,
        })
        .collect();
    let data = Noise::new(3).bytes(8192);
    let bytes = extents.len() * data.len();
    group.throughput(Throughput::Bytes(bytes as u64));
    let archive = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut writer = Writer::new(Vec::with_capacity(bytes + MIB));
        writer.sparse_member("vm1/private.img", 5000 * MIB as u64, &extents)?;
        for _ in &extents {
            writer.write_all(&data)?;
        }
        writer.end_member()?;
        Ok(writer.finish()?)
    };
    group.bench_function("write with holes", |bencher| {
        bencher.iter(|| archive().map(|bytes| bytes.len()));
    });
    let Ok(archive) = archive() else { return };
    let read = || -> Result<u64, Box<dyn std::error::Error>> {
        let mut reader = Reader::new(archive.as_slice());
        let mut buffer = vec![0; MIB];
        let mut bytes = 0;
        while reader.next_entry()?.is_some() {
            while let Some((_, length)) = reader.next_data(&mut buffer)? {
                bytes += length as u64;
            }
        }
        reader.finish()?;
        Ok(bytes)
    };
    group.bench_function("read with holes", |bencher| bencher.iter(|| read().ok()));
    group.throughput(Throughput::Elements(1));
    group.bench_function("small file", |bencher| {
        bencher.iter(|| -> Result<usize, Box<dyn std::error::Error>> {
            let mut writer = Writer::new(Vec::new());
            writer.member(&NewMember::small_file("vm1/notes.txt", 0, 5))?;
            writer.write_all(b"notes")?;
            writer.end_member()?;
            Ok(writer.finish()?.len())
        });
    });
    group.finish();
}
