// SPDX-License-Identifier: GPL-3.0-or-later
//! The size of a wizard's window, kept from one start to the next. Where it cannot be kept, the usual size serves.

use std::path::PathBuf;

use gtk::prelude::*;

const WIDTH: &str = "width";
const HEIGHT: &str = "height";
const MAXIMIZED: &str = "maximized";

/// The least size that is taken over, in pixels: whatever is smaller was hardly meant.
const LEAST: i32 = 300;

/// Gives a window the size that it had last.
pub(super) fn recall(window: &gtk::Window, program: &str) {
    let file = glib::KeyFile::new();
    if file.load_from_file(path(), glib::KeyFileFlags::NONE).is_err() {
        return;
    }
    let number = |key| file.integer(program, key).ok().filter(|pixels| *pixels >= LEAST);
    if let (Some(width), Some(height)) = (number(WIDTH), number(HEIGHT)) {
        window.set_default_size(width, height);
    }
    if file.boolean(program, MAXIMIZED).unwrap_or(false) {
        window.maximize();
    }
}

/// Keeps the size that a window has.
pub(super) fn keep(window: &gtk::Window, program: &str) {
    let file = glib::KeyFile::new();
    // What the other wizard keeps there stays.
    let _ = file.load_from_file(path(), glib::KeyFileFlags::NONE);
    let (width, height) = window.default_size();
    file.set_integer(program, WIDTH, width);
    file.set_integer(program, HEIGHT, height);
    file.set_boolean(program, MAXIMIZED, window.is_maximized());
    let path = path();
    let made = path.parent().map(std::fs::create_dir_all);
    if let Some(Err(error)) = made {
        log::debug!("the size of the window: {error}");
    }
    if let Err(error) = file.save_to_file(&path) {
        log::debug!("the size of the window: {error}");
    }
}

fn path() -> PathBuf {
    glib::user_config_dir().join("pedos-backup").join("windows.ini")
}
