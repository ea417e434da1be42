// SPDX-License-Identifier: GPL-3.0-or-later
//! A drop-down whose entries are values: what is chosen is what it says.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gtk::prelude::*;

use super::pages::choose_by_letter;

/// A drop-down of values, each with what is shown for it.
#[derive(Debug)]
pub(super) struct Chooser<T> {
    drop: gtk::DropDown,
    /// Is seen nowhere: it gives the part that opens the drop-down its name, which is what is chosen. GTK has none for it but
    /// that of its class.
    opener_name: gtk::Label,
    entries: RefCell<Vec<(String, T)>>,
    /// Set while values are copied in: what changes then is not the user's doing.
    is_showing: Cell<bool>,
}

impl<T: Clone + PartialEq + 'static> Chooser<T> {
    /// Makes a drop-down of a template one of values; `then` hears what its user chooses.
    pub(super) fn new(drop: &gtk::DropDown, then: impl Fn(T) + 'static) -> Rc<Self> {
        drop.set_factory(Some(&ellipsizing()));
        choose_by_letter(drop);
        let opener_name = gtk::Label::new(None);
        opener_name.set_mnemonic_widget(drop.first_child().as_ref());
        let chooser = Rc::new(Self {
            drop: drop.clone(),
            opener_name,
            entries: RefCell::default(),
            is_showing: Cell::new(false),
        });
        let weak = Rc::downgrade(&chooser);
        let then = Rc::new(then);
        drop.connect_selected_notify(move |drop| {
            if let Some(chooser) = weak.upgrade() {
                chooser.name_opener();
            }
            let chosen = weak.upgrade().filter(|chooser| !chooser.is_showing.get());
            let chosen = chosen.and_then(|chooser| chooser.at(drop.selected()));
            if let Some(chosen) = chosen {
                // Told when GTK is through with the choice, and before the next key or click: what is offered may
                // change with it, and a list that goes while it is being chosen from takes the program with it.
                let then = Rc::clone(&then);
                glib::idle_add_local_full(glib::Priority::HIGH, move || {
                    then(chosen.clone());
                    glib::ControlFlow::Break
                });
            }
        });
        chooser
    }

    /// Offers these values, with one of them chosen.
    pub(super) fn show(&self, entries: Vec<(String, T)>, chosen: &T) {
        self.is_showing.set(true);
        let is_known = *self.entries.borrow() == entries;
        if !is_known {
            let shown: Vec<&str> = entries.iter().map(|(shown, _)| shown.as_str()).collect();
            self.drop.set_model(Some(&gtk::StringList::new(&shown)));
            self.entries.replace(entries);
        }
        let index = self.entries.borrow().iter().position(|(_, value)| value == chosen);
        let index = index.and_then(|index| u32::try_from(index).ok());
        self.drop.set_selected(index.unwrap_or(gtk::INVALID_LIST_POSITION));
        self.name_opener();
        self.is_showing.set(false);
    }

    /// Chooses a value, as its user would.
    pub(super) fn choose(&self, value: &T) {
        let index = self.entries.borrow().iter().position(|(_, known)| known == value);
        if let Some(index) = index.and_then(|index| u32::try_from(index).ok()) {
            self.drop.set_selected(index);
        }
    }

    fn name_opener(&self) {
        let entries = self.entries.borrow();
        let shown = entries.get(self.drop.selected() as usize);
        self.opener_name
            .set_label(shown.map_or("", |(shown, _)| shown.as_str()));
    }

    /// What is chosen.
    pub(super) fn chosen(&self) -> Option<T> {
        self.at(self.drop.selected())
    }

    fn at(&self, index: u32) -> Option<T> {
        let entries = self.entries.borrow();
        entries.get(index as usize).map(|(_, value)| value.clone())
    }
}

/// GTK's own entries of a drop-down are as wide as their text, which three beside each other have no room for.
fn ellipsizing() -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let label = gtk::Label::builder()
            .xalign(0.0)
            .ellipsize(gtk::pango::EllipsizeMode::End)
            .build();
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            item.property_expression("item")
                .chain_property::<gtk::StringObject>("string")
                .bind(&label, "label", gtk::Widget::NONE);
            item.set_child(Some(&label));
        }
    });
    factory
}
