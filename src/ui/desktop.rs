// SPDX-License-Identifier: GPL-3.0-or-later
//! What the wizards ask of the desktop around them: to stay awake, to tell someone, to turn the computer off.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use gtk::prelude::*;

/// Keeps the session from sleeping and from being left, as long as it lives.
#[derive(Debug)]
pub(super) struct Awake(Option<(gtk::Application, u32)>);

impl Awake {
    /// Asks the session manager; where there is none, nothing is held.
    pub(super) fn new(window: &gtk::Window, reason: &str) -> Self {
        let flags = gtk::ApplicationInhibitFlags::SUSPEND | gtk::ApplicationInhibitFlags::LOGOUT;
        let held = window.application().and_then(|app| {
            let cookie = app.inhibit(Some(window), flags, Some(reason));
            // 0 is no cookie, and giving it back is a critical error.
            (cookie != 0).then_some((app, cookie))
        });
        Self(held)
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        if let Some((app, cookie)) = self.0.take() {
            app.uninhibit(cookie);
        }
    }
}

/// Tells the user something while the window is not in front.
pub(super) fn notify(window: &gtk::Window, title: &str, body: &str) {
    let Some(app) = window.application() else { return };
    // Without a bus there is nobody to tell, and GIO would complain.
    if app.dbus_connection().is_none() {
        return;
    }
    let notification = gio::Notification::new(title);
    notification.set_body(Some(body));
    app.send_notification(Some("finished"), &notification);
}

/// Shows a folder in the file manager; `failed` hears why that did not work.
pub(super) fn open_folder(folder: &Path, failed: impl FnOnce(&str) + 'static) {
    let uri = gio::File::for_path(folder).uri();
    gio::AppInfo::launch_default_for_uri_async(
        &uri,
        gio::AppLaunchContext::NONE,
        gio::Cancellable::NONE,
        move |answer| {
            if let Err(error) = answer {
                failed(error.message());
            }
        },
    );
}

/// Turns the computer off.
pub(super) fn power_off() {
    let started = Command::new("systemctl")
        .arg("poweroff")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    if let Err(error) = started {
        log::error!("systemctl poweroff: {error}");
    }
}
