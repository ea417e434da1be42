// SPDX-License-Identifier: GPL-3.0-or-later
//! What the fields of a store are called, and what is said of it.

use crate::{
    draft::{ReachKind, TypedPlace},
    text::{
        i18n::{gettext, gettext_f},
        sanitize,
    },
    transport::ProbeError,
};

/// The words around the field that names a server, a remote or a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachWords {
    /// What the field is called, with its mnemonic.
    pub caption: String,
    /// What belongs into it.
    pub note: String,
    /// What stands in it while it is empty.
    pub example: &'static str,
}

/// The kinds of places.
pub fn kinds(is_destination: bool, is_in_dom0: bool) -> Vec<(String, ReachKind)> {
    let name = |kind| match (kind, is_destination, is_in_dom0) {
        (ReachKind::Path, true, true) => gettext("Directory of dom0"),
        (ReachKind::Path, true, false) => gettext("Directory or command of the VM"),
        (ReachKind::Path, false, true) => gettext("File of dom0"),
        (ReachKind::Path, false, false) => gettext("File or command of the VM"),
        (ReachKind::Server, ..) => gettext("Server (ssh)"),
        (ReachKind::Cloud, ..) => gettext("Cloud storage (rclone)"),
        (ReachKind::Program, ..) => gettext("Program that speaks SFTP"),
    };
    ReachKind::ALL.map(|kind| (name(kind), kind)).into()
}

/// The words around the field of such a kind; none where there is no field.
pub fn reach(typed: &TypedPlace) -> Option<ReachWords> {
    let name = sanitize(&typed.target);
    let vm = [("name", name.as_str())];
    let (caption, note, example) = match typed.kind {
        ReachKind::Path => return None,
        ReachKind::Server => (
            gettext("_Server"),
            gettext_f(
                "As ssh in {name} knows it. It must let {name} in without a question: with a key, and as a known host.",
                &vm,
            ),
            "user@nas.example",
        ),
        ReachKind::Cloud => (
            gettext("_Remote"),
            gettext_f("As rclone in {name} knows it: “rclone config” sets it up there.", &vm),
            "cloud:",
        ),
        ReachKind::Program => (
            gettext("_Program"),
            gettext_f(
                "It runs in {name}, and speaks SFTP on its standard input and output.",
                &vm,
            ),
            "/usr/lib/openssh/sftp-server",
        ),
    };
    Some(ReachWords { caption, note, example })
}

/// What the field of the path in a store is called, with its mnemonic.
pub fn store_place_caption(is_destination: bool) -> String {
    if is_destination {
        gettext("Backup _directory there")
    } else {
        gettext("Backup _file there")
    }
}

/// A place on one line.
pub(in crate::text::wizard) fn place_line(typed: &TypedPlace) -> String {
    let (vm, place, reach) = (
        sanitize(&typed.target),
        sanitize(typed.text.trim()),
        sanitize(typed.reach.trim()),
    );
    let values = [("vm", vm.as_str()), ("place", &place), ("reach", &reach)];
    match typed.kind {
        ReachKind::Path if typed.is_of_dom0() => place,
        // Translators: a location in another VM, as in "sys-usb: /media/disk".
        ReachKind::Path => gettext_f("{vm}: {place}", &values),
        // Translators: a directory of a server that is reached from the VM {vm}.
        ReachKind::Server => gettext_f("{place} on the server {reach}, by {vm}", &values),
        // Translators: a directory of a cloud storage that is reached from the VM {vm}.
        ReachKind::Cloud => gettext_f("{place} in the cloud storage {reach}, by {vm}", &values),
        // Translators: a directory that a program in the VM {vm} serves.
        ReachKind::Program => gettext_f("{place} by the program {reach} in {vm}", &values),
    }
}

/// Why a place in a store will not do; none where the words for any other place do.
pub(super) fn not_found(typed: &TypedPlace, found: &ProbeError) -> Option<(String, String)> {
    let spelling = || gettext("Check the spelling, and whether it is a directory of this store.");
    match found {
        ProbeError::CanBeMade if typed.is_store() => Some((
            gettext("There is no such directory in the store."),
            gettext("Create it here, or choose another one."),
        )),
        ProbeError::CannotBeMade if typed.is_store() => Some((
            gettext("There is no such directory in the store."),
            gettext("You may not create it there. Choose another place, or change the permissions."),
        )),
        ProbeError::NotFound if typed.is_store() => {
            Some((gettext("There is nothing of that name in the store."), spelling()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_place_has_its_own_line() {
        let typed = |kind, target: &str| TypedPlace {
            target: target.to_owned(),
            kind,
            reach: "nas".to_owned(),
            text: "/backups".to_owned(),
        };
        let lines: Vec<String> = ReachKind::ALL
            .map(|kind| place_line(&typed(kind, "sys-net")))
            .into_iter()
            .chain([place_line(&typed(ReachKind::Path, "dom0"))])
            .collect();
        assert_eq!(
            lines,
            [
                "sys-net: /backups",
                "/backups on the server nas, by sys-net",
                "/backups in the cloud storage nas, by sys-net",
                "/backups by the program nas in sys-net",
                "/backups",
            ]
        );
    }
}
