// SPDX-License-Identifier: GPL-3.0-or-later
//! The programs of `examples/`: what they do with a good archive, a damaged one and a wrong passphrase.

use std::fs;

use crate::support::{jobs, roots};

#[path = "../../examples/extract.rs"]
#[expect(dead_code, reason = "the test calls what main calls")]
mod extract;
#[path = "../../examples/list.rs"]
#[expect(dead_code, reason = "the test calls what main calls")]
mod list;
#[path = "../../examples/verify.rs"]
#[expect(dead_code, reason = "the test calls what main calls")]
mod verify;

#[test]
fn examples_list_verify_and_extract() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    roots::make(&root, &roots::small());
    let archive = jobs::archive(&root, &["work", "vault"], folder.path());
    let passphrase = || jobs::PASSPHRASE.to_owned();

    let mut names = list::list(&archive, passphrase()).unwrap();
    names.sort();
    assert_eq!(names, ["vault\tAppVM", "work\tAppVM"]);
    assert!(list::list(&archive, "another".to_owned()).is_err());

    assert!(verify::verify(&archive, passphrase()).unwrap().is_success());

    let output = folder.path().join("private");
    extract::extract(&archive, passphrase(), "work:private", &output).unwrap();
    roots::expect_same_volume(&root.join("var/lib/qubes/appvms/work/private.img"), &output);
    assert!(extract::extract(&archive, passphrase(), "work:nothing", &folder.path().join("nothing")).is_err());
    assert!(!folder.path().join("nothing").exists());

    let bytes = fs::read(&archive).unwrap();
    fs::write(&archive, &bytes[..bytes.len() / 2]).unwrap();
    let cut = verify::verify(&archive, passphrase());
    assert!(cut.is_err() || cut.is_ok_and(|report| !report.is_success()));
}
