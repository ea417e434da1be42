// SPDX-License-Identifier: GPL-3.0-or-later
//! The two applications: their ids, their resources, and the window that they open.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    rc::Rc,
};

use gtk::{gdk, prelude::*};

use crate::{
    host::{self, OpenError},
    text::{self, wizard as words},
};

use super::{backup_flow::BackupFlow, desktop, restore_flow::RestoreFlow};

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

/// Runs a wizard until its window is closed. `root` is the PedOS root folder of the command line; `is_service` says that the
/// session's message bus started it and is going to say what is wanted.
pub fn run(program: Program, root: Option<PathBuf>, is_service: bool) -> ExitCode {
    text::i18n::init();
    let root = host::named_root(root);
    glib::set_application_name(&program.name());
    let app = gtk::Application::new(Some(program.id()), flags(&program, root.is_some(), is_service));
    let id = program.id();
    app.connect_startup(move |_| {
        prepare();
        gtk::Window::set_default_icon_name(id);
    });
    let wizard = Rc::new((program, root));
    add_actions(&app, &wizard);
    let shown = Rc::clone(&wizard);
    app.connect_activate(move |app| show(app, &shown.0, shown.1.as_deref()));
    // Only of Restore Backup: what a file manager asks for where it does not run the command line.
    app.connect_open(move |app, files, _| {
        for archive in files.iter().map(gio::File::path) {
            let verifies_only = false;
            open(app, &Program::Restore { archive, verifies_only }, wizard.1.as_deref());
        }
    });
    let code = app.run_with_args::<&str>(&[]);
    if code == glib::ExitCode::SUCCESS {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How a process stands to others of its program. One window is enough for one system, and that process has the program's
/// name on the message bus. Several folders, and archives that are named, may be worked on at once: such a process has no name
/// on the bus, and nothing that the bus delivers is meant for it.
fn flags(program: &Program, has_root: bool, is_service: bool) -> gio::ApplicationFlags {
    let names_archive = matches!(program, Program::Restore { archive: Some(_), .. });
    let alone = if is_service {
        gio::ApplicationFlags::IS_SERVICE
    } else if has_root || names_archive {
        gio::ApplicationFlags::NON_UNIQUE
    } else {
        gio::ApplicationFlags::FLAGS_NONE
    };
    match program {
        Program::Backup => alone,
        Program::Restore { .. } => alone | gio::ApplicationFlags::HANDLES_OPEN,
    }
}

/// Adds what a notification and a menu entry may ask for. Each opens a wizard where there is none: the message bus may have
/// started the program for it.
fn add_actions(app: &gtk::Application, wizard: &Rc<(Program, Option<PathBuf>)>) {
    let add = |name: &str, program: Program| {
        let action = gio::SimpleAction::new(name, None);
        let (app_of, wizard) = (app.downgrade(), Rc::clone(wizard));
        action.connect_activate(move |_, _| {
            if let Some(app) = app_of.upgrade() {
                show(&app, &program, wizard.1.as_deref());
            }
        });
        app.add_action(&action);
    };
    add(desktop::SHOW, wizard.0.clone());
    if let Program::Restore { .. } = wizard.0 {
        let verifies = Program::Restore {
            archive: None,
            verifies_only: true,
        };
        // The name that the desktop entry has for it.
        add("verify", verifies);
    }
}

/// Brings the window to the front, or opens one.
fn show(app: &gtk::Application, program: &Program, root: Option<&Path>) {
    match app.active_window() {
        Some(window) => window.present(),
        None => open(app, program, root),
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
