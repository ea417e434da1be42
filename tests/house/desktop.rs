// SPDX-License-Identifier: GPL-3.0-or-later
//! What a desktop reads of the programs: their entries, the services that the session's message bus starts, and what software
//! centres show.

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

#[test]
fn software_centres_show_the_release_that_this_is_and_what_can_be_fetched() {
    let info = read(Path::new("data/org.pedos.Backup.metainfo.xml.in"));
    let newest = info.split("<release ").nth(1).unwrap();
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(
        newest.starts_with(&version) && newest.contains("<description>"),
        "{newest}"
    );
    for (id, _) in APPLICATIONS {
        assert!(info.contains(&format!("<launchable type=\"desktop-id\">{id}.desktop</launchable>")));
        assert!(info.contains(&format!("<dbus type=\"user\">{id}</dbus>")));
    }
    // Pictures are fetched from where the sources are, once there is such a place.
    let address = value(&read(Path::new("Cargo.toml")).replace(" = ", "="), "repository");
    let images: Vec<&str> = info.split("<image").skip(1).collect();
    match address {
        None => assert!(images.is_empty(), "nobody can fetch {images:?}"),
        Some(address) => {
            let address = address.trim_matches('"');
            assert!(info.contains(&format!("<url type=\"vcs-browser\">{address}</url>")));
            assert!(!images.is_empty(), "docs/screenshots belongs into the metainfo");
            for image in images {
                let name = image
                    .split_once("docs/screenshots/")
                    .and_then(|(_, rest)| rest.split('<').next());
                let name = name.unwrap_or_else(|| panic!("{image} is none of docs/screenshots"));
                assert!(
                    Path::new(env!("CARGO_MANIFEST_DIR"))
                        .join("docs/screenshots")
                        .join(name)
                        .is_file()
                );
            }
        }
    }
}
