// SPDX-License-Identifier: GPL-3.0-or-later
//! The window of profiles: lists them, begins anew with one, gives one another name, takes one away, has one repeated.

use std::{rc::Rc, sync::Arc};

use gtk::{gio, prelude::*};

use crate::{
    draft::{BackupDraft, WizardDraft},
    history::past_runs,
    host::Host,
    job::Task,
    profile::{self, Loaded, PassphraseSource, Profile, ProfileError, RepeatError},
    schedule::Rhythm,
    text::wizard::{self as words, KnownProfile, ProfileRow},
    ui::{
        dialogs::{self, Answer},
        flow::{Flow, when_answered},
        naming,
        profiles::{ProfileAct, ProfilesWindow},
        repeat::{self, RepeatAnswer, RepeatQuestion},
    },
};

use super::BackupFlow;

/// A profile that was read, and how often its backup is repeated.
struct Found {
    name: String,
    loaded: Result<Loaded, ProfileError>,
    rhythm: Option<Rhythm>,
}

impl BackupFlow {
    /// Has an entry of the menu open the window.
    pub(super) fn connect_profiles(self: &Rc<Self>) {
        let action = gio::SimpleAction::new("profiles", None);
        let flow = Rc::downgrade(self);
        action.connect_activate(move |_, _| {
            if let Some(flow) = flow.upgrade() {
                flow.list_profiles(&ProfilesWindow::open(&flow.shell.wizard));
            }
        });
        self.shell.wizard.add_action(&action);
    }

    /// Fills the window anew.
    fn list_profiles(self: &Rc<Self>, window: &ProfilesWindow) {
        let host = Arc::clone(&self.shell.host);
        let task = Task::spawn(move |_| Ok(find(&*host)));
        let window = window.clone();
        let waiting = when_answered(self, task, move |flow, answer| {
            let Ok(answer) = answer else { return };
            if !window.is_open() {
                return;
            }
            match answer {
                Err(error) => window.show(Err(&words::profile_failed(&error)), |_, _| {}),
                Ok((found, rows)) => {
                    let (flow, of_handler) = (Rc::downgrade(flow), window.clone());
                    window.show(Ok(&rows), move |place, act| {
                        if let (Some(flow), Some(found)) = (flow.upgrade(), found.get(place)) {
                            flow.act(&of_handler, found, act);
                        }
                    });
                }
            }
        });
        self.keeping.replace(waiting);
    }

    fn act(self: &Rc<Self>, window: &ProfilesWindow, found: &Found, act: ProfileAct) {
        match act {
            ProfileAct::Use => self.ask_to_use(window, &found.name),
            ProfileAct::Repeat => self.ask_to_repeat(window, found),
            ProfileAct::Rename => self.ask_for_name(window, &found.name),
            ProfileAct::Remove => self.ask_to_remove(window, found),
        }
    }

    /// Begins anew with a profile, and asks before if something would be lost.
    fn ask_to_use(self: &Rc<Self>, window: &ProfilesWindow, name: &str) {
        if self.draft.borrow().run().is_under_way() {
            // A job that runs is not given up for a profile.
            return window.close();
        }
        if !self.draft.borrow().has_work() {
            window.close();
            return self.begin_with(name);
        }
        let (flow, name_of, of_handler) = (Rc::downgrade(self), name.to_owned(), window.clone());
        let question = dialogs::ask_over(
            window.window(),
            &words::ask_use_profile(name),
            &words::use_profile_answers(),
            move |answer| {
                if let (Answer::Go, Some(flow)) = (answer, flow.upgrade()) {
                    of_handler.close();
                    flow.begin_with(&name_of);
                }
            },
        );
        self.shell.asking.replace(Some(question));
    }

    fn begin_with(self: &Rc<Self>, name: &str) {
        let task = self.read_profile(name);
        let name = name.to_owned();
        let waiting = when_answered(self, task, move |flow, answer| {
            let system = flow.draft.borrow().system().cloned();
            flow.profile_problem.replace(None);
            flow.draft.replace(BackupDraft::new());
            flow.hear_profile(&name, answer);
            if let Some(system) = system {
                flow.draft.borrow_mut().set_system(system);
            }
            flow.passphrase.clear_typed(false);
            flow.count_home();
            flow.look_if_needed();
            flow.show_page();
        });
        self.keeping.replace(waiting);
    }

    fn ask_for_name(self: &Rc<Self>, window: &ProfilesWindow, name: &str) {
        let (flow, from, of_handler) = (Rc::downgrade(self), name.to_owned(), window.clone());
        naming::ask(window.window(), name, move |to, answer| {
            let (Some(flow), to) = (flow.upgrade(), to.to_owned()) else {
                return;
            };
            let (Some(folder), of_task, of_window) = (flow.shell.host.profile_dir(), from.clone(), of_handler.clone())
            else {
                return;
            };
            let (old, new) = (from.clone(), to.clone());
            let task = Task::spawn(move |_| Ok(profile::rename(&folder, &of_task, &to)));
            let waiting = when_answered(&flow, task, move |flow, done| match done {
                Ok(Err(error)) => answer(Err(words::profile_failed(&error))),
                _ => {
                    answer(Ok(()));
                    if flow.draft.borrow().profile_name() == old {
                        flow.draft.borrow_mut().set_profile_name(&new);
                        flow.refresh();
                    }
                    flow.list_profiles(&of_window);
                }
            });
            flow.keeping.replace(waiting);
        });
    }

    fn ask_to_remove(self: &Rc<Self>, window: &ProfilesWindow, found: &Found) {
        let question = words::ask_remove_profile(&found.name, found.rhythm.is_some());
        let (flow, of_handler) = (Rc::downgrade(self), window.clone());
        let (name, is_repeated) = (found.name.clone(), found.rhythm.is_some());
        let question = dialogs::ask_over(
            window.window(),
            &question,
            &words::remove_profile_answers(),
            move |answer| {
                if let (Answer::Go, Some(flow)) = (answer, flow.upgrade()) {
                    let name = name.clone();
                    flow.carry_out(&of_handler, move |host| {
                        if is_repeated {
                            host.end_repeating(&name)
                                .map_err(|error| words::repeat_failed(&error))?;
                        }
                        let folder = host.profile_dir().ok_or(ProfileError::OutOfReach);
                        folder
                            .and_then(|folder| profile::remove(&folder, &name))
                            .map_err(|error| words::profile_failed(&error))
                    });
                }
            },
        );
        self.shell.asking.replace(Some(question));
    }

    fn ask_to_repeat(self: &Rc<Self>, window: &ProfilesWindow, found: &Found) {
        let Ok(loaded) = &found.loaded else { return };
        let question = RepeatQuestion {
            profile: found.name.clone(),
            rhythm: found.rhythm,
            needs_passphrase: matches!(loaded.profile.passphrase, PassphraseSource::Ask),
        };
        let (flow, name, of_handler) = (Rc::downgrade(self), found.name.clone(), window.clone());
        repeat::ask(window.window(), &question, move |answer| {
            if let Some(flow) = flow.upgrade() {
                let name = name.clone();
                flow.carry_out(&of_handler, move |host| repeat(host, &name, &answer));
            }
        });
    }

    /// Does something with a profile off the window's thread, and fills the window anew or says why not.
    fn carry_out(
        self: &Rc<Self>,
        window: &ProfilesWindow,
        work: impl FnOnce(&dyn Host) -> Result<(), String> + Send + 'static,
    ) {
        let host = Arc::clone(&self.shell.host);
        let task = Task::spawn(move |_| Ok(work(&*host)));
        let window = window.clone();
        let waiting = when_answered(self, task, move |flow, answer| match answer {
            Ok(Err(why)) => window.show_problem(&why),
            _ => flow.list_profiles(&window),
        });
        self.keeping.replace(waiting);
    }

    /// Asks how often the backup that was just made is to be repeated. Its settings are kept as a profile for that.
    pub(super) fn ask_to_repeat_this(self: &Rc<Self>) {
        let question = RepeatQuestion {
            profile: self.draft.borrow().profile_name().to_owned(),
            rhythm: None,
            needs_passphrase: false,
        };
        let flow = Rc::downgrade(self);
        repeat::ask(&self.shell.wizard, &question, move |answer| {
            if let (Some(flow), Some(rhythm)) = (flow.upgrade(), answer.rhythm) {
                flow.save(Some(Some(rhythm)));
            }
        });
    }
}

fn repeat(host: &dyn Host, name: &str, answer: &RepeatAnswer) -> Result<(), String> {
    let Some(rhythm) = answer.rhythm else {
        return host.end_repeating(name).map_err(|error| words::repeat_failed(&error));
    };
    profile::repeat(host, name, rhythm, answer.passphrase.as_ref()).map_err(|error| match error {
        RepeatError::Profile(error) => words::profile_failed(&error),
        RepeatError::Host(error) => words::repeat_failed(&error),
    })
}

/// Reads all profiles, with their words.
fn find(host: &dyn Host) -> Result<(Vec<Found>, Vec<ProfileRow>), ProfileError> {
    let folder = host.profile_dir().ok_or(ProfileError::OutOfReach)?;
    let io_failed = |source| ProfileError::Io {
        path: folder.path().to_owned(),
        source,
    };
    let runs = past_runs(&folder).unwrap_or_default();
    let names = profile::list(&folder).map_err(io_failed)?;
    let found: Vec<Found> = names
        .into_iter()
        .map(|name| Found {
            loaded: Profile::load(&folder, &name),
            rhythm: host.rhythm(&name),
            name,
        })
        .collect();
    let row = |found: &Found| {
        words::profile_row(&KnownProfile {
            name: &found.name,
            profile: found.loaded.as_ref().map(|loaded| &loaded.profile),
            rhythm: found.rhythm,
            can_repeat: host.can_repeat(),
            last: runs.iter().find(|run| run.profile.as_deref() == Some(&found.name)),
        })
    };
    let rows = found.iter().map(row).collect();
    Ok((found, rows))
}
