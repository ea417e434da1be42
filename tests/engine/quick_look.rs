// SPDX-License-Identifier: GPL-3.0-or-later
//! The quick look at an archive: what the headers between its members tell without any key.

use crate::support::{
    archive::{self, Member},
    damage::{Damage, vm_of},
    jobs, programs, roots,
};
use pedos_backup::{
    engine::{self, Context, Outline},
    transport::Location,
};

fn look(damage: &Damage, bytes: &[u8]) -> Outline {
    let source = Location::File(damage.write(bytes)).into();
    engine::quick_look(&source, None, &Context::default()).unwrap().unwrap()
}

/// The archive without the members that these names begin.
fn without(damage: &Damage, names: &[&str]) -> Vec<u8> {
    let opened = damage.opened();
    let is_kept = |member: &&Member| !names.iter().any(|name| member.name.starts_with(name));
    let kept: Vec<&Member> = opened.members().iter().filter(is_kept).collect();
    archive::assemble(&damage.good, &kept)
}

#[test]
fn a_whole_archive_gives_no_findings_and_a_list_of_its_files() {
    let damage = Damage::new();
    let outline = look(&damage, &damage.good);
    assert!(outline.findings.is_empty(), "{:?}", outline.findings);
    let work = format!("{}private.img", vm_of(&damage, "work"));
    let file = outline.files.iter().find(|file| file.name == work).unwrap();
    assert!(file.is_in_order && file.parts == 1 && file.bytes > 128, "{file:?}");
    assert_eq!(outline.archive_bytes, damage.good.len() as u64);
}

#[test]
fn gaps_cuts_and_strangers_are_found_without_a_passphrase() {
    let damage = Damage::new();
    let opened = damage.opened().in_small_parts(40_000);
    let good = opened.bytes();
    assert!(look(&damage, good).findings.is_empty());
    let file = format!("{}private.img", vm_of(&damage, "vault"));
    let members: Vec<&Member> = opened.members().iter().collect();
    let place = |number: u32| {
        let name = format!("{file}.{number:03}.enc");
        members.iter().position(|member| member.name == name).unwrap()
    };
    let arranged = |arrange: &dyn Fn(&mut Vec<&Member>)| {
        let mut members = members.clone();
        arrange(&mut members);
        archive::assemble(good, &members)
    };
    let stranger = archive::renamed(good, members[place(1)], "notes.txt");
    let cases: [(&str, Vec<u8>); 5] = [
        (
            "no first part",
            arranged(&|members| drop(members.drain(place(0)..=place(0)))),
        ),
        ("a gap", arranged(&|members| drop(members.drain(place(1)..=place(1))))),
        (
            "doubled",
            arranged(&|members| members.insert(place(2), members[place(1)])),
        ),
        ("cut", good[..good.len() - 30_000].to_vec()),
        ("a stranger", [&stranger[..], good].concat()),
    ];
    for (what, bytes) in cases {
        assert!(!look(&damage, &bytes).findings.is_empty(), "{what}");
    }
    // Parts in another order are read in their own.
    let exchanged = arranged(&|members| members.swap(place(1), place(2)));
    assert_eq!(look(&damage, &exchanged).findings, []);
}

#[test]
fn what_the_inventory_promises_and_the_headers_do_not_show_is_named() {
    let damage = Damage::new();
    let access = jobs::access(&damage.write(&damage.good));
    let inventory = engine::open_archive(&access, None, &Context::default())
        .unwrap()
        .inventory;
    assert!(look(&damage, &damage.good).missing(&inventory).is_empty());
    let (work, solo) = (vm_of(&damage, "work"), vm_of(&damage, "solo"));
    let bytes = without(&damage, &[&work, &format!("{solo}private.img")]);
    let missing = look(&damage, &bytes).missing(&inventory);
    assert_eq!(missing.keys().collect::<Vec<_>>(), ["solo", "work"]);
    assert!(missing["solo"].subject().contains("private.img"), "{missing:?}");
}

#[test]
fn nothing_is_created_for_a_vm_whose_data_is_not_there() {
    let damage = Damage::new();
    let bytes = without(&damage, &[&vm_of(&damage, "work")]);
    damage.restore(&bytes);
    let here = roots::domains(&damage.folder.path().join("here"));
    assert!(!here.contains_key("work") && here.contains_key("vault"));
}

#[test]
fn the_tool_looks_a_file_over_without_a_passphrase() {
    let damage = Damage::new();
    let look = |bytes: &[u8]| {
        let mut command = programs::qvm_backup_restore();
        programs::finish(command.arg("--quick-look").arg(damage.write(bytes)))
    };
    let whole = look(&damage.good).expect(0);
    assert!(
        whole.stdout.contains("nothing is missing") && whole.stdout.contains("not a verification"),
        "{}",
        whole.stdout
    );
    let cut = look(&damage.good[..damage.good.len() - 30_000]).expect(6);
    assert!(cut.stdout.contains("not whole"), "{}", cut.stdout);
}

#[test]
fn the_tool_names_what_is_missing_before_it_begins() {
    let damage = Damage::new();
    let bytes = without(&damage, &[&vm_of(&damage, "work")]);
    let pass = programs::passfile(damage.folder.path(), jobs::PASSPHRASE);
    let mut command = programs::qvm_backup_restore();
    command
        .arg("--root")
        .arg(damage.folder.path().join("empty"))
        .arg("-p")
        .arg(&pass);
    let tried = programs::finish(
        command
            .arg("--dry-run")
            .arg("--ignore-missing")
            .arg(damage.write(&bytes)),
    );
    assert_ne!(tried.code, 0, "{}", tried.said());
    assert!(tried.said().contains("everything of the VM work"), "{}", tried.said());
}
