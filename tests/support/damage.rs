// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive to be damaged, and what reading it came to: shared by the tests of damage by accident and by intent.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pedos_backup::engine::{ArchiveError, EngineError, Report, VerifyVerdict, VmResult};

use super::{archive, jobs, reseal::Opened, roots};

/// The VMs of the archive.
pub(crate) const ALL: [&str; 8] = ["tpl", "net", "dvm", "disp", "work", "vault", "solo", "dom0"];

/// An archive of the small root, and an empty root to restore into.
pub(crate) struct Damage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) good: Vec<u8>,
}

/// What an attempt to read an archive came to.
#[derive(Debug)]
pub(crate) enum Finding {
    /// Nothing was found wrong.
    Nothing,
    /// The header did not authenticate.
    WrongPassphrase,
    /// It was found at the level of the archive or of one VM, in these words.
    Found(String),
}

impl Damage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        roots::make(&folder.path().join("root"), &roots::small());
        roots::make(&folder.path().join("empty"), &[]);
        let archive = jobs::archive(&folder.path().join("root"), &ALL, folder.path());
        let good = fs::read(archive).unwrap();
        Self { folder, good }
    }

    /// The same with keys that cost next to nothing, for tests that read an archive many times.
    pub(crate) fn cheap() -> Self {
        let mut damage = Self::new();
        let opened = damage.opened();
        let header = damage.good[opened.member("backup-header").data.clone()].to_vec();
        let cheap = opened.rewritten(&|name, content| vec![(name.to_owned(), content)]);
        damage.good = Opened::new(cheap, jobs::PASSPHRASE).with_header(&header);
        damage
    }

    pub(crate) fn opened(&self) -> Opened {
        Opened::new(self.good.clone(), jobs::PASSPHRASE)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> PathBuf {
        let file = self.folder.path().join("damaged");
        fs::write(&file, bytes).unwrap();
        file
    }

    pub(crate) fn verify(&self, bytes: &[u8]) -> Finding {
        let host = jobs::host(&self.folder.path().join("empty"));
        let result = jobs::verify(&self.write(bytes), host.as_ref());
        judge(result)
    }

    /// Restores into a fresh root and holds that every VM there is whole.
    #[track_caller]
    pub(crate) fn restore(&self, bytes: &[u8]) -> Finding {
        let here = self.folder.path().join("here");
        if here.exists() {
            fs::remove_dir_all(&here).unwrap();
        }
        roots::make(&here, &[]);
        let host = jobs::host(&here);
        let finding = judge(jobs::restore(&self.write(bytes), host.as_ref()));
        self.expect_whole(&here);
        finding
    }

    #[track_caller]
    pub(crate) fn expect_whole(&self, here: &Path) {
        for name in roots::domains(here).keys().filter(|name| *name != "dom0") {
            roots::expect_same(&self.folder.path().join("root"), name, here, name);
        }
    }

    /// Holds that a verification and a restore both find the damage.
    #[track_caller]
    pub(crate) fn expect_found(&self, what: &str, bytes: &[u8]) {
        let found = self.verify(bytes);
        assert!(matches!(found, Finding::Found(_)), "{what}: verify: {found:?}");
        let found = self.restore(bytes);
        assert!(matches!(found, Finding::Found(_)), "{what}: restore: {found:?}");
    }

    /// Holds that a verification and a restore both take the archive for whole, and that everything comes back.
    #[track_caller]
    pub(crate) fn expect_good(&self, what: &str, bytes: &[u8]) {
        let found = self.verify(bytes);
        assert!(matches!(found, Finding::Nothing), "{what}: verify: {found:?}");
        let found = self.restore(bytes);
        assert!(matches!(found, Finding::Nothing), "{what}: restore: {found:?}");
        assert_eq!(
            roots::domains(&self.folder.path().join("here")).len(),
            ALL.len(),
            "{what}"
        );
    }

    /// Holds that the damage is found before anything but the header is believed.
    #[track_caller]
    pub(crate) fn expect_refused(&self, what: &str, bytes: &[u8]) {
        let found = self.restore(bytes);
        assert!(!matches!(found, Finding::Nothing), "{what}: {found:?}");
        assert_eq!(
            roots::domains(&self.folder.path().join("here")).len(),
            1,
            "{what}: VMs were created"
        );
    }
}

/// What an attempt came to.
pub(crate) fn judge(result: Result<Report, EngineError>) -> Finding {
    match result {
        Err(EngineError::Archive(ArchiveError::WrongPassphrase)) => Finding::WrongPassphrase,
        Err(EngineError::Internal { what }) => panic!("a stage broke: {what}"),
        Err(error) => Finding::Found(error.to_string()),
        Ok(report) => match &report.verdict {
            VerifyVerdict::Bad(failure) => Finding::Found(failure.0.to_string()),
            _ if report.is_success() => Finding::Nothing,
            _ => {
                let said = report.vms.iter().filter_map(|vm| match &vm.result {
                    VmResult::Failed(failure) | VmResult::Partly(failure) => {
                        Some(format!("{}: {}", vm.name, failure.0))
                    }
                    VmResult::NotReached => Some(format!("{}: not reached", vm.name)),
                    VmResult::Done | VmResult::Skipped(_) => None,
                });
                Finding::Found(said.collect::<Vec<_>>().join("; "))
            }
        },
    }
}

/// The bytes with one bit of one of them changed.
pub(crate) fn flipped(bytes: &[u8], position: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[position] ^= 0x10;
    bytes
}

/// The folder of a VM in the archive.
pub(crate) fn vm_of(damage: &Damage, name: &str) -> String {
    format!("vm{}/", roots::domains(&damage.folder.path().join("root"))[name].qid)
}

/// Whether a place of an archive is data of a member, and not a header or padding of the outer tar.
pub(crate) fn is_data(archive: &[u8], position: usize) -> bool {
    archive::members(archive)
        .iter()
        .any(|member| member.data.contains(&position))
}

/// An inventory without its lists of files, as the existing tools write it.
pub(crate) fn without_lists(inventory: &str) -> String {
    let mut parts = inventory.split("<backup-files>");
    let mut left = parts.next().unwrap().to_owned();
    for part in parts {
        left.push_str(part.split_once("</backup-files>").unwrap().1);
    }
    assert!(left.len() < inventory.len());
    left
}
