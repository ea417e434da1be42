// SPDX-License-Identifier: GPL-3.0-or-later
//! What is kept of a job that has ended, so that its report can be saved as often as its user likes.

use std::{path::Path, rc::Rc, time::SystemTime};

use gtk::prelude::*;

use crate::{
    engine::ArchiveInfo,
    job::{Ended, JobKind, Outcome, Task},
    text::{save_report, wizard as words},
    ui::{dialogs, pages::BpProgressPage},
};

/// A job that has ended.
#[derive(Clone)]
pub(in crate::ui) struct Kept {
    pub(in crate::ui) kind: JobKind,
    pub(in crate::ui) outcome: Outcome,
    pub(in crate::ui) place: String,
    pub(in crate::ui) archive: Option<ArchiveInfo>,
    pub(in crate::ui) profile: Option<String>,
    pub(in crate::ui) at: SystemTime,
}

impl Kept {
    /// Lets its report be saved from the page that shows it.
    pub(in crate::ui) fn offer(self, window: &gtk::Window, page: &BpProgressPage) {
        let (kept, window) = (Rc::new(self), window.downgrade());
        let page_of_job = page.downgrade();
        page.connect_save(move || {
            let Some(window) = window.upgrade() else { return };
            let (kept, page) = (Rc::clone(&kept), page_of_job.clone());
            dialogs::choose_new(
                &window,
                &words::save_report_title(),
                &words::report_file(kept.unix_seconds()),
                move |path| {
                    if let Some(page) = page.upgrade() {
                        kept.save(path, &page);
                    }
                },
            );
        });
    }

    fn unix_seconds(&self) -> i64 {
        let since = self.at.duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    fn save(&self, path: &Path, page: &BpProgressPage) {
        let (kept, path, page) = (self.clone(), path.to_owned(), page.downgrade());
        let task = Task::spawn(move |_| Ok(kept.write(&path)));
        glib::spawn_future_local(async move {
            let said = task.answer().await;
            if let (Some(page), Ok(said)) = (page.upgrade(), said) {
                page.show_saved(&said);
            }
        });
    }

    /// Writes the report, and returns what there is to say about it.
    fn write(&self, path: &Path) -> String {
        let ended = Ended {
            kind: self.kind,
            outcome: &self.outcome,
            place: &self.place,
            archive: self.archive.as_ref(),
            profile: self.profile.as_deref(),
            at: self.at,
        };
        let problem = save_report(path, &ended).err().map(|error| error.to_string());
        words::report_saved(&path.to_string_lossy(), problem.as_deref())
    }
}
