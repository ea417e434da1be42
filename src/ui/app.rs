// SPDX-License-Identifier: GPL-3.0-or-later
//! The two applications: their ids, their resources, and the window that they open.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use gtk::{gdk, prelude::*};

use crate::{
    host::{self, OpenError},
    text::{self, wizard as words},
};

use super::{backup_flow::BackupFlow, restore_flow::RestoreFlow};

/// Where the resources of both programs are.
const RESOURCES: &str = "/org/pedos/Backup";

/// Which of the two.
#[derive(Debug, Clone)]
pub enum Program {
    /// The Backup PedOS wizard.
    Backup,
    /// The Restore Backup wizard.
    Restore {
        /// The archive to begin with.
        archive: Option<PathBuf>,
        /// Whether it begins with a verification.
        verifies_only: bool,
    },
}

impl Program {
    fn id(&self) -> &'static str {
        match self {
            Self::Backup => "org.pedos.Backup",
            Self::Restore { .. } => "org.pedos.BackupRestore",
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Backup => words::backup_program(),
            Self::Restore { .. } => words::restore_program(),
        }
    }
}

/// Runs a wizard until its window is closed. `root` is the PedOS root folder of the command line.
pub fn run(program: Program, root: Option<PathBuf>) -> ExitCode {
    text::i18n::init();
    let root = host::named_root(root);
    // One window of a program is enough for one system; several folders, and archives that are named, may be worked on at once.
    let names_archive = matches!(&program, Program::Restore { archive: Some(_), .. });
    let flags = if root.is_some() || names_archive {
        gio::ApplicationFlags::NON_UNIQUE
    } else {
        gio::ApplicationFlags::FLAGS_NONE
    };
    glib::set_application_name(&program.name());
    let app = gtk::Application::new(Some(program.id()), flags);
    app.connect_startup(|_| prepare());
    app.connect_activate(move |app| match app.active_window() {
        Some(window) => window.present(),
        None => open(app, &program, root.as_deref()),
    });
    let code = app.run_with_args::<&str>(&[]);
    if code == glib::ExitCode::SUCCESS {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Loads resources, style and icons. Needs a display.
pub fn prepare() {
    // Said at build time and part of the program: it cannot fail for a reason that a user could mend.
    if let Err(error) = gio::resources_register_include!("pedos-backup.gresource") {
        log::error!("the program's own resources: {error}");
    }
    let Some(display) = gdk::Display::default() else { return };
    let style = gtk::CssProvider::new();
    style.load_from_resource(&format!("{RESOURCES}/style.css"));
    gtk::style_context_add_provider_for_display(&display, &style, gtk::STYLE_PROVIDER_PRIORITY_APPLICATION);
    gtk::IconTheme::for_display(&display).add_resource_path(&format!("{RESOURCES}/icons"));
    gtk::Window::set_default_icon_name("org.pedos.Backup");
}

fn open(app: &gtk::Application, program: &Program, root: Option<&Path>) {
    match host::open(root) {
        Ok(host) => match program {
            Program::Backup => BackupFlow::open(app, host),
            Program::Restore { archive, verifies_only } => {
                RestoreFlow::open(app, host, archive.clone(), *verifies_only);
            }
        },
        Err(problem) => show_no_pedos(app, program, &problem),
    }
}

fn show_no_pedos(app: &gtk::Application, program: &Program, problem: &OpenError) {
    let message = words::no_pedos(problem);
    let dialog = gtk::MessageDialog::builder()
        .application(app)
        .title(program.name())
        .message_type(gtk::MessageType::Error)
        .buttons(gtk::ButtonsType::Close)
        .text(&message.title)
        .secondary_text(
            [Some(message.detail), message.hint]
                .into_iter()
                .flatten()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join("\n\n"),
        )
        .build();
    dialog.connect_response(|dialog, _| dialog.close());
    dialog.present();
}
