// SPDX-License-Identifier: GPL-3.0-or-later
//! Lets the user of a wizard go through the directories of a store.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    sync::Arc,
};

use gtk::prelude::*;

use crate::{
    draft::TypedPlace,
    host::Host,
    job::Task,
    profile::{ArchiveFolder, names_made_in},
    text::{sanitize, wizard as words},
    transport::{Location, Purpose, directory_above, list_store, path_in_store},
    ui::{BpStoreBrowser, BpWizard, store_browser::Wish},
};

use super::waiting::{Waiting, when_answered};

/// What hears the path that was chosen.
type Chosen = Rc<dyn Fn(String)>;

/// A walk through the directories of a store.
struct Browsing {
    window: BpStoreBrowser,
    host: Arc<dyn Host>,
    /// The store, with the directory that is shown.
    place: RefCell<TypedPlace>,
    waiting: RefCell<Option<Waiting>>,
    then: Chosen,
}

/// Opens a window with the directories of the store that `typed` names. `then` hears the path that is chosen.
pub(super) fn browse_store(
    wizard: &BpWizard,
    host: &Arc<dyn Host>,
    typed: TypedPlace,
    is_file: bool,
    then: impl Fn(String) + 'static,
) {
    // A file that is typed is looked for where it lies.
    let text = match typed.text.trim() {
        path if is_file && !path.is_empty() => directory_above(path),
        path => path.to_owned(),
    };
    let place = RefCell::new(TypedPlace { text, ..typed });
    let (host, then): (_, Chosen) = (Arc::clone(host), Rc::new(then));
    let browsing = Rc::new_cyclic(|weak: &Weak<Browsing>| {
        let weak = weak.clone();
        let window = BpStoreBrowser::open(wizard, is_file, move |wish| {
            if let Some(browsing) = weak.upgrade() {
                browsing.hear(wish);
            }
        });
        Browsing {
            window,
            host,
            place,
            waiting: RefCell::default(),
            then,
        }
    });
    browsing.list();
    let window = browsing.window.clone();
    window.keep(browsing);
}

impl Browsing {
    fn hear(self: &Rc<Self>, wish: Wish) {
        let here = self.place.borrow().text.clone();
        match wish {
            Wish::Up => self.go(directory_above(&here)),
            Wish::Enter(name) => self.go(path_in_store(&here, &name)),
            Wish::File(name) => self.choose(path_in_store(&here, &name)),
            Wish::Here => self.choose(if here.is_empty() { ".".to_owned() } else { here }),
        }
    }

    fn go(self: &Rc<Self>, path: String) {
        self.place.borrow_mut().text = path;
        self.list();
    }

    fn choose(&self, path: String) {
        (self.then)(path);
        self.window.close();
    }

    /// Reads the directory off the window's thread.
    fn list(self: &Rc<Self>) {
        let place = self.place.borrow().clone();
        let shown = if place.text.is_empty() { "." } else { &place.text };
        self.window.show_reading(&sanitize(shown), &words::store_reading());
        let (host, location): (_, Location) = (Arc::clone(&self.host), place.location(Purpose::Write));
        let task = Task::spawn(move |context| {
            let view = host.with_cancel(&context.cancel);
            let listed = list_store(&location, Some(&*view), &context.cancel);
            let folder = view.profile_dir().zip(ArchiveFolder::of_destination(&location));
            let made = folder.map(|(list, directory)| names_made_in(&list, &directory));
            Ok((listed, made.unwrap_or_default()))
        });
        let waiting = when_answered(self, task, |browsing, answer| {
            if let Ok((listed, made)) = answer {
                let lines = listed.map(|entries| words::store_lines(entries, &made));
                browsing
                    .window
                    .show_listed(lines.map_err(|error| words::store_unread(&error)));
            }
        });
        self.waiting.replace(Some(waiting));
    }
}
