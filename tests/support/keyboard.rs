// SPDX-License-Identifier: GPL-3.0-or-later
//! A keyboard on a private desktop. ASCII only: other characters are lost now and then on an X server without a screen.

use super::{
    session::Session,
    wait::{STEP, wait_until},
};

/// Waits until the window with this in its title has the focus.
#[track_caller]
pub(crate) fn wait_for_window(session: &Session, title: &str) {
    wait_until(&format!("the window {title:?} in front"), STEP, || {
        session
            .xdotool(&["getactivewindow", "getwindowname"])
            .is_some_and(|name| name.contains(title))
    });
}

/// Presses keys one after another (`alt+n`, `Tab`, `Return`).
#[track_caller]
pub(crate) fn press(session: &Session, keys: &[&str]) {
    let mut arguments = vec!["key", "--delay", "30"];
    arguments.extend(keys);
    assert!(session.xdotool(&arguments).is_some(), "keys {keys:?}");
}

/// Types a text.
#[track_caller]
pub(crate) fn type_text(session: &Session, text: &str) {
    assert!(text.is_ascii(), "{text:?}");
    assert!(
        session.xdotool(&["type", "--delay", "8", text]).is_some(),
        "text {text:?}"
    );
}
