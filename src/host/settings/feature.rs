// SPDX-License-Identifier: GPL-3.0-or-later
//! What the system takes as features, services, tags and names of labels.

use super::{
    Unfit,
    text::{LONGEST_TEXT, characters, text, words},
};

/// Features that are services of a VM begin so.
const SERVICE: &str = "service.";
/// Features that are told to a VM begin so.
const CONFIG: &str = "vm-config.";
/// Features that keep a path of a VM begin so.
const PERSIST: &str = "custom-persist.";
/// The longest name of a service, in bytes.
const LONGEST_SERVICE: usize = 48;
/// Services that the system gives a short name where the own one is too long.
const LONG_SERVICE: &str = "app-dispvm.";
/// The longest name of what is told to a VM, in bytes.
const LONGEST_CONFIG: usize = 52;
/// The longest name of a path that is kept, in bytes.
const LONGEST_PERSIST: usize = 54;
/// The feature that says how many disposables wait for use.
const PRELOADED: &str = "preload-dispvm-max";

/// Checks a feature that is sent to a running system, which takes fewer characters than its record may hold.
///
/// # Errors
/// With what is wrong with its name or its value.
pub fn check_sent_feature(name: &str, value: &str) -> Result<(), Unfit> {
    words(name, "_.-")?;
    text(value, LONGEST_TEXT, |c| matches!(c, ' '..='~'))?;
    check_feature(name, value)
}

/// Checks a feature as it may stand in a record: genuine ones hold names and values of all characters.
///
/// # Errors
/// With what is wrong with its name or its value.
pub fn check_feature(name: &str, value: &str) -> Result<(), Unfit> {
    if name.is_empty() {
        return Err(Unfit::Empty);
    }
    if let Some(service) = name.strip_prefix(SERVICE) {
        return check_service(service);
    }
    if let Some(config) = name.strip_prefix(CONFIG) {
        let first = config.chars().next().ok_or(Unfit::Empty)?;
        characters(&first.to_string(), |c| c.is_ascii_alphabetic())?;
        return shorter(config, LONGEST_CONFIG);
    }
    if let Some(key) = name.strip_prefix(PERSIST) {
        return shorter(key, LONGEST_PERSIST);
    }
    if name == PRELOADED && !value.is_empty() {
        return characters(value, |c| c.is_ascii_digit());
    }
    Ok(())
}

fn check_service(name: &str) -> Result<(), Unfit> {
    if matches!(name, "." | "..") {
        return Err(Unfit::Character { character: '.' });
    }
    if name.starts_with(LONG_SERVICE) {
        return Ok(());
    }
    shorter(name, LONGEST_SERVICE)
}

/// Checks a tag.
///
/// # Errors
/// With what is wrong with it.
pub fn check_tag(tag: &str) -> Result<(), Unfit> {
    words(tag, "_-")
}

/// Checks a name of a label.
///
/// # Errors
/// With what is wrong with it.
pub fn check_label_name(name: &str) -> Result<(), Unfit> {
    words(name, "_.-")?;
    // A number is taken for a label's place in the list.
    match name.chars().find(|c| !c.is_ascii_digit()) {
        Some(_) => Ok(()),
        None => Err(Unfit::Character {
            character: name.chars().next().unwrap_or('0'),
        }),
    }
}

fn shorter(name: &str, longest: usize) -> Result<(), Unfit> {
    match name.len() {
        0 => Err(Unfit::Empty),
        length if length > longest => Err(Unfit::TooLong { longest }),
        _ => Ok(()),
    }
}
