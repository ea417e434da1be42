// SPDX-License-Identifier: GPL-3.0-or-later
//! The summary of a backup and the page of the run, inside this process: what they show, and what they keep.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use gtk::prelude::*;
use pedos_backup::{
    draft::Way,
    inventory::Class,
    plan::{BackupCure, BackupRemark, Finding, gather},
    text::{OutcomeView, Tone},
    ui::{
        Glyph, count_down,
        pages::{BpProgressPage, BpSummaryPage, SummaryFacts, SummaryLine},
    },
};

use super::watching::{pump_for, texts};

fn little_space() -> Finding {
    Finding {
        vm: None,
        remark: BackupRemark::TooLittleSpace {
            needed: 57 << 20,
            free: 20 << 20,
            is_certain: false,
        },
    }
}

fn running(name: &str) -> Finding {
    Finding {
        vm: Some(name.to_owned()),
        remark: BackupRemark::SavedStateIsOld { changed: None },
    }
}

pub(crate) fn warnings_without_a_vm_are_shown_with_their_cures(page: &BpSummaryPage) {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hearing = Rc::clone(&heard);
    page.connect_cure(move |cure| hearing.borrow_mut().push(cure.clone()));
    let groups = gather(&[running("work"), little_space(), running("bank")]);
    page.show_findings(Some(groups), Vec::new());
    let said = texts(page.upcast_ref()).join("\n");
    for expected in ["2 warnings", "57.0 MiB", "20.0 MiB", "work, bank", "2 VMs are running"] {
        assert!(said.contains(expected), "{expected:?} is missing in {said}");
    }
    for button in buttons(page.upcast_ref()) {
        button.emit_clicked();
    }
    let both = ["work", "bank"].map(str::to_owned).to_vec();
    let expected = [
        BackupCure::ChooseDestination,
        BackupCure::SelectOthers,
        BackupCure::LeaveOut { vms: both },
    ];
    assert_eq!(*heard.borrow(), expected);
}

/// The row that has the focus takes the key that is pressed next: it must not be thrown away because of another one.
pub(crate) fn a_table_that_says_the_same_keeps_its_rows(page: &BpSummaryPage) {
    let line = |name: &str, remark: &str| SummaryLine {
        glyph: Glyph::new(0x00cc_0000, &Class::AppVm, false),
        name: name.to_owned(),
        class: "AppVM".to_owned(),
        size: "1 KiB".to_owned(),
        remark: remark.to_owned(),
    };
    let facts = SummaryFacts {
        total: String::new(),
        destination: String::new(),
        method: String::new(),
        protection: String::new(),
        is_weak: false,
        after: String::new(),
        left_out: String::new(),
    };
    page.show_plan(&[line("a", ""), line("b", ""), line("c", "")], &facts);
    let before = page.rows();
    page.show_plan(&[line("a", ""), line("b", "runs"), line("c", "")], &facts);
    let after = page.rows();
    let stays: Vec<bool> = before.iter().zip(&after).map(|(one, other)| one == other).collect();
    assert_eq!(stays, [true, false, true]);
    page.show_plan(&[line("a", ""), line("c", "")], &facts);
    assert_eq!(page.rows(), [after[0].clone(), after[2].clone()]);
}

pub(crate) fn a_second_run_begins_with_a_clean_page(page: &BpProgressPage) {
    let taken = Rc::new(RefCell::new(None));
    let hearing = Rc::clone(&taken);
    page.connect_way(move |way| {
        hearing.replace(Some(way.clone()));
    });
    page.show_start("Starting", &["work".to_owned()]);
    let view = OutcomeView {
        tone: Tone::Failure,
        title: "The backup failed".to_owned(),
        lines: vec!["There is no new backup.".to_owned()],
        cause: None,
        vms: Vec::new(),
        warnings: vec!["A warning".to_owned()],
    };
    page.show_outcome(&view, "all of it", None);
    page.show_ways(&[Way::TryAgain]);
    let again = buttons(page.upcast_ref()).into_iter().find(|button| {
        let label = button.child().and_downcast::<gtk::Label>();
        label.is_some_and(|label| label.text() == "Try again")
    });
    again.expect("a button").emit_clicked();
    assert_eq!(taken.take(), Some(Way::TryAgain));
    page.show_start("Starting", &["work".to_owned()]);
    let said = seen(page.upcast_ref()).join("\n");
    assert!(!said.contains("A warning") && !said.contains("Try again"), "{said}");
    assert!(said.contains("work"), "{said}");
}

pub(crate) fn the_countdown_can_be_stopped_and_otherwise_ends_once(page: &BpProgressPage) {
    let ended = Rc::new(Cell::new(0));
    let count = || {
        let ended = Rc::clone(&ended);
        move || ended.set(ended.get() + 1)
    };
    let countdown = count_down(page, 1, count());
    assert!(seen(page.upcast_ref()).join(" ").contains("1 second"));
    pump_for(Duration::from_millis(1500));
    assert_eq!(ended.get(), 1);
    drop(countdown);
    let _countdown = count_down(page, 1, count());
    let stay = buttons(page.upcast_ref()).into_iter().find(|button| {
        let label = button.child().and_downcast::<gtk::Label>();
        label.is_some_and(|label| label.text() == "Stay on")
    });
    stay.expect("a button").emit_clicked();
    pump_for(Duration::from_millis(1500));
    assert_eq!(ended.get(), 1, "it was told to stay on");
    drop(count_down(page, 1, count()));
    pump_for(Duration::from_millis(1500));
    assert_eq!(ended.get(), 1, "the window was closed");
}

fn buttons(widget: &gtk::Widget) -> Vec<gtk::Button> {
    let mut found: Vec<gtk::Button> = widget.clone().downcast().into_iter().collect();
    let mut child = widget.first_child();
    while let Some(inner) = child {
        found.extend(buttons(&inner));
        child = inner.next_sibling();
    }
    found
}

/// The texts of what is visible, as far as the widget itself decides that.
fn seen(widget: &gtk::Widget) -> Vec<String> {
    if !widget.get_visible() {
        return Vec::new();
    }
    let mut found: Vec<String> = Vec::new();
    if let Some(label) = widget.downcast_ref::<gtk::Label>() {
        found.push(label.text().into());
    }
    let mut child = widget.first_child();
    while let Some(inner) = child {
        found.extend(seen(&inner));
        child = inner.next_sibling();
    }
    found
}
