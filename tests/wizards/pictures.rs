// SPDX-License-Identifier: GPL-3.0-or-later
//! The pictures of the documentation, in `docs/screenshots`: taken of the wizards on the sample PedOS with `UPDATE=pictures`,
//! and otherwise held to what those who show them want.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::support::{
    atspi::Role,
    programs::{finish, only_archive, qvm_backup},
    session::Session,
    tools,
    wait::{JOB, wait_until},
    wizard::{BY_KEYBOARD, Wizard},
    workspace::PASSPHRASE,
};

/// The pictures, each of a page of the wizards.
const PICTURES: [&str; 6] = [
    "backup-vms",
    "backup-destination",
    "backup-summary",
    "backup-done",
    "restore-source",
    "restore-summary",
];

/// The disk of the sample's VM for USB devices, which the wizards go to by themselves.
const DISK: &str = "/mnt/disk";

/// What a picture may have, in bytes: they are part of the repository, and software centres fetch them.
const MOST_BYTES: u64 = 150 << 10;

/// The pixels that a picture must have at least, and may have at most, in width and height.
const PIXELS: std::ops::RangeInclusive<u32> = 600..=1600;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots")
}

#[test]
fn the_pictures_of_the_documentation_are_there_and_no_larger_than_they_may_be() {
    if env::var_os("UPDATE").is_some_and(|what| what == "pictures") && !take_all() {
        return;
    }
    for name in PICTURES {
        let file = folder().join(format!("{name}.png"));
        let bytes =
            fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; run with UPDATE=pictures", file.display()));
        assert!(bytes.len() as u64 <= MOST_BYTES, "{name}: {} bytes", bytes.len());
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{name} is no PNG");
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let (width, height) = (number(16), number(20));
        assert!(
            PIXELS.contains(&width) && PIXELS.contains(&height),
            "{name}: {width}×{height}"
        );
    }
    let there = fs::read_dir(folder()).unwrap().count();
    assert_eq!(there, PICTURES.len(), "a picture that nobody takes");
}

/// Takes them, where there is all that this needs.
fn take_all() -> bool {
    if !tools::have(&["import"]) {
        return false;
    }
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    finish(qvm_backup().arg("--make-sample").arg(&root)).expect(0);
    fs::create_dir_all(folder()).unwrap();
    take_backup(&root) && take_restore(&root)
}

/// Opens a wizard as a desktop with the fonts of GTK's own shows it.
fn open(program: &str, root: &Path) -> Option<Wizard> {
    let mut session = Session::start(BY_KEYBOARD)?;
    let settings = session.folder().join("config/gtk-4.0");
    fs::create_dir_all(&settings).unwrap();
    fs::write(
        settings.join("settings.ini"),
        "[Settings]\ngtk-font-name=Cantarell 11\n",
    )
    .unwrap();
    let mut command = session.command(Path::new(program));
    let app = session.open(command.arg("--root").arg(root));
    let window = session.desk().window("(1 of 5)");
    Some(Wizard { session, app, window })
}

/// Takes the window in front, without what the pointer and a caret do to it.
fn take(wizard: &Wizard, name: &str) {
    std::thread::sleep(std::time::Duration::from_millis(800));
    let window = wizard.session.xdotool(&["getactivewindow"]).unwrap();
    let file = folder().join(format!("{name}.png"));
    let mut import = wizard.session.command(Path::new("import"));
    let taken = import.args(["-window", &window, "-strip"]).arg(&file);
    assert!(taken.status().unwrap().success(), "no picture {}", file.display());
}

fn take_backup(root: &Path) -> bool {
    let Some(mut wizard) = open(env!("CARGO_BIN_EXE_pedos-backup"), root) else {
        return false;
    };
    wizard.wait_ready();
    take(&wizard, "backup-vms");
    wizard.next(2);
    let field = "Backup directory or command";
    wizard.window.enter(Role::TEXT, field, DISK);
    wizard.wait_ready();
    take(&wizard, "backup-destination");
    wizard.next(3);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.window.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.next(4);
    wizard.wait_ready();
    take(&wizard, "backup-summary");
    wizard.next(5);
    wait_until("the end of the backup", JOB, || wizard.is_ready());
    take(&wizard, "backup-done");
    wizard.finish();
    true
}

fn take_restore(root: &Path) -> bool {
    let Some(wizard) = open(env!("CARGO_BIN_EXE_pedos-backup-restore"), root) else {
        return false;
    };
    let archive = only_archive(&root.join("run/vm/sys-usb").join(&DISK[1..]));
    let name = archive.file_name().unwrap().to_string_lossy();
    // The third VM that begins with this letter is sys-usb.
    for _ in 0..3 {
        wizard.choose("AppVM", "s");
    }
    let field = wizard.window.wait(Role::TEXT, "Backup file or command");
    field.set_text(&format!("{DISK}/{name}"));
    wizard.wait_ready();
    take(&wizard, "restore-source");
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.next(4);
    wizard.wait_ready();
    take(&wizard, "restore-summary");
    true
}
