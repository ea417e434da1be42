// SPDX-License-Identifier: GPL-3.0-or-later
//! The list of keys in the wizards' menu, against the keys that their widgets take; and that the menu has its windows, in both.

use std::collections::BTreeSet;

use gtk::prelude::*;
use pedos_backup::text::wizard as words;

use crate::support::{
    session::Session,
    wait::{STEP, wait_until},
    wizard::{BY_TREE, Wizard, place},
};

/// Keys that do what another one in the list does, or the same where lines are read from the right.
const SAME_AS: [(&str, &str); 6] = [
    ("KP_Enter", "Return"),
    ("ISO_Enter", "Return"),
    ("KP_Space", "space"),
    ("<Control>KP_Space", "<Control>space"),
    ("<Alt>Right", "<Alt>Left"),
    ("Menu", "F10"),
];

/// Keys of the list that are GTK's own, with what takes them.
fn keys_of_gtk() -> BTreeSet<String> {
    let list = keys_of(gtk::ListBox::new().upcast_ref());
    let menu = gtk::MenuButton::builder().primary(true).build();
    let window = gtk::ApplicationWindow::builder().child(&menu).build();
    let mut all: BTreeSet<String> = list.into_iter().collect();
    all.extend(keys_below(window.upcast_ref()));
    window.destroy();
    all
}

/// A key as it is usually written: Shift and Control have no order of their own.
fn usual(key: &str) -> String {
    let parsed = gtk::accelerator_parse(key);
    parsed.map_or_else(
        || key.to_owned(),
        |(key, modifiers)| gtk::accelerator_name(key, modifiers).to_string(),
    )
}

/// The keys that a widget takes.
fn keys_of(widget: &gtk::Widget) -> Vec<String> {
    let controllers = widget.observe_controllers();
    // Alt with a letter that is underlined is for what the letter stands in.
    let is_plain = |trigger: &gtk::ShortcutTrigger| !trigger.is::<gtk::MnemonicTrigger>();
    let shortcuts = (0..controllers.n_items())
        .filter_map(|index| controllers.item(index).and_downcast::<gtk::ShortcutController>())
        .flat_map(|keys| (0..keys.n_items()).filter_map(move |index| keys.item(index)))
        .filter_map(|shortcut| shortcut.downcast::<gtk::Shortcut>().ok()?.trigger())
        .filter(is_plain);
    shortcuts.map(|trigger| usual(&trigger.to_str())).collect()
}

/// The keys that a widget and everything in it takes.
fn keys_below(widget: &gtk::Widget) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = keys_of(widget).into_iter().collect();
    let children = std::iter::successors(widget.first_child(), gtk::Widget::next_sibling);
    found.extend(children.flat_map(|child| keys_below(&child)));
    found
}

/// The keys that our own widgets take beyond those of the class that they are made of.
fn own_keys_below(widget: &gtk::Widget) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let class = widget.type_();
    if class.name().starts_with("Bp") {
        let parents = std::iter::successors(class.parent(), |class| class.parent());
        let foreign = parents.into_iter().find(|class| !class.name().starts_with("Bp"));
        // The class of all widgets cannot be made.
        let foreign = foreign.filter(|class| *class != gtk::Widget::static_type());
        let plain = foreign.map(|class| glib::Object::with_type(class).downcast::<gtk::Widget>().unwrap());
        let known = plain.as_ref().map(keys_of).unwrap_or_default();
        found.extend(keys_of(widget).into_iter().filter(|key| !known.contains(key)));
        if let Some(window) = plain.and_downcast::<gtk::Window>() {
            window.destroy();
        }
    }
    let children = std::iter::successors(widget.first_child(), gtk::Widget::next_sibling);
    found.extend(children.flat_map(|child| own_keys_below(&child)));
    found
}

/// One step of the test that has GTK: nothing that a window takes is missing in the list, and the list makes nothing up.
pub(crate) fn the_list_has_every_key_and_no_other(windows: &[&gtk::Widget]) {
    let named = words::shortcuts();
    let written = named
        .iter()
        .flat_map(|(_, keys)| keys)
        .flat_map(|(key, _)| key.split(' '));
    let listed: BTreeSet<String> = written.map(usual).collect();
    let taken: BTreeSet<String> = windows.iter().flat_map(|window| own_keys_below(window)).collect();
    for key in &taken {
        let same = SAME_AS.iter().find(|(other, _)| other == key);
        let same = same.map_or(key.as_str(), |(_, same)| same);
        assert!(listed.contains(same), "{key} is not in the list: {listed:?}");
    }
    let of_gtk = keys_of_gtk();
    for key in listed {
        assert!(gtk::accelerator_parse(&key).is_some(), "{key} is no key");
        let is_taken = taken.contains(&key) || of_gtk.contains(&key);
        assert!(is_taken, "nobody takes {key}: {taken:?} {of_gtk:?}");
    }
}

#[test]
fn both_wizards_have_help_the_keys_and_what_the_program_says_of_itself() {
    let place = place();
    for program in [
        env!("CARGO_BIN_EXE_pedos-backup"),
        env!("CARGO_BIN_EXE_pedos-backup-restore"),
    ] {
        let Some(wizard) = Wizard::open(BY_TREE, program, &place.path("root")) else {
            return;
        };
        let says = |session: &Session, text: &str| {
            let windows = session.desk().windows();
            windows.iter().any(|window| window.texts().contains(text))
        };
        for (action, text) in [
            ("win.help", "Help"),
            ("win.shortcuts", "Undo the last move"),
            ("win.about", env!("CARGO_PKG_VERSION")),
        ] {
            assert!(!says(&wizard.session, text), "{text} before {action}");
            wizard.window.act(action);
            wait_until(&format!("{text} after {action}"), STEP, || says(&wizard.session, text));
        }
    }
}
