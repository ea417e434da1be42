// SPDX-License-Identifier: GPL-3.0-or-later
//! The list of VMs of an open wizard follows the host, and nothing is read or counted while nothing changes there.

use std::{
    fs,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    injured::{InjuredHost, Injury},
    jobs,
    roots::{self, Fill, KIB, Vm},
};
use gtk::{glib, prelude::*};
use pedos_backup::ui::{BpWizard, backup_flow::BackupFlow};

/// Longer than anything takes to reach the window.
const LONG: Duration = Duration::from_secs(20);

/// Longer than the pause between two readings would be if there were any.
const IDLE: Duration = Duration::from_secs(4);

/// Part of the test that has GTK on its thread.
pub(crate) fn a_wizard_reads_its_host_again_when_it_changes_and_not_before(app: &gtk::Application) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let vm = |name| Vm::new(name, "AppVM").volume("private", Fill::Holes(64 * KIB));
    roots::make(&root, &[vm("alpha"), vm("beta")]);
    let host = InjuredHost::new(jobs::host(&root), "", Injury::None);
    let calls = host.calls();
    let asked = || {
        (
            calls.system.load(Ordering::SeqCst),
            calls.home_bytes.load(Ordering::SeqCst),
        )
    };
    BackupFlow::open(app, Arc::new(host));
    let window = app.active_window().unwrap();
    let shows = |text: &str| texts(window.upcast_ref()).iter().any(|label| label == text);
    pump_until("the list", LONG, || shows("alpha") && asked() == (1, 1));
    pump_until("the size of the home", LONG, || !shows("being counted"));
    pump_for(IDLE);
    assert_eq!(asked(), (1, 1), "nothing has changed");
    fs::create_dir_all(root.join("run/vm/beta")).unwrap();
    pump_until("a VM that runs", LONG, || shows("running"));
    fs::remove_dir_all(root.join("run/vm/beta")).unwrap();
    pump_until("a VM that ended", LONG, || !shows("running"));
    assert_eq!(
        asked(),
        (3, 1),
        "each change is read once, and the home is not counted again"
    );
    window.downcast_ref::<BpWizard>().unwrap().close_now();
    pump_for(Duration::from_millis(100));
    fs::create_dir_all(root.join("run/vm/beta")).unwrap();
    pump_for(Duration::from_secs(2));
    assert_eq!(asked(), (3, 1), "nobody listens when the window has gone");
}

/// The texts of all labels below a widget.
pub(crate) fn texts(widget: &gtk::Widget) -> Vec<String> {
    let own = widget
        .downcast_ref::<gtk::Label>()
        .map(|label| label.text().to_string());
    let children = std::iter::successors(widget.first_child(), |child| child.next_sibling());
    let below = children.flat_map(|child| texts(&child));
    own.into_iter().chain(below).collect()
}

fn pump_until(what: &str, patience: Duration, is_reached: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_reached() {
        assert!(start.elapsed() < patience, "{what} did not come");
        pump_for(Duration::from_millis(10));
    }
}

pub(crate) fn pump_for(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        while glib::MainContext::default().iteration(false) {}
        thread::sleep(Duration::from_millis(5));
    }
}
