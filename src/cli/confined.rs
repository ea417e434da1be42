// SPDX-License-Identifier: GPL-3.0-or-later
//! Confines the whole tool before it reads an archive, where it needs nothing but files from then on.

use crate::{
    confine::Rules,
    history,
    host::Host,
    job::{Awake, JobKind, StandBy},
    plan::{Access, ExtractTo, Outlet, confinement},
    transport::Source,
};

use super::{console::Console, location::NewRoot};

/// What the tool is going to do with an archive.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// To list it, with the PedOS that is asked for it.
    List(Option<&'a dyn Host>),
    /// To verify it, and to note that in the history of this PedOS.
    Verify(Option<&'a dyn Host>),
    /// To get a file out of it.
    Extract(&'a ExtractTo),
    /// To restore it into this PedOS, which may have been made for it.
    Restore(&'a dyn Host, Option<&'a NewRoot>),
}

impl Purpose<'_> {
    fn rules(self, access: &Access) -> Option<Rules> {
        match self {
            Self::List(None) | Self::Verify(None) => confinement(access, Outlet::Nothing),
            // A PedOS is asked for the archive, and how it is reached is not known here.
            Self::List(Some(_)) => None,
            Self::Verify(Some(host)) => {
                let rules = confinement(access, Outlet::Nothing)?.reads(host.folder()?);
                let history = host.profile_dir().and_then(|folder| history::made_ready(&folder));
                Some(history.into_iter().fold(rules, Rules::writes))
            }
            Self::Extract(to) => confinement(access, Outlet::Extract(to)),
            Self::Restore(host, new_root) => {
                let rules = confinement(access, Outlet::Host(host))?;
                let above = new_root.and_then(NewRoot::folder_above);
                Some(above.into_iter().fold(rules, Rules::removes_folders_in))
            }
        }
    }

    fn job(self) -> Option<JobKind> {
        match self {
            Self::List(_) => None,
            Self::Verify(_) => Some(JobKind::Verify),
            Self::Extract(_) => Some(JobKind::Extract),
            Self::Restore(..) => Some(JobKind::Restore),
        }
    }
}

/// What keeps the computer awake during the job of a tool that may be confined.
pub(super) struct Waking(Option<StandBy>);

impl Waking {
    /// Keeps the computer awake for a job.
    pub(super) fn hold(self, kind: JobKind, console: &Console) -> Awake {
        self.0.map_or_else(|| console.stays_awake(kind), StandBy::hold)
    }
}

/// Confines the calling thread, and all that it starts from now on, to a file that is looked over without its passphrase.
pub(super) fn enter_to_look(source: &Source) {
    if let Some(rules) = source.confinement() {
        rules.enter();
    }
}

/// Confines the calling thread, and all that it starts from now on, to what the purpose needs. The other threads of a tool are
/// confined from their beginning. Where more than files is needed, the thread stays as it is, and what reads the archive is
/// confined by itself.
pub(super) fn enter(access: &Access, purpose: Purpose<'_>, console: &Console) -> Waking {
    let Some(rules) = purpose.rules(access) else {
        log::info!("this needs more than files, so only what reads the archive is confined");
        return Waking(None);
    };
    let waking = Waking(purpose.job().map(|kind| console.may_stay_awake(kind)));
    rules.enter();
    waking
}
