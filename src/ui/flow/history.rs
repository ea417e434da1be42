// SPDX-License-Identifier: GPL-3.0-or-later
//! Shows the history of the system, which is read off the window's thread.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
};

use gtk::{gio, prelude::*};

use crate::{
    draft::WizardDraft,
    history::past_runs,
    job::Task,
    text::{self, wizard as words},
    ui::{
        desktop,
        history::{Follow, HistoryWindow},
    },
};

use super::{Flow, Waiting, when_answered};

/// How many runs the window shows at most: the newest. The tool says all of them.
const MOST_RUNS: usize = 200;

/// Has an entry of the menu open the history.
pub(in crate::ui) fn connect_history<F: Flow>(flow: &Rc<F>) {
    let action = gio::SimpleAction::new("history", None);
    let (weak, reading) = (Rc::downgrade(flow), RefCell::new(Waiting::default()));
    action.connect_activate(move |_, _| {
        if let Some(flow) = weak.upgrade() {
            reading.replace(show(&flow));
        }
    });
    flow.shell().wizard.add_action(&action);
}

fn show<F: Flow>(flow: &Rc<F>) -> Waiting {
    let window = HistoryWindow::open(&flow.shell().wizard);
    let folder = flow.shell().host.profile_dir();
    let task = Task::spawn(move |_| {
        let runs = folder.map_or_else(|| Ok(Vec::new()), |folder| past_runs(&folder));
        Ok(runs.map(|runs| runs.iter().take(MOST_RUNS).map(text::past_run).collect()))
    });
    when_answered(flow, task, move |flow, answer| {
        let (Ok(runs), true) = (answer, window.is_open()) else {
            return;
        };
        let (of_handler, flow) = (window.clone(), Rc::downgrade(flow));
        window.show(
            runs.map_err(|error| text::history_unreadable(&error).full_text()),
            move |archive, follow| {
                let root = flow.upgrade().and_then(|flow| root_of(&*flow));
                let started = desktop::restore_wizard(archive, follow == Follow::Verify, root.as_deref());
                if let Err(error) = started {
                    of_handler.show_problem(&words::wizard_not_started(&error.to_string()));
                }
            },
        );
    })
}

/// The folder of the PedOS, where it is not the one that runs here.
fn root_of<F: Flow>(flow: &F) -> Option<PathBuf> {
    let root = flow.draft().borrow().system()?.root.clone();
    (root != Path::new("/")).then_some(root)
}
