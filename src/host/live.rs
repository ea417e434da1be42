// SPDX-License-Identifier: GPL-3.0-or-later
//! A live PedOS as a host: its daemon owns the VMs, a helper with root's rights opens their volumes.
//!
//! All of dom0's own paths are taken below one folder, which is `/` in dom0.

mod answer;
mod daemon;
mod device;
mod import;
mod intake;
mod known;
mod live_host;
mod privileged;
mod rules;
mod service;
mod settle;
mod source;
mod watch;

use std::sync::Arc;

pub(super) use self::live_host::LiveHost;
use self::watch::LiveChanges;
use super::{
    Changes, DOM0, Home, Host, HostError, LocalDir, Schedules, System, VmFiles, Vms, VolumeSource, files, picture,
    settings,
};
use crate::{
    cancel::CancelToken,
    helper::{Question, SecretText},
    inventory::Inventory,
    schedule::{self, Rhythm},
    secret::Passphrase,
};

impl Host for LiveHost {
    fn with_cancel(&self, cancel: &CancelToken) -> Arc<dyn Host> {
        Arc::new(Self {
            daemon: self.daemon.with_cancel(cancel),
            helper: self.helper.with_cancel(cancel),
            cancel: cancel.clone(),
            ..self.clone()
        })
    }
}

impl Vms for LiveHost {
    fn system(&self) -> Result<System, HostError> {
        self.look(None)
    }

    fn system_of(&self, vms: &[String]) -> Result<System, HostError> {
        self.look(Some(vms))
    }

    fn inventory(&self) -> Result<Inventory, HostError> {
        self.record()
    }

    fn prepare(&self) -> Result<(), HostError> {
        self.helper.start()
    }

    fn open_volume(&self, vm: &str, volume: &str) -> Result<Box<dyn VolumeSource>, HostError> {
        source::open(self, vm, volume)
    }

    fn vm_files(&self, vm: &str) -> Result<VmFiles, HostError> {
        let domain = self.record()?.domain(vm);
        let domain = domain.ok_or_else(|| HostError::NoSuchVm { name: vm.to_owned() })?;
        let folder = self.layout.vm(&domain.class, vm);
        Ok(folder.map(|folder| files::read(&folder)).unwrap_or_default())
    }

    fn home(&self) -> Result<Option<Home>, HostError> {
        self.cancel.check()?;
        picture::home(&self.layout)
    }

    fn home_bytes(&self) -> Result<Option<u64>, HostError> {
        picture::home_bytes(self.home()?, &self.cancel)
    }

    fn changes(&self) -> Result<Box<dyn Changes>, HostError> {
        let changes = LiveChanges::new(&self.daemon, &self.known, &self.cancel)?;
        Ok(Box::new(changes))
    }

    fn profile_dir(&self) -> Option<LocalDir> {
        Some(LocalDir::new(self.layout.profiles()))
    }

    fn record_backup(&self, vms: &[String], unix_seconds: i64) -> Result<(), HostError> {
        let record = self.record()?;
        let time = unix_seconds.to_string();
        let mut first = None;
        for domain in vms.iter().filter_map(|vm| record.domain(vm)) {
            if domain.name == DOM0 || !settings::has_property(&domain.class, picture::BACKUP_TIME) {
                continue;
            }
            match self.daemon.set_property(&domain.name, picture::BACKUP_TIME, &time) {
                Err(error) if error.is_of_the_host() => return Err(error),
                // One VM that cannot be noted keeps no other from it.
                Err(error) => first = first.or(Some(error)),
                Ok(()) => {}
            }
        }
        first.map_or(Ok(()), Err)
    }
}

impl Schedules for LiveHost {
    fn can_repeat(&self) -> bool {
        true
    }

    fn rhythm(&self, profile: &str) -> Option<Rhythm> {
        schedule::rhythm(&self.layout.root, profile)
    }

    fn repeat(&self, profile: &str, rhythm: Rhythm, passphrase: Option<&Passphrase>) -> Result<(), HostError> {
        let question = Question::Repeat {
            profile: profile.to_owned(),
            rhythm,
            passphrase: passphrase.map(|passphrase| SecretText(passphrase.as_str().to_owned())),
        };
        self.helper.ask(&question)?;
        // Who is reminded is the user, for whom the helper cannot speak.
        schedule::remind_user(&self.layout.root);
        Ok(())
    }

    fn end_repeating(&self, profile: &str) -> Result<(), HostError> {
        let profile = profile.to_owned();
        self.helper.ask(&Question::EndRepeating { profile }).map(drop)
    }
}
