// SPDX-License-Identifier: GPL-3.0-or-later
//! Lets the user pick a directory or a file in another VM, with that VM's own dialog.
//!
//! The answer comes from a VM and is not believed further than needed: one line of text, bounded, an absolute path
//! without steps upwards. Blanks, quotes and letters of every language may be in it.

use std::io::Read;

use crate::{
    engine::{Context, EngineError, PlanFault},
    host::{Service, Services},
};

/// More than any path that Linux takes, in bytes.
const LONGEST_ANSWER_BYTES: u64 = 8192;

/// Asks a running VM; `None` when its user picked nothing. Blocks until the dialog is closed.
///
/// # Errors
/// Returns an error when the VM does not offer the service, or when its answer is not a path.
pub fn pick(
    services: &dyn Services,
    vm: &str,
    is_file: bool,
    context: &Context,
) -> Result<Option<String>, EngineError> {
    let service = if is_file {
        Service::SelectFile
    } else {
        Service::SelectDirectory
    };
    let mut process = services.start_service(vm, service)?.ended_by(&context.cancel);
    drop(process.stdin.take());
    let mut answer = Vec::new();
    let read = read_answer(&mut process.stdout, &mut answer);
    if answer.len() as u64 > LONGEST_ANSWER_BYTES {
        process.control.kill();
    }
    let code = process.control.wait();
    context.cancel.check()?;
    match (read, code, answer.is_empty()) {
        (Ok(_), Ok(0), false) => checked(vm, &answer).map(Some),
        // The dialog was closed without a choice.
        (Ok(_), Ok(0 | 1), true) => Ok(None),
        _ => Err(refused(vm)),
    }
}

/// One byte more than an answer may have tells that it is longer.
fn read_answer(stdout: &mut impl Read, answer: &mut Vec<u8>) -> std::io::Result<usize> {
    stdout.take(LONGEST_ANSWER_BYTES + 1).read_to_end(answer)
}

fn checked(vm: &str, answer: &[u8]) -> Result<String, EngineError> {
    if answer.len() as u64 > LONGEST_ANSWER_BYTES {
        return Err(odd(vm));
    }
    let text = std::str::from_utf8(answer).map_err(|_| odd(vm))?;
    let path = text.strip_suffix('\n').unwrap_or(text);
    let climbs = path.split('/').any(|step| step == "..");
    if !path.starts_with('/') || climbs || path.chars().any(char::is_control) {
        return Err(odd(vm));
    }
    Ok(path.to_owned())
}

fn odd(vm: &str) -> EngineError {
    let vm = vm.to_owned();
    EngineError::Plan {
        why: PlanFault::DialogAnswer { vm },
    }
}

fn refused(vm: &str) -> EngineError {
    let vm = vm.to_owned();
    EngineError::Plan {
        why: PlanFault::NoDialog { vm },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_ordinary_path_is_taken_as_it_is() {
        for path in ["/mnt/my disk", "/media/Größe/it's (1)", "/日本/x"] {
            assert_eq!(checked("work", format!("{path}\n").as_bytes()).unwrap(), path);
        }
    }

    #[test]
    fn what_is_no_path_or_climbs_is_refused() {
        for answer in ["", "x", "/a\n/b\n", "/a/../b", "/a\u{1b}[2J"] {
            assert!(checked("work", answer.as_bytes()).is_err(), "{answer:?}");
        }
        assert!(checked("work", &[b'/', 0xff]).is_err());
    }

    #[test]
    fn an_answer_is_read_up_to_the_most_bytes_and_a_longer_one_is_refused() {
        let taken = |bytes: u64| {
            let mut answer = Vec::new();
            let mut stdout = (&b"/"[..]).chain(std::io::repeat(b'x').take(bytes - 1));
            read_answer(&mut stdout, &mut answer).unwrap();
            checked("work", &answer).is_ok()
        };
        assert_eq!(
            (taken(LONGEST_ANSWER_BYTES), taken(LONGEST_ANSWER_BYTES + 1)),
            (true, false)
        );
        assert!(!taken(1 << 20));
    }
}
