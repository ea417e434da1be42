// SPDX-License-Identifier: GPL-3.0-or-later
//! Packs the windows' descriptions into the program and compiles the translations for runs that are not installed.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "gui")]
    glib_build_tools::compile_resources(
        &["resources", "ui"],
        "resources/pedos-backup.gresource.xml",
        "pedos-backup.gresource",
    );
    // A program that is built to be installed looks for its catalogues only there, and holds no path of this build.
    if cfg!(feature = "tools") && env::var("PROFILE")? != "release" {
        compile_translations()?;
    }
    Ok(())
}

/// Leaves the catalogues in the build folder, where an uninstalled program finds them when there are none installed.
fn compile_translations() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=po");
    println!("cargo::rerun-if-env-changed=PEDOS_BACKUP_LOCALEDIR");
    let folder = PathBuf::from(env::var("OUT_DIR")?).join("locale");
    println!("cargo::rustc-env=PEDOS_BACKUP_DEV_LOCALEDIR={}", folder.display());
    let languages = fs::read_to_string("po/LINGUAS").unwrap_or_default();
    let names = languages.lines().filter(|line| !line.starts_with('#'));
    for language in names.flat_map(str::split_whitespace) {
        let target = folder.join(language).join("LC_MESSAGES");
        fs::create_dir_all(&target)?;
        compile_catalogue(language, &target.join("pedos-backup.mo"))?;
    }
    Ok(())
}

/// A VM without gettext still builds the program, which then speaks English.
fn compile_catalogue(language: &str, target: &Path) -> Result<(), Box<dyn Error>> {
    let source = format!("po/{language}.po");
    match Command::new("msgfmt")
        .args(["--check", "-o"])
        .arg(target)
        .arg(&source)
        .status()
    {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("msgfmt does not accept {source}").into()),
        Err(_) => {
            println!("cargo::warning=msgfmt is not installed: no translations");
            Ok(())
        }
    }
}
