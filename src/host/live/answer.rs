// SPDX-License-Identifier: GPL-3.0-or-later
//! What an answer of the daemon means to the users of a host. Only the class of an exception decides; its text is shown
//! and nothing more.

use std::{io, time::Duration};

use crate::{
    adminapi::{AdminRequest, CallError, Exception, ExceptionKind, shown},
    helper::{CallFault, HelperFault, Question},
    host::{GarbledAnswer, HostError, Operation, Refusal},
};

/// The error of a host that the failure of a call amounts to.
pub(super) fn host_error(request: &AdminRequest, error: CallError) -> HostError {
    let call = request.service().to_owned();
    match error {
        CallError::Request(why) => HostError::Unsendable { call, why: why.into() },
        CallError::Unreachable { socket, source } => HostError::NobodyAnswers { socket, source },
        CallError::Lost => HostError::ConnectionLost { call },
        CallError::TimedOut { after } => HostError::TimedOut { call, after },
        CallError::Answer(why) => HostError::Garbled { call, why: why.into() },
        CallError::Exception(exception) => declined(request, &exception),
        CallError::Silence => HostError::Unspoken { call },
        CallError::Cancelled(cancelled) => HostError::Cancelled(cancelled),
    }
}

fn declined(request: &AdminRequest, exception: &Exception) -> HostError {
    let call = request.service().to_owned();
    let name = request.destination().to_owned();
    match exception.kind {
        ExceptionKind::PermissionDenied => HostError::Denied { call },
        ExceptionKind::VmNotFound => HostError::NoSuchVm { name },
        ExceptionKind::VmNotHalted => HostError::NotHalted { name },
        ExceptionKind::VmNotRunning | ExceptionKind::VmNotStarted => HostError::NotRunning { name },
        _ => HostError::Declined {
            call,
            class: shown(&exception.class),
            text: exception.shown(),
        },
    }
}

/// The error of a host that the answer of the helper to a question amounts to.
pub(super) fn of_helper(question: &Question, fault: HelperFault) -> HostError {
    let (vm, volume) = match question {
        Question::Open { vm, volume } | Question::Begin { vm, volume, .. } | Question::End { vm, volume, .. } => {
            (vm.clone(), volume.clone())
        }
        Question::Restoring { vm } | Question::StillRestoring { vm } | Question::Settled { vm } => {
            (vm.clone(), String::new())
        }
        Question::Repeat { .. } | Question::EndRepeating { .. } | Question::GiveUp => (String::new(), String::new()),
    };
    match fault {
        HelperFault::Call {
            service,
            destination,
            why,
        } => host_error(&AdminRequest::new(&service, &destination), call_error(why)),
        HelperFault::File { path, errno } => {
            let operation = match question {
                Question::Begin { .. } => Operation::Write(path),
                _ => Operation::Open(path),
            };
            HostError::io(operation, io::Error::from_raw_os_error(errno))
        }
        HelperFault::NoSuchVolume => HostError::NoSuchVolume { vm, volume },
        HelperFault::OutOfReach { pool, driver } => HostError::PoolOutOfReach {
            vm,
            volume,
            pool,
            driver,
        },
        HelperFault::NoSnapshot => Refusal::NoSnapshot { vm, volume }.into(),
        HelperFault::WrittenInPlace => Refusal::WrittenInPlace { vm, volume }.into(),
        HelperFault::NotBeingRestored => HostError::NotBeingRestored { name: vm },
        HelperFault::NameTaken => HostError::NameTaken { name: vm },
        HelperFault::Place { name } => HostError::Garbled {
            call: "admin.vm.volume.Info".to_owned(),
            why: GarbledAnswer::Place {
                name: shown(name.as_bytes()),
            },
        },
        HelperFault::Untrusted { path } => HostError::Untrusted { path },
        HelperFault::Schedule(why) => HostError::NotRepeated { why },
        HelperFault::Message => HostError::HelperGone,
    }
}

/// The same of a helper that does not begin.
pub(super) fn of_helper_start(fault: HelperFault) -> HostError {
    of_helper(&Question::Settled { vm: String::new() }, fault)
}

/// The failure of a call as the helper met it.
fn call_error(fault: CallFault) -> CallError {
    match fault {
        CallFault::Unreachable { socket, errno } => CallError::Unreachable {
            socket,
            source: io::Error::from_raw_os_error(errno).into(),
        },
        CallFault::Lost => CallError::Lost,
        CallFault::TimedOut { seconds } => CallError::TimedOut {
            after: Duration::from_secs(seconds),
        },
        CallFault::Request(why) => CallError::Request(why),
        CallFault::Answer(why) => CallError::Answer(why),
        CallFault::Exception { class, text } => CallError::Exception(Exception::told(&class, &text)),
        CallFault::Silence => CallError::Silence,
    }
}
