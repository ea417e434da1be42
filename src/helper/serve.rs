// SPDX-License-Identifier: GPL-3.0-or-later
//! Answers one question after the other until the caller is gone.

use std::{
    collections::BTreeMap,
    fs::File,
    os::fd::AsFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    adminapi::{ADMIN_SOCKET, INTERNAL_SOCKET, PoolInfo},
    schedule,
    secret::Passphrase,
};

use super::{
    IN_PROGRESS_TAG,
    channel::{Channel, ChannelError},
    daemon::{Daemon, Verdict},
    fault::HelperFault,
    incomplete::{Incomplete, Since},
    location::{Access, VolumeState, WRITTEN_IN_PLACE, below, import_path, open_plain},
    protocol::{Answer, Begun, Opened, Question},
    trust,
};

/// How long what the daemon says of a pool is taken for true.
const POOL_HOLDS: Duration = Duration::from_secs(10);

/// Serves a caller on the PedOS in that folder until the caller is gone, and puts in order what it left.
///
/// # Errors
/// When the channel fails otherwise than by its end.
pub fn serve(root: &Path, channel: &Channel) -> Result<(), ChannelError> {
    let root = match root_of(root) {
        Ok(root) => root,
        Err(fault) => return channel.send(&Answer::Failed(fault), None),
    };
    let daemon = Daemon::new(&root);
    let mut server = Server {
        incomplete: Incomplete::new(daemon.clone()),
        daemon,
        root,
        pools: BTreeMap::new(),
    };
    channel.send(&Answer::Ready, None)?;
    loop {
        let answer = match channel.receive::<Question>(None) {
            Ok(Some((question, _))) => server.answer(question),
            Ok(None) => continue,
            Err(ChannelError::Closed) => return Ok(()),
            Err(ChannelError::Message) => Err(HelperFault::Message),
            Err(error) => return Err(error),
        };
        let sent = match answer {
            Ok((answer, file)) => channel.send(&answer, file.as_ref().map(AsFd::as_fd)),
            Err(fault) => channel.send(&Answer::Failed(fault), None),
        };
        match sent {
            Err(ChannelError::Closed) => return Ok(()),
            // A path that is no text, or a name without end.
            Err(ChannelError::Message) => channel.send(&Answer::Failed(HelperFault::Message), None)?,
            sent => sent?,
        }
    }
}

/// The folder to work in, if it can be trusted.
fn root_of(root: &Path) -> Result<PathBuf, HelperFault> {
    let failed = |error: std::io::Error| HelperFault::file(root, &error);
    let (found, foreign) = trust::check(root).map_err(failed)?;
    let sockets = [ADMIN_SOCKET, INTERNAL_SOCKET];
    let foreign = match foreign {
        None => trust::foreign_socket(&found, sockets).map_err(failed)?,
        foreign => foreign,
    };
    match foreign.filter(|_| trust::is_elevated()) {
        Some(path) => Err(HelperFault::Untrusted { path }),
        None => Ok(found),
    }
}

/// What is needed to answer.
struct Server {
    // Dropped first: it puts in order what is left.
    incomplete: Incomplete,
    daemon: Daemon,
    root: PathBuf,
    /// How pools are set up, and when that was asked for.
    pools: BTreeMap<String, (Instant, PoolInfo)>,
}

impl Server {
    fn answer(&mut self, question: Question) -> Result<(Answer, Option<File>), HelperFault> {
        match question {
            Question::Open { vm, volume } => {
                let (opened, file) = self.open(&vm, &volume)?;
                return Ok((Answer::Opened(opened), Some(file)));
            }
            Question::Begin { vm, volume, size_bytes } => {
                let (begun, file) = self.begin(vm, volume, size_bytes)?;
                return Ok((Answer::Begun(begun), Some(file)));
            }
            Question::End { vm, volume, is_good } => {
                let verdict = if is_good { Verdict::Good } else { Verdict::Bad };
                self.incomplete.end(vm, volume, verdict)?;
            }
            Question::Restoring { vm } => {
                if self.daemon.is_there(&vm)? {
                    return Err(HelperFault::NameTaken);
                }
                self.incomplete.add(vm, Since::BeforeItsCreation);
            }
            Question::StillRestoring { vm } => self.incomplete.add(vm, Since::SomeTime),
            Question::Settled { vm } => self.incomplete.settle(&vm),
            Question::Repeat {
                profile,
                rhythm,
                passphrase,
            } => {
                let passphrase = passphrase.map(|secret| Passphrase::for_new_archive(secret.0.clone()));
                let passphrase = passphrase.transpose().map_err(|_| HelperFault::Message)?;
                schedule::repeat(&self.root, &profile, rhythm, passphrase.as_ref())?;
            }
            Question::EndRepeating { profile } => schedule::end(&self.root, &profile)?,
            Question::GiveUp => self.incomplete.take_away(),
        }
        Ok((Answer::Done, None))
    }

    fn open(&mut self, vm: &str, name: &str) -> Result<(Opened, File), HelperFault> {
        let volume = self.daemon.volume(vm, name)?;
        if !volume.is_kept {
            return Err(HelperFault::NoSuchVolume);
        }
        let pool = self.pool(&volume.pool)?;
        let state = VolumeState::of(&self.root, &volume.pool, &volume, &pool)?;
        let file = state.open(&self.root);
        // Asked for after it was opened: a VM that starts from here on is seen by the question after the last byte. Where it
        // runs there may be nothing to open, which is no reason of its own.
        if state.is_written_in_place && self.daemon.is_running(vm)? {
            return Err(match pool.driver.as_str() {
                WRITTEN_IN_PLACE => HelperFault::WrittenInPlace,
                _ => HelperFault::NoSnapshot,
            });
        }
        let file = file?;
        let opened = Opened {
            used_bytes: volume.usage,
            is_written_in_place: state.is_written_in_place,
        };
        Ok((opened, file))
    }

    /// Returns how a pool is set up. A backup opens many volumes of a few pools.
    fn pool(&mut self, name: &str) -> Result<PoolInfo, HelperFault> {
        if let Some((asked, pool)) = self.pools.get(name)
            && asked.elapsed() < POOL_HOLDS
        {
            return Ok(pool.clone());
        }
        let pool = self.daemon.pool(name)?;
        self.pools.insert(name.to_owned(), (Instant::now(), pool.clone()));
        Ok(pool)
    }

    /// Returns where the data of an import lie, where the driver of the pool is known.
    fn import_path(&self, vm: &str, volume: &str) -> Option<PathBuf> {
        let volume = self.daemon.volume(vm, volume).ok()?;
        let pool = self.daemon.pool(&volume.pool).ok()?;
        import_path(&self.root, &volume, &pool)
    }

    fn begin(&mut self, vm: String, volume: String, size_bytes: u64) -> Result<(Begun, File), HelperFault> {
        // The tag is all that keeps somebody from starting the VM, which would drop the import.
        if !self.daemon.has_tag(&vm, IN_PROGRESS_TAG)? {
            return Err(HelperFault::NotBeingRestored);
        }
        self.incomplete.is_tagged(&vm);
        let is_begun = || self.import_path(&vm, &volume).is_some_and(|path| path.exists());
        let target = self.daemon.begin_import(&vm, &volume, size_bytes, is_begun)?;
        let nowhere = || HelperFault::Place {
            name: target.path.display().to_string(),
        };
        let path = target.path.to_str().and_then(below).map(|path| self.root.join(path));
        let opened = path.ok_or_else(nowhere).and_then(|path| {
            let file = open_plain(&self.root, &path, Access::Write)?;
            Ok((path, file))
        });
        match opened {
            Ok((path, file)) => {
                self.incomplete.begin(vm, volume, path);
                let size_bytes = target.size;
                Ok((Begun { size_bytes }, file))
            }
            Err(fault) => {
                let _ = self.daemon.end_import(&vm, &volume, Verdict::Bad, Path::new(""));
                Err(fault)
            }
        }
    }
}
