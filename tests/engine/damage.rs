// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives that are damaged, cut or mixed up: each is found by a verification and by a restore, the cause is told apart
//! as far as it can be, and nothing that is not whole is put in place.

use std::fs;

use crate::support::{
    archive::{self, Member},
    damage::{ALL, Damage, Finding, flipped, is_data, vm_of},
    jobs,
    noise::Noise,
    programs, roots,
};
use pedos_backup::engine::VmResult;

#[test]
fn the_undamaged_archive_is_good() {
    let damage = Damage::new();
    assert!(matches!(damage.verify(&damage.good), Finding::Nothing));
    assert!(matches!(damage.restore(&damage.good), Finding::Nothing));
    assert_eq!(roots::domains(&damage.folder.path().join("here")).len(), ALL.len());
}

#[test]
fn a_flipped_byte_in_the_header_or_its_copy_opens_nothing() {
    let damage = Damage::new();
    for name in ["backup-header", "backup-header.hmac"] {
        let opened = damage.opened();
        let data = opened.member(name).data.clone();
        for position in data.clone().step_by(data.len() / 9) {
            damage.expect_refused(
                &format!("{name} at {}", position - data.start),
                &flipped(&damage.good, position),
            );
        }
    }
}

#[test]
fn a_flipped_byte_in_the_inventory_opens_nothing_and_is_not_called_a_wrong_passphrase() {
    let damage = Damage::new();
    let data = damage.opened().member("qubes.xml.000.enc").data.clone();
    for position in data.clone().step_by(data.len() / 9) {
        let bytes = flipped(&damage.good, position);
        assert!(
            !matches!(damage.verify(&bytes), Finding::WrongPassphrase),
            "at {}",
            position - data.start
        );
        damage.expect_refused(&format!("inventory at {}", position - data.start), &bytes);
    }
}

#[test]
fn a_flipped_byte_in_a_part_is_found_wherever_it_is() {
    let damage = Damage::new();
    let opened = damage.opened();
    for member in opened.members().iter().filter(|member| member.name.contains('/')) {
        let data = member.data.clone();
        // Magic, cost, salt, checksum, first MAC, content, last MAC.
        for offset in [7, 50, 70, 96, data.len() - 1] {
            let bytes = flipped(&damage.good, data.start + offset);
            let found = damage.verify(&bytes);
            assert!(
                matches!(found, Finding::Found(_)),
                "{} at {offset}: {found:?}",
                member.name
            );
        }
        damage.expect_found(&member.name, &flipped(&damage.good, data.start + data.len() / 2));
    }
}

#[test]
fn a_part_that_is_bad_fails_its_vm_and_the_others_come_back() {
    let damage = Damage::new();
    let work = vm_of(&damage, "work");
    let position = damage.opened().member(&format!("{work}private.img.000.enc")).data.start + 500;
    let host = jobs::host(&damage.folder.path().join("empty"));
    let report = jobs::restore(&damage.write(&flipped(&damage.good, position)), host.as_ref()).unwrap();
    for vm in &report.vms {
        assert_eq!(vm.result == VmResult::Done, vm.name != "work", "{vm:?}");
    }
    damage.expect_whole(&damage.folder.path().join("empty"));
    assert_eq!(roots::domains(&damage.folder.path().join("empty")).len(), ALL.len() - 1);
}

#[test]
fn a_flipped_bit_anywhere_is_found_or_harmless() {
    let damage = Damage::new();
    let mut noise = Noise::new(21);
    for _ in 0..120 {
        let position = noise.below(damage.good.len() as u64) as usize;
        let bytes = flipped(&damage.good, position);
        if matches!(damage.verify(&bytes), Finding::Nothing) {
            // In a field of the outer tar that says nothing, or in padding: then everything is there.
            assert!(
                !is_data(&damage.good, position),
                "a flipped byte at {position} was not found"
            );
            assert!(
                matches!(damage.restore(&bytes), Finding::Nothing),
                "verified, but not restored: byte {position}"
            );
            assert_eq!(roots::domains(&damage.folder.path().join("here")).len(), ALL.len());
        }
    }
}

#[test]
fn an_archive_cut_anywhere_is_found() {
    let damage = Damage::new();
    let last = damage.opened().members().last().unwrap().data.end;
    let mut places: Vec<usize> = vec![0, 1, 511, 512, 513, 1024];
    for member in damage.opened().members() {
        let (whole, data) = (member.whole.clone(), member.data.clone());
        places.extend([
            whole.start,
            whole.start + 100,
            data.start,
            data.start + 95,
            data.start + 96,
            data.start + 128,
        ]);
        places.extend([data.start + data.len() / 2, data.end - 32, data.end - 1]);
    }
    let mut noise = Noise::new(22);
    places.extend((0..200).map(|_| noise.below(last as u64) as usize));
    for place in places.into_iter().filter(|place| *place < last) {
        let found = damage.verify(&damage.good[..place]);
        assert!(
            matches!(found, Finding::Found(_)),
            "cut at {place} of {}: {found:?}",
            damage.good.len()
        );
    }
}

#[test]
fn an_archive_cut_at_its_seams_restores_only_what_is_whole() {
    let damage = Damage::new();
    for member in damage.opened().members().iter().skip(3) {
        for place in [
            member.whole.start,
            member.data.start + member.data.len() / 2,
            member.data.end - 1,
        ] {
            let found = damage.restore(&damage.good[..place]);
            assert!(
                matches!(found, Finding::Found(_)),
                "cut at {place} before {}: {found:?}",
                member.name
            );
        }
    }
}

#[test]
fn what_is_missing_is_found_and_named() {
    let damage = Damage::new();
    let opened = damage.opened();
    for gone in opened.members().iter().filter(|member| member.name.contains('/')) {
        let rest: Vec<&Member> = opened
            .members()
            .iter()
            .filter(|member| member.name != gone.name)
            .collect();
        let bytes = archive::assemble(&damage.good, &rest);
        // Small files beside a volume are not announced anywhere: an archive without them is a whole archive.
        let is_announced = gone.name.contains(".img") || gone.name.contains("empty") || gone.name.contains("dom0-home");
        if is_announced {
            damage.expect_found(&format!("without {}", gone.name), &bytes);
        }
    }
    for vm in ["solo", "net"] {
        let folder = vm_of(&damage, vm);
        let rest: Vec<&Member> = opened
            .members()
            .iter()
            .filter(|member| !member.name.starts_with(&folder))
            .collect();
        let Finding::Found(text) = damage.verify(&archive::assemble(&damage.good, &rest)) else {
            panic!("{vm}")
        };
        assert!(
            text.contains(vm) || text.contains(folder.trim_end_matches('/')),
            "{vm}: {text}"
        );
    }
}

#[test]
fn parts_of_one_file_must_be_there_once_and_are_read_in_their_order() {
    let damage = Damage::new();
    let opened = damage.opened().in_small_parts(40_000);
    let good = opened.bytes();
    assert!(
        matches!(damage.verify(good), Finding::Nothing),
        "{:?}",
        damage.verify(good)
    );
    assert!(matches!(damage.restore(good), Finding::Nothing));
    let file = format!("{}private.img", vm_of(&damage, "vault"));
    let numbers: Vec<usize> = (0..opened.members().len())
        .filter(|number| opened.members()[*number].name.starts_with(&file))
        .collect();
    assert!(numbers.len() > 5, "{numbers:?}");
    let members: Vec<&Member> = opened.members().iter().collect();
    let arranged = |arrange: &dyn Fn(&mut Vec<&Member>)| {
        let mut members = members.clone();
        arrange(&mut members);
        archive::assemble(good, &members)
    };
    let (first, second, last) = (numbers[0], numbers[1], numbers[numbers.len() - 1]);
    damage.expect_good("two parts exchanged", &arranged(&|members| members.swap(first, second)));
    damage.expect_found(
        "no first part",
        &arranged(&|members| {
            members.remove(first);
        }),
    );
    damage.expect_found(
        "no middle part",
        &arranged(&|members| {
            members.remove(second);
        }),
    );
    damage.expect_found(
        "no last part",
        &arranged(&|members| {
            members.remove(last);
        }),
    );
    damage.expect_found(
        "a part twice",
        &arranged(&|members| members.insert(second, members[second])),
    );
    damage.expect_good(
        "all parts backwards",
        &arranged(&|members| members[first..=last].reverse()),
    );
    damage.expect_good("all members backwards", &arranged(&|members| members.reverse()));
    let data = |number: usize| &opened.members()[number];
    damage.expect_found(
        "content of two parts exchanged",
        &archive::swap_data(good, data(first), data(second)),
    );
}

#[test]
fn the_tools_tell_the_kinds_of_damage_apart() {
    let damage = Damage::new();
    let folder = damage.folder.path();
    let pass = programs::passfile(folder, jobs::PASSPHRASE);
    let root = folder.join("empty");
    let opened = damage.opened();
    let part = opened
        .member(&format!("{}private.img.000.enc", vm_of(&damage, "work")))
        .data
        .start
        + 300;
    let header = opened.member("backup-header.hmac").data.start + 70;
    let verify = |bytes: &[u8]| programs::verify(&root, &pass, &damage.write(bytes));
    verify(&damage.good).expect(0);
    verify(&flipped(&damage.good, header)).expect_failure(&[5]);
    let run = verify(&flipped(&damage.good, part)).expect_failure(&[6]);
    assert!(
        !run.said().to_lowercase().contains("wrong passphrase"),
        "{}",
        run.said()
    );
    assert!(run.said().contains("work"), "the VM is named: {}", run.said());
    verify(&damage.good[..damage.good.len() / 2]).expect_failure(&[6]);
    verify(b"").expect_failure(&[1, 6]);
    verify(&Noise::new(5).bytes(100_000)).expect_failure(&[1, 6]);
    let wrong = folder.join("wrong");
    fs::write(&wrong, "not that\n").unwrap();
    programs::verify(&root, &wrong, &damage.write(&damage.good)).expect_failure(&[5]);
    let run = programs::restore(&root, &pass, &damage.write(&flipped(&damage.good, part)), &[]).expect_failure(&[3]);
    assert!(run.said().contains("work"), "{}", run.said());
    damage.expect_whole(&root);
    assert!(!roots::domains(&root).contains_key("work"));
}
