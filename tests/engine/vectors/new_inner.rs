// SPDX-License-Identifier: GPL-3.0-or-later
//! Format 4: what can be wrong behind MACs that are right: with compressed streams, inner archives and firewall rules.

use super::{
    backup::{Backup, RULES, volume},
    deflate::gzip,
    tar,
    vector::{ALL, Set, bad, good},
};

const ONE: &str = "vm1/private.img";
const TWO: &str = "vm2/private.img";
const THREE: &str = "vm3/private.img";
const RULES_FILE: &str = "vm2/firewall.xml";

/// The others where the third VM is wrong.
const REST: [&str; 2] = ["one", "two"];

#[expect(clippy::too_many_lines, reason = "a list of archives")]
pub(super) fn compression() -> Set {
    let mut set = Set::new(4, "gzip");
    let mut stream = |name: &str, about, file: &str, change: fn(Vec<u8>) -> Vec<u8>, expected| {
        set.backup(name, about, &Backup::v4().with_stream(file, change), expected);
    };
    let flipped: fn(Vec<u8>) -> Vec<u8> = |mut stream| {
        let place = stream.len() - 6;
        stream[place] ^= 1;
        stream
    };
    stream(
        "checksum",
        "the checksum of a stream is wrong",
        THREE,
        flipped,
        bad("damaged", "compression_damaged", &REST),
    );
    stream(
        "checksum-parts",
        "the checksum of a stream in several parts is wrong",
        TWO,
        flipped,
        bad("damaged", "compression_damaged", &["one", "three"]),
    );
    stream(
        "length",
        "the length at the end of a stream is wrong",
        THREE,
        |mut stream| {
            let place = stream.len() - 1;
            stream[place] ^= 1;
            stream
        },
        bad("damaged", "compression_damaged", &REST),
    );
    stream(
        "magic",
        "a stream does not begin like one",
        THREE,
        |mut stream| {
            stream[0] = 0;
            stream
        },
        bad("damaged", "compression_damaged", &REST),
    );
    stream(
        "code",
        "a stream has a block that means nothing",
        THREE,
        |mut stream| {
            stream[10] |= 7;
            stream
        },
        bad("damaged", "compression_damaged", &REST),
    );
    stream(
        "cut",
        "a stream is cut before its checksum",
        THREE,
        |mut stream| {
            stream.truncate(stream.len() - 8);
            stream
        },
        bad("damaged", "cut_at_end", &REST),
    );
    stream(
        "cut-middle",
        "a stream is cut in its middle",
        THREE,
        |mut stream| {
            stream.truncate(stream.len() / 2);
            stream
        },
        bad("damaged", "cut_in_file", &REST),
    );
    stream(
        "nothing",
        "a stream has no bytes",
        THREE,
        |_| Vec::new(),
        bad("damaged", "cut_in_header", &REST),
    );
    stream(
        "more",
        "something else stands behind a stream",
        THREE,
        |stream| [&stream[..], b"more"].concat(),
        bad("damaged", "cut_at_end", &REST),
    );
    stream(
        "plain",
        "a stream is not compressed at all",
        THREE,
        |_| tar::archive(THREE, &volume("three")),
        bad("damaged", "compression_damaged", &REST),
    );
    stream(
        "twice",
        "a stream stands there twice",
        THREE,
        |stream| stream.repeat(2),
        good(),
    );
    set
}

#[expect(clippy::too_many_lines, reason = "a list of archives")]
pub(super) fn inner() -> Set {
    let mut set = Set::new(4, "inner");
    let content = volume("three");
    let mut archive = |name: &str, about, bytes: Vec<u8>, reason| {
        set.backup(
            name,
            about,
            &Backup::v4().with(THREE, bytes),
            bad("damaged", reason, &REST),
        );
    };
    let good = tar::archive(THREE, &content);
    let mut checksum = good.clone();
    checksum[0] ^= 1;
    archive(
        "checksum",
        "the checksum of the header is wrong",
        checksum,
        "tar_not_a_header",
    );
    archive("cut", "it is cut within the file", good[..700].to_vec(), "cut_in_file");
    archive(
        "no-end",
        "the mark of its end is missing",
        good[..1024].to_vec(),
        "inner_without_end",
    );
    archive("empty", "it has no file", tar::end(), "inner_empty");
    archive(
        "other",
        "it holds a file of another VM",
        tar::archive(ONE, &content),
        "inner_other_entry",
    );
    archive(
        "other-outside",
        "its file has a name that leads out of the folder",
        tar::archive("../../etc/passwd", &content),
        "inner_other_entry",
    );
    archive(
        "second",
        "it holds a second file",
        [tar::member(THREE, &content), tar::archive("vm3/x", b"x")].concat(),
        "inner_second_entry",
    );
    archive(
        "link",
        "it holds a link in place of the file",
        [tar::member_of_kind(THREE, b'2', 0, &[]), tar::end()].concat(),
        "inner_other_entry",
    );
    archive(
        "directory",
        "it holds a folder in place of the file",
        [tar::member_of_kind(THREE, b'5', 0, &[]), tar::end()].concat(),
        "inner_other_entry",
    );
    archive(
        "no-header",
        "it is no tar archive",
        vec![b'x'; 1024],
        "tar_not_a_header",
    );
    archive(
        "size",
        "the file claims more bytes than there are",
        [tar::member_of_kind(THREE, b'0', 5000, &content), tar::end()].concat(),
        "cut_in_file",
    );
    for (name, about, map, reason) in [
        (
            "sparse-behind-end",
            "the map of a file with holes leads behind its end",
            &[2, 0, 512, 4000, 512][..],
            "sparse_beyond_end",
        ),
        (
            "sparse-order",
            "the map of a file with holes goes back",
            &[2, 3584, 512, 0, 512],
            "sparse_order",
        ),
        (
            "sparse-short",
            "the map of a file with holes has less than there is",
            &[1, 0, 512],
            "sparse_data_size",
        ),
        (
            "sparse-endless",
            "the map of a file with holes claims more entries than fit",
            &[99_999_999, 0, 512, 3584, 512],
            "sparse_not_numbers",
        ),
    ] {
        let content = volume("one");
        let data = [&content[..512], &content[3584..]].concat();
        let bytes = tar::sparse(ONE, &content, map, &data);
        set.backup(
            name,
            about,
            &Backup::v4().with(ONE, bytes),
            bad("damaged", reason, &["two", "three"]),
        );
    }
    set
}

pub(super) fn firewall() -> Set {
    let mut set = Set::new(4, "firewall");
    let mut rules = |name: &str, about, text: &str, reason| {
        let archive = tar::archive(RULES_FILE, text.as_bytes());
        set.backup(
            name,
            about,
            &Backup::v4().with(RULES_FILE, archive),
            bad("unreadable_rules", reason, &ALL),
        );
    };
    rules("no-xml", "the rules are no XML", "no rules", "inventory_text_outside");
    rules("empty", "the rules are empty", "", "inventory_no_element");
    rules(
        "version",
        "the rules are of a version that is not known",
        &RULES.replace("\"2\"", "\"3\""),
        "rules_version",
    );
    rules(
        "action",
        "a rule has an action that is not known",
        &RULES.replace(">accept<", ">allow<"),
        "rule_action",
    );
    rules(
        "no-action",
        "a rule has no action",
        &RULES.replace("<property name=\"action\">accept</property>", ""),
        "rule_no_action",
    );
    rules(
        "unknown",
        "a rule has a property that is not known, and might narrow it",
        &RULES.replace("specialtarget", "onlyfor"),
        "rule_unknown_property",
    );
    rules(
        "old-policy",
        "old rules have a policy that is not known",
        "<QubesFirewallRules policy=\"maybe\"/>",
        "rules_policy",
    );
    let odd = RULES.replace("<property name=\"specialtarget\">dns<", "<property name=\"proto\">xyz<");
    let odd = Backup::v4().with(RULES_FILE, tar::archive(RULES_FILE, odd.as_bytes()));
    set.backup(
        "protocol",
        "a rule has a protocol that is not known: what values mean is left to the firewall",
        &odd,
        good(),
    );
    let cut = Backup::v4().with_stream(RULES_FILE, |_| gzip(&tar::member(RULES_FILE, RULES.as_bytes())[..600]));
    set.backup(
        "cut",
        "the archive of the rules is cut",
        &cut,
        bad("damaged", "cut_in_file", &["one", "three"]),
    );
    set
}
