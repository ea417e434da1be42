// SPDX-License-Identifier: GPL-3.0-or-later
//! Inputs to begin with: good ones of every kind, made by the library's own writers, from which the engine finds the others.

use std::{fs, io::Write, path::Path};

use pedos_backup::{
    crypto::{KdfCost, SealKey},
    format::{Compression, Level, compressed, inner, outer},
    qfile,
};

use crate::targets::{ARCHIVE_INVENTORY, tar_member};

/// Inputs that are text as it stands, by target.
const TEXTS: [(&str, &str); 18] = [
    (
        "header",
        "version=4\nencrypted=True\ncompressed=True\ncompression-filter=gzip\nhmac-algorithm=scrypt\nbackup-id=20260102T030405-1012\n",
    ),
    (
        "header",
        "version=3\nhmac-algorithm=SHA512\ncrypto-algorithm=aes-256-cbc\nencrypted=True\ncompressed=True\n",
    ),
    ("part_names", "vm1/private.img.000"),
    ("part_names", "vm1/private.img.1000.enc"),
    ("part_names", "vm1/..000"),
    ("part_names", "(stdin)= 00ffa1\n"),
    (
        "old_inventory",
        r#"updatevm="0" default_kernel="4.4" default_template="1"><QubesTemplateVm backup_content="False" conf_file="f" dir_path="/var/lib/qubes/vm-templates/f" installed_by_rpm="False" internal="False" kernel="4.4" label="black" name="f" qid="1" template_qid="none" uses_default_kernel="True" uses_default_netvm="True"/><QubesAppVm backup_content="True" backup_path="vm5" backup_size="131072" conf_file="work.conf" dir_path="/var/lib/qubes/appvms/work" label="blue" name="work" netvm_qid="none" qid="5" template_qid="1" services="{'meminfo-writer': True}" pcidevs="['00:1a.0']"/>"#,
    ),
    (
        "profile",
        "include:\n- '@type:AppVM'\n- work\nexclude: ['@tag:x']\ndestination_vm: dom0\ndestination_path: /mnt/a b\ncompression: gzip\npassphrase_text: \"a\\tb\"\n",
    ),
    (
        "profile",
        "include: null\nexclude: []\ndestination_vm: \"sys-usb\"\ndestination_path: |\n  cat\ncompression: false\npassphrase_vm: vault\n",
    ),
    (
        "answers",
        "0\0work class=AppVM state=Running\nvault class=AppVM state=Halted\n",
    ),
    (
        "answers",
        "0\0name default=False type=str work\nnetvm default=True type=vm sys-net\nkernelopts default=True type=str a\\nb\\\\c\n",
    ),
    (
        "answers",
        "0\0action=accept proto=tcp dst4=192.0.2.0/24 dstports=22-22 comment=any text\naction=drop specialtarget=dns\n",
    ),
    (
        "answers",
        "0\0sys-usb+1-2 device_id='1234:5678::u0' port_id='1-2' devclass='usb' backend_domain='sys-usb' mode='required' _a='b c'\n",
    ),
    (
        "answers",
        "0\0pool=lvm\nvid=vm/private\nsize=2147483648\nusage=0\nrw=True\nsource=\nsave_on_stop=True\nsnap_on_start=False\nrevisions_to_keep=1\nis_outdated=False\n",
    ),
    ("answers", "2\0QubesVMNotFoundError\0Traceback\0No such VM: %s\0work\0"),
    (
        "answers",
        "0\0driver=lvm_thin\nsize=100\nusage=50\nrevisions_to_keep=1\nvolume_group=x\n",
    ),
    (
        "events",
        "\x05\x31\0\0connection-established\0\0\x31\0work\0domain-start\0start_guid\0True\0\0",
    ),
    ("old_inventory", "default_template=\"1\">"),
];

/// Writes the inputs of a target into a folder.
pub(crate) fn write(target: &str, folder: &Path) {
    let texts = TEXTS.iter().filter(|(of, _)| *of == target);
    let mut inputs: Vec<Vec<u8>> = texts.map(|(_, text)| text.as_bytes().to_vec()).collect();
    match target {
        "outer" => inputs.extend([with_mode(1, outer_archive()), with_mode(0, outer_archive())]),
        "inner" => inputs.extend([with_mode(1, sparse()), with_mode(0x61, small("firewall.xml"))]),
        "volumes" => inputs.extend(volumes()),
        "container" => inputs.extend([with_mode(0, container()), with_mode(1, b"\x10\0content".to_vec())]),
        "inventory" => inputs.push(ARCHIVE_INVENTORY.as_bytes().to_vec()),
        "archive" => inputs.extend(archives()),
        "segments" => inputs.extend(streams()),
        "qfile" => inputs.push(with_mode(3, qfile_stream())),
        "sftp" => inputs.extend(conversations()),
        _ => {}
    }
    for (number, input) in inputs.iter().enumerate() {
        if let Err(error) =
            fs::create_dir_all(folder).and_then(|()| fs::write(folder.join(format!("seed-{number}")), input))
        {
            panic!("{}: {error}", folder.display());
        }
    }
}

fn with_mode(mode: u8, content: Vec<u8>) -> Vec<u8> {
    [vec![mode], content].concat()
}

fn outer_archive() -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, length) in [
        ("backup-header", 90),
        ("qubes.xml.000.enc", 600),
        ("vm1/private.img.000.enc", 0),
    ] {
        archive.extend(tar_member(name, &vec![b'x'; length]));
    }
    let mut writer = outer::Writer::new(archive);
    let long = format!("vm1/{}/f.000.enc", "l".repeat(110));
    match writer.member(&long, 7, &[b"abc"]).map(|()| writer.finish()) {
        Ok(Ok(archive)) => archive,
        _ => panic!("memory cannot be written"),
    }
}

fn small(name: &str) -> Vec<u8> {
    let mut archive = tar_member(name, b"<firewall/>");
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// A file with holes.
fn sparse() -> Vec<u8> {
    let extents = [(512, 512), (2048, 1024)].map(|(offset, length)| inner::Extent { offset, length });
    let mut writer = inner::Writer::new(Vec::new());
    let written = writer
        .sparse_member("vm1/private.img", 4096, &extents)
        .and_then(|()| Ok(writer.write_all(&[b'd'; 1536])?))
        .and_then(|()| writer.end_member())
        .and_then(|()| writer.finish());
    written.unwrap_or_else(|error| panic!("{error}"))
}

/// One volume, and two with a seam in a file.
fn volumes() -> Vec<Vec<u8>> {
    let one = small("vm1/firewall.xml");
    let first = tar_member("vm1/private.img", &[b'd'; 1024]);
    let mut second = tar_member("vm1/private.img", &[b'd'; 512]);
    second[156] = b'M';
    second[257..265].copy_from_slice(b"ustar  \0");
    second[369..381].copy_from_slice(b"00000001000\0");
    let two = [&first[..1024], &second, &[0; 1024]].concat();
    let with_seams = |seams: [u8; 4], archive: &[u8]| [&[1], &seams[..], archive].concat();
    vec![with_seams([0; 4], &one), with_seams([2, 0, 0, 0], &two)]
}

fn container() -> Vec<u8> {
    let mut content = b"content".to_vec();
    let Ok(key) = SealKey::derive(b"another passphrase", KdfCost { log_n: 1, r: 1, p: 1 }) else {
        panic!("no key")
    };
    let around = key.seal(&mut content);
    [&around.header[..], &content, &around.mac].concat()
}

fn archives() -> Vec<Vec<u8>> {
    let rules = |version: &str, rest: &str| format!("<firewall{version}>{rest}</firewall>").into_bytes();
    let new = rules(
        " version=\"2\"",
        r#"<rules><rule><properties><property name="action">accept</property><property name="proto">tcp</property><property name="dst4">192.0.2.1/32</property><property name="dstports">80-443</property><property name="expire">1700000000</property></properties></rule><rule><properties><property name="action">drop</property><property name="specialtarget">dns</property></properties></rule></rules>"#,
    );
    let old = rules(
        " dns=\"allow\" icmp=\"deny\" policy=\"deny\" yumProxy=\"allow\"",
        r#"<rule address="example.org" netmask="32" port="443" proto="tcp"/><rule address="10.0.0.0" netmask="8" proto="any" toport="90"/>"#,
    );
    let mut inputs = vec![with_mode(0, ARCHIVE_INVENTORY.as_bytes().to_vec())];
    for version in [0, 4] {
        inputs.push(with_mode(version | 1, new.clone()));
        inputs.push(with_mode(version | 1, old.clone()));
        inputs.push(with_mode(version | 2, sparse()));
        inputs.push(with_mode(version | 2, small("vm1/private.img")));
    }
    inputs
}

fn streams() -> Vec<Vec<u8>> {
    let methods = [
        Compression::Gzip,
        Compression::Zstd,
        Compression::Bzip2,
        Compression::Xz,
        Compression::Lzma,
    ];
    let content = b"what can be compressed can be compressed can be compressed".repeat(3);
    let mut inputs = Vec::new();
    for (mode, method) in (0..).zip(methods) {
        let Ok(stream) = compressed(method, Level::Fast, &content) else {
            panic!("{method:?}")
        };
        inputs.push(with_mode(mode, stream.repeat(2)));
        inputs.push(with_mode(mode, stream));
    }
    inputs
}

fn qfile_stream() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = qfile::Writer::new(&mut bytes);
    let sent = writer
        .directory("vm7", 0o700, 5)
        .and_then(|()| writer.file("vm7/a", 0o644, 5, 7))
        .and_then(|()| writer.write_all(b"hello"))
        .and_then(|()| writer.finish());
    assert!(sent.is_ok());
    bytes
}

/// Replies to each of the conversations of the target: type, length, content.
fn conversations() -> Vec<Vec<u8>> {
    let reply = |kind: u8, content: &[u8]| [&[kind, content.len() as u8], content].concat();
    let status = |code: u8| reply(101, &[0, 0, 0, code, 0, 0, 0, 0, 0, 0, 0, 0]);
    let handle = reply(102, &[0, 0, 0, 1, b'h']);
    let attributes = reply(
        105,
        &[
            0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0x81, 0xa4, 0, 0, 0, 1, 0, 0, 0, 2,
        ],
    );
    let names = reply(104, &[0, 0, 0, 1, 0, 0, 0, 1, b'a', 0, 0, 0, 1, b'l', 0, 0, 0, 0]);
    let data = reply(103, &[0, 0, 0, 3, b'a', b'b', b'c']);
    let talk = |mode: u8, replies: &[&[u8]]| with_mode(mode << 1, replies.concat());
    vec![
        talk(0, &[&attributes, &attributes, &status(0)]),
        talk(1, &[&handle, &names, &status(1), &status(0)]),
        talk(2, &[&status(2), &status(0), &status(0)]),
        talk(3, &[&handle, &attributes, &data, &data, &status(1)]),
        with_mode(1, vec![0, 0, 0, 5, 2, 0, 0, 0, 3]),
    ]
}
