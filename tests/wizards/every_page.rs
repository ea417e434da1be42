// SPDX-License-Identifier: GPL-3.0-or-later
//! Every page of both wizards as people see it: in every look as pictures for human eyes, where those are wanted, and
//! in a narrow window, which must keep every button within reach.

mod troubled_restore;

use std::path::Path;

use crate::support::{
    atspi::{Role, State},
    keyboard::wait_for_window,
    looks::{NARROW, USUAL, expect_within_reach, make_narrow},
    session::{self, Look},
    wait::{JOB, STEP, wait_until},
    wizard::{Wizard, expect_names, make_archive, place},
    workspace::{PASSPHRASE, Workspace},
};

/// Names the languages that are looked at, or "all"; without it there is only one.
const LANGUAGES: &str = "PEDOS_BACKUP_LANGUAGES";

/// The language that is looked at in any case: it is read from the right.
const FROM_RIGHT: &str = "ar";

#[test]
fn every_page_is_pictured_in_every_look() {
    if !session::wants_pictures() {
        crate::support::tools::say("no folder for pictures is named, so none were taken");
        return;
    }
    for look in USUAL {
        let (place, trouble) = (place(), troubled_restore::place());
        let is_done = tour_backup(look, &place, &|_, _| {})
            && tour_restore(look, &place, &|_, _| {})
            && troubled_restore::tour(look, &trouble, &|_, _| {});
        if !is_done {
            return;
        }
    }
}

#[test]
fn a_narrow_window_keeps_its_buttons_within_reach_and_everything_has_a_name() {
    let (place, trouble) = (place(), troubled_restore::place());
    if tour_backup(NARROW, &place, &expect_room) {
        tour_restore(NARROW, &place, &expect_room);
        troubled_restore::tour(NARROW, &trouble, &expect_room);
    }
}

#[test]
fn every_language_leaves_the_buttons_of_a_narrow_window_within_reach() {
    let wanted = std::env::var(LANGUAGES).unwrap_or_else(|_| FROM_RIGHT.to_owned());
    let all = include_str!("../../po/LINGUAS").lines();
    for language in all.filter(|language| wanted == "all" || wanted.split(',').any(|name| name == *language)) {
        let look = Look {
            language: Some(language),
            ..NARROW
        };
        let (place, trouble) = (place(), troubled_restore::place());
        let is_done = tour_backup(look, &place, &expect_room)
            && tour_restore(look, &place, &expect_room)
            && troubled_restore::tour(look, &trouble, &expect_room);
        if !is_done {
            return;
        }
    }
}

/// Makes the window in front narrow, and holds that no button of it hangs out and that every control has a name.
fn expect_room(wizard: &Wizard, _: u32) {
    make_narrow(&wizard.session);
    let title = wizard.session.xdotool(&["getactivewindow", "getwindowname"]);
    let title = title.unwrap_or_default();
    // The percentage of a job that runs stands beside the title, and goes with the job.
    let title = title.split(" – ").max_by_key(|part| part.len()).unwrap_or_default();
    let window = wizard.session.desk().window(title);
    expect_within_reach(&window, &[Role::BUTTON]);
    expect_names(&window);
}

/// Goes through the backup wizard whatever language it speaks; `false` where there is no desktop for it.
fn tour_backup(look: Look, place: &Workspace, look_at: &dyn Fn(&Wizard, u32)) -> bool {
    let profiles = place.path("root/etc/qubes/backup");
    std::fs::create_dir_all(&profiles).unwrap();
    let profile = "include: [vault]\ndestination_vm: dom0\ndestination_path: /mnt/a disk with a long name/backups\n";
    std::fs::write(profiles.join("every-night-to-the-large-disk.conf"), profile).unwrap();
    let Some(mut wizard) = Wizard::backup(look, place) else {
        return false;
    };
    let target = place.path("target");
    let at = |wizard: &Wizard, page: u32, name: &str| {
        look_at(wizard, page);
        wizard.session.screenshot(name);
    };
    wizard.wait_ready();
    at(&wizard, 1, "backup-1");
    wizard.next(2);
    write(&wizard, Role::TEXT, &target);
    wizard.wait_ready();
    at(&wizard, 2, "backup-2");
    wizard.next(3);
    for field in wizard.window.all(Role::PASSWORD) {
        field.set_text(PASSPHRASE);
    }
    wizard.wait_ready();
    at(&wizard, 3, "backup-3");
    let keeps = look.word("Save settings as backup profile");
    wizard.window.check(&keeps, true);
    at(&wizard, 3, "backup-3-profile");
    // Each language begins without a profile.
    wizard.window.check(&keeps, false);
    wizard.next(4);
    wizard.wait_ready();
    at(&wizard, 4, "backup-4");
    wizard.next(5);
    at(&wizard, 5, "backup-5-running");
    wait_for_the_end(&wizard);
    at(&wizard, 5, "backup-5-done");
    let beside = [
        ("win.history", "Last Backups and Restores", "history"),
        ("win.profiles", "Backup Profiles", "profiles"),
    ];
    for (action, title, name) in beside {
        wizard.window.act(action);
        let title = look.word(title);
        let window = wizard.session.desk().window(&title);
        wait_for_window(&wizard.session, &title);
        at(&wizard, 5, name);
        window.act("window.close");
        wait_until("the window beside to close", STEP, || {
            !wizard.session.desk().titles().contains(&title)
        });
    }
    close(&mut wizard);
    true
}

/// The same with the restore wizard, on an archive of its own, with names that are taken.
fn tour_restore(look: Look, place: &Workspace, look_at: &dyn Fn(&Wizard, u32)) -> bool {
    for file in crate::support::programs::names(&place.path("target")) {
        std::fs::remove_file(place.path("target").join(file)).unwrap();
    }
    let archive = make_archive(place, &["vault", "work", "dom0"]);
    let Some(mut wizard) = Wizard::restore(look, place) else {
        return false;
    };
    let at = |wizard: &Wizard, page: u32, name: &str| {
        look_at(wizard, page);
        wizard.session.screenshot(name);
    };
    write(&wizard, Role::TEXT, &archive);
    wizard.wait_ready();
    at(&wizard, 1, "restore-1");
    wizard.next(2);
    write(&wizard, Role::PASSWORD, Path::new("not that"));
    wizard.wait_ready();
    wizard.window.act("win.next");
    wait_until("the page lets go again", STEP, || wizard.is_ready());
    at(&wizard, 2, "restore-2-wrong");
    write(&wizard, Role::PASSWORD, Path::new(PASSPHRASE));
    wizard.next(3);
    wizard.wait_ready();
    at(&wizard, 3, "restore-3");
    wizard.next(4);
    wizard.wait_ready();
    at(&wizard, 4, "restore-4");
    wizard.next(5);
    at(&wizard, 5, "restore-5-running");
    wait_for_the_end(&wizard);
    at(&wizard, 5, "restore-5-done");
    close(&mut wizard);
    true
}

fn write(wizard: &Wizard, role: Role, text: &Path) {
    wait_until("a field", STEP, || {
        wizard.window.all(role).iter().any(|field| field.is(State::SENSITIVE))
    });
    wizard.window.all(role)[0].set_text(&text.to_string_lossy());
}

/// At the end there is nothing left to cancel, and Next is Finish.
fn wait_for_the_end(wizard: &Wizard) {
    wait_until("the end of the job", JOB, || wizard.is_ready());
}

fn close(wizard: &mut Wizard) {
    wizard.window.act_last("win.next");
    wizard.wait_gone();
}
