// SPDX-License-Identifier: GPL-3.0-or-later
//! Inner archives: every form that GNU tar writes, and what was written here comes back, whatever its shape.

use std::{fs, io::Write, os::unix::fs::FileExt};

use pedos_backup::format::{
    WriteError,
    inner::{self, EntryKind, Extent, NewMember},
};
use proptest::prelude::*;

use super::{
    layers::{Random, content, data_extents, read_inner, sparse_tar},
    tools,
};

#[test]
fn every_form_of_gnu_tar_is_read() {
    if !tools::have(&["tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("volume")).unwrap();
    // More extents than fit into the header and one further block of the old form.
    for index in 0..60_u64 {
        file.write_all_at(&content(index, 4096), index * 65_536).unwrap();
    }
    file.set_len(60 * 65_536 + 123).unwrap();
    let dense = fs::File::create(folder.path().join("dense")).unwrap();
    dense.write_all_at(&content(99, 5000), 0).unwrap();
    let hollow = fs::File::create(folder.path().join("hollow")).unwrap();
    hollow.set_len(1_000_000).unwrap();
    fs::write(folder.path().join("nothing"), "").unwrap();
    let names = ["volume", "dense", "hollow", "nothing"];
    for form in [
        "--format=v7",
        "--format=ustar",
        "--format=oldgnu",
        "--format=gnu",
        "--format=posix",
        "--format=oldgnu --sparse",
        "--format=gnu --sparse",
        "--format=gnu --sparse --hole-detection=raw",
        "--format=posix --sparse --sparse-version=0.0",
        "--format=posix --sparse --sparse-version=0.1",
        "--format=posix --sparse --sparse-version=1.0",
        "--format=posix --sparse --hole-detection=raw",
    ] {
        tools::shell(folder.path(), &format!("tar {form} -cf t {}", names.join(" ")), &[]);
        let tar = fs::read(folder.path().join("t")).unwrap();
        let is_sparse = form.contains("--sparse");
        assert_eq!(tar.len() < 1_000_000, is_sparse, "{form}: {}", tar.len());
        for buffer_bytes in [1000, 1 << 20] {
            let entries = read_inner(&tar, buffer_bytes).unwrap();
            assert_eq!(entries.len(), names.len());
            for (name, (entry, content)) in names.iter().zip(&entries) {
                assert_eq!(
                    (&*entry.name, &entry.kind),
                    (name.as_bytes(), &EntryKind::File),
                    "{form}"
                );
                assert!(*content == fs::read(folder.path().join(name)).unwrap(), "{form} {name}");
            }
        }
    }
}

#[test]
fn folders_links_and_long_names_of_gnu_tar_are_read() {
    if !tools::have(&["tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(120);
    let line = format!(
        "mkdir -p home/user/empty home/user/{long}; echo a > home/user/{long}/{long}; chmod 640 home/user/{long}/{long}
         ln -s {long}/{long} home/user/soft; ln home/user/{long}/{long} home/user/zweiter; mkfifo home/user/pipe
         touch -d @-5.5 home/user/empty; printf b > $'home/user/\\xff\\xfe'"
    );
    tools::shell(folder.path(), &line, &[]);
    for form in ["gnu", "oldgnu", "posix"] {
        tools::shell(
            folder.path(),
            &format!("LC_ALL=C tar --format={form} --sort=name -cf t home/user"),
            &[],
        );
        let entries = read_inner(&fs::read(folder.path().join("t")).unwrap(), 512).unwrap();
        let find = |name: &str| entries.iter().find(|(entry, _)| entry.name == name.as_bytes()).unwrap();
        assert_eq!(find("home/user/").0.kind, EntryKind::Directory);
        assert_eq!(find("home/user/empty/").0.kind, EntryKind::Directory);
        let (file, content) = find(&format!("home/user/{long}/{long}"));
        assert_eq!((file.mode, &content[..]), (0o640, &b"a\n"[..]));
        assert!(file.mtime > 1_700_000_000);
        assert_eq!(
            find("home/user/soft").0.kind,
            EntryKind::Symlink(format!("{long}/{long}").into())
        );
        let target = format!("home/user/{long}/{long}");
        assert_eq!(find("home/user/zweiter").0.kind, EntryKind::HardLink(target.into()));
        assert_eq!(find("home/user/pipe").0.kind, EntryKind::Fifo);
        assert!(
            entries
                .iter()
                .any(|(entry, content)| entry.name == b"home/user/\xff\xfe" && content == b"b")
        );
    }
}

fn extents() -> impl Strategy<Value = (Vec<Extent>, u64)> {
    // Gaps and lengths in blocks, and bytes that the last block is short of or the file goes on.
    (prop::collection::vec((0_u64..5, 1_u64..5), 0..40), 0_u64..512, 0_u64..3).prop_map(|(runs, short, hole)| {
        let mut extents = Vec::new();
        let mut position = 0;
        for (gap, blocks) in runs {
            extents.push(Extent {
                offset: position + gap * 512,
                length: blocks * 512,
            });
            position += (gap + blocks) * 512;
        }
        let size = if hole == 0 {
            position.saturating_sub(short)
        } else {
            position + hole * 512 - short
        };
        if let Some(last) = extents.last_mut() {
            last.length = last.end().min(size) - last.offset;
        }
        (extents, size)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sparse_files_of_every_shape_come_back((extents, size) in extents(), buffer_bytes in 1_usize..3000) {
        let mut volume = vec![0; size as usize];
        for extent in &extents {
            volume[extent.offset as usize..extent.end() as usize].copy_from_slice(&content(extent.offset, extent.length as usize));
        }
        let tar = sparse_tar("vm1/root.img", &volume, &extents);
        let entries = read_inner(&tar, buffer_bytes).unwrap();
        prop_assert_eq!(entries.len(), 1);
        prop_assert_eq!(&*entries[0].0.name, b"vm1/root.img");
        prop_assert!(entries[0].1 == volume);
        // Holes are not made longer than what is written for them.
        let mut reader = inner::Reader::new(&*tar);
        reader.next_entry().unwrap().unwrap();
        let mut buffer = vec![0; 1 << 20];
        let mut seen = Vec::new();
        while let Some((offset, count)) = reader.next_data(&mut buffer).unwrap() {
            seen.push(Extent { offset, length: count as u64 });
        }
        prop_assert_eq!(seen, extents);
        prop_assert!(reader.finish().unwrap().has_mark);
    }
}

#[test]
fn stock_tar_restores_sparse_files_of_every_shape() {
    if !tools::have(&["tar"]) {
        return;
    }
    let mut random = Random(7);
    let folder = tempfile::tempdir().unwrap();
    for round in 0..60 {
        let mut volume = vec![0; random.below(200_000)];
        for _ in 0..random.below(30) {
            if volume.is_empty() {
                break;
            }
            let start = random.below(volume.len());
            let length = random.below(3000).min(volume.len() - start);
            volume[start..start + length].copy_from_slice(&content(random.next(), length));
        }
        let tar = sparse_tar("vm1/root.img", &volume, &data_extents(&volume));
        fs::write(folder.path().join("t"), tar).unwrap();
        tools::shell(folder.path(), "rm -rf vm1; tar -xf t", &[]);
        assert!(
            fs::read(folder.path().join("vm1/root.img")).unwrap() == volume,
            "round {round}"
        );
    }
}

#[test]
fn a_writer_holds_its_caller_to_what_was_announced() {
    let extent = |offset, length| Extent { offset, length };
    let refused = |size, extents: &[Extent]| {
        let result = inner::Writer::new(Vec::new()).sparse_member("v", size, extents);
        matches!(result, Err(WriteError::Unwritable { .. }))
    };
    assert!(refused(4096, &[extent(0, 100)]));
    assert!(refused(4096, &[extent(100, 512)]));
    assert!(refused(4096, &[extent(512, 512), extent(0, 512)]));
    assert!(refused(4096, &[extent(0, 1024), extent(512, 512)]));
    assert!(refused(4096, &[extent(4096, 512)]));
    assert!(refused(4096, &[extent(0, 0)]));
    assert!(refused(4096, &[extent(512, u64::MAX - 511)]));
    assert!(!refused(100, &[extent(0, 100)]));

    let mut writer = inner::Writer::new(Vec::new());
    writer.member(&NewMember::small_file("a", 0, 5)).unwrap();
    assert!(writer.write_all(b"123456").is_err());
    writer.write_all(b"1234").unwrap();
    assert!(writer.end_member().is_err());
    assert!(writer.member(&NewMember::small_file("b", 0, 0)).is_err());
    writer.write_all(b"5").unwrap();
    assert!(writer.member(&NewMember::small_file("b", 0, 0)).is_err());
    writer.end_member().unwrap();
    writer.finish().unwrap();
}

#[test]
fn a_missing_end_mark_and_what_follows_one_are_reported() {
    let tar = sparse_tar("v", b"abc", &[Extent { offset: 0, length: 3 }]);
    let ending = |tar: &[u8]| {
        let mut reader = inner::Reader::new(tar);
        reader.next_entry().unwrap().unwrap();
        assert!(reader.next_entry().unwrap().is_none());
        let ending = reader.finish().unwrap();
        (ending.has_mark, ending.has_more)
    };
    assert_eq!(ending(&tar), (true, false));
    assert_eq!(ending(&tar[..tar.len() - 1024]), (false, false));
    assert_eq!(ending(&tar[..tar.len() - 512]), (true, false));
    assert_eq!(ending(&[&tar[..], &[0; 9000]].concat()), (true, false));
    assert_eq!(ending(&[&tar[..], b"garbage"].concat()), (true, true));
}
