// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a backup is not repeated, in words.

use std::io;

use crate::schedule::ScheduleFault;

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize,
    },
    io::io_text,
    parts::Message,
};

pub(super) fn not_repeated(why: &ScheduleFault) -> Message {
    let message = Message::new(gettext("The backup cannot be repeated by itself"));
    match why {
        ScheduleFault::DoesNotRun => message.detail(gettext(
            "This is the folder of a PedOS, and not one that runs: nothing begins on it by itself.",
        )),
        ScheduleFault::Name { profile } => message
            .detail(gettext_f(
                "No timer can have the name “{name}”.",
                &[("name", &sanitize(profile))],
            ))
            .hint(gettext("Choose a shorter name, of plain letters and digits.")),
        ScheduleFault::File { path, errno } => {
            let (path, error) = (path.to_string_lossy(), io::Error::from_raw_os_error(*errno));
            message.detail(format!("{}: {}", sanitize(&path), io_text(&error)))
        }
        ScheduleFault::Program { program, errno } => message
            .detail(gettext_f(
                "{program} cannot be started: {error}",
                &[
                    ("program", &sanitize(program)),
                    ("error", &io_text(&io::Error::from_raw_os_error(*errno))),
                ],
            ))
            .hint(gettext("Backups are repeated by systemd, of version 250 or newer.")),
        ScheduleFault::Declined { program, said } => message
            .detail(gettext_f(
                "{program} said: {text}",
                &[("program", &sanitize(program)), ("text", &sanitize(said))],
            ))
            .hint(gettext(
                "The units of PedOS Backup have to be installed where systemd finds them, as its packages do.",
            )),
    }
}
