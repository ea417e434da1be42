// SPDX-License-Identifier: GPL-3.0-or-later
//! Volumes that the stock tar cut, at every place where it can cut, and what can happen to them afterwards.

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::{FileExt, PermissionsExt, symlink},
    path::Path,
};

use pedos_backup::format::{FormatFault, MultiVolume};

use super::{layers::content, tools};

/// Reads volumes one behind the other, in odd pieces.
fn join(volumes: &[Vec<u8>], piece: usize) -> io::Result<Vec<u8>> {
    let mut rest = volumes.iter();
    let mut reader = MultiVolume::new(|| Ok(rest.next().map(|volume| &volume[..])));
    let mut joined = Vec::new();
    let mut buffer = vec![0; piece];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(joined),
            count => joined.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Writes files as one archive and in volumes of so many blocks, in records of so many blocks.
fn cut(folder: &Path, options: &str, files: &str, record: usize, blocks: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let script = folder.join("next-volume");
    if !script.exists() {
        fs::write(
            &script,
            "#!/bin/sh\nprintf 'volumes/%05d' \"$TAR_VOLUME\" >&\"$TAR_FD\"\n",
        )
        .unwrap();
        fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let line = format!(
        "rm -rf volumes whole; mkdir volumes
         tar -Pc --sparse -b {record} {options} -f whole {files}
         tar -PMc --sparse -b {record} --tape-length {}c --new-volume-script \"$PWD/next-volume\" {options} \
             -f volumes/00001 {files}",
        blocks * 512
    );
    tools::shell(folder, &line, &[]);
    let mut names: Vec<_> = fs::read_dir(folder.join("volumes"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    (
        fs::read(folder.join("whole")).unwrap(),
        names.iter().map(|name| fs::read(name).unwrap()).collect(),
    )
}

/// Without the zeros at the end, of which there are more or fewer.
fn trimmed(archive: &[u8]) -> &[u8] {
    let end = archive.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &archive[..end]
}

#[track_caller]
fn assert_joined(folder: &Path, options: &str, files: &str, record: usize, blocks: usize) {
    let (whole, volumes) = cut(folder, options, files, record, blocks);
    for piece in [511, 70_000] {
        let joined = join(&volumes, piece).unwrap_or_else(|error| panic!("{files} {record} {blocks}: {error}"));
        assert!(trimmed(&joined) == trimmed(&whole), "{files} {record} {blocks}");
    }
}

/// A file with holes in so many places that its map goes on in blocks of its own.
fn sparse_file(path: &Path, extents: u64) {
    let file = fs::File::create(path).unwrap();
    for index in 0..extents {
        file.write_all_at(&content(index, 4096), index * 65_536 + 8192).unwrap();
    }
    file.set_len(extents * 65_536 + 100_000).unwrap();
}

#[test]
fn a_seam_anywhere_in_a_file_is_closed() {
    if !tools::have(&["bash", "tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("a", 20_000), ("block", 512), ("none", 0), ("even", 10_240), ("one", 1)] {
        fs::write(folder.path().join(name), content(7, bytes)).unwrap();
    }
    for blocks in 2..45 {
        assert_joined(folder.path(), "", "a", 1, blocks);
        assert_joined(folder.path(), "", "none one even block a none", 1, blocks);
    }
    for (record, blocks) in [(2, 4), (3, 6), (3, 9), (7, 14), (20, 20), (20, 40)] {
        assert_joined(folder.path(), "", "none one even block a none a one", record, blocks);
    }
}

#[test]
fn a_seam_anywhere_in_a_sparse_file_is_closed() {
    if !tools::have(&["bash", "tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    sparse_file(&folder.path().join("few"), 3);
    sparse_file(&folder.path().join("many"), 50);
    fs::File::create(folder.path().join("hole"))
        .unwrap()
        .set_len(300_000)
        .unwrap();
    fs::write(folder.path().join("a"), content(7, 700)).unwrap();
    for blocks in (2..30).chain([200, 399, 400, 401, 402, 403, 404, 405]) {
        assert_joined(folder.path(), "", "few", 1, blocks);
        assert_joined(folder.path(), "", "a hole many a few a hole", 1, blocks);
    }
    for (record, blocks) in [(20, 20), (20, 40)] {
        assert_joined(folder.path(), "", "hole a few many hole a", record, blocks);
    }
}

#[test]
fn a_seam_anywhere_in_a_folder_is_closed() {
    if !tools::have(&["bash", "tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("vm").join("d".repeat(60)).join("e".repeat(60));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("n".repeat(120)), content(8, 3000)).unwrap();
    fs::write(deep.join("short"), content(9, 600)).unwrap();
    symlink("x".repeat(150), deep.join("link")).unwrap();
    fs::write(folder.path().join("vm/root.img"), content(9, 9000)).unwrap();
    sparse_file(&deep.join("sparse"), 30);
    for blocks in 2..40 {
        assert_joined(folder.path(), "", "vm", 1, blocks);
    }
    for (record, blocks) in [(20, 20), (20, 60)] {
        assert_joined(folder.path(), "-C vm --xform 's:^.:vm1/\\0:'", ".", record, blocks);
    }
}

#[test]
fn volumes_that_are_missing_repeated_or_swapped_are_found() {
    if !tools::have(&["bash", "tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), content(7, 60_000)).unwrap();
    let (_, volumes) = cut(folder.path(), "", "a", 20, 20);
    assert!(volumes.len() > 4);
    let kind = |volumes: &[Vec<u8>]| match join(volumes, 1000) {
        Ok(_) => "good".to_owned(),
        Err(error) => match error.get_ref().and_then(|error| error.downcast_ref::<FormatFault>()) {
            Some(FormatFault::Volumes(error)) => format!("{error:?}").split_whitespace().next().unwrap().to_owned(),
            _ => error.kind().to_string(),
        },
    };
    assert_eq!(kind(&volumes), "good");
    for index in 0..volumes.len() {
        let mut missing = volumes.clone();
        missing.remove(index);
        let expected = match index {
            0 => "NoBeginning",
            _ if index + 1 == volumes.len() => "unexpected end of file",
            _ => "DoesNotFit",
        };
        assert_eq!(kind(&missing), expected, "{index}");
        let mut repeated = volumes.clone();
        repeated.insert(index, volumes[index].clone());
        let expected = if index + 1 == volumes.len() {
            "BehindTheEnd"
        } else {
            "DoesNotFit"
        };
        assert_eq!(kind(&repeated), expected, "{index}");
        let mut short = volumes.clone();
        short[index].truncate(1000);
        assert_eq!(kind(&short), "Cut", "{index}");
    }
    let mut swapped = volumes.clone();
    swapped.swap(1, 2);
    assert_eq!(kind(&swapped), "DoesNotFit");
    let zeros = [volumes.clone(), vec![vec![0; 1024]]].concat();
    assert_eq!(kind(&zeros), "good");
    let empty = [volumes, vec![vec![]]].concat();
    assert_eq!(kind(&empty), "Cut");
}
