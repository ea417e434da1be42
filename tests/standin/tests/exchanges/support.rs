// SPDX-License-Identifier: GPL-3.0-or-later
//! Requests and answers.

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use pedos_standin::Standin;

/// The tag of VMs whose data come in.
pub(crate) const TAG: &str = "backup-restore-in-progress";

/// Connects to a socket below a root.
pub(crate) fn connect(root: &Path, is_internal: bool) -> UnixStream {
    let name = if is_internal {
        "qubesd.internal.sock"
    } else {
        "qubesd.sock"
    };
    let stream = UnixStream::connect(root.join("var/run").join(name)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Begins to listen to the events of a VM, of all of them where it is dom0, and returns when nothing is missed any more.
pub(crate) fn listen(root: &Path, vm: &str) -> UnixStream {
    const FIRST: &[u8] = b"1\0\0connection-established\0\0";
    let mut stream = connect(root, false);
    write!(stream, "admin.Events+ dom0 name {vm}\0").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut heard = [0; FIRST.len()];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(heard, FIRST);
    stream
}

/// Sends these bytes and returns all that comes back.
pub(crate) fn send(root: &Path, is_internal: bool, request: &[u8]) -> Vec<u8> {
    let mut stream = connect(root, is_internal);
    stream.write_all(request).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// Sends a request, `METHOD+ARGUMENT DESTINATION`, and returns the answer as text with `|` for NUL.
pub(crate) fn ask(pedos: &Standin, request: &str, payload: &str) -> String {
    let (method, destination) = request.split_once(' ').unwrap();
    let bytes = format!("{method} dom0 name {destination}\0{payload}");
    let answer = send(pedos.root(), request.starts_with("internal"), bytes.as_bytes());
    String::from_utf8_lossy(&answer).replace('\0', "|")
}

/// Sends a request that must succeed, and returns the content of the answer.
pub(crate) fn must(pedos: &Standin, request: &str, payload: &str) -> String {
    let answer = ask(pedos, request, payload);
    let content = answer.strip_prefix("0|");
    content.unwrap_or_else(|| panic!("{request}: {answer}")).to_owned()
}

/// Makes a VM that is being restored.
pub(crate) fn create(pedos: &Standin, name: &str) {
    must(
        pedos,
        "admin.vm.Create.AppVM+tpl-main dom0",
        &format!("name={name} label=red"),
    );
    must(pedos, &format!("admin.vm.tag.Set+{TAG} {name}"), "");
}

/// Imports these bytes into a volume.
pub(crate) fn import(pedos: &Standin, vm: &str, volume: &str, content: &[u8]) {
    let begun = must(
        pedos,
        &format!("internal.vm.volume.ImportBegin+{volume} {vm}"),
        &content.len().to_string(),
    );
    let (size, path) = begun.split_once(' ').unwrap();
    assert_eq!(size, content.len().to_string());
    let file = std::fs::File::options().write(true).open(pedos.path(path)).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, content, 0).unwrap();
    must(pedos, &format!("internal.vm.volume.ImportEnd+{volume} {vm}"), "ok");
}

/// The record as it is on the disk.
pub(crate) fn record(pedos: &Standin) -> String {
    std::fs::read_to_string(pedos.path("/var/lib/qubes/qubes.xml")).unwrap()
}
