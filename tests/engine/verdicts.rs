// SPDX-License-Identifier: GPL-3.0-or-later
//! One judge: a verification and a restore say the same of every VM and of the archive, and a VM whose parts are all there
//! comes back, whatever is wrong with the rest of the archive.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use crate::support::{
    archive::{self, Member},
    damage::{ALL, Damage, vm_of, without_lists},
    jobs,
    noise::Noise,
    programs, roots, tools,
};
use pedos_backup::{
    engine::{ArchiveError, Report, VmResult, Warning},
    format::outer,
    inventory::Inventory,
};

/// What a verification and a restore said.
struct Verdicts {
    verified: Report,
    restored: Report,
}

fn whole(report: &Report) -> BTreeMap<&str, bool> {
    let vms = report.vms.iter();
    vms.map(|vm| (vm.name.as_str(), vm.result == VmResult::Done)).collect()
}

impl Verdicts {
    /// The VMs that are not whole.
    fn lost(&self) -> Vec<&str> {
        let whole = whole(&self.restored).into_iter();
        whole.filter(|(_, is_whole)| !is_whole).map(|(name, _)| name).collect()
    }
}

/// Verifies and restores an archive, and holds that both say the same. `None` where neither could open it.
#[track_caller]
fn judge(damage: &Damage, what: &str, bytes: &[u8]) -> Option<Verdicts> {
    let file = damage.write(bytes);
    let here = damage.folder.path().join("judged");
    if here.exists() {
        fs::remove_dir_all(&here).unwrap();
    }
    roots::make(&here, &[]);
    let host = jobs::host(&here);
    let verified = jobs::verify(&file, host.as_ref());
    let restored = jobs::restore(&file, host.as_ref());
    drop(host);
    damage.expect_whole(&here);
    match (verified, restored) {
        (Ok(verified), Ok(restored)) => {
            assert_eq!(whole(&verified), whole(&restored), "{what}");
            assert_eq!(
                verified.is_success(),
                restored.is_success(),
                "{what}: {:?} {:?}",
                verified.verdict,
                restored.findings
            );
            assert_eq!(verified.findings, restored.findings, "{what}");
            let there = roots::domains(&here);
            for (name, is_whole) in whole(&restored) {
                assert!(
                    !is_whole || name == "dom0" || there.contains_key(name),
                    "{what}: {name}"
                );
            }
            Some(Verdicts { verified, restored })
        }
        (Err(_), Err(_)) => None,
        (verified, restored) => panic!("{what}: {verified:?} {restored:?}"),
    }
}

/// The VM that a member belongs to.
fn owner(damage: &Damage, member: &str) -> &'static str {
    if member.starts_with("dom0-home/") {
        return "dom0";
    }
    let is_of = |name: &&&str| **name != "dom0" && member.starts_with(&vm_of(damage, name));
    ALL.iter().find(is_of).unwrap()
}

#[test]
fn one_flipped_bit_in_any_outer_header_costs_one_vm_at_most() {
    let damage = Damage::cheap();
    let opened = damage.opened();
    let mut noise = Noise::new(91);
    for member in opened.members() {
        let start = member.whole.start;
        // Name, size, checksum, type, magic, and one anywhere.
        for byte in [0, 130, 150, 156, noise.below(512) as usize] {
            let mut bytes = damage.good.clone();
            bytes[start + byte] ^= 1 << noise.below(7);
            let what = format!("{} at {byte}", member.name);
            let verdicts = judge(&damage, &what, &bytes).expect(&what);
            let lost = verdicts.lost();
            if member.name.contains('/') {
                assert!(
                    lost.is_empty() || lost == [owner(&damage, &member.name)],
                    "{what}: {lost:?}"
                );
            } else {
                assert!(lost.is_empty(), "{what}: {lost:?}");
            }
            assert!(!verdicts.verified.is_success(), "{what}");
        }
    }
}

#[test]
fn a_vm_is_whole_whatever_follows_it() {
    let damage = Damage::cheap();
    let opened = damage.opened();
    let without = |folder: &str| {
        let members = opened.members().iter();
        let rest: Vec<&Member> = members.filter(|member| !member.name.starts_with(folder)).collect();
        archive::assemble(&damage.good, &rest)
    };
    for name in ALL {
        let folder = if name == "dom0" {
            "dom0-home/".to_owned()
        } else {
            vm_of(&damage, name)
        };
        let verdicts = judge(&damage, name, &without(&folder)).unwrap();
        assert_eq!(verdicts.lost(), [name]);
    }
    // Cut before, within and behind each VM: those before the cut come back.
    let members: Vec<&Member> = opened
        .members()
        .iter()
        .filter(|member| member.name.contains('/'))
        .collect();
    for (place, member) in members.iter().enumerate() {
        for cut in [
            member.whole.start,
            member.data.start + 40,
            member.whole.end,
            member.whole.end + 100,
        ] {
            let what = format!("{} cut at {cut}", member.name);
            let verdicts = judge(&damage, &what, &damage.good[..cut]).unwrap();
            let is_hit = cut < member.data.end;
            let gone = &members[place + usize::from(!is_hit)..];
            let mut expected: Vec<&str> = gone.iter().map(|member| owner(&damage, &member.name)).collect();
            expected.sort_unstable();
            expected.dedup();
            assert_eq!(verdicts.lost(), expected, "{what}");
            assert!(!verdicts.verified.is_success(), "{what}");
        }
    }
}

#[test]
fn what_stands_behind_the_archive_on_its_device_is_not_part_of_it() {
    let damage = Damage::cheap();
    for (what, behind) in [
        ("noise", Noise::new(7).bytes(3_000_000)),
        ("zeros", vec![0; 3_000_000]),
        (
            "zeros, then noise",
            [vec![0; 60_000], Noise::new(8).bytes(90_000)].concat(),
        ),
        ("a few bytes", vec![7; 11]),
    ] {
        let verdicts = judge(&damage, what, &[&damage.good[..], &behind].concat()).unwrap();
        assert!(verdicts.verified.is_success(), "{what}: {:?}", verdicts.verified);
        for report in [&verdicts.verified, &verdicts.restored] {
            let is_said = |warning: &&Warning| matches!(warning, Warning::BehindTheEnd { .. });
            assert_eq!(report.warnings.iter().filter(is_said).count(), 1, "{what}");
        }
    }
    // Cut in the space that fills the last record.
    let end = archive::members(&damage.good).last().unwrap().whole.end;
    let verdicts = judge(&damage, "cut behind its end", &damage.good[..end + 700]).unwrap();
    assert!(verdicts.lost().is_empty());
}

#[test]
fn an_archive_that_stock_tar_packed_anew_is_read() {
    if !tools::have(&["tar"]) {
        return;
    }
    let damage = Damage::cheap();
    let folder = damage.folder.path().join("unpacked");
    fs::create_dir(&folder).unwrap();
    let archive = damage.write(&damage.good);
    run(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&folder));
    for (what, arguments) in [
        ("as it is", vec!["--format=gnu", "."]),
        (
            "pax, sorted backwards",
            vec!["--format=pax", "--sort=name", "vm10", "."],
        ),
        ("with big records", vec!["--format=ustar", "-b", "128", "."]),
        ("v7", vec!["--format=v7", "."]),
    ] {
        let arguments = arguments
            .into_iter()
            .filter(|argument| *argument != "vm10" || folder.join("vm10").exists());
        let packed = damage.folder.path().join("packed");
        run(Command::new("tar")
            .arg("-cf")
            .arg(&packed)
            .arg("-C")
            .arg(&folder)
            .args(arguments));
        let bytes = fs::read(&packed).unwrap();
        let verdicts = judge(&damage, what, &bytes).unwrap();
        assert!(verdicts.lost().is_empty(), "{what}: {:?}", verdicts.lost());
        // A VM that was named twice stands there twice.
        if what != "pax, sorted backwards" {
            assert!(
                verdicts.verified.is_success(),
                "{what}: {:?}",
                verdicts.verified.findings
            );
        }
    }
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_second_header_or_part_is_named_and_the_first_one_is_read() {
    let damage = Damage::cheap();
    let opened = damage.opened();
    for name in [
        "backup-header",
        "backup-header.hmac",
        "qubes.xml.000.enc",
        "dom0-home/user.000.enc",
    ] {
        let doubled = opened.members().iter().find(|member| member.name == name);
        let Some(doubled) = doubled else { continue };
        let mut members: Vec<&Member> = opened.members().iter().collect();
        members.push(doubled);
        let verdicts = judge(&damage, name, &archive::assemble(&damage.good, &members)).unwrap();
        assert!(verdicts.lost().is_empty(), "{name}");
        let findings = &verdicts.verified.findings;
        assert!(
            matches!(&findings[..], [ArchiveError::Duplicate { member, .. }] if member == name),
            "{findings:?}"
        );
    }
}

/// The archive with its inventory changed by a function over its text.
fn with_inventory(damage: &Damage, change: &dyn Fn(String) -> String) -> Vec<u8> {
    let opened = damage.opened();
    opened.rewritten(&|name, content| {
        if name != "qubes.xml.000.enc" {
            return vec![(name.to_owned(), content)];
        }
        let text = unpacked_inventory(&content);
        assert!(Inventory::parse(text.as_bytes()).is_ok());
        vec![(name.to_owned(), packed("qubes.xml", change(text).as_bytes()))]
    })
}

/// The only file in a compressed tar, by stock means.
fn unpacked_inventory(content: &[u8]) -> String {
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(content));
    let mut text = String::new();
    let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
    std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
    text
}

fn packed(name: &str, content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o600);
    header.set_cksum();
    builder.append_data(&mut header, name, content).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn a_volume_without_the_attribute_that_it_is_saved_is_placed_by_its_class() {
    let damage = Damage::cheap();
    let silent = |value: &str| {
        let attribute = format!(" save_on_stop=\"{value}\"");
        with_inventory(&damage, &|text| text.replace(&attribute, ""))
    };
    let verdicts = judge(&damage, "no attribute", &silent("True")).unwrap();
    assert!(verdicts.verified.is_success(), "{:?}", verdicts.verified);
    assert!(verdicts.lost().is_empty());
    let denied = with_inventory(&damage, &|text| {
        text.replace("save_on_stop=\"True\"", "save_on_stop=\"False\"")
    });
    let verdicts = judge(&damage, "denied", &denied).unwrap();
    assert!(verdicts.lost().is_empty(), "what is in the archive is placed");
}

#[test]
fn announced_sizes_that_differ_prove_nothing() {
    let damage = Damage::cheap();
    // As the existing tools write it: no list of files, and sizes that hold blocks of the file system's own.
    let bytes = with_inventory(&damage, &|text| {
        let mut silent = String::new();
        let mut rest = text.as_str();
        while let Some(begin) = rest.find("<backup-files") {
            let end = rest[begin..]
                .find("</backup-files>")
                .map(|end| end + "</backup-files>".len());
            let end = end.unwrap_or_else(|| rest[begin..].find("/>").unwrap() + 2);
            silent.push_str(&rest[..begin]);
            rest = &rest[begin + end..];
        }
        silent.push_str(rest);
        silent.replace("backup-size\">", "backup-size\">1")
    });
    let verdicts = judge(&damage, "other sizes", &bytes).unwrap();
    assert!(verdicts.verified.is_success(), "{:?}", verdicts.verified);
    assert!(verdicts.verified.has_unlisted_files && verdicts.restored.has_unlisted_files);
}

#[test]
fn a_volume_that_the_vm_does_not_have_fails_it_by_name() {
    let damage = Damage::cheap();
    let opened = damage.opened();
    let folder = vm_of(&damage, "work");
    let mut bytes = Vec::new();
    for member in opened.members() {
        bytes.extend_from_slice(&damage.good[member.whole.clone()]);
        if member.name.starts_with(&format!("{folder}private.img")) {
            let content = packed(&format!("{folder}scratch.img"), &[7; 9000]);
            bytes.extend_from_slice(&opened.sealed(&format!("{folder}scratch.img.000.enc"), content));
        }
    }
    bytes.resize(bytes.len() + 1024, 0);
    let verdicts = judge(&damage, "a strange volume", &bytes).unwrap();
    assert_eq!(verdicts.lost(), ["work"]);
    let failed = verdicts.restored.failed().next().unwrap();
    assert!(format!("{failed:?}").contains("NoSuchVolume"), "{failed:?}");
}

#[test]
fn what_a_restore_has_no_use_for_costs_nothing() {
    let damage = Damage::cheap();
    let opened = damage.opened();
    let folder = vm_of(&damage, "work");
    let with = |name: &str, content: Vec<u8>| {
        let mut bytes = Vec::new();
        for member in opened.members() {
            bytes.extend_from_slice(&damage.good[member.whole.clone()]);
            if member.name.starts_with(&format!("{folder}private.img")) {
                bytes.extend_from_slice(&opened.sealed(&format!("{folder}{name}.000.enc"), content.clone()));
            }
        }
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    };
    for (name, content) in [
        ("icon.png", Noise::new(3).bytes(5000)),
        ("apps", Vec::new()),
        ("x.y", vec![0; 512]),
    ] {
        let verdicts = judge(&damage, name, &with(name, content)).unwrap();
        assert!(verdicts.verified.is_success(), "{name}: {:?}", verdicts.verified);
    }
    // The same with a MAC that does not hold is foreign: VMs are whole, the archive is not as it was written.
    let mut bytes = with("icon.png", vec![1; 600]);
    let name = format!("{folder}icon.png.000.enc");
    let place = archive::members(&bytes)
        .into_iter()
        .find(|member| member.name == name)
        .unwrap();
    bytes[place.data.start + 200] ^= 1;
    let verdicts = judge(&damage, "a bad icon", &bytes).unwrap();
    assert!(verdicts.lost().is_empty() && !verdicts.verified.is_success());
}

#[test]
fn a_home_that_the_inventory_does_not_mention_is_this_archives_own() {
    let damage = Damage::cheap();
    let bytes = with_inventory(&damage, &|text| {
        // Who lists the files of VMs says of the home whether it is there.
        let text = without_lists(&text);
        let begin = text.find("class=\"AdminVM\"").unwrap();
        let end = begin + text[begin..].find("</domain>").unwrap();
        let silent = text[begin..end].replace("backup-content\">1<", "backup-content\"><");
        format!("{}{silent}{}", &text[..begin], &text[end..])
    });
    let verdicts = judge(&damage, "a silent inventory", &bytes).unwrap();
    assert!(verdicts.verified.is_success(), "{:?}", verdicts.verified);
    assert!(whole(&verdicts.restored)["dom0"]);
    let folder = damage.folder.path();
    let pass = programs::passfile(folder, jobs::PASSPHRASE);
    let out = folder.join("home");
    let archive = damage.write(&bytes);
    let mut extract = programs::qvm_backup_restore();
    extract
        .args(["--extract", "dom0", "-o"])
        .arg(&out)
        .arg("-p")
        .arg(&pass)
        .arg(&archive);
    programs::finish(&mut extract).expect(0);
    assert!(fs::read_dir(out).unwrap().count() > 0);
}

#[test]
fn many_foreign_members_are_named_in_seconds() {
    let damage = Damage::cheap();
    let opened = damage.opened();
    let last = opened.members().last().unwrap().whole.end;
    let folder = vm_of(&damage, "work");
    let mut writer = outer::Writer::new(damage.good[..last].to_vec());
    for number in 0..40_000 {
        writer.member(&format!("{folder}f{number}.000.enc"), 0, &[]).unwrap();
    }
    let bytes = writer.finish().unwrap();
    let start = std::time::Instant::now();
    let verdicts = judge(&damage, "many", &bytes).unwrap();
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    assert!(verdicts.lost().is_empty() && !verdicts.verified.is_success());
}

#[test]
fn both_say_the_same_of_damage_of_every_kind() {
    let damage = Damage::cheap();
    let small = damage.opened().in_small_parts(30_000);
    let mut noise = Noise::new(92);
    for good in [damage.good.as_slice(), small.bytes()] {
        let members = archive::members(good);
        for number in 0..24 {
            let mut bytes = good.to_vec();
            let place = noise.below(good.len() as u64) as usize;
            let pick = noise.below(members.len() as u64) as usize;
            match number % 6 {
                0 => bytes[place] ^= 1 << noise.below(8),
                1 => bytes[place..].iter_mut().take(4096).for_each(|byte| *byte = 0),
                2 => bytes.truncate(place),
                3 => drop(bytes.drain(members[pick].whole.clone())),
                4 => {
                    let other = noise.below(members.len() as u64) as usize;
                    let mut order: Vec<&Member> = members.iter().collect();
                    order.swap(pick, other);
                    bytes = archive::assemble(good, &order);
                }
                _ => {
                    let block = place / 512 * 512;
                    bytes.drain(block..(block + 512 * (1 + noise.below(9) as usize)).min(good.len()));
                }
            }
            judge(&damage, &format!("{number} at {place} or member {pick}"), &bytes);
        }
    }
}

#[test]
fn the_tools_agree_with_the_reports() {
    let damage = Damage::cheap();
    let folder = damage.folder.path();
    let pass = programs::passfile(folder, jobs::PASSPHRASE);
    let opened = damage.opened();
    let header = opened
        .members()
        .iter()
        .find(|member| member.name.contains("/private"))
        .unwrap();
    let mut bytes = damage.good.clone();
    bytes[header.whole.start + 124] ^= 1;
    let root: &Path = &folder.join("empty");
    programs::verify(root, &pass, &damage.write(&bytes)).expect_failure(&[6]);
    let restored = programs::restore(root, &pass, &damage.write(&bytes), &[]).expect_failure(&[3]);
    assert!(restored.said().contains("no readable header"), "{}", restored.said());
    let behind = [&damage.good[..], &[9; 100_000]].concat();
    let verified = programs::verify(root, &pass, &damage.write(&behind)).expect(0);
    assert!(
        verified.said().contains("not part of the backup"),
        "{}",
        verified.said()
    );
}
