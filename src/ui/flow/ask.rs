// SPDX-License-Identifier: GPL-3.0-or-later
//! What both flows ask their user in a dialog: for a place, and whether to give up.

use std::{path::Path, rc::Rc, sync::Arc};

use crate::{
    draft::{self, Run, TypedPlace},
    host::Host,
    job::{JobKind, Task},
    text::wizard as words,
    ui::{
        BpWizard,
        dialogs::{self, Answer, Question},
    },
};

use super::{
    browse::browse_store,
    waiting::{Waiting, when_answered},
};

/// Lets the user pick a directory, or a file, where `typed` is: with dom0's own dialog, with a list of the
/// store, or with the dialog of the VM, which is waited for. `then` hears the path, nothing if none was picked, or what there is to say if the VM has no dialog.
pub(in crate::ui) fn pick_place<F: 'static>(
    flow: &Rc<F>,
    wizard: &BpWizard,
    host: &Arc<dyn Host>,
    typed: TypedPlace,
    is_file: bool,
    then: impl Fn(&Rc<F>, Result<Option<String>, words::Verdict>) + 'static,
) -> Option<Waiting> {
    if typed.is_local() {
        let title = if is_file {
            words::choose_archive()
        } else {
            words::choose_directory()
        };
        let flow = Rc::downgrade(flow);
        dialogs::choose(wizard, &title, is_file, &typed.path(), move |path: &Path| {
            if let Some(flow) = flow.upgrade() {
                then(&flow, Ok(Some(path.to_string_lossy().into_owned())));
            }
        });
        return None;
    }
    if typed.is_store() {
        let flow = Rc::downgrade(flow);
        browse_store(wizard, host, typed, is_file, move |path| {
            if let Some(flow) = flow.upgrade() {
                then(&flow, Ok(Some(path)));
            }
        });
        return None;
    }
    let (host, vm) = (Arc::clone(host), typed.target);
    let asked = vm.clone();
    let task = Task::spawn(move |context| {
        let host = host.with_cancel(&context.cancel);
        draft::pick(host.as_ref(), &vm, is_file, context)
    });
    Some(when_answered(flow, task, move |flow, answer| {
        then(flow, answer.map_err(|_| words::pick_failed(&asked)));
    }))
}

/// What is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Leaving {
    /// The job that runs; the window stays.
    Job,
    /// The window.
    Wizard,
}

/// Asks whether to give up what would be lost, and does not ask where nothing would. `kind` is that of the job that runs.
pub(in crate::ui) fn ask_to_leave<F: 'static>(
    flow: &Rc<F>,
    wizard: &BpWizard,
    run: Run,
    has_work: bool,
    kind: JobKind,
    then: impl Fn(&Rc<F>, Leaving) + 'static,
) -> Option<Question> {
    let (leaving, question, answers) = match run {
        Run::Stopping => return None,
        Run::Running => (Leaving::Job, words::ask_stop(kind), words::stop_answers()),
        Run::NotBegun if has_work => (Leaving::Wizard, words::ask_leave(), words::leave_answers()),
        Run::NotBegun | Run::Ended { .. } => {
            then(flow, Leaving::Wizard);
            return None;
        }
    };
    let flow = Rc::downgrade(flow);
    let question = dialogs::ask(wizard, &question, &answers, move |answer| {
        if let (Answer::Go, Some(flow)) = (answer, flow.upgrade()) {
            then(&flow, leaving);
        }
    });
    Some(question)
}
