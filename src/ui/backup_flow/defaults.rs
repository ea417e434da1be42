// SPDX-License-Identifier: GPL-3.0-or-later
//! What the wizard begins with, and what it keeps of the choices: a profile, and whether its backup is repeated.

use std::{rc::Rc, sync::Arc};

use crate::{
    draft::ReachKind,
    engine::EngineError,
    job::Task,
    profile::{Loaded, Profile, ProfileError},
    schedule::Rhythm,
    text::{self, wizard as words},
    ui::flow::when_done,
};

use super::BackupFlow;

impl BackupFlow {
    /// Reads a profile off the window's thread.
    pub(super) fn read_profile(&self, name: &str) -> Task<Result<Loaded, ProfileError>> {
        let (folder, name) = (self.shell.host.profile_dir(), name.to_owned());
        Task::spawn(move |_| {
            Ok(folder
                .ok_or(ProfileError::OutOfReach)
                .and_then(|folder| Profile::load(&folder, &name)))
        })
    }

    pub(super) fn hear_profile(&self, name: &str, answer: Result<Result<Loaded, ProfileError>, EngineError>) {
        match answer {
            Ok(Ok(loaded)) => {
                let place = loaded.profile.destination_path.clone();
                let store = loaded.profile.extras.store.as_deref().map(ReachKind::of_program);
                let mut draft = self.draft.borrow_mut();
                draft.set_profile(name, loaded.profile, text::recovery_text);
                draft.rhythm = self.shell.host.rhythm(name);
                drop(draft);
                self.show_destination(&self.draft.borrow());
                let (kind, reach) = store.unwrap_or_default();
                self.shell.place.set_reach(kind, &reach);
                self.shell.place.set_place(&place);
            }
            // Most people have none, and where none can be kept none is missed.
            Ok(Err(ProfileError::NotFound { .. } | ProfileError::OutOfReach)) => {}
            Ok(Err(error)) => {
                self.profile_problem
                    .replace(Some(words::profile_not_read(&error.to_string())));
            }
            Err(error) => log::warn!("the profile {name}: {error}"),
        }
    }

    /// Keeps the choices as a profile after a backup that succeeded with them, and has it repeated if that was chosen; of any other
    /// nothing is kept.
    pub(super) fn keep_profile(self: &Rc<Self>, is_success: bool) {
        let draft = self.draft.borrow();
        if !draft.saves_profile || self.shell.host.profile_dir().is_none() {
            // Where none can be kept, the wizard does not offer it.
            return;
        }
        if !is_success {
            self.shell.progress.add_warning(&words::profile_not_kept());
            return;
        }
        let is_repeated = self.shell.host.rhythm(draft.profile_name()).is_some();
        let rhythm = self.shell.host.can_repeat().then_some(draft.rhythm);
        let rhythm = rhythm.filter(|rhythm| rhythm.is_some() || is_repeated);
        drop(draft);
        self.save(rhythm);
    }

    /// Keeps the choices as a profile. A rhythm has its backup repeated, and `Some(None)` ends that.
    pub(super) fn save(self: &Rc<Self>, rhythm: Option<Option<Rhythm>>) {
        let draft = self.draft.borrow();
        let Some(folder) = self.shell.host.profile_dir() else {
            return;
        };
        let (profile, name) = (draft.to_profile(), draft.profile_name().to_owned());
        // The profile itself need not know what systemd keeps.
        let passphrase = draft.passphrase.kept().map(Arc::clone);
        let (host, of_task) = (Arc::clone(&self.shell.host), name.clone());
        let task = Task::spawn(move |_| {
            if let Err(error) = profile.save(&folder, &of_task) {
                return Ok(Err(words::profile_not_saved(&error.to_string())));
            }
            let done = match rhythm {
                None => Ok(()),
                Some(None) => host.end_repeating(&of_task),
                Some(Some(rhythm)) => host.repeat(&of_task, rhythm, passphrase.as_deref()),
            };
            Ok(done.map_err(|error| words::repeat_failed(&error)))
        });
        when_done(self, &self.shell.wizard, task, move |flow, answer| {
            let problem = match answer {
                Ok(Ok(())) => {
                    if let (Some(flow), Some(Some(rhythm))) = (flow, rhythm) {
                        flow.shell.progress.show_saved(&words::is_repeated(&name, rhythm));
                    }
                    return;
                }
                Ok(Err(problem)) => problem,
                Err(error) => words::profile_not_saved(&error.to_string()),
            };
            match flow {
                Some(flow) => flow.shell.progress.add_warning(&problem),
                None => log::warn!("the profile: {problem}"),
            }
        });
    }
}
