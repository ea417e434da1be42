// SPDX-License-Identifier: GPL-3.0-or-later
//! A program that speaks SFTP, started, and the conversation with it.

use std::{
    ffi::OsStr,
    io::{Read, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    cancel::{CancelToken, Registration},
    host::{
        Service, ServiceControl, ServiceProcess, Services,
        process::{shell_here, start_command},
    },
    sftp::Session,
};

use super::{
    super::{
        ProcessOutput,
        command::RUN,
        location::Reach,
        vm_script::{self, kill_after},
    },
    StoreError, StoreFault,
};

/// How long a program may take until it answers for the first time: it may have to log in somewhere, and a VM syncs its disks
/// before.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long it may take to answer what carries no data.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The most that a VM's service may print before the program speaks, in bytes.
const MOST_CHATTER_BYTES: usize = 64 * 1024;

/// Runs a program in a VM, which speaks behind the mark. Argument: the program, as its user wrote it.
const SPEAK: &str = "exec sh -c \"$1\"";

/// A program that speaks SFTP. It ends with this value.
pub(in crate::transport) struct Connection {
    pub(in crate::transport) session: Session,
    control: Arc<dyn ServiceControl>,
    output: Mutex<Option<ProcessOutput>>,
    /// Has the token of the job that opened it end it.
    ends: Option<Registration>,
}

impl Connection {
    /// Starts the program. It ends when the token is cancelled.
    ///
    /// # Errors
    /// When it does not answer in this protocol.
    pub(in crate::transport) fn open(
        reach: &Reach,
        services: Option<&dyn Services>,
        cancel: &CancelToken,
    ) -> Result<Self, StoreError> {
        cancel.check()?;
        let mut process = start(reach, services)?;
        let ends = ended_by(&process.control, cancel);
        let _guard = kill_after(PATIENCE, &process.control);
        let output = ProcessOutput::listen([process.stderr]);
        let Some(mut stdin) = process.stdin else {
            return Err(StoreError::Unusable);
        };
        if reach.vm.is_some() {
            let line = vm_script::line(SPEAK, &[&reach.program]).ok_or(StoreError::Unusable)?;
            // A service that does not read its line says so by what it answers.
            let _ = stdin.write_all(format!("{line}\n").as_bytes());
            if let Err(chatter) = skip_chatter(&mut process.stdout) {
                let said = last_words(&process.control, Some(output));
                cancel.check()?;
                let said = format!("{chatter} {said}").trim().to_owned();
                let fault = StoreFault::Lost;
                return Err(StoreError::Fault { fault, said });
            }
        }
        match Session::start(process.stdout, Box::new(stdin), ANSWER_WITHIN) {
            Ok(session) => Ok(Self {
                session,
                control: process.control,
                output: Mutex::new(Some(output)),
                ends: Some(ends),
            }),
            Err(fault) => {
                let said = last_words(&process.control, Some(output));
                cancel.check()?;
                Err(StoreError::Fault { fault, said })
            }
        }
    }

    /// Returns the same connection, which the token of the job that opened it ends no more.
    pub(in crate::transport) fn let_go(mut self) -> Self {
        self.ends = None;
        self
    }

    /// Ends the program when this token is cancelled, as long as the returned value is held.
    pub(in crate::transport) fn ends_with(&self, cancel: &CancelToken) -> Registration {
        ended_by(&self.control, cancel)
    }

    /// Returns what ends the program.
    pub(in crate::transport) fn control(&self) -> Arc<dyn ServiceControl> {
        Arc::clone(&self.control)
    }

    /// Returns the error that a fault is, with the last words of a program that has ended.
    pub(in crate::transport) fn error(&self, fault: StoreFault, cancel: &CancelToken) -> StoreError {
        if let Err(cancelled) = cancel.check() {
            return cancelled.into();
        }
        let said = if fault.ends_session() {
            let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).take();
            last_words(&self.control, output)
        } else {
            String::new()
        };
        StoreError::Fault { fault, said }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // All that it was told is answered.
        self.control.kill();
    }
}

fn ended_by(control: &Arc<dyn ServiceControl>, cancel: &CancelToken) -> Registration {
    let control = Arc::clone(control);
    cancel.on_cancel_while_held(move || control.kill())
}

fn start(reach: &Reach, services: Option<&dyn Services>) -> Result<ServiceProcess, StoreError> {
    match (&reach.vm, services) {
        (Some(vm), Some(services)) => Ok(services.start_service(vm, Service::Backup)?),
        (Some(vm), None) => Err(StoreError::NoPedos { vm: vm.clone() }),
        (None, _) => {
            let started = start_command(shell_here(RUN, [OsStr::new(&reach.program)]));
            started.map_err(|error| StoreError::Fault {
                fault: StoreFault::Lost,
                said: error.to_string(),
            })
        }
    }
}

/// Reads up to the mark, byte by byte, since what stands behind it is the program's. Returns what was said instead.
fn skip_chatter(stdout: &mut (impl Read + ?Sized)) -> Result<(), String> {
    let (mut said, mut line, mut byte) = (String::new(), Vec::new(), [0]);
    while said.len() < MOST_CHATTER_BYTES && line.len() < MOST_CHATTER_BYTES {
        match stdout.read(&mut byte) {
            Ok(1) if byte[0] == b'\n' => {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                if text == vm_script::MARK {
                    return Ok(());
                }
                said.push(' ');
                said.push_str(&text);
                line.clear();
            }
            Ok(1) => line.push(byte[0]),
            Ok(_) => break,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    Err(said.trim().to_owned())
}

/// Ends a program and returns the last that it said.
fn last_words(control: &Arc<dyn ServiceControl>, output: Option<ProcessOutput>) -> String {
    control.kill();
    // How it ended tells nothing: it was killed.
    let _ = control.wait();
    output.map(ProcessOutput::text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_may_be_printed_before_the_mark() {
        let read = |before: usize| {
            let text = format!("{}\n{}\n", "x".repeat(before), vm_script::MARK);
            skip_chatter(&mut text.as_bytes())
        };
        assert_eq!(read(MOST_CHATTER_BYTES - 2), Ok(()));
        assert!(read(MOST_CHATTER_BYTES).is_err());
        let lines = |count: usize| {
            let text = format!("{}{}\n", "\n".repeat(count), vm_script::MARK);
            skip_chatter(&mut text.as_bytes())
        };
        assert_eq!(lines(MOST_CHATTER_BYTES - 1), Ok(()));
        assert!(lines(MOST_CHATTER_BYTES).is_err());
        let mut endless = std::io::Cursor::new(vec![b'x'; 2 * MOST_CHATTER_BYTES]);
        assert!(skip_chatter(&mut endless).is_err());
        assert_eq!(endless.position(), MOST_CHATTER_BYTES as u64);
    }
}
