// SPDX-License-Identifier: GPL-3.0-or-later
//! The archive format between this program and the rest of the world: what the tools write is opened by the published
//! emergency procedure with stock `tar`, `scrypt` and `gzip`.
//! Nothing here trusts the library to read what the library wrote.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use crate::support::{
    jobs,
    programs::{self, back_up, only_archive, passfile, restore_new},
    roots::{self, Fill, KIB, MIB, Vm},
    tools::{self, shell},
};

/// A passphrase with what shells and terminals like to get wrong, blanks at its end left out: tools strip those.
const PASSPHRASE: &str = " pä\"ss'$wörd! `x` \\n %s";

/// The published procedure, as far as the list of VMs.
const OPEN: &str = r#"
    tar -i -xf "$archive" backup-header backup-header.hmac qubes.xml.000.enc
    echo "backup-header!$pass" | scrypt dec -P backup-header.hmac backup-header.verified
    diff -qs backup-header backup-header.verified >&2
    backup_id=$(tail -n 1 backup-header | sed s/backup-id=//)
    echo "$backup_id!qubes.xml.000!$pass" | scrypt dec -P qubes.xml.000.enc | FILTER | tar -x
    xmlstarlet sel -T -t -m '//domain[.//feature[@name="backup-path"]]' \
        -v 'concat(.//property[@name="name"], " ", .//feature[@name="backup-path"])' -n qubes.xml
"#;

/// The published procedure for one file of one VM.
const EXTRACT: &str = r#"
    tar -i -xf "$archive" "$folder"
    backup_id=$(tail -n 1 backup-header | sed s/backup-id=//)
    find "$folder" -name "$file.*.enc" | sort -V | while read f_enc; do f_dec=${f_enc%.enc}; \
        echo "$backup_id!$f_dec!$pass" | scrypt dec -P $f_enc || exit 1; done | FILTER | tar -x
"#;

/// An archive and what stock tools need to open it.
struct Emergency {
    folder: PathBuf,
    archive: PathBuf,
    filter: &'static str,
}

impl Emergency {
    /// Opens an archive as far as its inventory; returns the VMs with their folders in it.
    fn open(folder: &Path, archive: PathBuf, filter: &'static str) -> (Self, BTreeMap<String, String>) {
        fs::create_dir_all(folder).unwrap();
        let this = Self {
            folder: folder.to_owned(),
            archive,
            filter,
        };
        let list = this.run(OPEN, &[]);
        let vms = list.lines().map(|line| {
            let (name, path) = line.split_once(' ').unwrap();
            (if name.is_empty() { "dom0" } else { name }.to_owned(), path.to_owned())
        });
        let vms = vms.collect();
        (this, vms)
    }

    /// Gets one file out; returns its place.
    fn extract(&self, in_archive: &str, file: &str) -> PathBuf {
        self.run(EXTRACT, &[("folder", in_archive.as_ref()), ("file", file.as_ref())]);
        self.folder.join(in_archive).join(file)
    }

    fn run(&self, script: &str, more: &[(&str, &OsStr)]) -> String {
        let mut variables = vec![("archive", self.archive.as_os_str()), ("pass", PASSPHRASE.as_ref())];
        variables.extend(more);
        shell(&self.folder, &script.replace("FILTER", self.filter), &variables)
    }
}

fn stock_tools() -> bool {
    tools::have(&["tar", "scrypt", "gzip", "xmlstarlet", "bash", "diff"])
}

#[test]
fn the_emergency_procedure_gets_everything_out_of_a_compressed_archive() {
    if stock_tools() {
        expect_emergency(&[], "gzip -d");
    }
}

#[test]
fn the_emergency_procedure_gets_everything_out_of_archives_of_every_compression() {
    for (method, filter) in [
        ("zstd", "zstd -d"),
        ("xz", "xz -d"),
        ("bzip2", "bzip2 -d"),
        ("lzma", "lzma -d"),
    ] {
        if stock_tools() && tools::have(&[method]) {
            expect_emergency(&["-Z", method], filter);
        }
    }
}

#[test]
fn the_emergency_procedure_gets_everything_out_of_a_plain_archive() {
    if stock_tools() {
        expect_emergency(&["--no-compress"], "cat");
    }
}

fn expect_emergency(options: &[&str], filter: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let (root, target) = (folder.path().join("root"), folder.path().join("target"));
    roots::make(&root, &roots::small());
    fs::create_dir(&target).unwrap();
    let pass = passfile(folder.path(), PASSPHRASE);
    let mut names = options.to_vec();
    names.extend(["work", "solo", "disp", "dom0"]);
    back_up(&root, &pass, &target, &names).expect(0);

    let (emergency, vms) = Emergency::open(&folder.path().join("out"), only_archive(&target), filter);
    assert_eq!(
        vms.keys().map(String::as_str).collect::<Vec<_>>(),
        ["disp", "dom0", "solo", "work"]
    );
    let domains = roots::domains(&root);
    for name in ["work", "solo"] {
        for (volume, path) in roots::volume_files(&root, &domains[name]) {
            roots::expect_same_volume(&path, &emergency.extract(&vms[name], &format!("{volume}.img")));
        }
    }
    for file in ["firewall.xml", "notes.txt", "whitelisted-appmenus.list"] {
        let there = fs::read(roots::vm_folder(&root, &domains["work"]).join(file)).unwrap();
        assert_eq!(
            fs::read(emergency.extract(&vms["work"], file)).unwrap(),
            there,
            "{file}"
        );
    }
    assert_eq!(vms["dom0"], "dom0-home/user");
    let home = emergency.extract("dom0-home/", "user");
    let differences = shell(
        folder.path(),
        "diff -r --no-dereference root/home/user \"$home\"",
        &[("home", home.as_os_str())],
    );
    assert_eq!(differences, "");
    let modes = |home: &Path| shell(home, "find . ! -type l -printf '%P %m %Ts\\n' | sort", &[]);
    assert_eq!(modes(&root.join("home/user")), modes(&home), "modes and times");
}

#[test]
fn a_volume_of_several_parts_is_put_together_by_stock_tools() {
    // More than one part of 100 MiB, in noise so that it does not shrink.
    if !tools::have(&["tar", "scrypt", "gzip", "xmlstarlet", "bash", "diff"]) || !tools::slow_wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (root, target) = (folder.path().join("root"), folder.path().join("target"));
    roots::make(
        &root,
        &[Vm::new("large", "StandaloneVM")
            .volume("root", Fill::Dense(230 * MIB + 77, 7))
            .volume("private", Fill::Holes(MIB))],
    );
    fs::create_dir(&target).unwrap();
    let pass = passfile(folder.path(), PASSPHRASE);
    back_up(&root, &pass, &target, &["--no-compress", "large"]).expect(0);
    let (emergency, vms) = Emergency::open(&folder.path().join("out"), only_archive(&target), "cat");
    let there = root.join("var/lib/qubes/appvms/large/root.img");
    roots::expect_same_volume(&there, &emergency.extract(&vms["large"], "root.img"));
}

#[test]
fn what_the_tools_back_up_they_restore() {
    let folder = tempfile::tempdir().unwrap();
    let (root, target, here) = (
        folder.path().join("root"),
        folder.path().join("target"),
        folder.path().join("here"),
    );
    roots::make(&root, &roots::small());
    fs::create_dir(&target).unwrap();
    let pass = passfile(folder.path(), PASSPHRASE);
    back_up(&root, &pass, &target, &["work", "disp", "solo"]).expect(0);
    let archive = only_archive(&target);
    // Nothing in the path: no foreign program is needed.
    let mut command = programs::qvm_backup_restore();
    command
        .arg("--new-root")
        .arg(&here)
        .arg("-p")
        .arg(&pass)
        .arg(&archive)
        .env("PATH", "");
    programs::finish(&mut command).expect(0);
    for name in ["work", "disp", "solo"] {
        roots::expect_same(&root, name, &here, name);
    }
    let before = fs::read(root.join("var/lib/qubes/qubes.xml")).unwrap();
    programs::verify(&root, &pass, &archive).expect(0);
    assert_eq!(
        fs::read(root.join("var/lib/qubes/qubes.xml")).unwrap(),
        before,
        "a verification changes nothing"
    );
}

#[test]
fn volumes_of_every_odd_size_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (root, target, here) = (
        folder.path().join("root"),
        folder.path().join("target"),
        folder.path().join("here"),
    );
    let mut vms = vec![
        Vm::new("tpl", "TemplateVM")
            .volume("root", Fill::Holes(0))
            .volume("private", Fill::Bytes(vec![0; 9000])),
    ];
    let fills = [
        Fill::Bytes(vec![7]),
        Fill::Bytes([vec![1; 511], vec![0; 2]].concat()),
        Fill::Bytes([vec![0; 4096], vec![1; 1], vec![0; 4095]].concat()),
        Fill::Sparse(3 * 1024 * MIB + 1, 64 * KIB, 8),
    ];
    for (number, fill) in fills.into_iter().enumerate() {
        vms.push(
            Vm::new(&format!("odd{number}"), "AppVM")
                .property("template", "tpl")
                .volume("private", fill),
        );
    }
    roots::make(&root, &vms);
    fs::create_dir(&target).unwrap();
    let pass = passfile(folder.path(), jobs::PASSPHRASE);
    let archive = jobs::archive(&root, &["tpl", "odd0", "odd1", "odd2", "odd3"], &target);
    restore_new(&here, &pass, &archive).expect(0);
    for name in ["tpl", "odd0", "odd1", "odd2"] {
        roots::expect_same(&root, name, &here, name);
    }
    let huge = "var/lib/qubes/appvms/odd3/private.img";
    let compared = shell(
        folder.path(),
        "cmp \"$one\" \"$other\"",
        &[
            ("one", root.join(huge).as_os_str()),
            ("other", here.join(huge).as_os_str()),
        ],
    );
    assert_eq!(compared, "");
}
