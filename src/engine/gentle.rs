// SPDX-License-Identifier: GPL-3.0-or-later
//! Puts a job behind everything else that the computer does.

use std::process::{Command, Stdio};

use rustix::{process::setpriority_process, thread::gettid};

/// The lowest priority for processors.
const LAST: i32 = 19;

/// The class of disk access that waits for all others, by its number.
const IDLE_CLASS: &str = "3";

/// Sets the calling thread, and all threads that it starts from now on, to the lowest priority for processors and disks. A
/// job runs as well without it, so a failure here is no error.
pub(crate) fn give_way() {
    // For Linux a thread is a process of its own in this.
    if let Err(error) = setpriority_process(None, LAST) {
        log::info!("the priority for processors stays as it is: {error}");
    }
    // The system call has no safe wrapper that is kept up; the stock tool is there wherever util-linux is. Without it, disk
    // access is still the last of its class, which follows from the priority for processors.
    let thread = gettid().as_raw_nonzero().to_string();
    let done = Command::new("ionice")
        .args(["--class", IDLE_CLASS, "--pid", &thread])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !done.as_ref().is_ok_and(|status| status.success()) {
        log::info!("the priority for disks stays as it is: {done:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;

    /// The nice value of the calling thread, as the system tells it.
    fn niceness() -> i64 {
        let stat = fs::read_to_string(format!("/proc/self/task/{}/stat", gettid().as_raw_nonzero())).unwrap();
        let behind_name = stat.rsplit_once(") ").unwrap().1;
        behind_name.split(' ').nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn the_thread_and_what_it_starts_give_way_and_no_other_does() {
        let before = niceness();
        let (own, started) = thread::spawn(|| {
            give_way();
            (niceness(), thread::spawn(niceness).join().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!((own, started), (LAST.into(), LAST.into()));
        assert_eq!(niceness(), before);
    }
}
