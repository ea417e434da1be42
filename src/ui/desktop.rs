// SPDX-License-Identifier: GPL-3.0-or-later
//! What the wizards ask of the desktop around them: to stay awake, to tell someone, to turn the computer off.

use std::{
    cell::RefCell,
    env, io,
    path::Path,
    process::{Command, Stdio},
    rc::Rc,
    thread,
};

use gtk::prelude::*;

use crate::{engine::Degree, job};

/// Keeps the session from sleeping and from being left, as long as it lives.
#[derive(Debug)]
pub(super) struct Awake {
    session: Option<(gtk::Application, u32)>,
    /// Not every desktop has a session manager that takes such a wish.
    _system: job::Awake,
}

impl Awake {
    /// Asks the session manager and the system; where there is neither, nothing is held.
    pub(super) fn new(window: &gtk::Window, reason: &str) -> Self {
        let flags = gtk::ApplicationInhibitFlags::SUSPEND | gtk::ApplicationInhibitFlags::LOGOUT;
        let session = window.application().and_then(|app| {
            let cookie = app.inhibit(Some(window), flags, Some(reason));
            // 0 is no cookie, and giving it back is a critical error.
            (cookie != 0).then_some((app, cookie))
        });
        let program = glib::application_name().unwrap_or_default();
        Self {
            session,
            _system: job::Awake::hold(&program, reason),
        }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        if let Some((app, cookie)) = self.session.take() {
            app.uninhibit(cookie);
        }
    }
}

/// The action of the application that brings its window to the front.
pub(super) const SHOW: &str = "show";

/// Tells the user how a job ended while the window is not in front. What is said is taken back when the window comes to the
/// front or closes.
pub(super) fn notify(window: &gtk::Window, title: &str, body: &str, degree: Degree) {
    let Some(app) = window.application() else { return };
    // Without a bus there is nobody to tell, and GIO would complain.
    if app.dbus_connection().is_none() {
        return;
    }
    let notification = gio::Notification::new(title);
    notification.set_body(Some(body));
    notification.set_priority(priority(degree));
    notification.set_default_action(&format!("app.{SHOW}"));
    // Processes of one program share its name, and must not replace each other's.
    let id = format!("finished-{}", std::process::id());
    app.send_notification(Some(&id), &notification);
    let told = app.downgrade();
    let take_back = move || {
        if let Some(app) = told.upgrade() {
            app.withdraw_notification(&id);
        }
    };
    let when_closed = take_back.clone();
    window.connect_destroy(move |_| when_closed());
    let handler = Rc::new(RefCell::new(None));
    let own = Rc::clone(&handler);
    let connected = window.connect_is_active_notify(move |window| {
        if window.is_active() {
            take_back();
            // The next job has a notification of its own.
            if let Some(handler) = own.take() {
                window.disconnect(handler);
            }
        }
    });
    handler.replace(Some(connected));
}

/// How urgently a desktop shows how a job ended. What failed stays on the screen until somebody has seen it.
fn priority(degree: Degree) -> gio::NotificationPriority {
    match degree {
        Degree::Complete | Degree::Cancelled => gio::NotificationPriority::Normal,
        Degree::Partial => gio::NotificationPriority::High,
        Degree::Failed => gio::NotificationPriority::Urgent,
    }
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

/// Opens the Restore Backup wizard beside this one with an archive, or has it verify the archive.
pub(super) fn restore_wizard(archive: &Path, verifies: bool, root: Option<&Path>) -> io::Result<()> {
    let mut command = Command::new(env::current_exe()?.with_file_name("pedos-backup-restore"));
    if verifies {
        command.arg("--verify");
    }
    if let Some(root) = root {
        command.arg("--root").arg(root);
    }
    let mut child = command.arg("--").arg(archive).stdin(Stdio::null()).spawn()?;
    // It leaves no zombie in a program that goes on.
    thread::Builder::new().spawn(move || child.wait())?;
    Ok(())
}
