// SPDX-License-Identifier: GPL-3.0-or-later
//! Reminds the user of backups that need attention, without a window: looks, tells, and waits for a click for a while.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use gtk::{gio, glib, prelude::*};

use crate::{
    host,
    reminder::{Reminder, Told, reminders},
    text,
    units::unix_now,
};

use super::desktop;

/// The program that a click on a reminder opens.
const ID: &str = "org.pedos.Backup";
/// The file, in the user's own folder of data, that says what they were reminded of.
const TOLD: &str = "pedos-backup/reminded.json";
/// How long a click is waited for. Later ones are the desktop's matter: it starts the wizard by its name.
const CLICK: Duration = Duration::from_secs(30 * 60);

/// Looks for what needs attention and tells of what is new; quiet where there is nothing. `root` is the PedOS root folder of the
/// command line.
pub fn remind(root: Option<PathBuf>) -> ExitCode {
    text::i18n::init();
    let root = host::named_root(root);
    let host = match host::open(root.as_deref()) {
        Ok(host) => host,
        Err(error) => {
            eprintln!("pedos-backup: {}", text::open_error(&error).title);
            return ExitCode::FAILURE;
        }
    };
    let path = glib::user_data_dir().join(TOLD);
    let mut told = Told::read(&path);
    let now = i64::try_from(unix_now()).unwrap_or(i64::MAX);
    let news = told.news(reminders(&*host), now);
    if news.is_empty() {
        // What is well again is forgotten.
        keep(&told, &path);
        return ExitCode::SUCCESS;
    }
    for reminder in &news {
        let (title, body) = text::reminder(reminder);
        println!("{title}. {body}");
    }
    if tell(&news, root.as_deref()) {
        keep(&told, &path);
    }
    ExitCode::SUCCESS
}

fn keep(told: &Told, path: &Path) {
    if let Err(error) = told.write(path) {
        log::warn!("{}: {error}", path.display());
    }
}

/// Shows notifications, and opens the wizard on a click. Returns whether there is anybody who shows them.
fn tell(news: &[Reminder], root: Option<&Path>) -> bool {
    let app = gio::Application::new(Some(ID), gio::ApplicationFlags::NON_UNIQUE);
    let show = gio::SimpleAction::new(desktop::SHOW, None);
    let (own, root) = (app.downgrade(), root.map(Path::to_owned));
    show.connect_activate(move |_, _| {
        if let Err(error) = open_wizard(root.as_deref()) {
            log::error!("pedos-backup: {error}");
        }
        if let Some(app) = own.upgrade() {
            app.quit();
        }
    });
    app.add_action(&show);
    if let Err(error) = app.register(gio::Cancellable::NONE) {
        log::debug!("no reminder is shown: {error}");
        return false;
    }
    // Without a bus there is nobody to tell, and GIO would complain.
    if app.dbus_connection().is_none() {
        return false;
    }
    for reminder in news {
        let (title, body) = text::reminder(reminder);
        let notification = gio::Notification::new(&title);
        notification.set_body(Some(&body));
        notification.set_priority(match reminder {
            Reminder::Failed { .. } => gio::NotificationPriority::Urgent,
            Reminder::Overdue { .. } | Reminder::NeverVerified { .. } => gio::NotificationPriority::Normal,
        });
        notification.set_default_action(&format!("app.{}", desktop::SHOW));
        app.send_notification(Some(&format!("reminder-{}", reminder.profile())), &notification);
    }
    let holds = app.hold();
    let own = app.downgrade();
    glib::timeout_add_local_once(CLICK, move || {
        drop(holds);
        if let Some(app) = own.upgrade() {
            app.quit();
        }
    });
    app.connect_activate(|_| {});
    app.run_with_args::<&str>(&[]);
    true
}

fn open_wizard(root: Option<&Path>) -> io::Result<()> {
    let mut command = Command::new(env::current_exe()?);
    if let Some(root) = root {
        command.arg("--root").arg(root);
    }
    command.stdin(Stdio::null()).spawn().map(drop)
}
