// SPDX-License-Identifier: GPL-3.0-or-later
//! Stores whose every request goes wrong in turn. Whatever happens: nothing is called good that is not, nothing has a final
//! name that does not verify, and what stays is named.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::support::{
    injured::InjuredHost,
    jobs::{self, PASSPHRASE},
    programs::names,
    roots,
    sftp_between::{Between, Wrong},
    tools,
};
use pedos_backup::{
    engine::{self, Context, EngineError, Report, VerifyVerdict, Warning},
    host::{Host, Services},
    job::{Job, Outcome},
    plan::{Access, BackupPlan, VerifyPlan},
    transport::{DestinationError, Location, Reach, SourceError, StoreFault},
};

/// OpenSSH's server, if it is installed.
fn server() -> Option<String> {
    let places = ["/usr/lib/openssh", "/usr/libexec/openssh"].map(|place| Path::new(place).join("sftp-server"));
    let found = places.iter().find(|place| place.exists());
    if found.is_none() {
        assert!(!tools::have(&["sftp-server"]), "it is installed at another place");
    }
    found.map(|place| place.display().to_string())
}

struct Workspace {
    folder: tempfile::TempDir,
    program: String,
}

impl Workspace {
    fn new() -> Option<Self> {
        let program = server()?;
        let folder = tempfile::tempdir().unwrap();
        roots::make(&folder.path().join("root"), &roots::small());
        std::fs::create_dir(folder.path().join("store")).unwrap();
        Some(Self { folder, program })
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn location(&self, name: &str) -> Location {
        Location::Store {
            reach: Reach {
                vm: Some("net".to_owned()),
                program: self.program.clone(),
            },
            path: self.store().join(name).display().to_string(),
        }
    }

    fn host(&self, between: &Between) -> Arc<dyn Host> {
        let whole = jobs::host(&self.folder.path().join("root"));
        Arc::new(InjuredHost::with_services(whole, Arc::new(between.clone())))
    }

    fn plan(&self) -> BackupPlan {
        BackupPlan {
            verify: true,
            ..jobs::backup_plan(&["vault", "dvm"], self.location(""))
        }
    }

    fn back_up(&self, between: &Between) -> (Result<Report, EngineError>, Vec<Warning>) {
        match jobs::last_word(&jobs::spawn(Job::Backup(self.plan(), self.host(between)))) {
            Outcome::Done(report) => {
                let warnings = report.warnings.clone();
                (Ok(*report), warnings)
            }
            Outcome::Failed(error, partial) => (Err(error), partial.warnings),
            Outcome::Cancelled(partial) => (Err(EngineError::Cancelled), partial.warnings),
        }
    }

    /// Verifies an archive of the store as a file.
    fn is_whole(&self, name: &Path) -> bool {
        let access = jobs::access(&self.store().join(name));
        jobs::verify_with(access).is_ok_and(|report| report.is_success())
    }
}

#[test]
fn a_backup_to_a_store_is_whole_and_is_read_again_from_there() {
    let Some(place) = Workspace::new() else { return };
    for between in [Between::default(), Between::stingy()] {
        let (report, warnings) = place.back_up(&between);
        assert!(report.unwrap().is_success(), "{warnings:?}");
    }
    let found = names(&place.store());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|name| place.is_whole(Path::new(name))));
}

#[test]
fn whatever_goes_wrong_at_whatever_request_nothing_is_called_good_that_is_not() {
    let Some(place) = Workspace::new() else { return };
    let counted = Between::default();
    place.back_up(&counted).0.unwrap();
    let requests = counted.requests();
    assert!(requests > 20, "{requests}");
    let begun = Instant::now();
    // Each request goes wrong in one way; in all of them where there is time for it.
    let is_thorough = tools::slow_wanted();
    let mut cases = 0;
    for (kind, wrong) in [
        Wrong::Death,
        Wrong::DeathAfter,
        Wrong::Refusal(4, "Failure"),
        Wrong::Refusal(4, "No space left on device"),
        Wrong::Refusal(3, "Permission denied"),
        Wrong::Garbage,
        Wrong::Endless,
    ]
    .into_iter()
    .enumerate()
    {
        for number in (1..=requests).filter(|number| is_thorough || number % 7 == kind) {
            cases += 1;
            let case = format!("{wrong:?} at request {number} of {requests}");
            for name in names(&place.store()) {
                std::fs::remove_file(place.store().join(name)).unwrap();
            }
            let (report, warnings) = place.back_up(&Between::new(number, wrong));
            let there = names(&place.store());
            let (parts, whole): (Vec<_>, Vec<_>) =
                there.iter().partition(|name| name.to_string_lossy().ends_with(".part"));
            // A final name stands for an archive that is whole.
            assert!(whole.iter().all(|name| place.is_whole(Path::new(name))), "{case}");
            match &report {
                Ok(report) => {
                    assert_eq!(whole.len(), 1, "{case}: {there:?}");
                    let is_good = matches!(report.verdict, VerifyVerdict::Good);
                    assert_eq!(report.is_success(), is_good, "{case}: {report:?}");
                }
                // The last step may have been done although its answer was lost.
                Err(error) => assert!(
                    whole.is_empty() || matches!(wrong, Wrong::DeathAfter),
                    "{case}: {error}: {there:?}"
                ),
            }
            // What stays is named.
            let is_named = warnings
                .iter()
                .any(|warning| matches!(warning, Warning::LeftBehind { .. }));
            assert!(parts.is_empty() || is_named, "{case}: {there:?} {warnings:?}");
            if let (Wrong::Refusal(4, "No space left on device"), Err(error)) = (wrong, &report) {
                assert!(
                    matches!(error, EngineError::Destination(DestinationError::Full { .. })),
                    "{case}: {error}"
                );
            }
        }
    }
    tools::say(&format!("{cases} cases in {:?}", begun.elapsed()));
}

#[test]
fn a_connection_that_is_lost_while_an_archive_is_read_is_made_again() {
    let Some(place) = Workspace::new() else { return };
    place.back_up(&Between::default()).0.unwrap();
    let name = names(&place.store()).remove(0);
    let verify = |between: &Between| {
        let source = place.location(&name.to_string_lossy()).into();
        let plan = VerifyPlan::everything(Access::new(source, jobs::passphrase(PASSPHRASE)));
        engine::verify::run(&plan, Some(between as &dyn Services), &Context::default())
    };
    let counted = Between::default();
    assert!(verify(&counted).unwrap().is_success());
    for number in 3..=counted.requests() {
        let report = verify(&Between::new(number, Wrong::Death)).unwrap();
        assert!(report.is_success(), "request {number}: {report:?}");
    }
    // A server that is gone for good is an error before long.
    let begun = Instant::now();
    let never = Between::new(1, Wrong::Death);
    assert!(matches!(
        verify(&never).unwrap_err(),
        EngineError::Source(SourceError::Store {
            fault: StoreFault::Lost,
            ..
        })
    ));
    assert!(begun.elapsed() < Duration::from_secs(20));
}
