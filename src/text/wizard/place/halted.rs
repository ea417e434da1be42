// SPDX-License-Identifier: GPL-3.0-or-later
//! What is said of a place in a VM that does not run: a sentence, and what belongs to it.

use crate::{
    host::HostError,
    text::{
        i18n::{gettext, gettext_f},
        message::host_error,
        sanitize,
    },
};

/// It does not run.
pub(super) fn not_running(vm: &str, can_start: bool) -> (String, String) {
    let cure = if can_start {
        gettext("Start it here, or choose another one.")
    } else {
        gettext("Start it, or choose another one.")
    };
    (
        gettext_f("The VM {name} is not running.", &[("name", &sanitize(vm))]),
        cure,
    )
}

/// It was to be started.
pub(super) fn not_started(vm: &str, why: &HostError) -> (String, String) {
    (
        gettext_f("The VM {name} could not be started.", &[("name", &sanitize(vm))]),
        host_error(why).line(),
    )
}

/// It is being started.
pub(super) fn starting(vm: &str) -> (String, String) {
    (
        gettext_f("The VM {name} is being started…", &[("name", &sanitize(vm))]),
        gettext("This may take a minute."),
    )
}

/// The button that starts it.
pub fn start_vm(vm: &str) -> String {
    // Translators: a button; {name} is the name of a VM.
    gettext_f("Start {name}", &[("name", &sanitize(vm))])
}
