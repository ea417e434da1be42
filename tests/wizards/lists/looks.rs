// SPDX-License-Identifier: GPL-3.0-or-later
//! How the two lists lie in their window: long names, a narrow window, a list without VMs; and pictures of them for human
//! eyes, where those are wanted.

use crate::support::{
    atspi::Role,
    keyboard::{press, wait_for_window},
    looks::{NARROW, USUAL, expect_within_reach, make_narrow},
    roots::{Fill, KIB, MIB, Vm},
    session::{self, Look},
    wait::{STEP, wait_until},
    wizard::{BY_KEYBOARD, Wizard, expect_names},
    workspace::Workspace,
};

/// The height of a list without VMs, in pixels: that of a text and a little around it, where a list has 12 lines of text.
const LOW_PIXELS: i32 = 100;

/// VMs with the longest names that there may be, half of them selected.
fn place() -> Workspace {
    let names = [
        "personal-web-browsing-untrusted",
        "work",
        "company-accounting-and-invoices",
        "disposable-scanner-of-usb-disks",
        "vault",
        "whonix-workstation-anonymous-01",
        "x",
        "sys-net-of-the-second-ethernet2",
    ];
    let vm = |(number, name): (usize, &&str)| {
        let vm = Vm::new(name, "AppVM")
            .property("template", "tpl")
            .property("backup_timestamp", "1700000000")
            .property("include_in_backups", if number % 2 == 0 { "True" } else { "False" })
            .volume("private", Fill::Sparse(9 * MIB, 100 * KIB, 61));
        if number % 4 == 0 { vm.running() } else { vm }
    };
    Workspace::new(&names.iter().enumerate().map(vm).collect::<Vec<_>>())
}

fn list(wizard: &Wizard, name: &str) -> (i32, i32, i32, i32) {
    wizard.window.wait(Role::LIST, name).extents().unwrap()
}

fn open(look: Look, place: &Workspace) -> Option<Wizard> {
    let wizard = Wizard::backup(look, place)?;
    wait_for_window(&wizard.session, "(1 ");
    wizard.wait_ready();
    Some(wizard)
}

#[test]
fn in_a_narrow_window_the_lists_lie_one_above_the_other_and_one_without_vms_is_low() {
    let place = place();
    let Some(wizard) = open(BY_KEYBOARD, &place) else {
        return;
    };
    let (left, right) = (list(&wizard, "Available"), list(&wizard, "Selected"));
    assert!(left.0 + left.2 <= right.0 && left.1 == right.1, "{left:?} {right:?}");
    make_narrow(&wizard.session);
    wait_until("lists one above the other", STEP, || {
        let (upper, lower) = (list(&wizard, "Available"), list(&wizard, "Selected"));
        upper.0 == lower.0 && upper.1 < lower.1
    });
    let roles = [Role::TEXT, Role::COMBO_BOX, Role::BUTTON, Role::LIST, Role::LIST_ITEM];
    expect_within_reach(&wizard.window, &roles);
    expect_names(&wizard.window);
    let (full, below) = (list(&wizard, "Available").3, list(&wizard, "Selected").1);
    assert!(full > LOW_PIXELS, "{full}");
    wizard.window.click("Add all");
    wait_until("a low list, and the other one right below it", STEP, || {
        let (empty, other) = (list(&wizard, "Available").3, list(&wizard, "Selected").1);
        empty < LOW_PIXELS && other < below - LOW_PIXELS
    });
    wizard.session.screenshot("lists-narrow-empty");
}

#[test]
fn the_lists_are_pictured() {
    if !session::wants_pictures() {
        return;
    }
    let place = place();
    for look in USUAL.into_iter().chain([NARROW]) {
        let Some(wizard) = open(look, &place) else { return };
        if look.is_narrow {
            make_narrow(&wizard.session);
        }
        press(&wizard.session, &["Down", "shift+Down"]);
        wizard.session.screenshot("lists-long");
    }
}
