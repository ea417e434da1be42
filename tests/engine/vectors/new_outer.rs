// SPDX-License-Identifier: GPL-3.0-or-later
//! Format 4: good archives, and what can be wrong with the outer archive.

use super::{
    backup::{BACKUP_ID, Backup, Member, PASSPHRASE, RULES, pack},
    seal, tar,
    vector::{ALL, Set, at, bad, good, offset, refused, remove, swap, twice},
};
use crate::support::noise::Noise;
use pedos_backup::format::{Compression, Level, compressed};

const FIRST: &str = "vm2/private.img.000.enc";
const MIDDLE: &str = "vm2/private.img.001.enc";
const LAST: &str = "vm2/private.img.002.enc";
const ONE: &str = "vm1/private.img.000.enc";
const THREE: &str = "vm3/private.img.000.enc";
const OTHERS: [&str; 2] = ["one", "three"];

/// Compresses a whole stream.
type Compress = fn(&[u8]) -> Vec<u8>;

#[expect(clippy::too_many_lines, reason = "a list of archives")]
pub(super) fn good_ones() -> Set {
    let mut set = Set::new(4, "good");
    let backup = Backup::v4();
    set.backup("gzip", "as it is written", &backup, good());
    set.backup("plain", "nothing is compressed", &Backup::v4_plain(), good());
    let methods: [(&str, Compress); 4] = [
        ("bzip2", |content| made_by(Compression::Bzip2, content)),
        ("xz", |content| made_by(Compression::Xz, content)),
        ("lzma", |content| made_by(Compression::Lzma, content)),
        ("zstd", |content| made_by(Compression::Zstd, content)),
    ];
    for (name, compress) in methods {
        let filter = format!("compression-filter={name}");
        let backup = Backup {
            compress,
            ..backup.clone().with_header("compression-filter=gzip", &filter)
        };
        set.backup(name, "compressed by another method", &backup, good())
            .is_exact = false;
    }
    let members = backup.members();
    set.members(
        "backwards",
        "the members stand in the opposite order",
        &backup,
        |members| members.reverse(),
        good(),
    );
    set.members(
        "parts-apart",
        "the parts of a file stand in another order and apart",
        &backup,
        |members| {
            let (first, last) = (at(members, FIRST), at(members, LAST));
            members.swap(first, last);
        },
        good(),
    );
    let chain: Vec<u8> = members
        .iter()
        .flat_map(|member| tar::archive(&member.name, &member.data))
        .collect();
    set.bytes(
        "chain",
        "every member is an archive of its own with an end mark, as the stock tool writes it",
        chain,
        good(),
    );
    let with_times: Vec<u8> = members
        .iter()
        .flat_map(|member| {
            let times = [
                tar::record("mtime", "1700000009.5"),
                tar::record("atime", "1700000000.25"),
            ]
            .concat();
            [
                tar::member_of_kind("PaxHeaders/x", b'x', times.len(), &times),
                tar::member(&member.name, &member.data),
            ]
            .concat()
        })
        .chain(tar::end())
        .collect();
    set.bytes("pax", "every member has a pax header with times", with_times, good());
    let noise = [backup.archive(), Noise::new(9).bytes(1500)].concat();
    set.bytes(
        "on-a-device",
        "noise stands behind the end of the archive, as on a device",
        noise,
        good(),
    );
    let unlisted = backup
        .clone()
        .with_inventory("<backup-files><file name=\"private.img\"/></backup-files>", "")
        .with_inventory(
            "<backup-files><file name=\"private.img\"/><file name=\"firewall.xml\"/></backup-files>",
            "",
        );
    set.backup(
        "unlisted",
        "the inventory does not list the files of VMs, as the stock tool writes it",
        &unlisted,
        good(),
    );
    let in_two = backup.with_stream("vm3/private.img", |_| {
        let archive = tar::archive("vm3/private.img", &super::backup::volume("three"));
        let (one, other) = archive.split_at(700);
        [super::deflate::gzip(one), super::deflate::gzip(other)].concat()
    });
    set.backup("gzip-members", "a stream is two gzip members", &in_two, good());
    set
}

fn made_by(method: Compression, content: &[u8]) -> Vec<u8> {
    compressed(method, Level::default(), content).unwrap()
}

pub(super) fn outer() -> Set {
    let mut set = Set::new(4, "outer");
    let backup = Backup::v4();
    headers(&mut set, &backup);
    cuts(&mut set, &backup);
    missing(&mut set, &backup);
    twice_and_swapped(&mut set, &backup);
    foreign(&mut set, &backup);
    no_archives(&mut set);
    set
}

/// Tar headers of members that are damaged.
fn headers(set: &mut Set, backup: &Backup) {
    let members = backup.members();
    let damaged = |name: &str| {
        let mut bytes = pack(&members);
        bytes[offset(&members, name) + 3] ^= 0x10;
        bytes
    };
    let lost = |restorable: &[&'static str]| bad("lost_member", "", restorable);
    set.bytes(
        "header-of-header",
        "the tar header of backup-header is damaged",
        damaged("backup-header"),
        lost(&ALL),
    );
    set.bytes(
        "header-of-proof",
        "the tar header of backup-header.hmac is damaged",
        damaged("backup-header.hmac"),
        lost(&ALL),
    );
    set.bytes(
        "header-of-inventory",
        "the tar header of the inventory is damaged",
        damaged("qubes.xml.000.enc"),
        lost(&ALL),
    );
    set.bytes(
        "header-first",
        "the tar header of a file's first part is damaged",
        damaged(FIRST),
        bad("damaged", "part_out_of_order", &OTHERS),
    );
    set.bytes(
        "header-middle",
        "the tar header of a file's middle part is damaged",
        damaged(MIDDLE),
        bad("damaged", "part_out_of_order", &OTHERS),
    );
    set.bytes(
        "header-last",
        "the tar header of a file's last part is damaged",
        damaged(LAST),
        bad("damaged", "cut_in_file", &OTHERS),
    );
    set.bytes(
        "header-last-vm",
        "the tar header of the last member is damaged",
        damaged(THREE),
        bad("missing", "missing_all_of_vm", &["one", "two"]),
    );
    let mut huge = pack(&members);
    let place = offset(&members, MIDDLE);
    let mut header: [u8; 512] = huge[place..place + 512].try_into().unwrap();
    header[124..135].copy_from_slice(b"77777777777");
    huge[place..place + 512].copy_from_slice(&tar::sealed(header));
    set.bytes(
        "size-huge",
        "the tar header of a middle part claims eight gibibytes",
        huge,
        bad("damaged", "part_size", &OTHERS),
    );
    let mut padding = pack(&members);
    let place = offset(&members, THREE) - 1;
    padding[place] = 1;
    set.bytes(
        "padding",
        "a byte of the padding behind a member is not zero",
        padding,
        bad("altered", "anomaly_padding", &ALL),
    );
}

fn cuts(set: &mut Set, backup: &Backup) {
    let members = backup.members();
    let whole = pack(&members);
    let cut = |at: usize| whole[..at].to_vec();
    let end = whole.len();
    set.bytes(
        "cut-first",
        "it ends within backup-header",
        cut(530),
        refused("truncated", "cut_in_member"),
    );
    set.bytes(
        "cut-before-inventory",
        "it ends behind the proof of the header",
        cut(offset(&members, "qubes.xml.000.enc")),
        refused("not_a_backup", "no_inventory"),
    );
    set.bytes(
        "cut-inventory",
        "it ends within the inventory",
        cut(offset(&members, "qubes.xml.000.enc") + 600),
        refused("truncated", "cut_in_member"),
    );
    set.bytes(
        "cut-middle",
        "it ends within a middle part",
        cut(offset(&members, MIDDLE) + 600),
        bad("truncated", "cut_in_member", &["one"]),
    );
    set.bytes(
        "cut-seam",
        "it ends between two parts of a file",
        cut(offset(&members, MIDDLE)),
        bad("damaged", "cut_in_file", &["one"]),
    );
    set.bytes(
        "cut-seam-vm",
        "it ends between two VMs",
        cut(offset(&members, THREE)),
        bad("missing", "missing_all_of_vm", &["one", "two"]),
    );
    set.bytes(
        "cut-last",
        "it ends within the last member",
        cut(offset(&members, THREE) + 700),
        bad("truncated", "cut_in_member", &["one", "two"]),
    );
    set.bytes(
        "cut-end-mark",
        "the mark of its end is missing",
        cut(end - 1024),
        bad("truncated", "no_end_mark", &ALL),
    );
}

fn missing(set: &mut Set, backup: &Backup) {
    let mut without = |name: &str, about, member: &str, expected| {
        set.members(name, about, backup, |members| remove(members, member), expected);
    };
    without(
        "missing-header",
        "backup-header is missing",
        "backup-header",
        refused("not_a_backup", "other_member"),
    );
    without(
        "missing-proof",
        "backup-header.hmac is missing",
        "backup-header.hmac",
        refused("not_a_backup", "other_member"),
    );
    without(
        "missing-inventory",
        "the inventory is missing",
        "qubes.xml.000.enc",
        refused("not_a_backup", "no_inventory"),
    );
    without(
        "missing-first",
        "the first part of a file is missing",
        FIRST,
        bad("damaged", "part_out_of_order", &OTHERS),
    );
    without(
        "missing-middle",
        "a middle part of a file is missing",
        MIDDLE,
        bad("damaged", "part_out_of_order", &OTHERS),
    );
    without(
        "missing-last",
        "the last part of a file is missing",
        LAST,
        bad("damaged", "cut_in_file", &OTHERS),
    );
    without(
        "missing-first-vm",
        "all of the first VM is missing",
        ONE,
        bad("missing", "missing_all_of_vm", &["two", "three"]),
    );
    without(
        "missing-last-vm",
        "all of the last VM is missing",
        THREE,
        bad("missing", "missing_all_of_vm", &["one", "two"]),
    );
    without(
        "missing-rules",
        "the firewall rules that the inventory lists are missing",
        "vm2/firewall.xml.000.enc",
        bad("missing", "missing_file", &OTHERS),
    );
}

fn twice_and_swapped(set: &mut Set, backup: &Backup) {
    for (name, about, member) in [
        ("twice-header", "backup-header stands there twice", "backup-header"),
        (
            "twice-inventory",
            "the inventory stands there twice",
            "qubes.xml.000.enc",
        ),
        ("twice-first", "the first part of a file stands there twice", FIRST),
        ("twice-middle", "a middle part of a file stands there twice", MIDDLE),
        ("twice-last", "the last part of a file stands there twice", LAST),
        ("twice-last-vm", "the last member stands there twice", THREE),
    ] {
        set.members(
            name,
            about,
            backup,
            |members| twice(members, member),
            bad("duplicate", "", &ALL),
        );
    }
    let misplaced = |restorable: &[&'static str]| bad("damaged", "part_altered_or_misplaced", restorable);
    set.members(
        "swapped-parts",
        "two parts of a file have each other's content",
        backup,
        |members| swap(members, FIRST, MIDDLE),
        misplaced(&OTHERS),
    );
    set.members(
        "swapped-vms",
        "the volumes of two VMs have each other's content",
        backup,
        |members| swap(members, ONE, THREE),
        misplaced(&["two"]),
    );
    set.members(
        "swapped-inventory",
        "the inventory has the content of a volume",
        backup,
        |members| swap(members, "qubes.xml.000.enc", THREE),
        refused("damaged", "part_altered_or_misplaced"),
    );
    set.members(
        "swapped-front",
        "backup-header and its proof have each other's content",
        backup,
        |members| swap(members, "backup-header", "backup-header.hmac"),
        refused("not_a_backup", "header_no_version"),
    );
}

fn foreign(set: &mut Set, backup: &Backup) {
    let foreign = |name: &str, data: Vec<u8>| Member {
        name: name.into(),
        data,
    };
    let expected = || bad("foreign", "", &ALL);
    set.members(
        "foreign-first",
        "a file that is no part stands before everything",
        backup,
        |members| members.insert(0, foreign("README", b"read me\n".to_vec())),
        expected(),
    );
    set.members(
        "foreign-middle",
        "a file that is no part stands between the parts of a file",
        backup,
        |members| {
            let place = at(members, MIDDLE);
            members.insert(place, foreign("README", b"read me\n".to_vec()));
        },
        expected(),
    );
    set.members(
        "foreign-last",
        "a file that is no part stands behind everything",
        backup,
        |members| members.push(foreign("README", b"read me\n".to_vec())),
        expected(),
    );
    let other = seal::container(b"x", &format!("20250101T000000-1!vm3/notes.txt.000!{PASSPHRASE}"));
    set.members(
        "foreign-backup",
        "a part of another backup stands behind everything",
        backup,
        |members| members.push(foreign("vm3/notes.txt.000.enc", other)),
        bad("damaged", "part_altered_or_misplaced", &["one", "two"]),
    );
    let unpromised = seal::container(
        &super::deflate::gzip(&tar::archive("vm9/firewall.xml", RULES.as_bytes())),
        &format!("{BACKUP_ID}!vm9/firewall.xml.000!{PASSPHRASE}"),
    );
    set.members(
        "unpromised",
        "a genuine part of a VM that the inventory does not have: only a warning",
        backup,
        |members| members.push(foreign("vm9/firewall.xml.000.enc", unpromised)),
        good(),
    );
    let members = backup.members();
    let place = offset(&members, FIRST);
    let mut link = pack(&members);
    link.splice(place..place, tar::member_of_kind("vm2/link.000.enc", b'2', 0, &[]));
    set.bytes("link", "a symbolic link stands among the members", link, expected());
}

fn no_archives(set: &mut Set) {
    set.bytes("empty", "an empty file", Vec::new(), refused("not_a_backup", "empty"));
    set.bytes(
        "noise",
        "noise",
        Noise::new(5).bytes(2048),
        refused("not_a_backup", "other_beginning"),
    );
    set.bytes(
        "zeros",
        "nothing but zeros",
        vec![0; 4096],
        refused("not_a_backup", "other_beginning"),
    );
    set.bytes(
        "other-tar",
        "a tar archive of something else",
        tar::archive("README", b"read me\n"),
        refused("not_a_backup", "other_member"),
    );
}
