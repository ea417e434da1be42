// SPDX-License-Identifier: GPL-3.0-or-later
//! Stock tools read what these layers write, and the other way round.

use std::{
    fs,
    io::Write,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt},
    },
    path::Path,
};

use pedos_backup::{
    crypto::{ContainerError, KdfCost, KdfLimits, open_in_place},
    format::{
        Compression,
        inner::{self, EntryKind, NewMember},
        outer,
    },
};

use super::{
    layers::{Archive, CHEAP, content, data_extents, opened, sealed, sparse_tar},
    tools,
};

/// A volume with data, zeros that are data, and holes, its last block not whole.
fn volume() -> Vec<u8> {
    let mut volume = vec![0; 700_000 + 77];
    volume[..70_000].copy_from_slice(&content(1, 70_000));
    volume[200_000..200_001].copy_from_slice(b"x");
    volume[400_000..600_000].copy_from_slice(&content(2, 200_000));
    volume[700_070..].copy_from_slice(b"the end");
    volume
}

#[test]
fn stock_scrypt_opens_what_is_sealed_here() {
    if !tools::have(&["scrypt"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (index, length) in [0, 1, 15, 16, 17, 16_384, 16_385, 300_001].into_iter().enumerate() {
        let content = content(3, length);
        let passphrase = " a!ä\"%$\\' ";
        let cost = [CHEAP, KdfCost { log_n: 4, r: 3, p: 5 }][index % 2];
        fs::write(
            folder.path().join("sealed"),
            sealed(&content, passphrase.as_bytes(), cost),
        )
        .unwrap();
        let line = "printf '%s\\n' \"$passphrase\" | scrypt dec -P sealed opened";
        tools::shell(folder.path(), line, &[("passphrase", passphrase.as_ref())]);
        assert_eq!(fs::read(folder.path().join("opened")).unwrap(), content, "{length}");
    }
}

#[test]
fn what_stock_scrypt_seals_opens_here() {
    if !tools::have(&["scrypt"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (cost, length) in [
        ("--logN 10 -r 8 -p 1", 0),
        ("--logN 11 -r 3 -p 2", 70_000),
        ("--logN 14 -r 8 -p 3", 5),
    ] {
        let content = content(4, length);
        fs::write(folder.path().join("clear"), &content).unwrap();
        tools::shell(
            folder.path(),
            &format!("echo 'pass word!' | scrypt enc {cost} -P clear sealed"),
            &[],
        );
        let mut container = fs::read(folder.path().join("sealed")).unwrap();
        assert_eq!(opened(container.clone(), b"pass word!"), content);
        assert_eq!(
            open_in_place(&mut container, b"pass word", &KdfLimits::DEFAULT),
            Err(ContainerError::WrongPassphrase)
        );
    }
}

/// The published procedure, as its lines stand there.
const EMERGENCY: &str = r#"
tar -i -xf "$archive" backup-header backup-header.hmac qubes.xml.000.enc
echo "backup-header!$pass" | scrypt dec -P backup-header.hmac backup-header.verified && diff -qs backup-header backup-header.verified
backup_id=$(tail -n1 backup-header | cut -d= -f2)
echo "$backup_id!qubes.xml.000!$pass" | scrypt dec -P qubes.xml.000.enc | $filter | tar -xv
tar -i -xf "$archive" vm6/ vm10/ dom0-home/
for stream in vm6/private.img vm6/notes.txt vm10/root.img dom0-home/user; do
    find "${stream%/*}/" -name "${stream##*/}.*.enc" | sort -V | while read f_enc; do f_dec=${f_enc%.enc}; \
        echo "$backup_id!$f_dec!$pass" | scrypt dec -P $f_enc || exit 1; done | $filter | tar -xv
done
"#;

#[test]
fn the_emergency_procedure_recovers_everything() {
    if !tools::have(&["scrypt", "tar", "gzip", "diff"]) {
        return;
    }
    let filters = [
        (Compression::Gzip, "gzip -d"),
        (Compression::Zstd, "zstd -d"),
        (Compression::Xz, "xz -d"),
        (Compression::Bzip2, "bzip2 -d"),
        (Compression::None, "cat"),
    ];
    for (compression, filter) in filters {
        if !tools::have(&filter.split(' ').take(1).collect::<Vec<_>>()) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (volume(), vec![0; 1 << 20]);
        let mut archive = Archive::new("pässword !".as_bytes(), compression, 60_000);
        archive.file("qubes.xml", &small("qubes.xml", b"<qubes/>"));
        archive.file(
            "vm6/private.img",
            &sparse_tar("vm6/private.img", &one, &data_extents(&one)),
        );
        archive.file("vm6/notes.txt", &small("vm6/notes.txt", b"notes"));
        archive.file("vm10/root.img", &sparse_tar("vm10/root.img", &other, &[]));
        archive.file("dom0-home/user", &home());
        fs::write(folder.path().join("archive"), archive.finish()).unwrap();
        let variables = [("archive", "archive"), ("pass", "pässword !"), ("filter", filter)];
        tools::shell(
            folder.path(),
            EMERGENCY,
            &variables.map(|(name, value)| (name, value.as_ref())),
        );

        let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read("qubes.xml"), b"<qubes/>");
        assert!(read("vm6/private.img") == one);
        assert_eq!(read("vm6/notes.txt"), b"notes");
        assert!(read("vm10/root.img") == other);
        check_home(&folder.path().join("dom0-home"));
        // Holes have come back as holes.
        let blocks = |name: &str| fs::metadata(folder.path().join(name)).unwrap().blocks() * 512;
        assert!(blocks("vm10/root.img") < 64 << 10, "{}", blocks("vm10/root.img"));
        assert!(blocks("vm6/private.img") < 400 << 10, "{}", blocks("vm6/private.img"));
    }
}

fn small(name: &str, content: &[u8]) -> Vec<u8> {
    let mut writer = inner::Writer::new(Vec::new());
    writer
        .member(&NewMember::small_file(name, 1_700_000_000, content.len() as u64))
        .unwrap();
    writer.write_all(content).unwrap();
    writer.end_member().unwrap();
    writer.finish().unwrap()
}

fn long_name() -> Vec<u8> {
    [b"dom0-home/user/".to_vec(), vec![b'l'; 180], b"-\xff\xe9-end".to_vec()].concat()
}

/// A home with everything that a home may have.
fn home() -> Vec<u8> {
    let mut writer = inner::Writer::new(Vec::new());
    let far = vec![b't'; 300];
    let members: Vec<(Vec<u8>, EntryKind, u32, &[u8])> = vec![
        (b"dom0-home/user".to_vec(), EntryKind::Directory, 0o700, b""),
        (b"dom0-home/user/empty/".to_vec(), EntryKind::Directory, 0o750, b""),
        (
            b"dom0-home/user/run.sh".to_vec(),
            EntryKind::File,
            0o755,
            b"#!/bin/sh\n",
        ),
        (b"dom0-home/user/nothing".to_vec(), EntryKind::File, 0o600, b""),
        (long_name(), EntryKind::File, 0o644, b"far"),
        (
            b"dom0-home/user/link".to_vec(),
            EntryKind::Symlink(b"../\xfe".to_vec()),
            0o777,
            b"",
        ),
        (
            b"dom0-home/user/long-link".to_vec(),
            EntryKind::Symlink(far),
            0o777,
            b"",
        ),
        (
            b"dom0-home/user/second".to_vec(),
            EntryKind::HardLink(long_name()),
            0o644,
            b"",
        ),
    ];
    for (name, kind, mode, content) in &members {
        let member = NewMember {
            name,
            kind,
            mode: *mode,
            mtime: 1_600_000_000,
            uid: 1000,
            gid: 1000,
            user: "user",
            group: "user",
            size: content.len() as u64,
        };
        writer.member(&member).unwrap();
        writer.write_all(content).unwrap();
        writer.end_member().unwrap();
    }
    writer.finish().unwrap()
}

fn check_home(above: &Path) {
    let path = |name: &[u8]| above.join(std::ffi::OsStr::from_bytes(name));
    let mode = |name: &[u8]| fs::metadata(path(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(
        (mode(b"user"), mode(b"user/empty"), mode(b"user/run.sh")),
        (0o700, 0o750, 0o755)
    );
    assert_eq!(fs::metadata(path(b"user/nothing")).unwrap().len(), 0);
    let long = long_name()[b"dom0-home/".len()..].to_vec();
    assert_eq!(fs::read(path(&long)).unwrap(), b"far");
    assert_eq!(
        fs::metadata(path(&long)).unwrap().ino(),
        fs::metadata(path(b"user/second")).unwrap().ino()
    );
    assert_eq!(fs::metadata(path(&long)).unwrap().mtime(), 1_600_000_000);
    assert_eq!(
        fs::read_link(path(b"user/link")).unwrap().as_os_str().as_bytes(),
        b"../\xfe"
    );
    assert_eq!(fs::read_link(path(b"user/long-link")).unwrap().as_os_str().len(), 300);
}

#[test]
fn stock_tar_lists_the_real_size() {
    if !tools::have(&["tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let volume = volume();
    fs::write(
        folder.path().join("t"),
        sparse_tar("vm6/private.img", &volume, &data_extents(&volume)),
    )
    .unwrap();
    let line = tools::shell(folder.path(), "tar -tvvf t", &[]);
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!((words[0], words[1], words[2]), ("-rw-r--r--", "0/0", "700077"));
    assert_eq!(*words.last().unwrap(), "vm6/private.img");
}

#[test]
fn a_volume_with_more_data_than_octal_can_say_is_read_by_stock_tar() {
    if !tools::slow_wanted() || !tools::have(&["tar"]) {
        return;
    }
    // Two extents with 9 GiB together and a hole between them.
    let extents = [(512, 5 << 30), (6 << 30, 4 << 30)].map(|(offset, length)| inner::Extent { offset, length });
    // Listing, tar reads the whole stream.
    let mut child = std::process::Command::new("tar")
        .arg("-tvv")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut writer = inner::Writer::new(child.stdin.take().unwrap());
    writer.sparse_member("vm6/private.img", 12 << 30, &extents).unwrap();
    let piece = vec![7; 16 << 20];
    for _ in 0..(9 << 30) / piece.len() {
        writer.write_all(&piece).unwrap();
    }
    writer.end_member().unwrap();
    writer.member(&NewMember::small_file("after", 0, 0)).unwrap();
    writer.end_member().unwrap();
    drop(writer.finish().unwrap());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let listing = String::from_utf8(output.stdout).unwrap();
    assert!(
        listing.contains(&(12_u64 << 30).to_string()) && listing.contains(" after"),
        "{listing}"
    );
}

#[test]
fn archives_put_one_behind_the_other_are_one() {
    if !tools::have(&["tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let line = "mkdir vm1; printf one > vm1/a.000.enc; head -c 70000 /dev/zero > vm1/b.000.enc; : > vm1/c.000.enc
        for f in vm1/a.000.enc vm1/b.000.enc vm1/c.000.enc; do tar --posix -cf - $f >> joined; done
        tar --format=v7 -cf v7 vm1/a.000.enc vm1/b.000.enc vm1/c.000.enc
        tar --format=gnu -cf gnu vm1/a.000.enc vm1/b.000.enc vm1/c.000.enc
        tar --format=ustar -cf ustar vm1/a.000.enc vm1/b.000.enc vm1/c.000.enc";
    tools::shell(folder.path(), line, &[]);
    for form in ["joined", "v7", "gnu", "ustar"] {
        let bytes = fs::read(folder.path().join(form)).unwrap();
        let mut reader = outer::Reader::new(&*bytes);
        let mut buffer = Vec::new();
        let mut seen = Vec::new();
        while let Some(member) = reader.next_member().unwrap() {
            reader.read_into(&mut buffer).unwrap();
            assert_eq!(buffer.len() as u64, member.size);
            seen.push((member.name, buffer.len()));
        }
        let expected = [("vm1/a.000.enc", 3), ("vm1/b.000.enc", 70_000), ("vm1/c.000.enc", 0)];
        assert_eq!(seen, expected.map(|(name, size)| (name.to_owned(), size)), "{form}");
        assert!(reader.has_seen_end());
        assert_eq!(reader.position(), bytes.len() as u64);
    }
}

#[test]
fn the_outer_archive_is_an_ordinary_one() {
    if !tools::have(&["tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}/{}.000.enc", "d".repeat(150), "f".repeat(80));
    let mut writer = outer::Writer::new(Vec::new());
    writer.member("a", 1_700_000_000, &[b"one ", b"", b"two"]).unwrap();
    writer.member(&long, 0, &[&[7; 513]]).unwrap();
    let archive = writer.finish().unwrap();
    assert_eq!(archive.len() % 10_240, 0);
    fs::write(folder.path().join("t"), archive).unwrap();
    let listing = tools::shell(folder.path(), "TZ=UTC tar -tvvf t && tar -xf t && cat a", &[]);
    let expected = format!(
        "-rw-r--r-- 0/0               7 2023-11-14 22:13 a\n-rw-r--r-- 0/0             513 1970-01-01 00:00 {long}\none two"
    );
    assert_eq!(listing, expected);
}

#[test]
fn a_member_whose_size_came_late_is_no_other_than_one_whose_size_was_known() {
    let content = content(4, 1_500);
    let mut known = outer::Writer::new(Vec::new());
    let mut late = outer::Writer::new(Vec::new());
    for length in [0, 1, 512, 1_500] {
        let name = format!("part.{length:03}");
        known.member(&name, 7, &[&content[..length]]).unwrap();
        let mut member = late.begin(&name, 7).unwrap();
        for piece in content[..length].chunks(100) {
            late.go_on(&mut member, piece).unwrap();
        }
        let correct = |archive: &mut Vec<u8>, position: u64, header: &[u8]| {
            archive[position as usize..][..header.len()].copy_from_slice(header);
            Ok(())
        };
        late.end(member, correct).unwrap();
    }
    assert_eq!(late.position(), known.position());
    assert_eq!(late.finish().unwrap(), known.finish().unwrap());
}
