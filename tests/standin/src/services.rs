// SPDX-License-Identifier: GPL-3.0-or-later
//! What the stand-in's `qrexec-client` left behind: its starts, and how it was used wrongly.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::layout;

/// A start of `qrexec-client`.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// When.
    pub at: SystemTime,
    /// The process.
    pub pid: u32,
    /// The VM.
    pub vm: String,
    /// The service, such as `qubes.Backup`.
    pub service: String,
    /// What follows its plus.
    pub argument: String,
    /// How many seconds the connection may take.
    pub wait_seconds: u64,
    /// Whether its output is cleaned, which spoils data.
    pub cleans_output: bool,
    /// Whether its messages are cleaned.
    pub cleans_messages: bool,
}

/// Returns the starts until now. A line that is not whole yet is left out.
pub(crate) fn services(root: &Path) -> Vec<Service> {
    let path = layout::below(root, layout::OWN_FOLDER).join("services");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(service).collect()
}

fn service(line: &str) -> Option<Service> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [at, pid, vm, service, argument, wait, output, messages] = fields[..] else {
        return None;
    };
    Some(Service {
        at: UNIX_EPOCH + Duration::try_from_secs_f64(at.parse().ok()?).ok()?,
        pid: pid.parse().ok()?,
        vm: vm.to_owned(),
        service: service.to_owned(),
        argument: argument.to_owned(),
        wait_seconds: wait.parse().ok()?,
        cleans_output: output == "1",
        cleans_messages: messages == "1",
    })
}

/// Takes what nobody should have done with `qrexec-client`.
pub(crate) fn violations(root: &Path) -> Vec<String> {
    let path = layout::below(root, layout::OWN_FOLDER).join("violations");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(path);
    text.lines().map(str::to_owned).collect()
}
