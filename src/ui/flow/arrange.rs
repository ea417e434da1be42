// SPDX-License-Identifier: GPL-3.0-or-later
//! What is done at a place on demand, off the window's thread: its VM is started, a directory is made, or what an earlier run
//! has left there is removed.

use std::{rc::Rc, sync::Arc};

use crate::{
    draft::WizardDraft,
    job::Task,
    text::wizard as words,
    transport::{make_directory, remove_leftover},
    ui::dialogs::{self, Answer},
};

use super::{Flow, when_answered};

/// Hears the button that starts the VM of the place.
pub(in crate::ui) fn connect_starting<F: Flow>(flow: &Rc<F>) {
    let place = &flow.shell().place;
    place.connect_start(flow.hearing(|flow, _| start_vm(flow)));
}

/// Hears the buttons of the place.
pub(in crate::ui) fn connect_arranging<F: Flow>(flow: &Rc<F>) {
    let place = &flow.shell().place;
    place.connect_make(flow.hearing(|flow, _| make(flow)));
    let weak = Rc::downgrade(flow);
    place.connect_remove(move |_, name| {
        if let Some(flow) = weak.upgrade() {
            ask_and_remove(&flow, name);
        }
    });
}

/// Starts the VM that is chosen. The page goes on as soon as it runs, whoever started it.
fn start_vm<F: Flow>(flow: &Rc<F>) {
    let Some(vm) = flow.draft().borrow().place().may_start().map(str::to_owned) else {
        return;
    };
    let (asked, host) = (vm.clone(), Arc::clone(&flow.shell().host));
    let task = Task::spawn(move |context| {
        let view = host.with_cancel(&context.cancel);
        Ok(view.make_ready(&vm))
    });
    let waiting = when_answered(flow, task, move |flow, answer| {
        flow.shell().arranging.replace(None);
        if let Ok(result) = answer {
            let started = result.map(drop);
            flow.draft().borrow_mut().place_mut().set_started(&asked, started);
            flow.read_again();
            flow.look_if_needed();
            flow.refresh();
        }
    });
    flow.shell().arranging.replace(Some(waiting));
    flow.draft().borrow_mut().place_mut().set_starting();
    flow.refresh();
}

/// Makes the directory that is typed, and has it looked at.
fn make<F: Flow>(flow: &Rc<F>) {
    let place = flow.draft().borrow().place().clone();
    if !place.may_make_directory() {
        return;
    }
    let (asked, host) = (place.typed().clone(), Arc::clone(&flow.shell().host));
    let task = Task::spawn(move |context| {
        let view = host.with_cancel(&context.cancel);
        Ok(make_directory(&place.location(), Some(&*view), &context.cancel))
    });
    let waiting = when_answered(flow, task, move |flow, answer| {
        flow.shell().arranging.replace(None);
        if let Ok(result) = answer {
            flow.draft().borrow_mut().set_place_changed(&asked, result);
            flow.look_if_needed();
            flow.refresh();
        }
    });
    flow.shell().arranging.replace(Some(waiting));
}

/// Asks whether an unfinished archive is to be removed, and removes it.
fn ask_and_remove<F: Flow>(flow: &Rc<F>, name: &str) {
    let place = flow.draft().borrow().place().clone();
    let found = place.leftovers().iter().find(|leftover| leftover.name == name);
    let Some(leftover) = found.cloned() else { return };
    let question = words::ask_remove(place.typed(), &leftover);
    let weak = Rc::downgrade(flow);
    let question = dialogs::ask(
        &flow.shell().wizard,
        &question,
        &words::remove_answers(),
        move |answer| {
            if let (Answer::Go, Some(flow)) = (answer, weak.upgrade()) {
                remove(&flow, &leftover.name);
            }
        },
    );
    flow.shell().asking.replace(Some(question));
}

fn remove<F: Flow>(flow: &Rc<F>, name: &str) {
    let place = flow.draft().borrow().place().clone();
    let (asked, host, file) = (place.typed().clone(), Arc::clone(&flow.shell().host), name.to_owned());
    let task = Task::spawn(move |context| {
        let view = host.with_cancel(&context.cancel);
        Ok(remove_leftover(&place.location(), &file, Some(&*view), &context.cancel))
    });
    // The button goes with the file.
    flow.shell().place.focus_place();
    let name = name.to_owned();
    let waiting = when_answered(flow, task, move |flow, answer| {
        flow.shell().arranging.replace(None);
        match answer {
            Ok(Ok(())) => {
                flow.draft().borrow_mut().set_place_changed(&asked, Ok(()));
                flow.look_if_needed();
                flow.refresh();
            }
            Ok(Err(error)) => {
                flow.refresh();
                let shell = flow.shell();
                shell.place.show_verdict(&words::leftover_kept(&name, &error), false);
            }
            Err(_) => {}
        }
    });
    flow.shell().arranging.replace(Some(waiting));
}
