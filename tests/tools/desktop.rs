// SPDX-License-Identifier: GPL-3.0-or-later
//! What a desktop makes of an archive: its type is known by its beginning, whatever the file is called.

use std::{fs, path::Path, process::Command};

use crate::support::{
    jobs, roots,
    tools::{self, shell},
};

/// The type of a file, as the desktop tells it by the types in a folder and those of the system.
fn type_of(file: &Path, data: &Path) -> String {
    let mut gio = Command::new("gio");
    let asked = gio
        .args(["info", "-a", "standard::content-type"])
        .arg(file)
        .env("XDG_DATA_HOME", data);
    let said = String::from_utf8(asked.output().unwrap().stdout).unwrap();
    let line = said.lines().find(|line| line.contains("standard::content-type"));
    line.and_then(|line| line.rsplit(' ').next())
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn an_archive_is_known_by_its_beginning() {
    if !tools::have(&["gio", "update-mime-database"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (root, data) = (folder.path().join("root"), folder.path().join("data"));
    roots::make(&root, &roots::small());
    let archive = jobs::archive(&root, &["vault"], folder.path());
    let packages = data.join("mime/packages");
    fs::create_dir_all(&packages).unwrap();
    let types = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/org.pedos.Backup.mime.xml");
    fs::copy(types, packages.join("org.pedos.Backup.mime.xml")).unwrap();
    let made = Command::new("update-mime-database").arg(data.join("mime")).status();
    assert!(made.unwrap().success());
    assert_eq!(type_of(&archive, &data), "application/vnd.pedos.backup");
    // Another tar is another tar.
    let other = folder.path().join("other");
    fs::write(folder.path().join("file"), "content").unwrap();
    shell(folder.path(), "tar -cf other file", &[]);
    assert_eq!(type_of(&other, &data), "application/x-tar");
}
