// SPDX-License-Identifier: GPL-3.0-or-later
//! The seccomp filters: which system calls a confined thread may make.

use std::{
    collections::BTreeMap,
    env::consts::ARCH,
    sync::{Once, OnceLock},
};

use rustix::process::getpid;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::calls;

/// What a filter lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// Memory, locks, time, and words on standard error.
    Computing,
    /// Files and threads as well; Landlock decides which files.
    Files,
    /// The same, and signals to other processes.
    FilesAndSignals,
}

impl Filter {
    /// Applies the filter to the calling thread and to all that it starts from now on.
    pub(super) fn apply(self) {
        static SAID: Once = Once::new();
        let unconfined = "so what reads the archive can make any system call";
        match self.program() {
            Ok(program) => {
                if let Err(error) = apply_filter(program) {
                    SAID.call_once(|| log::info!("no seccomp filter, {unconfined}: {error}"));
                }
            }
            Err(error) => SAID.call_once(|| log::warn!("the seccomp filter failed, {unconfined}: {error}")),
        }
    }

    /// Returns the filter as the kernel takes it. It is compiled once.
    fn program(self) -> Result<&'static BpfProgram, &'static BackendError> {
        static PROGRAMS: [OnceLock<Result<BpfProgram, BackendError>>; 3] = [const { OnceLock::new() }; 3];
        PROGRAMS[self as usize].get_or_init(|| self.compile()).as_ref()
    }

    fn compile(self) -> Result<BpfProgram, BackendError> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        let mut allow = |calls: &[i64]| rules.extend(calls.iter().map(|call| (*call, Vec::new())));
        allow(calls::COMPUTING);
        if self != Self::Computing {
            allow(calls::FILES);
        }
        if self == Self::FilesAndSignals {
            allow(calls::SIGNALS);
        }
        rules.extend(calls_on_conditions(self)?);
        let filter = SeccompFilter::new(
            rules,
            // As if the kernel did not know the call: the C library then takes an older one that is on the list, such as
            // `clone` instead of `clone3`, whose flags a filter cannot see.
            SeccompAction::Errno(libc::ENOSYS as u32),
            SeccompAction::Allow,
            TargetArch::try_from(ARCH)?,
        )?;
        filter.try_into()
    }
}

/// The calls that are let through with certain arguments only.
fn calls_on_conditions(filter: Filter) -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
    let is =
        |argument: u8, value: u64| SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value);
    // Kernel and C library look at the lower half of these.
    let is_number =
        |argument: u8, value: u64| SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value);
    let any_of = |argument: u8, values: &[u64]| -> Result<Vec<SeccompRule>, BackendError> {
        let rules = values
            .iter()
            .map(|value| SeccompRule::new(vec![is_number(argument, *value)?]));
        rules.collect()
    };
    let own_process = u64::from(getpid().as_raw_nonzero().get().unsigned_abs());
    let mut rules = BTreeMap::from([
        // How a thread aborts its own process.
        (libc::SYS_tgkill, any_of(0, &[own_process])?),
        // The name of a thread or of memory, and more confinement.
        (libc::SYS_prctl, any_of(0, calls::PRCTL_OPTIONS)?),
        // A signal handler tells the thread that waits for signals, with one byte on a pair of sockets that are connected.
        (
            libc::SYS_sendto,
            vec![SeccompRule::new(vec![
                is(2, 1)?,
                is_number(3, libc::MSG_DONTWAIT as u64)?,
                is(4, 0)?,
            ])?],
        ),
    ]);
    if filter == Filter::Computing {
        let stderr = 2;
        rules.insert(libc::SYS_write, any_of(0, &[stderr])?);
        rules.insert(libc::SYS_writev, any_of(0, &[stderr])?);
    } else {
        let thread = libc::CLONE_THREAD as u64;
        let is_thread = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), thread)?;
        rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![is_thread])?]);
        // A named pipe in somebody's home.
        let pipe = SeccompCondition::new(
            2,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::MaskedEq(libc::S_IFMT.into()),
            libc::S_IFIFO.into(),
        )?;
        rules.insert(libc::SYS_mknodat, vec![SeccompRule::new(vec![pipe])?]);
        // Questions about a terminal, a pipe or a block device; nothing that types into a terminal.
        rules.insert(libc::SYS_ioctl, any_of(1, calls::IOCTL_REQUESTS)?);
    }
    Ok(rules)
}
