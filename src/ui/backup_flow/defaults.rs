// SPDX-License-Identifier: GPL-3.0-or-later
//! The default profile: what the wizard begins with, and what it keeps of the choices.

use std::rc::Rc;

use crate::{
    draft::ReachKind,
    engine::EngineError,
    job::Task,
    profile::{self, Loaded, ProfileError},
    text::{self, wizard as words},
    ui::flow::when_done,
};

use super::BackupFlow;

impl BackupFlow {
    pub(super) fn hear_profile(&self, answer: Result<Result<Loaded, ProfileError>, EngineError>) {
        match answer {
            Ok(Ok(loaded)) => {
                let place = loaded.profile.destination_path.clone();
                let store = loaded.profile.extras.store.as_deref().map(ReachKind::of_program);
                self.draft.borrow_mut().set_profile(loaded.profile, text::recovery_text);
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
            Err(error) => log::warn!("the default profile: {error}"),
        }
    }

    /// Keeps the choices as the default profile after a backup that succeeded with them; of any other nothing is kept.
    pub(super) fn keep_profile(self: &Rc<Self>, is_success: bool) {
        let draft = self.draft.borrow();
        // Where none can be kept, the wizard does not offer it.
        let (true, Some(folder)) = (draft.saves_profile, self.shell.host.profile_dir()) else {
            return;
        };
        if !is_success {
            self.shell.progress.add_warning(&words::profile_not_kept());
            return;
        }
        let profile = draft.to_profile();
        let task = Task::spawn(move |_| Ok(profile.save(&folder, profile::DEFAULT_NAME)));
        when_done(self, &self.shell.wizard, task, |flow, answer| {
            let problem = match answer {
                Ok(Ok(_)) => return,
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            match flow {
                Some(flow) => flow.shell.progress.add_warning(&words::profile_not_saved(&problem)),
                None => log::warn!("the default profile: {problem}"),
            }
        });
    }
}
