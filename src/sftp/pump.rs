// SPDX-License-Identifier: GPL-3.0-or-later
//! Carries bytes between blocking streams, which may be pipes of any kind, and the stream that the runtime's tasks use.

use std::{
    io::{self, Read, Write},
    thread,
};

use tokio::{
    io::{DuplexStream, duplex, split},
    runtime::Handle,
};
use tokio_util::{io::SyncIoBridge, sync::CancellationToken};

/// How much is carried at a time, and how much waits in each direction, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// Returns a stream of the runtime whose other end are these two. The two threads that carry the bytes end with either
/// side, and cancel `lost` then.
///
/// # Errors
/// When no thread can be started.
pub(super) fn joined(
    input: Box<dyn Read + Send>,
    output: Box<dyn Write + Send>,
    runtime: &Handle,
    lost: &CancellationToken,
) -> io::Result<DuplexStream> {
    let (near, far) = duplex(BUFFER_BYTES);
    let (from_tasks, to_tasks) = split(far);
    let from_tasks = SyncIoBridge::new_with_handle(from_tasks, runtime.clone());
    let to_tasks = SyncIoBridge::new_with_handle(to_tasks, runtime.clone());
    let start = |name: &str| thread::Builder::new().name(name.to_owned());
    let (out_lost, in_lost) = (lost.clone().drop_guard(), lost.clone().drop_guard());
    start("sftp out").spawn(move || {
        carry(from_tasks, output);
        drop(out_lost);
    })?;
    start("sftp in").spawn(move || {
        carry(input, to_tasks);
        drop(in_lost);
    })?;
    Ok(near)
}

/// Carries bytes until either side ends. Who uses the streams notices that by what comes no more.
fn carry(mut from: impl Read, mut to: impl Write) {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) if to.write_all(&buffer[..count]).and_then(|()| to.flush()).is_ok() => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return,
        }
    }
}
