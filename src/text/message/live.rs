// SPDX-License-Identifier: GPL-3.0-or-later
//! What the daemon of a live PedOS and the helper refused or failed at, in words.

use std::{io, path::Path};

use crate::host::{GarbledAnswer, UnfitRequest};

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize,
    },
    call_fault::{garbled_answer, unfit_request},
    io::io_text,
    parts::Message,
};

pub(super) fn nobody_answers(socket: &Path, source: &io::Error) -> Message {
    let detail = gettext_f(
        "Nobody answers at {path}: {error}",
        &[
            ("path", &sanitize(&socket.to_string_lossy())),
            ("error", &io_text(source)),
        ],
    );
    let message = Message::new(gettext("The daemon of this PedOS does not answer")).detail(detail);
    if source.kind() == io::ErrorKind::PermissionDenied {
        return message.hint(gettext("Run the program as a user of the group qubes, or as root."));
    }
    message.hint(gettext(
        "It may be restarting: try again in a moment. “systemctl status qubesd” in dom0 says more.",
    ))
}

/// The system said no to a call. Its own words are shown and not believed.
pub(super) fn declined(call: &str, class: &str, text: &str) -> Message {
    let says = if text.is_empty() { class } else { text };
    Message::new(gettext("The system declined a request"))
        .detail(gettext_f(
            "It answered {call} with: {text}",
            &[("call", &sanitize(call)), ("text", &sanitize(says))],
        ))
        .hint(by_hand())
}

pub(super) fn unspoken(call: &str) -> Message {
    Message::new(gettext("The system declined a request and does not say why"))
        .detail(gettext_f("The call was {call}.", &[("call", &sanitize(call))]))
        .hint(gettext("“journalctl -u qubesd” in dom0 may say why."))
}

pub(super) fn garbled(call: &str, why: &GarbledAnswer) -> Message {
    Message::new(gettext("The answer of the system makes no sense to this program"))
        .detail(gettext_f(
            "The call was {call}: {error}",
            &[("call", &sanitize(call)), ("error", &garbled_answer(why))],
        ))
        .hint(gettext("This version of the system may be newer than this program."))
}

pub(super) fn unsendable(call: &str, why: &UnfitRequest) -> Message {
    Message::new(gettext("The system takes no request of this kind"))
        .detail(gettext_f(
            "The call was {call}: {error}",
            &[("call", &sanitize(call)), ("error", &unfit_request(why))],
        ))
        .hint(by_hand())
}

pub(super) fn no_privilege() -> Message {
    Message::new(gettext("This program may not read and fill the volumes of VMs"))
        .detail(gettext(
            "That needs root, and neither pkexec nor sudo started the helper as root without a question.",
        ))
        .hint(gettext(
            "Start the program with sudo, or let this user use sudo without a password.",
        ))
}

pub(super) fn untrusted(path: &Path) -> Message {
    let path = sanitize(&path.to_string_lossy());
    Message::new(gettext("The helper does not work in this folder as root"))
        .detail(gettext_f("Others than root can change {path}.", &[("path", &path)]))
        .hint(gettext(
            "Name a folder that belongs to root and that only root can write.",
        ))
}

pub(super) fn helper_gone() -> Message {
    Message::new(gettext("The helper that reads and fills volumes has ended"))
        .hint(gettext("Try again. If it ends again, look at the system log."))
}

pub(super) fn not_being_restored(name: &str) -> Message {
    Message::new(gettext_f(
        "The VM {vm} is not being restored any more",
        &[("vm", &sanitize(name))],
    ))
    .detail(gettext("Somebody has taken the tag of an unfinished restore from it."))
    .hint(gettext("Remove the VM and restore it again."))
}

fn by_hand() -> String {
    gettext("If it is about one VM or setting, leave that one out and set it by hand afterwards.")
}
