// SPDX-License-Identifier: GPL-3.0-or-later
//! Formats 3 and 2. Their codes cover what parts hold and not where they stand, so that only the layers above can tell what was
//! swapped.

use super::{
    backup::{Backup, Member, PASSPHRASE, pack, volume},
    seal, tar,
    vector::{ALL, Set, at, bad, flip, good, offset, refused, remove, swap, twice},
};

const FIRST: &str = "vm2/private.img.000";
const MIDDLE: &str = "vm2/private.img.001";
const LAST: &str = "vm2/private.img.002";
const ONE: &str = "vm1/private.img.000";
const THREE: &str = "vm3/private.img.000";
const OTHERS: [&str; 2] = ["one", "three"];

fn with_code(name: &str) -> [String; 2] {
    [name.to_owned(), format!("{name}.hmac")]
}

fn remove_both(members: &mut Vec<Member>, name: &str) {
    with_code(name).iter().for_each(|name| remove(members, name));
}

fn swap_both(members: &mut [Member], one: &str, other: &str) {
    for (one, other) in with_code(one).iter().zip(&with_code(other)) {
        swap(members, one, other);
    }
}

/// Puts other content in the place of a part, with the code that belongs to it.
fn replace(members: &mut [Member], name: &str, data: Vec<u8>) {
    let place = at(members, name);
    members[place + 1].data = seal::code(&data, PASSPHRASE);
    members[place].data = data;
}

pub(super) fn v3() -> Vec<Set> {
    let backup = Backup::v3();
    let mut good_ones = Set::new(3, "good");
    good_ones.backup("gzip", "as it was written", &backup, good());
    good_ones.backup("plain", "neither encrypted nor compressed", &Backup::v3_plain(), good());
    good_ones.members(
        "inventory-first",
        "the inventory stands before the header",
        &backup,
        |members| members[..4].rotate_left(2),
        good(),
    );
    good_ones.members(
        "code-apart",
        "the inventory stands before the header, and its code at the end",
        &backup,
        |members| {
            members[..4].rotate_left(2);
            members[1..].rotate_left(1);
        },
        good(),
    );
    vec![
        good_ones,
        v3_header(&backup),
        v3_codes(&backup),
        v3_outer(&backup),
        v3_deeper(&backup),
    ]
}

fn v3_header(backup: &Backup) -> Set {
    let mut set = Set::new(3, "header");
    let wrong = || refused("wrong_passphrase", "");
    set.backup("wrong-passphrase", "the passphrase is not the one", backup, wrong())
        .passphrase = "not that passphrase";
    set.members(
        "flipped",
        "a bit of the header is changed",
        backup,
        |members| flip(members, "backup-header", -3),
        wrong(),
    );
    set.members(
        "code-flipped",
        "a digit of the header's code is changed",
        backup,
        |members| members[1].data[20] = b'0' + (members[1].data[20] & 7 ^ 1),
        wrong(),
    );
    set.members(
        "code-odd",
        "the header's code is none",
        backup,
        |members| members[1].data = b"(stdin)= what\n".to_vec(),
        refused("not_a_backup", "mac_not_a_code"),
    );
    let mut lines = |name: &str, about, from: &str, to: &str, expected| {
        set.backup(name, about, &backup.clone().with_header(from, to), expected);
    };
    lines(
        "digest-unknown",
        "a digest that is not known",
        "SHA512",
        "SHA9",
        refused("unsupported_algorithm", "digest"),
    );
    lines(
        "cipher-unknown",
        "a cipher that is not known",
        "aes-256-cbc",
        "rot13",
        refused("unsupported_algorithm", "cipher"),
    );
    lines(
        "cipher-missing",
        "the cipher is not named",
        "crypto-algorithm=aes-256-cbc\n",
        "",
        refused("not_a_backup", "header_key_missing"),
    );
    set
}

fn v3_codes(backup: &Backup) -> Set {
    let mut set = Set::new(3, "mac");
    for (name, member) in [("first", FIRST), ("middle", MIDDLE), ("last", LAST)] {
        set.members(
            &format!("content-{name}"),
            "a bit of a part is changed",
            backup,
            |members| flip(members, member, 40),
            bad("damaged", "mac_mismatch", &OTHERS),
        );
        set.members(
            &format!("missing-{name}"),
            "the code of a part is missing",
            backup,
            |members| remove(members, &format!("{member}.hmac")),
            bad("damaged", "mac_missing", &OTHERS),
        );
    }
    set.members(
        "odd",
        "the code of a part is none",
        backup,
        |members| {
            let place = at(members, MIDDLE) + 1;
            members[place].data = b"none\n".to_vec();
        },
        bad("damaged", "mac_not_a_code", &OTHERS),
    );
    set.members(
        "inventory",
        "a bit of the inventory is changed",
        backup,
        |members| flip(members, "qubes.xml.000", 40),
        refused("damaged", "mac_mismatch"),
    );
    set
}

fn v3_outer(backup: &Backup) -> Set {
    let mut set = Set::new(3, "outer");
    let members = backup.members();
    let whole = pack(&members);
    set.members(
        "missing-first",
        "the first part of a file is missing",
        backup,
        |members| remove_both(members, FIRST),
        bad("damaged", "part_out_of_order", &OTHERS),
    );
    set.members(
        "missing-middle",
        "a middle part of a file is missing",
        backup,
        |members| remove_both(members, MIDDLE),
        bad("damaged", "part_out_of_order", &OTHERS),
    );
    set.members(
        "missing-last",
        "the last part of a file is missing",
        backup,
        |members| remove_both(members, LAST),
        bad("damaged", "cut_in_header", &OTHERS),
    );
    set.members(
        "missing-last-vm",
        "all of the last VM is missing",
        backup,
        |members| remove_both(members, THREE),
        bad("missing", "missing_all_of_vm", &["one", "two"]),
    );
    set.members(
        "twice",
        "a part stands there twice",
        backup,
        |members| twice(members, MIDDLE),
        bad("duplicate", "", &ALL),
    );
    set.members(
        "swapped-parts",
        "two parts of a file have each other's content and codes",
        backup,
        |members| swap_both(members, FIRST, MIDDLE),
        bad("damaged", "decryption_no_salt", &OTHERS),
    );
    set.members(
        "swapped-vms",
        "the volumes of two VMs have each other's content and codes",
        backup,
        |members| swap_both(members, ONE, THREE),
        bad("damaged", "inner_other_entry", &["two"]),
    );
    set.bytes(
        "cut-middle",
        "it ends within a middle part",
        whole[..offset(&members, MIDDLE) + 600].to_vec(),
        bad("truncated", "cut_in_member", &["one"]),
    );
    set.bytes(
        "cut-code",
        "it ends behind the last part, before its code",
        whole[..offset(&members, &format!("{THREE}.hmac"))].to_vec(),
        bad("damaged", "mac_missing", &["one", "two"]),
    );
    set
}

fn v3_deeper(backup: &Backup) -> Set {
    let mut set = Set::new(3, "deeper");
    let rest = ["one", "two"];
    set.members(
        "no-salt",
        "a stream is not encrypted",
        backup,
        |members| replace(members, THREE, vec![b'x'; 64]),
        bad("damaged", "decryption_no_salt", &rest),
    );
    set.members(
        "last-block",
        "the last block of a stream makes no sense",
        backup,
        |members| {
            let place = at(members, THREE);
            let mut data = members[place].data.clone();
            data.truncate(data.len() - 16);
            replace(members, THREE, data);
        },
        bad("damaged", "decryption_last_block", &rest),
    );
    let archive = |archive: Vec<u8>| backup.clone().with("vm3/private.img", archive);
    set.backup(
        "inner-other",
        "an inner archive holds another file",
        &archive(tar::archive("vm9/private.img", &volume("three"))),
        bad("damaged", "inner_other_entry", &rest),
    );
    set.backup(
        "inner-no-end",
        "an inner archive lacks the mark of its end",
        &archive(tar::member("vm3/private.img", &volume("three"))),
        bad("damaged", "inner_without_end", &rest),
    );
    let more = backup
        .clone()
        .with_stream("vm3/private.img", |stream| [&stream[..], b"more"].concat());
    set.backup(
        "gzip-more",
        "something else stands behind a stream",
        &more,
        bad("damaged", "cut_at_end", &rest),
    );
    let broken = |from: &str, to: &str| backup.clone().with_inventory(from, to);
    set.backup(
        "inventory-cut",
        "the inventory is cut",
        &broken("</QubesVmCollection>", ""),
        refused("damaged", "inventory_unfinished"),
    );
    set.backup(
        "inventory-twice",
        "two VMs have one name",
        &broken("name=\"three\"", "name=\"one\""),
        refused("damaged", "inventory_same_name"),
    );
    set
}

#[expect(clippy::too_many_lines, reason = "a list of archives")]
pub(super) fn v2() -> Vec<Set> {
    let backup = Backup::v2();
    let mut good_ones = Set::new(2, "good");
    good_ones.backup("volumes", "as it was written, a file in three volumes", &backup, good());
    good_ones.members(
        "no-header",
        "without a header, as the first ones were",
        &backup,
        |members| drop(members.drain(..2)),
        good(),
    );
    good_ones.members(
        "no-header-backwards",
        "without a header, and the members stand in the opposite order",
        &backup,
        |members| {
            members.drain(..2);
            members.reverse();
        },
        good(),
    );
    let mut set = Set::new(2, "volumes");
    set.members(
        "missing-first",
        "the first volume of a file is missing",
        &backup,
        |members| remove_both(members, FIRST),
        bad("damaged", "part_out_of_order", &OTHERS),
    );
    set.members(
        "missing-middle",
        "a middle volume of a file is missing",
        &backup,
        |members| remove_both(members, MIDDLE),
        bad("damaged", "part_out_of_order", &OTHERS),
    );
    set.members(
        "missing-last",
        "the last volume of a file is missing",
        &backup,
        |members| remove_both(members, LAST),
        bad("damaged", "cut_in_file", &OTHERS),
    );
    set.members(
        "swapped-first",
        "the first two volumes of a file have each other's content and codes",
        &backup,
        |members| swap_both(members, FIRST, MIDDLE),
        bad("damaged", "volumes_no_beginning", &OTHERS),
    );
    set.members(
        "swapped-last",
        "the last two volumes of a file have each other's content and codes",
        &backup,
        |members| swap_both(members, MIDDLE, LAST),
        bad("damaged", "volumes_do_not_fit", &OTHERS),
    );
    set.members(
        "flipped",
        "a bit of a volume is changed",
        &backup,
        |members| flip(members, MIDDLE, 40),
        bad("damaged", "mac_mismatch", &OTHERS),
    );
    let seam = |head: [u8; 512]| {
        let content = [&head[..], &volume("two")[512..1024]].concat();
        let sealed = backup.sealed(MIDDLE, &content);
        move |members: &mut Vec<Member>| {
            let place = at(members, MIDDLE);
            members.splice(place..place + 2, sealed);
        }
    };
    set.members(
        "seam-name",
        "a volume goes on with another file",
        &backup,
        seam(tar::continuation("vm1/private.img", 512, 588)),
        bad("damaged", "volumes_do_not_fit", &OTHERS),
    );
    set.members(
        "seam-offset",
        "a volume goes on at another place",
        &backup,
        seam(tar::continuation("vm2/private.img", 511, 588)),
        bad("damaged", "volumes_do_not_fit", &OTHERS),
    );
    set.members(
        "seam-left",
        "a volume goes on with another length",
        &backup,
        seam(tar::continuation("vm2/private.img", 512, 587)),
        bad("damaged", "volumes_do_not_fit", &OTHERS),
    );
    set.backup(
        "wrong-passphrase",
        "the passphrase is not the one",
        &backup,
        refused("wrong_passphrase", ""),
    )
    .passphrase = "not that passphrase";
    vec![good_ones, set]
}
