// SPDX-License-Identifier: GPL-3.0-or-later
//! A private desktop for one test: X server, message bus, window manager and folders of its own, all gone with it.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::{
    atspi::Desk,
    language, tools,
    wait::{STEP, wait_until},
};

/// Where screenshots go, if they are wanted.
const SCREENSHOTS: &str = "PEDOS_BACKUP_SCREENSHOTS";

/// How the desktop looks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Look {
    /// Dark colours.
    pub(crate) is_dark: bool,
    /// The language of a catalogue in `po`; none is English.
    pub(crate) language: Option<&'static str>,
    /// Everything at twice its size.
    pub(crate) is_double: bool,
    /// The colours of people who see little.
    pub(crate) has_contrast: bool,
    /// Text at twice its size, and nothing else.
    pub(crate) has_large_text: bool,
    /// Windows that the test makes as narrow as they have to do.
    pub(crate) is_narrow: bool,
    /// Hebrew letters, in a window that is read from the right.
    pub(crate) is_from_right: bool,
    /// The window manager, which the keyboard needs.
    pub(crate) has_keyboard: bool,
}

impl Look {
    fn theme(self) -> &'static str {
        match self {
            Self { has_contrast: true, .. } => "HighContrast",
            Self { is_dark: true, .. } => "Adwaita:dark",
            _ => "Adwaita",
        }
    }

    /// A text of the windows in the language of this look, without its mnemonic.
    pub(crate) fn word(self, english: &str) -> String {
        match self {
            Self {
                language: Some(language),
                ..
            } => language::translated(language, english),
            Self {
                is_from_right: true, ..
            } => language::in_hebrew(english),
            _ => english.to_owned(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self {
                is_narrow: true,
                language: None,
                ..
            } => "narrow",
            Self { has_contrast: true, .. } => "contrast",
            Self {
                has_large_text: true, ..
            } => "large",
            Self { is_dark: true, .. } => "dark",
            Self {
                language: Some(language),
                ..
            } => language,
            Self { is_double: true, .. } => "double",
            Self {
                is_from_right: true, ..
            } => "from-right",
            _ => "light",
        }
    }
}

/// Whether pictures are wanted.
pub(crate) fn wants_pictures() -> bool {
    std::env::var_os(SCREENSHOTS).is_some()
}

/// A private desktop. Its processes end with it, and with this process if that ends first.
pub(crate) struct Session {
    folder: tempfile::TempDir,
    display: String,
    bus: String,
    look: Look,
    children: Vec<Child>,
}

impl Session {
    /// Starts one, or says loudly what is missing for it.
    pub(crate) fn start(look: Look) -> Option<Self> {
        if !tools::have(&["Xvfb", "dbus-daemon", "setpriv"])
            || (look.has_keyboard && !tools::have(&["openbox", "xdotool"]))
            || (look.is_from_right && !tools::have(&["msgfmt"]))
        {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "run", "config", "data", "cache"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::set_permissions(folder.path().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        if look.has_large_text {
            // GTK takes 10 points where nothing is said.
            let settings = "[Settings]\ngtk-font-name=Sans 20\n";
            fs::create_dir(folder.path().join("config/gtk-4.0")).unwrap();
            fs::write(folder.path().join("config/gtk-4.0/settings.ini"), settings).unwrap();
        }
        if look.is_from_right {
            language::make_hebrew(&folder.path().join("locale"));
        }
        let mut session = Self {
            folder,
            display: String::new(),
            bus: String::new(),
            look,
            children: Vec::new(),
        };
        let screen = if look.is_double { "2560x1600x24" } else { "1280x1600x24" };
        let number = session.start_announcing(&[
            "Xvfb",
            "-displayfd",
            "1",
            "-screen",
            "0",
            screen,
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        session.display = format!(":{number}");
        session.bus = session.start_announcing(&[
            "dbus-daemon",
            "--session",
            "--nofork",
            "--nopidfile",
            "--print-address=1",
        ]);
        if look.has_keyboard {
            let child = session
                .command(Path::new("openbox"))
                .arg("--sm-disable")
                .spawn()
                .unwrap();
            session.children.push(child);
            // A window that is there before the window manager never gets the focus.
            wait_until("the window manager", STEP, || {
                session.xdotool(&["get_desktop"]).is_some()
            });
        }
        Some(session)
    }

    /// The folder of this desktop, for the test's own files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A program on this desktop, to be started by the test.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = bound(program);
        let folder = |name: &str| self.folder.path().join(name);
        command
            .stdin(Stdio::null())
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .envs([
                ("GDK_BACKEND", "x11"),
                ("GSK_RENDERER", "cairo"),
                ("GSETTINGS_BACKEND", "memory"),
            ])
            .envs([
                ("LANG", "C.UTF-8"),
                ("GIO_USE_VFS", "local"),
                ("G_DEBUG", "fatal-criticals"),
            ])
            .env("GTK_THEME", self.look.theme())
            .env("HOME", folder("home"))
            .env("XDG_RUNTIME_DIR", folder("run"))
            .env("XDG_CONFIG_HOME", folder("config"))
            .env("XDG_DATA_HOME", folder("data"))
            .env("XDG_CACHE_HOME", folder("cache"));
        for name in [
            "WAYLAND_DISPLAY",
            "AT_SPI_BUS_ADDRESS",
            "GTK_A11Y",
            "LC_ALL",
            "LC_MESSAGES",
            "LANGUAGE",
            "PEDOS_ROOT",
        ] {
            command.env_remove(name);
        }
        if let Some(language) = self.look.language {
            command.env("LANGUAGE", language);
        }
        if self.look.is_from_right {
            command
                .env("LANGUAGE", "he")
                .env("PEDOS_BACKUP_LOCALE_DIR", folder("locale"));
        }
        if self.look.is_double {
            command.env("GDK_SCALE", "2");
        }
        command
    }

    /// The address of its message bus.
    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }

    /// How it looks.
    pub(crate) fn look(&self) -> Look {
        self.look
    }

    /// Starts a program that lives as long as the desktop, its complaints in a file.
    pub(crate) fn open(&mut self, command: &mut Command) -> App {
        let log = self.folder.path().join(format!("log-{}", self.children.len()));
        let file = fs::File::create(&log).unwrap();
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        self.children.push(child);
        App {
            number: self.children.len() - 1,
            log,
        }
    }

    /// Whether a program has ended, and how.
    pub(crate) fn exit_code(&mut self, app: &App) -> Option<i32> {
        self.children[app.number]
            .try_wait()
            .unwrap()
            .map(|status| status.code().unwrap_or(-1))
    }

    /// The process number of a program.
    pub(crate) fn pid(&self, app: &App) -> u32 {
        self.children[app.number].id()
    }

    /// The accessibility tree of everything on this desktop.
    pub(crate) fn desk(&self) -> Desk {
        Desk::connect(&self.bus)
    }

    /// Runs xdotool on this desktop; `None` when it fails.
    pub(crate) fn xdotool(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.display)
            .output()
            .unwrap();
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Takes a picture of the screen under that name, if pictures are wanted.
    pub(crate) fn screenshot(&self, name: &str) {
        let Some(folder) = std::env::var_os(SCREENSHOTS).map(PathBuf::from) else {
            return;
        };
        if !tools::have(&["import"]) {
            return;
        }
        // What was set through the accessibility tree is drawn a frame or two later.
        std::thread::sleep(std::time::Duration::from_millis(400));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}-{}.png", self.look.name()));
        let status = Command::new("import")
            .args(["-window", "root", "-trim"])
            .arg(&file)
            .env("DISPLAY", &self.display)
            .status()
            .unwrap();
        assert!(status.success(), "no screenshot {}", file.display());
    }

    fn start_announcing(&mut self, line: &[&str]) -> String {
        // The accessibility bus that the message bus starts keeps its socket in the runtime folder: one for each desktop.
        let mut child = bound(Path::new(line[0]))
            .args(&line[1..])
            .env("XDG_RUNTIME_DIR", self.folder.path().join("run"))
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_DATA_HOME", self.folder.path().join("data"))
            .env_remove("DISPLAY")
            .env_remove("AT_SPI_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut announced = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut announced).unwrap();
        self.children.push(child);
        assert!(!announced.trim().is_empty(), "{line:?} did not start");
        announced.trim().to_owned()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The programs first, the message bus and the X server last.
        for child in self.children.iter_mut().rev() {
            // Both fail only where it has ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A program that was opened on a desktop.
pub(crate) struct App {
    number: usize,
    log: PathBuf,
}

impl App {
    /// What it wrote to its outputs.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }
}

/// A command whose process ends when the thread that started it ends, however that comes about: `setpriv` asks the
/// kernel for it, which would take unsafe code here.
fn bound(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}
