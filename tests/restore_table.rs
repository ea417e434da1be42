// SPDX-License-Identifier: GPL-3.0-or-later
//! The restore wizard where something stands in the way: every problem is cured in its table, what is damaged is named
//! at the end and in a report, and a look inside leads back to where it began.

#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected comes up")]

mod support;

use std::{fs, path::Path};

use support::{
    atspi::Role,
    keyboard::{press, type_text, wait_for_window},
    place::PASSPHRASE,
    roots::{self, Fill, KIB, MIB, Vm},
    wait::{JOB, STEP, wait_until},
    wizard::{BY_KEYBOARD, BY_TREE, Wizard, make_archive, place},
};

#[test]
fn everything_that_is_missing_gets_a_default_at_once() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let elsewhere = place.path("offline");
    roots::make(&elsewhere, &[template("tpl")]);
    let Some(mut wizard) = open(BY_TREE, &elsewhere, &archive) else {
        return;
    };
    to_table(&wizard);
    wizard.wait_text("2 VMs cannot be restored yet", STEP);
    wizard
        .window
        .check("Use the defaults for everything that is missing", true);
    wizard.next(5);
    wizard.finish();
    assert!(roots::domains(&elsewhere).contains_key("work"));
}

#[test]
fn what_is_damaged_stands_in_the_table_and_in_the_report() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let mut bytes = fs::read(&archive).unwrap();
    let members = support::archive::members(&bytes);
    let is_hit = |member: &&support::archive::Member| member.name.contains("vm3/private");
    let part = members.iter().find(is_hit).unwrap();
    bytes[part.data.start + 300] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let Some(mut wizard) = open(BY_KEYBOARD, &place.path("root"), &archive) else {
        return;
    };
    to_table(&wizard);
    wizard.next(5);
    wait_until("the end", JOB, || wizard.is_ready());
    wizard.wait_text("not whole", STEP);
    wizard.session.screenshot("result-damaged");
    for name in ["report.txt", "report.json"] {
        let file = place.path(name);
        wizard.window.click("Save report…");
        wait_for_window(&wizard.session, "Save the report");
        press(&wizard.session, &["ctrl+a"]);
        type_text(&wizard.session, &file.to_string_lossy());
        press(&wizard.session, &["Return"]);
        wait_until("the report", STEP, || file.exists());
        let report = fs::read_to_string(&file).unwrap();
        assert!(report.contains("vault") && report.contains("private.img"), "{report}");
        assert!(!report.contains("Everything was restored"), "{report}");
        wizard.wait_text(name, STEP);
    }
    let said = wizard.finish();
    assert!(!said.contains("Everything was restored"), "{said}");
}

#[test]
fn a_file_is_looked_over_at_once_and_what_is_missing_is_named() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let Some(wizard) = Wizard::restore(BY_TREE, &place) else {
        return;
    };
    enter_archive(&wizard, &archive);
    wizard.wait_text("Files of 2 VMs", STEP);
    wizard.wait_text("This is no verification", STEP);
    wizard.session.screenshot("source-quick");
    let bytes = fs::read(&archive).unwrap();
    let cut = place.path("cut");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    enter_archive(&wizard, &cut);
    wizard.wait_text("it is not whole", STEP);
    wizard.session.screenshot("source-quick-cut");
}

fn template(name: &str) -> Vm {
    Vm::new(name, "TemplateVM")
        .volume("root", Fill::Sparse(4 * MIB, 100 * KIB, 74))
        .volume("private", Fill::Holes(MIB))
}

fn open(look: support::session::Look, root: &Path, archive: &Path) -> Option<Wizard> {
    let wizard = Wizard::open(look, env!("CARGO_BIN_EXE_pedos-backup-restore"), root)?;
    enter_archive(&wizard, archive);
    Some(wizard)
}

fn enter_archive(wizard: &Wizard, archive: &Path) {
    let field = "Backup file or command";
    wizard.window.enter(Role::TEXT, field, &archive.to_string_lossy());
}

fn to_machines(wizard: &Wizard) {
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
}

fn to_table(wizard: &Wizard) {
    to_machines(wizard);
    wizard.next(4);
}
