// SPDX-License-Identifier: GPL-3.0-or-later
//! Asks a running VM for the passphrase of a profile, through its service `qubes.BackupPassphrase`.
//!
//! The answer is one line, without the white space around it, as the existing tools take it. Nothing of it is ever shown.

use std::io::Read;

use zeroize::Zeroizing;

use crate::{
    cancel::CancelToken,
    host::{HostError, Service, ServiceProcess, Services},
};

/// More bytes than any new passphrase may have, with room for white space around it.
const LONGEST_ANSWER_BYTES: usize = 4096;

/// Why no passphrase came from a VM.
#[derive(Debug, thiserror::Error)]
pub enum VmPassphraseError {
    /// The service could not be started.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The service ended badly, or there is none of that name.
    #[error("the service ended with {0}")]
    Ended(i32),
    /// The answer could not be read.
    #[error("the answer could not be read")]
    Unread,
    /// The answer is empty, too long, more than one line or no UTF-8.
    #[error("the answer is not one line of text")]
    NotALine,
}

/// Asks for the passphrase of the profile of that name. The token ends the service, for a user who gives up.
///
/// # Errors
/// When no passphrase comes.
pub fn passphrase_from_vm(
    services: &dyn Services,
    vm: &str,
    profile: &str,
    cancel: &CancelToken,
) -> Result<Zeroizing<String>, VmPassphraseError> {
    let service = Service::Registered(format!("qubes.BackupPassphrase+{profile}"));
    let mut process = services.start_service(vm, service)?.ended_by(cancel);
    drop(process.stdin.take());
    let answer = read(&mut process);
    match (process.control.wait(), answer) {
        (_, None) | (Err(_), _) => Err(VmPassphraseError::Unread),
        (Ok(0), Some(answer)) => line(&answer),
        (Ok(code), _) => Err(VmPassphraseError::Ended(code)),
    }
}

/// The whole answer. Its room does not grow, so that no copy of it is left behind.
fn read(process: &mut ServiceProcess) -> Option<Zeroizing<Vec<u8>>> {
    let answer = read_all(&mut process.stdout);
    if answer.is_none() {
        process.control.kill();
    }
    answer
}

fn read_all(stdout: &mut impl Read) -> Option<Zeroizing<Vec<u8>>> {
    let mut answer = Zeroizing::new(vec![0; LONGEST_ANSWER_BYTES]);
    let mut length = 0;
    while length < answer.len() {
        match stdout.read(&mut answer[length..]) {
            Ok(0) => {
                answer.truncate(length);
                return Some(answer);
            }
            Ok(more) => length += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    None
}

fn line(answer: &[u8]) -> Result<Zeroizing<String>, VmPassphraseError> {
    let text = std::str::from_utf8(answer)
        .map_err(|_| VmPassphraseError::NotALine)?
        .trim();
    if text.is_empty() || text.contains(['\n', '\r']) {
        return Err(VmPassphraseError::NotALine);
    }
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_line_without_its_outer_blanks() {
        assert_eq!(*line(b" open sesame \n").unwrap(), "open sesame");
        for answer in [&b""[..], b" \n", b"a\nb\n", b"a\r\nb", b"\xff\n"] {
            assert!(matches!(line(answer), Err(VmPassphraseError::NotALine)), "{answer:?}");
        }
    }

    #[test]
    fn an_answer_has_fewer_bytes_than_its_room() {
        let read_of = |bytes: usize| read_all(&mut std::io::repeat(b'x').take(bytes as u64)).map(|answer| answer.len());
        assert_eq!(read_of(LONGEST_ANSWER_BYTES - 1), Some(LONGEST_ANSWER_BYTES - 1));
        assert_eq!(read_of(LONGEST_ANSWER_BYTES), None);
    }
}
