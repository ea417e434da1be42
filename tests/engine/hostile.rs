// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives made to deceive by someone who has the passphrase or another archive: what lies inside is held against its
//! own promises, names never lead out, and no number chooses how much work is done.

use std::{fs, path::Path};

use pedos_backup::{
    engine::{self, ArchiveError, Context, EngineError, NotABackup},
    format::limits,
};

use crate::support::{
    archive,
    damage::{ALL, Damage, Finding, flipped, vm_of},
    jobs,
    noise::Noise,
    reseal::Opened,
};

#[test]
fn a_part_under_another_name_or_from_another_backup_is_refused() {
    let damage = Damage::new();
    let opened = damage.opened();
    let (work, vault) = (vm_of(&damage, "work"), vm_of(&damage, "vault"));
    let (one, other) = (
        format!("{work}private.img.000.enc"),
        format!("{vault}private.img.000.enc"),
    );
    let put = |replaced: &str, bytes: &[u8]| {
        let mut archive = Vec::new();
        for member in opened.members() {
            archive.extend_from_slice(if member.name == replaced {
                bytes
            } else {
                &damage.good[member.whole.clone()]
            });
        }
        archive.resize(archive.len() + 1024, 0);
        archive
    };
    damage.expect_found(
        "another VM's volume",
        &put(&one, &archive::renamed(&damage.good, opened.member(&other), &one)),
    );
    // A second backup of the same VMs with the same passphrase.
    let folder = tempfile::tempdir().unwrap();
    let twin = fs::read(jobs::archive(&damage.folder.path().join("root"), &ALL, folder.path())).unwrap();
    let members = archive::members(&twin);
    let foreign = members.iter().find(|member| member.name == one).unwrap();
    damage.expect_found(
        "the same volume of another backup",
        &put(&one, &twin[foreign.whole.clone()]),
    );
}

#[test]
fn what_lies_inside_the_parts_is_held_against_its_own_promises() {
    let damage = Damage::new();
    let opened = damage.opened();
    let file = format!("{}private.img.000.enc", vm_of(&damage, "vault"));
    let changed = |change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        opened.rewritten(&|name, content| vec![(name.to_owned(), if name == file { change(content) } else { content })])
    };
    assert!(matches!(damage.verify(&changed(&|content| content)), Finding::Nothing));
    damage.expect_found(
        "a stream that is cut",
        &changed(&|content| content[..content.len() / 2].to_vec()),
    );
    damage.expect_found(
        "a stream without its last bytes",
        &changed(&|content| content[..content.len() - 5].to_vec()),
    );
    damage.expect_found("no stream at all", &changed(&|_| Vec::new()));
    damage.expect_found(
        "rubbish instead of a stream",
        &changed(&|content| Noise::new(1).bytes(content.len())),
    );
    damage.expect_found(
        "a changed byte under a right MAC",
        &changed(&|content| flipped(&content, content.len() / 2)),
    );
}

#[test]
fn names_that_lead_elsewhere_write_nothing() {
    let damage = Damage::new();
    let opened = damage.opened();
    let outside = damage.folder.path().join("outside");
    for name in [
        "../../outside",
        "vm5/../../../outside",
        "/tmp/outside",
        "vm5//private.img",
        "dom0-home/../../outside",
        "outside",
    ] {
        let extra = reseal_extra(&opened, &format!("{name}.000.enc"), b"gotcha".to_vec());
        damage.restore(&extra);
        assert!(!outside.exists() && !Path::new("/tmp/outside").exists(), "{name}");
    }
}

/// The archive with one member more before its end.
fn reseal_extra(opened: &Opened, name: &str, content: Vec<u8>) -> Vec<u8> {
    let last = opened.members().last().unwrap().whole.end;
    let mut bytes = opened.bytes()[..last].to_vec();
    // The tar library refuses such names itself, so the member is made under another one and renamed.
    let sealed = opened.sealed("vm5/x.000.enc", content);
    let member = archive::members(&sealed).remove(0);
    bytes.extend_from_slice(&archive::renamed(&sealed, &member, name));
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

#[test]
fn a_header_that_contradicts_itself_is_refused() {
    let damage = Damage::new();
    let opened = damage.opened();
    let own = String::from_utf8(damage.good[opened.member("backup-header").data.clone()].to_vec()).unwrap();
    assert!(matches!(
        damage.verify(&opened.with_header(own.as_bytes())),
        Finding::Nothing
    ));
    for (from, to) in [
        ("version=4", "version=5"),
        ("version=4", "version=99999999999999999999"),
        ("version=4\n", ""),
        ("version=4", "version=4\nversion=4"),
        ("hmac-algorithm=scrypt\n", ""),
        ("backup-id=", "backup-id=-"),
        ("backup-id=", "no-id="),
        ("compression-filter=gzip", "compression-filter=rm"),
    ] {
        assert!(own.contains(from), "{own}");
        damage.expect_refused(
            &format!("{from} -> {to}"),
            &opened.with_header(own.replace(from, to).as_bytes()),
        );
    }
}

#[test]
fn a_key_that_would_cost_a_day_is_not_derived() {
    let damage = Damage::new();
    let opened = damage.opened();
    for (offset, value) in [(7, 63_u8), (7, 30), (8, 0xff), (12, 0xff)] {
        for name in ["backup-header.hmac", "qubes.xml.000.enc"] {
            let start = opened.member(name).data.start;
            let mut bytes = damage.good.clone();
            bytes[start + offset] = value;
            // With its checksum right, as a forger would leave it.
            let checksum = <sha2::Sha256 as sha2::Digest>::digest(&bytes[start..start + 48]);
            bytes[start + 48..start + 64].copy_from_slice(&checksum[..16]);
            let begun = std::time::Instant::now();
            damage.expect_refused(&format!("{name}: {value} at {offset}"), &bytes);
            assert!(begun.elapsed().as_secs() < 5, "{name}: {value} at {offset}");
        }
    }
}

#[test]
fn a_header_is_read_up_to_its_largest_size() {
    let damage = Damage::cheap();
    let opened = damage.opened();
    let own = String::from_utf8(damage.good[opened.member("backup-header").data.clone()].to_vec()).unwrap();
    let padded = |bytes: u64| {
        let line = "x-note=".to_owned();
        let rest = usize::try_from(bytes).unwrap() - own.len() - line.len() - 1;
        opened.with_header(format!("{own}{line}{}\n", "x".repeat(rest)).as_bytes())
    };
    damage.expect_good("the longest header", &padded(limits::HEADER_BYTES));
    damage.expect_refused("a longer one", &padded(limits::HEADER_BYTES + 1));
    // The header's proof is not even read where it is longer than any.
    let proof = opened.member("backup-header.hmac");
    let most = limits::HEADER_CONTAINER_BYTES;
    for (bytes, is_too_long) in [(most, false), (most + 1, true)] {
        let mut header = tar::Header::new_ustar();
        header.set_path("backup-header.hmac").unwrap();
        header.set_size(bytes);
        header.set_cksum();
        let content = vec![7; bytes.next_multiple_of(512) as usize];
        let (before, behind) = (&damage.good[..proof.whole.start], &damage.good[proof.whole.end..]);
        let archive = [before, header.as_bytes(), &content, behind].concat();
        let access = jobs::access(&damage.write(&archive));
        let error = engine::open_archive(&access, None, &Context::default()).unwrap_err();
        let why = match &error {
            EngineError::Archive(ArchiveError::NotABackup { why, .. }) => Some(why),
            _ => None,
        };
        let found = matches!(why, Some(NotABackup::MemberSize { .. }));
        assert_eq!(found, is_too_long, "{error:?}");
    }
}
