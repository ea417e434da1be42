// SPDX-License-Identifier: GPL-3.0-or-later
//! What a desktop reads of the programs: their entries and the services that the session's message bus starts.

use std::path::Path;

use super::files::read;

/// The applications, with the program of each.
const APPLICATIONS: [(&str, &str); 2] = [
    ("org.pedos.Backup", "pedos-backup"),
    ("org.pedos.BackupRestore", "pedos-backup-restore"),
];

/// The value of a key in a file of groups and keys.
fn value(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.map(str::to_owned)
}

#[test]
fn the_bus_can_start_what_the_menu_asks_it_for() {
    for (id, program) in APPLICATIONS {
        let entry = read(Path::new(&format!("data/{id}.desktop.in")));
        let service = read(Path::new(&format!("data/{id}.service.in")));
        assert_eq!(value(&entry, "DBusActivatable").as_deref(), Some("true"), "{id}");
        assert_eq!(value(&service, "Name").as_deref(), Some(id));
        let line = value(&service, "Exec").unwrap();
        assert_eq!(line, format!("@BINDIR@/{program} --gapplication-service"));
        let entry_line = value(&entry, "Exec").unwrap();
        assert_eq!(entry_line.split(' ').next(), Some(program));
        let application = read(Path::new("src/ui/app.rs"));
        assert!(application.contains(&format!("\"{id}\"")), "{id} is no application");
        // Both are put in place together: a menu entry would otherwise ask for what nobody starts.
        let makefile = read(Path::new("Makefile"));
        assert!(makefile.contains("data/$$id.service.in") && makefile.contains(id));
    }
}
