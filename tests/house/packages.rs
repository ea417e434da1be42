// SPDX-License-Identifier: GPL-3.0-or-later
//! What the packages say of the program: one version, one oldest Rust, and what `make install` needs to know.

use std::path::Path;

use super::files::read;

/// Returns the rest of the first line of a file that begins so.
fn after(file: &str, start: &str) -> String {
    let text = read(Path::new(file));
    let rest = text.lines().find_map(|line| line.trim().strip_prefix(start));
    rest.unwrap_or_else(|| panic!("{file} has no line {start}…"))
        .trim()
        .to_owned()
}

#[test]
fn every_package_has_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(after("packaging/rpm/pedos-backup.spec", "Version:"), version);
    let of_debian = after("debian/changelog", "pedos-backup (");
    assert_eq!(of_debian.split(')').next(), Some(version));
}

#[test]
fn every_package_asks_for_the_rust_that_the_program_needs() {
    let oldest = env!("CARGO_PKG_RUST_VERSION");
    assert_eq!(
        after("packaging/rpm/pedos-backup.spec", "BuildRequires:  cargo >="),
        oldest
    );
    assert_eq!(after("scripts/deps.sh", "OLDEST_RUST="), oldest);
    for package in ["cargo", "rustc"] {
        let wanted = after("debian/control", &format!("{package} (>= "));
        assert_eq!(wanted.split(')').next(), Some(oldest), "{package}");
    }
}

#[test]
fn both_kinds_of_package_have_the_tools_below_the_same_prefix() {
    let of_debian = after("debian/rules", "TOOLS_PREFIX := /usr");
    let of_fedora = after(
        "packaging/rpm/pedos-backup.spec",
        "%{!?tools_prefix: %global tools_prefix %{_prefix}",
    );
    assert_eq!(of_fedora.strip_suffix('}'), Some(of_debian.as_str()));
}
