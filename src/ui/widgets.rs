// SPDX-License-Identifier: GPL-3.0-or-later
//! What GTK does in several steps and the windows do often.

use gtk::prelude::*;

/// Hears a signal without parameters.
pub(super) fn connect<T: IsA<glib::Object>>(object: &T, signal: &str, handler: impl Fn(&T) + 'static) {
    object.connect_local(signal, false, move |values| {
        if let Some(object) = values.first().and_then(|value| value.get::<T>().ok()) {
            handler(&object);
        }
        None
    });
}

/// Takes everything out of a box.
pub(super) fn remove_children(holder: &impl IsA<gtk::Box>) {
    let holder = holder.as_ref();
    while let Some(child) = holder.first_child() {
        holder.remove(&child);
    }
}
