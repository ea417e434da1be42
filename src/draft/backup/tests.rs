// SPDX-License-Identifier: GPL-3.0-or-later
//! The rules of a backup's draft, each tried without a screen.

use super::*;
use crate::{
    draft::{PlaceProblem, PlaceState},
    plan::{BackupCure, BackupRemark},
    transport::PlaceKind,
};

fn vm(name: &str, is_running: bool, include_in_backups: bool) -> Vm {
    Vm {
        name: name.to_owned(),
        is_running,
        include_in_backups,
        backup_bytes: Some(100),
        ..Vm::default()
    }
}

fn system() -> Arc<System> {
    Arc::new(System {
        vms: vec![
            vm("dom0", true, true),
            vm("vault", false, true),
            vm("work", true, false),
        ],
        ..System::default()
    })
}

fn typed(target: &str, text: &str) -> TypedPlace {
    TypedPlace {
        target: target.into(),
        text: text.into(),
        ..TypedPlace::default()
    }
}

fn good() -> Probe {
    Probe {
        device: None,
        kind: PlaceKind::Local,
        bytes: Some(1 << 30),
        largest_file_bytes: None,
        changed: None,
        is_readable_again: true,
        leftovers: Vec::new(),
    }
}

fn filled() -> BackupDraft {
    let mut draft = BackupDraft::new();
    draft.set_system(system());
    draft.set_typed_place(typed("dom0", "/mnt"));
    draft.set_probe(&typed("dom0", "/mnt"), Ok(good()));
    draft.passphrase.set_typed("correct horse", "correct horse");
    draft
}

#[test]
fn the_selection_begins_with_what_is_meant_for_backups() {
    let mut draft = BackupDraft::new();
    assert_eq!(draft.may_continue(), Err(Reason::StillReading));
    draft.set_system(system());
    assert_eq!(draft.selected(), ["dom0", "vault"]);
    assert_eq!(draft.total_bytes(), 200);
    draft.select([]);
    assert_eq!(draft.may_continue(), Err(Reason::NothingSelected));
}

#[test]
fn what_was_counted_of_the_home_outlasts_a_new_reading_of_the_host() {
    let mut uncounted = (*system()).clone();
    uncounted.user = Some("user".to_owned());
    uncounted.vms[0].class = crate::inventory::Class::AdminVm;
    uncounted.vms[0].backup_bytes = None;
    let mut draft = BackupDraft::new();
    draft.set_system(Arc::new(uncounted.clone()));
    assert_eq!((draft.total_bytes(), draft.is_counted()), (100, false));
    draft.set_home_bytes(7);
    assert_eq!((draft.total_bytes(), draft.is_counted()), (107, true));
    uncounted.vms[2].is_running = false;
    draft.set_system(Arc::new(uncounted));
    assert_eq!((draft.total_bytes(), draft.is_counted()), (107, true));
    draft.set_home_bytes(8);
    assert_eq!(draft.total_bytes(), 108);
}

#[test]
fn a_vm_that_is_gone_leaves_the_selection_on_its_page_and_is_reported_later() {
    let mut draft = filled();
    draft.advance().unwrap();
    let mut fewer = (*system()).clone();
    fewer.vms.retain(|vm| vm.name != "vault");
    draft.set_system(Arc::new(fewer.clone()));
    assert_eq!(draft.selected(), ["dom0", "vault"]);
    let findings = draft.ask_findings().unwrap()();
    assert!(findings.iter().any(|finding| finding.remark == BackupRemark::NoSuchVm));
    draft.back();
    draft.set_system(Arc::new(fewer));
    assert_eq!(draft.selected(), ["dom0"]);
}

#[test]
fn the_usb_vm_is_the_target_unless_another_was_chosen() {
    let mut with_usb = (*system()).clone();
    with_usb.vms.push(vm("sys-usb", true, false));
    let mut draft = BackupDraft::new();
    draft.set_system(Arc::new(with_usb.clone()));
    assert_eq!(draft.place().typed().target, "sys-usb");
    let mut draft = BackupDraft::new();
    draft.set_typed_place(typed("dom0", "/mnt"));
    draft.set_system(Arc::new(with_usb));
    assert_eq!(draft.place().typed().target, "dom0");
    assert_eq!(draft.targets(), ["dom0", "work", "sys-usb"]);
}

#[test]
fn a_target_that_stops_is_said_and_may_come_back() {
    let mut draft = filled();
    draft.advance().unwrap();
    draft.set_typed_place(typed("work", "/mnt"));
    draft.set_probe(&typed("work", "/mnt"), Ok(good()));
    assert_eq!(draft.may_continue(), Ok(()));
    let mut stopped = (*system()).clone();
    stopped.vms[2].is_running = false;
    draft.set_system(Arc::new(stopped));
    assert_eq!(draft.may_continue(), Err(Reason::BadPlace));
    assert!(matches!(
        draft.place().state(),
        PlaceState::Bad(PlaceProblem::NotRunning { .. })
    ));
    assert!(draft.targets().contains(&"work".to_owned()));
    draft.set_system(system());
    assert_eq!(draft.may_continue(), Err(Reason::StillLooking));
}

#[test]
fn an_answer_about_what_is_not_typed_any_more_is_left_alone() {
    let mut draft = BackupDraft::new();
    assert!(draft.set_typed_place(typed("dom0", "/a")));
    assert!(draft.set_typed_place(typed("dom0", "/b")));
    draft.set_probe(&typed("dom0", "/a"), Ok(good()));
    assert!(matches!(draft.place().state(), PlaceState::Probing));
    assert!(!draft.set_typed_place(typed("dom0", "")));
    assert!(matches!(draft.place().state(), PlaceState::Empty));
}

#[test]
fn the_summary_waits_for_the_findings_and_stops_at_a_problem() {
    let mut draft = filled();
    for _ in 0..3 {
        draft.advance().unwrap();
    }
    assert_eq!(draft.may_continue(), Err(Reason::StillReading));
    let blocking = Finding {
        vm: None,
        remark: BackupRemark::DestinationInsideHome,
    };
    draft.set_findings(vec![blocking]);
    assert_eq!(draft.advance(), Err(Reason::Problems(1)));
    assert!(draft.finish().is_err());
    draft.set_findings(vec![]);
    assert_eq!(draft.finish().unwrap().vms, ["dom0", "vault"]);
    assert_eq!(draft.advance(), Ok(BackupPage::Backup));
    assert!(!draft.may_go_back());
    assert_eq!(draft.may_continue(), Err(Reason::Running));
    draft.set_run(Run::Ended { is_success: true });
    assert_eq!(draft.may_continue(), Ok(()));
}

#[test]
fn vms_that_cannot_be_saved_are_left_out_together_where_there_are_several() {
    let missing = |vm: &str| Finding {
        vm: Some(vm.to_owned()),
        remark: BackupRemark::VolumeMissing {
            volume: "private".to_owned(),
        },
    };
    let mut draft = filled();
    draft.select(vec!["vault".to_owned(), "work".to_owned()]);
    draft.set_findings(vec![missing("work")]);
    // Its own button does that.
    assert!(draft.unready_together().is_empty());
    draft.set_findings(vec![missing("work"), missing("vault")]);
    let together = draft.unready_together();
    assert_eq!(together, ["work", "vault"]);
    draft.apply(&BackupCure::LeaveOut { vms: together });
    assert!(draft.selected().is_empty());
}

#[test]
fn guessing_costs_what_was_chosen() {
    let mut draft = filled();
    for _ in 0..3 {
        draft.advance().unwrap();
    }
    draft.set_findings(vec![]);
    assert_eq!(draft.finish().unwrap().kdf, KdfCost::DEFAULT);
    draft.is_costly_to_guess = true;
    assert_eq!(draft.finish().unwrap().kdf, KdfCost::REFERENCE);
}

/// Everything that a user can do.
#[derive(Debug, Clone)]
enum Op {
    Next,
    Back,
    Select(Vec<&'static str>),
    Type(&'static str),
    Answer(bool),
    Passphrase(&'static str, &'static str),
    Findings(bool),
    System,
    Compress(bool),
}

/// A small generator of its own: the walk is the same every time, and long.
fn ops(seed: u64) -> impl Iterator<Item = Op> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match state % 14 {
            0..=4 => Op::Next,
            5 => Op::Back,
            6 => Op::Select(if state & 64 == 0 { vec!["dom0", "work"] } else { vec![] }),
            7 => Op::Type(["", "/a", "/b"][(state >> 8) as usize % 3]),
            8 | 9 => Op::Answer(state & 64 == 0),
            10 => Op::Passphrase(
                ["", "a", "b"][(state >> 8) as usize % 3],
                ["", "a", "b"][(state >> 12) as usize % 3],
            ),
            11 => Op::Findings(state & 64 == 0),
            12 => Op::System,
            _ => Op::Compress(state & 64 == 0),
        }
    })
}

fn apply(draft: &mut BackupDraft, op: &Op) {
    match op {
        Op::Next => drop(draft.advance()),
        Op::Back => drop(draft.back()),
        Op::Select(names) => draft.select(names.iter().map(|name| (*name).to_owned())),
        Op::Type(text) => drop(draft.set_typed_place(typed("dom0", text))),
        Op::Answer(is_good) => {
            let asked = draft.place().typed().clone();
            draft.set_probe(
                &asked,
                if *is_good {
                    Ok(good())
                } else {
                    Err(ProbeError::NotFound)
                },
            );
        }
        Op::Passphrase(first, second) => draft.passphrase.set_typed(first, second),
        Op::Findings(is_good) => draft.set_findings(if *is_good {
            vec![]
        } else {
            vec![Finding {
                vm: None,
                remark: BackupRemark::NothingSelected,
            }]
        }),
        Op::System => draft.set_system(system()),
        Op::Compress(on) => draft.is_compressed = *on,
    }
}

#[test]
fn no_walk_loses_a_choice_or_gets_a_plan_without_a_passphrase() {
    let mut finished = 0;
    for seed in 1..400 {
        let mut draft = BackupDraft::new();
        for op in ops(seed).take(120) {
            let before = (
                draft.selected(),
                draft.place().typed().clone(),
                draft.passphrase.kept().cloned(),
            );
            apply(&mut draft, &op);
            if matches!(op, Op::Back | Op::Next) {
                assert_eq!(
                    (before.0, before.1),
                    (draft.selected(), draft.place().typed().clone()),
                    "{op:?}"
                );
                assert!(before.2.is_none() || draft.passphrase.kept().is_some());
            }
            if let Ok(plan) = draft.finish() {
                assert!(!plan.vms.is_empty() && !plan.passphrase.as_bytes().is_empty());
                finished += 1;
            }
            assert!(draft.page() != BackupPage::Backup || draft.run() != Run::NotBegun);
        }
    }
    assert!(finished > 0, "no walk came to a plan");
}

#[test]
fn a_backup_that_nobody_can_read_again_is_not_verified_and_the_choice_comes_back_with_a_folder() {
    let mut draft = filled();
    assert!(draft.will_verify());
    draft.set_typed_place(typed("work", "/mnt"));
    let plain = Probe {
        is_readable_again: false,
        ..good()
    };
    draft.set_probe(&typed("work", "/mnt"), Ok(plain));
    assert_eq!(draft.unverifiable(), Some(Unverified::InVm));
    // What the page shows there, a box that is off, is not the user's choice.
    draft.set_verifies(false);
    draft.passphrase.take_over().unwrap();
    draft.set_findings(Vec::new());
    assert!(!draft.will_verify() && !draft.finish().unwrap().verify);
    draft.set_typed_place(typed("dom0", "/mnt"));
    assert!(draft.will_verify());
    draft.set_verifies(false);
    assert!(!draft.will_verify());
}

#[test]
fn a_place_is_looked_at_again_after_a_run_that_failed() {
    let mut draft = filled();
    draft.passphrase.take_over().unwrap();
    while draft.page() != BackupPage::Backup {
        draft.set_findings(Vec::new());
        draft.advance().unwrap();
    }
    draft.set_run(Run::Ended { is_success: false });
    // The summary keeps what was seen when the place was chosen.
    assert_eq!(draft.back(), BackupPage::Summary);
    assert!(!draft.place().is_due());
    draft.back();
    assert_eq!(draft.back(), BackupPage::Destination);
    assert!(draft.place().is_due());
    draft.set_probe(&typed("dom0", "/mnt"), Ok(good()));
    draft.back();
    assert!(!draft.place().is_due());
}

#[test]
fn a_weak_passphrase_is_asked_about_once() {
    let mut draft = filled();
    for weak in ["a", "password", "green tea mornings"] {
        draft.passphrase.set_typed(weak, weak);
        draft.passphrase.take_over().unwrap();
        assert!(draft.has_to_ask(), "{weak}");
        draft.passphrase.accept_weakness();
        assert!(!draft.has_to_ask(), "{weak}");
    }
    let strong = "quartz lemur ratify oblong canopy";
    draft.passphrase.set_typed(strong, strong);
    draft.passphrase.take_over().unwrap();
    assert!(!draft.has_to_ask());
}
