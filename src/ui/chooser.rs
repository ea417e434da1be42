// SPDX-License-Identifier: GPL-3.0-or-later
//! A drop-down whose entries are values: what is chosen is what it says.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use gtk::prelude::*;

use super::{BpSwatch, pages::choose_by_letter};

/// Width and height of the tile beside an entry, in pixels.
const TILE_PIXELS: i32 = 14;

/// The label colours of the entries that are VMs, as 0xRRGGBB, by what is shown for them.
type Colors = Rc<RefCell<BTreeMap<String, u32>>>;

/// A drop-down of values, each with what is shown for it.
#[derive(Debug)]
pub(super) struct Chooser<T> {
    drop: gtk::DropDown,
    /// Is seen nowhere: it gives the part that opens the drop-down its name, which is what is chosen. GTK has none for it but
    /// that of its class.
    opener_name: gtk::Label,
    entries: RefCell<Vec<(String, T)>>,
    colors: Colors,
    /// Set while values are copied in: what changes then is not the user's doing.
    is_showing: Cell<bool>,
}

impl<T: Clone + PartialEq + 'static> Chooser<T> {
    /// Makes a drop-down of a template one of values; `then` hears what its user chooses.
    pub(super) fn new(drop: &gtk::DropDown, then: impl Fn(T) + 'static) -> Rc<Self> {
        let colors = Colors::default();
        drop.set_factory(Some(&ellipsizing(&colors)));
        choose_by_letter(drop);
        let opener_name = gtk::Label::new(None);
        opener_name.set_mnemonic_widget(drop.first_child().as_ref());
        let chooser = Rc::new(Self {
            drop: drop.clone(),
            opener_name,
            entries: RefCell::default(),
            colors,
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
        self.show_colored(entries, chosen, |_| None);
    }

    /// Offers these values with the label colours of those that are VMs, with one of them chosen.
    pub(super) fn show_colored(&self, entries: Vec<(String, T)>, chosen: &T, color: impl Fn(&T) -> Option<u32>) {
        self.is_showing.set(true);
        let colors = entries
            .iter()
            .filter_map(|(shown, value)| Some((shown.clone(), color(value)?)));
        let colors: BTreeMap<String, u32> = colors.collect();
        let is_known = *self.entries.borrow() == entries && *self.colors.borrow() == colors;
        if !is_known {
            let shown: Vec<&str> = entries.iter().map(|(shown, _)| shown.as_str()).collect();
            // Its lines are made anew with the model.
            self.colors.replace(colors);
            self.drop.set_model(Some(&gtk::StringList::new(&shown)));
            self.entries.replace(entries);
        }
        let index = self.entries.borrow().iter().position(|(_, value)| value == chosen);
        let index = index.and_then(|index| u32::try_from(index).ok());
        self.drop.set_selected(index.unwrap_or(gtk::INVALID_LIST_POSITION));
        self.name_opener();
        self.is_showing.set(false);
    }

    /// Whether a value is offered.
    pub(super) fn offers(&self, value: &T) -> bool {
        self.entries.borrow().iter().any(|(_, known)| known == value)
    }

    /// Shows this value as the chosen one, if it is offered.
    pub(super) fn show_chosen(&self, value: &T) {
        self.is_showing.set(true);
        self.choose(value);
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
fn ellipsizing(colors: &Colors) -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let label = gtk::Label::builder()
            .xalign(0.0)
            .hexpand(true)
            .ellipsize(gtk::pango::EllipsizeMode::End)
            .build();
        let tile = BpSwatch::of_pixels(TILE_PIXELS);
        tile.set_valign(gtk::Align::Center);
        let line = gtk::Box::new(gtk::Orientation::Horizontal, 6);
        line.append(&tile);
        line.append(&label);
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            item.set_child(Some(&line));
        }
    });
    let colors = Rc::clone(colors);
    factory.connect_bind(move |_, item| {
        let Some((shown, tile, label)) = parts(item) else {
            return;
        };
        let color = colors.borrow().get(shown.as_str()).copied();
        tile.set_visible(color.is_some());
        if let Some(color) = color {
            tile.show_color(color);
        }
        label.set_label(&shown);
    });
    factory
}

/// What a line is to show, its tile and its label.
fn parts(item: &glib::Object) -> Option<(glib::GString, BpSwatch, gtk::Label)> {
    let item = item.downcast_ref::<gtk::ListItem>()?;
    let shown = item.item().and_downcast::<gtk::StringObject>()?.string();
    let tile = item.child()?.first_child().and_downcast::<BpSwatch>()?;
    let label = tile.next_sibling().and_downcast::<gtk::Label>()?;
    Some((shown, tile, label))
}
