// SPDX-License-Identifier: GPL-3.0-or-later
//! What GTK does in several steps and the windows do often.

use gtk::prelude::*;

use crate::text::Tone;

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

/// Marks a field whose content will not do or is odd, for eyes and for assistive technology.
pub(super) fn mark_field(field: &impl IsA<gtk::Widget>, tone: Tone) {
    let class = match tone {
        Tone::Failure => Some("error"),
        Tone::Partial => Some("warning"),
        Tone::Success | Tone::Cancelled => None,
    };
    for known in ["error", "warning"] {
        if class == Some(known) {
            field.add_css_class(known);
        } else {
            field.remove_css_class(known);
        }
    }
    let is_invalid = tone == Tone::Failure;
    tell_accessibility(
        field.upcast_ref(),
        &format!("<state name=\"invalid\">{is_invalid}</state>"),
    );
}

/// Names a control for assistive technology by more than what is written on it.
pub(super) fn set_accessible_name(widget: &impl IsA<gtk::Widget>, name: &str) {
    let name = glib::markup_escape_text(name);
    tell_accessibility(
        widget.upcast_ref(),
        &format!("<property name=\"label\">{name}</property>"),
    );
}

/// For the version of GTK that this program is built for, the binding offers such things in a window description only: this
/// reads one onto a widget that is there.
fn tell_accessibility(widget: &gtk::Widget, what: &str) {
    let class = widget.type_();
    let description = format!(
        "<interface><template class=\"{}\"><accessibility>{what}</accessibility></template></interface>",
        class.name()
    );
    if let Err(error) = gtk::Builder::new().extend_with_template(widget, class, &description) {
        log::error!("a control is not described to assistive technology: {error}");
    }
}
