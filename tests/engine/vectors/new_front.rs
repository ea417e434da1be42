// SPDX-License-Identifier: GPL-3.0-or-later
//! Format 4: what can be wrong with the header, with the MACs of parts and with the inventory.

use sha2::{Digest, Sha256};

use super::{
    backup::{BACKUP_ID, Backup, Member, PASSPHRASE},
    seal, tar,
    vector::{Set, at, bad, flip, good, refused},
};

const OTHERS: [&str; 2] = ["one", "three"];

#[expect(clippy::too_many_lines, reason = "a list of archives")]
pub(super) fn header() -> Set {
    let mut set = Set::new(4, "header");
    let backup = Backup::v4();
    set.backup(
        "wrong-passphrase",
        "the passphrase is not the one",
        &backup,
        refused("wrong_passphrase", ""),
    )
    .passphrase = "not that passphrase";
    let wrong = || refused("wrong_passphrase", "");
    set.members(
        "flipped-id",
        "a bit of the header is changed, its proof is not",
        &backup,
        |members| flip(members, "backup-header", -5),
        wrong(),
    );
    set.members(
        "flipped-proof-salt",
        "a bit of the salt of the header's proof is changed",
        &backup,
        |members| flip(members, "backup-header.hmac", 20),
        refused("damaged", "container_header_checksum"),
    );
    set.members(
        "flipped-proof-key",
        "the MAC of the key of the header's proof is changed",
        &backup,
        |members| flip(members, "backup-header.hmac", 70),
        wrong(),
    );
    set.members(
        "flipped-proof-content",
        "a bit of the content of the header's proof is changed",
        &backup,
        |members| flip(members, "backup-header.hmac", 100),
        refused("damaged", "container_mac_mismatch"),
    );
    set.members(
        "flipped-proof-end",
        "the last MAC of the header's proof is changed",
        &backup,
        |members| flip(members, "backup-header.hmac", -1),
        refused("damaged", "container_mac_mismatch"),
    );
    set.members(
        "proof-cut",
        "the header's proof has half of its bytes",
        &backup,
        |members| members[1].data.truncate(60),
        refused("damaged", "container_too_short"),
    );
    set.members(
        "proof-costly",
        "the header's proof asks for a key of 2^63",
        &backup,
        |members| {
            let header = members[0].data.clone();
            members[1].data = seal::container_of_cost(&header, PASSPHRASE, &[7; 32], 63);
        },
        refused("key_too_costly", ""),
    );
    let mut lines = |name: &str, about, from: &str, to: &str, expected| {
        set.backup(name, about, &backup.clone().with_header(from, to), expected);
    };
    lines(
        "version-5",
        "a version that is not known",
        "version=4",
        "version=5",
        refused("unsupported_version", ""),
    );
    lines(
        "version-none",
        "the version is no number",
        "version=4",
        "version=x",
        refused("not_a_backup", "header_no_version"),
    );
    lines(
        "line-twice",
        "a line stands there twice",
        "encrypted=True\n",
        "encrypted=True\nencrypted=True\n",
        refused("not_a_backup", "header_key_twice"),
    );
    lines(
        "line-odd",
        "a line without a value",
        "encrypted=True\n",
        "encrypted\n",
        refused("not_a_backup", "header_no_version"),
    );
    lines(
        "id-missing",
        "the identifier of the backup is missing",
        &format!("backup-id={BACKUP_ID}\n"),
        "",
        refused("not_a_backup", "header_key_missing"),
    );
    lines(
        "id-odd",
        "the identifier of the backup has a character that none has",
        "-1012",
        "!1012",
        refused("not_a_backup", "header_value"),
    );
    lines(
        "filter-unknown",
        "a compressor that is not known",
        "filter=gzip",
        "filter=brotli",
        refused("unsupported_compression", ""),
    );
    lines(
        "filter-missing",
        "the compressor is not named",
        "compression-filter=gzip\n",
        "",
        refused("not_a_backup", "header_key_missing"),
    );
    lines(
        "filter-empty",
        "the name of the compressor is empty",
        "compression-filter=gzip\n",
        "compression-filter=\n",
        refused("not_a_backup", "header_key_missing"),
    );
    lines(
        "unknown-line",
        "a line that is not known is passed over",
        "encrypted=True\n",
        "encrypted=True\nx-y=? ?\n",
        good(),
    );
    set
}

#[expect(clippy::too_many_lines, reason = "a list of archives")]
pub(super) fn macs() -> Set {
    let mut set = Set::new(4, "mac");
    let backup = Backup::v4();
    let parts = [
        ("first", "vm2/private.img.000.enc"),
        ("middle", "vm2/private.img.001.enc"),
        ("last", "vm2/private.img.002.enc"),
    ];
    for (name, member) in parts {
        let flipped = |place: isize| move |members: &mut Vec<Member>| flip(members, member, place);
        set.members(
            &format!("content-{name}"),
            "a bit of a part's content is changed",
            &backup,
            flipped(120),
            bad("damaged", "container_mac_mismatch", &OTHERS),
        );
        set.members(
            &format!("end-{name}"),
            "a bit of a part's last MAC is changed",
            &backup,
            flipped(-1),
            bad("damaged", "container_mac_mismatch", &OTHERS),
        );
    }
    let (_, middle) = parts[1];
    let change = |place: isize| move |members: &mut Vec<Member>| flip(members, middle, place);
    set.members(
        "magic",
        "a part does not begin like a container",
        &backup,
        change(0),
        bad("damaged", "container_missing", &OTHERS),
    );
    set.members(
        "version",
        "a part is a container of another version",
        &backup,
        change(6),
        bad("damaged", "container_version", &OTHERS),
    );
    set.members(
        "cost-flipped",
        "a bit of the cost of a part's key is changed",
        &backup,
        change(7),
        bad("damaged", "container_header_checksum", &OTHERS),
    );
    set.members(
        "key",
        "the MAC of a part's key is changed",
        &backup,
        change(80),
        bad("damaged", "part_altered_or_misplaced", &OTHERS),
    );
    set.members(
        "salt",
        "a part has another salt, with the right checksum",
        &backup,
        |members| {
            let place = at(members, middle);
            let data = &mut members[place].data;
            data[16] ^= 1;
            let checksum = Sha256::digest(&data[..48]);
            data[48..64].copy_from_slice(&checksum[..16]);
        },
        bad("damaged", "part_altered_or_misplaced", &OTHERS),
    );
    set.members(
        "costly",
        "a part asks for a key of 2^63",
        &backup,
        |members| {
            let place = at(members, middle);
            members[place].data = seal::container_of_cost(b"x", PASSPHRASE, &[7; 32], 63);
        },
        bad("key_too_costly", "", &OTHERS),
    );
    set.members(
        "short",
        "a part has fewer bytes than any container",
        &backup,
        |members| {
            let place = at(members, middle);
            members[place].data.truncate(100);
        },
        bad("damaged", "container_too_short", &OTHERS),
    );
    set.members(
        "empty",
        "a part has no bytes",
        &backup,
        |members| {
            let place = at(members, middle);
            members[place].data.clear();
        },
        bad("damaged", "container_too_short", &OTHERS),
    );
    set.members(
        "inventory",
        "a bit of the inventory's content is changed",
        &backup,
        |members| flip(members, "qubes.xml.000.enc", 120),
        refused("damaged", "container_mac_mismatch"),
    );
    set
}

#[expect(clippy::too_many_lines, reason = "a list of archives")]
pub(super) fn inventory() -> Set {
    let mut set = Set::new(4, "inventory");
    let backup = Backup::v4();
    let text = |inventory: &str| Backup {
        inventory: inventory.to_owned(),
        ..backup.clone()
    };
    let whole = &backup.inventory;
    let broken = |reason| refused("damaged", reason);
    set.backup(
        "no-xml",
        "it is no XML",
        &text("no XML at all"),
        broken("inventory_text_outside"),
    );
    set.backup("empty", "it is empty", &text(""), broken("inventory_no_element"));
    set.backup(
        "cut",
        "it is cut",
        &text(&whole[..whole.len() / 2]),
        broken("inventory_malformed"),
    );
    set.backup(
        "other-root",
        "its root has another name",
        &text("<pedos/>"),
        broken("inventory_root"),
    );
    set.backup(
        "doctype",
        "it declares entities",
        &text(&format!("<!DOCTYPE q [<!ENTITY a \"b\">]>{whole}")),
        broken("inventory_document_type"),
    );
    set.backup(
        "name-twice",
        "two VMs have one name",
        &text(&whole.replace(">three<", ">one<")),
        broken("inventory_same_name"),
    );
    set.backup(
        "path-twice",
        "two VMs are at one place",
        &text(&whole.replace(">vm3<", ">vm1<")),
        bad("missing", "missing_all_of_vm", &["one", "two"]),
    );
    set.backup(
        "path-outside",
        "a VM is outside of the archive",
        &text(&whole.replace(">vm3<", ">../vm3<")),
        bad("missing", "missing_all_of_vm", &["one", "two"]),
    );
    let unknown = Backup {
        files: [
            &backup.files[..],
            &[("vm3/data.img".into(), tar::archive("vm3/data.img", b"data"))],
        ]
        .concat(),
        ..backup.clone()
    };
    set.backup(
        "volume-unknown",
        "there is a file of a volume that its VM does not have",
        &unknown,
        bad("no_such_volume", "", &["one", "two"]),
    );
    set.backup(
        "file-unknown",
        "it lists a file that is not there",
        &text(&whole.replace(
            "<backup-files><file name=\"private.img\"/></backup-files>",
            "<backup-files><file name=\"private.img\"/><file name=\"notes.txt\"/></backup-files>",
        )),
        bad("missing", "missing_file", &["two"]),
    );
    set.backup(
        "vm-unknown",
        "it promises a VM of which nothing is there",
        &text(&whole.replace(">vm3<", ">vm4<")),
        bad("missing", "missing_all_of_vm", &["one", "two"]),
    );
    set
}
