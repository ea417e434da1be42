// SPDX-License-Identifier: GPL-3.0-or-later
//! Two lists of VMs, Available and Selected, with the ways from one to the other, a search over both, and their order.
//!
//! Which VM stands where is known here by name; the rows follow. There may be hundreds: those that fit on a screen are put
//! in their places at once, the others when the window has nothing else to do. They are rows of a `GtkListBox`, not of a
//! `GtkListView`, which in GTK 4.8 keeps two hundred rows all the same, takes ten times as long to filter them, and
//! gives them no names that assistive technology could read.

mod history;
mod moving;
mod places;

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
    sync::OnceLock,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::text::wizard as words;

use super::{BpVmList, BpVmRow, Order, VmItem, chooser::Chooser, wizard::follow_width};

use history::History;

mod imp {
    use super::*;

    /// The class behind [`super::BpDualList`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/dual_list.ui")]
    pub struct BpDualList {
        #[template_child]
        pub(super) tool_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) search: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub(super) sort_drop: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) list_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) available: TemplateChild<BpVmList>,
        #[template_child]
        pub(super) selected: TemplateChild<BpVmList>,
        #[template_child]
        pub(super) button_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) add_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) remove_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) add_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) add_all_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) add_all_button_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) remove_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) remove_all_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) remove_all_button_label: TemplateChild<gtk::Label>,
        /// All VMs, in the places that they came with.
        pub(super) items: RefCell<Vec<VmItem>>,
        /// The names of those that are selected.
        pub(super) chosen: RefCell<BTreeSet<String>>,
        pub(super) rows: RefCell<BTreeMap<String, BpVmRow>>,
        /// The VMs whose rows are not yet where they belong.
        pub(super) misplaced: RefCell<VecDeque<String>>,
        pub(super) is_placing: Cell<bool>,
        pub(super) order: Cell<Order>,
        pub(super) orders: OnceCell<Rc<Chooser<Order>>>,
        /// How many VMs of each list a search finds.
        pub(super) found: Cell<(usize, usize)>,
        /// Set while rows are put in their places: that they lose their highlight then is nothing to look at each time.
        pub(super) is_arranging: Cell<bool>,
        pub(super) history: RefCell<History>,
    }

    #[gtk::template_callbacks]
    impl BpDualList {
        #[template_callback]
        fn on_add(&self) {
            self.obj().move_by_user(self.available.highlighted(), true);
        }

        #[template_callback]
        fn on_add_all(&self) {
            self.obj().move_by_user(self.obj().found(false), true);
        }

        #[template_callback]
        fn on_remove(&self) {
            self.obj().move_by_user(self.selected.highlighted(), false);
        }

        #[template_callback]
        fn on_remove_all(&self) {
            self.obj().move_by_user(self.obj().found(true), false);
        }

        #[template_callback]
        fn on_add_asked(&self, vms: Vec<String>) {
            self.obj().move_by_user(vms, true);
        }

        #[template_callback]
        fn on_remove_asked(&self, vms: Vec<String>) {
            self.obj().move_by_user(vms, false);
        }

        #[template_callback]
        fn on_highlight(&self) {
            if !self.is_arranging.get() {
                self.obj().update_buttons();
            }
        }

        #[template_callback]
        fn on_search(&self) {
            self.obj().show_found();
        }

        /// Enter leaves the search field and puts the focus into the lists, which show the matches.
        #[template_callback]
        fn on_search_done(&self) {
            let _ = self.available.grab_focus() || self.selected.grab_focus();
        }

        /// Escape ends the search, and shows all VMs again.
        #[template_callback]
        fn on_search_stopped(&self) {
            if self.search.text().is_empty() {
                self.on_search_done();
            } else {
                self.search.set_text("");
            }
        }

        /// Side by side, or one above the other.
        fn adapt(&self, is_narrow: bool) {
            let (outer, inner) = if is_narrow {
                (gtk::Orientation::Vertical, gtk::Orientation::Horizontal)
            } else {
                (gtk::Orientation::Horizontal, gtk::Orientation::Vertical)
            };
            self.tool_box.set_orientation(outer);
            self.tool_box.set_spacing(if is_narrow { 6 } else { 18 });
            self.list_box.set_orientation(outer);
            self.add_box.set_orientation(inner);
            self.remove_box.set_orientation(inner);
            self.button_box.set_spacing(if is_narrow { 6 } else { 18 });
        }

        /// What Tab stops at, in the order in which it is read. GTK goes by where the middle of each lies on the screen.
        fn stops(&self) -> [gtk::Widget; 5] {
            [
                self.search.get().upcast(),
                self.sort_drop.get().upcast(),
                self.available.get().upcast(),
                self.button_box.get().upcast(),
                self.selected.get().upcast(),
            ]
        }

        /// Hears keys wherever the focus is on the page.
        fn listen_to_keys(&self) {
            let keys = gtk::ShortcutController::new();
            keys.set_scope(gtk::ShortcutScope::Managed);
            let add = |trigger: &str, act: fn(&super::BpDualList)| {
                let lists = self.obj().downgrade();
                let action = gtk::CallbackAction::new(move |_, _| {
                    match lists.upgrade().filter(|lists| lists.is_mapped()) {
                        Some(lists) => act(&lists),
                        None => return glib::Propagation::Proceed,
                    }
                    glib::Propagation::Stop
                });
                let trigger = gtk::ShortcutTrigger::parse_string(trigger);
                keys.add_shortcut(gtk::Shortcut::new(trigger, Some(action)));
            };
            add("<Control>f", |lists| {
                lists.imp().search.grab_focus();
            });
            add("<Control>z", super::BpDualList::undo);
            add("<Control><Shift>z", super::BpDualList::redo);
            add("<Control>y", super::BpDualList::redo);
            self.obj().add_controller(keys);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpDualList {
        const NAME: &'static str = "BpDualList";
        type Type = super::BpDualList;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpVmList::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpDualList {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            let lists = self.obj().downgrade();
            self.orders.get_or_init(|| {
                Chooser::new(&self.sort_drop, move |order| {
                    if let Some(lists) = lists.upgrade() {
                        lists.sort(order);
                    }
                })
            });
            self.listen_to_keys();
            self.obj().update_counts();
            self.obj().update_buttons();
        }
    }

    impl WidgetImpl for BpDualList {
        fn root(&self) {
            self.parent_root();
            follow_width(&*self.obj(), |lists, is_narrow| lists.imp().adapt(is_narrow));
        }

        fn focus(&self, direction: gtk::DirectionType) -> bool {
            let mut stops = self.stops();
            match direction {
                gtk::DirectionType::TabForward => {}
                gtk::DirectionType::TabBackward => stops.reverse(),
                _ => return self.parent_focus(direction),
            }
            let focus = self.obj().root().and_then(|root| root.focus());
            let is_in = |stop: &gtk::Widget| {
                focus
                    .as_ref()
                    .is_some_and(|focus| focus == stop || focus.is_ancestor(stop))
            };
            let now = stops.iter().position(is_in).unwrap_or(0);
            stops.iter().skip(now).any(|stop| stop.child_focus(direction))
        }
    }

    impl BoxImpl for BpDualList {}
}

glib::wrapper! {
    /// Two lists of VMs. Signal `changed`: its user moved some.
    pub struct BpDualList(ObjectSubclass<imp::BpDualList>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpDualList {
    /// What takes the focus when the page is entered.
    pub fn first_fields(&self) -> Vec<gtk::Widget> {
        let imp = self.imp();
        vec![
            imp.available.get().upcast(),
            imp.selected.get().upcast(),
            imp.search.get().upcast(),
        ]
    }

    /// The names of the selected VMs, in the places that they came with.
    pub fn selected(&self) -> Vec<String> {
        self.names(|_, is_selected| is_selected)
    }

    /// The VMs in one of the lists that a search leaves.
    fn found(&self, is_selected: bool) -> Vec<String> {
        let search = self.imp().search.text();
        self.names(|item, is_there| is_there == is_selected && item.matches(&search))
    }

    fn names(&self, is_wanted: impl Fn(&VmItem, bool) -> bool) -> Vec<String> {
        let (items, chosen) = (self.imp().items.borrow(), self.imp().chosen.borrow());
        let wanted = items.iter().filter(|item| is_wanted(item, chosen.contains(&item.name)));
        wanted.map(|item| item.name.clone()).collect()
    }

    /// The list that holds the selected VMs, or the other one.
    fn list(&self, is_selected: bool) -> BpVmList {
        let imp = self.imp();
        if is_selected {
            imp.selected.get()
        } else {
            imp.available.get()
        }
    }

    fn update_counts(&self) {
        let imp = self.imp();
        let (all, chosen) = (imp.items.borrow().len(), imp.chosen.borrow().len());
        let (available, selected) = (self.found(false).len(), self.found(true).len());
        imp.found.set((available, selected));
        imp.available
            .show_count(available, all - chosen, &words::nothing_available());
        imp.selected.show_count(selected, chosen, &words::nothing_selected());
        let is_searching = !imp.search.text().trim().is_empty();
        let (label, tooltip) = words::add_all(is_searching.then_some(available));
        imp.add_all_button_label.set_label(&label);
        imp.add_all_button.set_tooltip_text(Some(&tooltip));
        let (label, tooltip) = words::remove_all(is_searching.then_some(selected));
        imp.remove_all_button_label.set_label(&label);
        imp.remove_all_button.set_tooltip_text(Some(&tooltip));
    }

    /// Lets the buttons work that have something to do. The focus goes from one that has not to the list that it acts on.
    fn update_buttons(&self) {
        let imp = self.imp();
        let (available, selected) = imp.found.get();
        let buttons = [
            (&imp.add_button, false, !imp.available.highlighted().is_empty()),
            (&imp.add_all_button, false, available > 0),
            (&imp.remove_button, true, !imp.selected.highlighted().is_empty()),
            (&imp.remove_all_button, true, selected > 0),
        ];
        for (button, acts_on_selected, works) in buttons {
            if !works && button.has_focus() {
                self.focus_list(acts_on_selected);
            }
            button.set_sensitive(works);
        }
    }

    /// Puts the focus into a list, or where there is no row, into the other one.
    fn focus_list(&self, is_selected: bool) {
        let _ = self.list(is_selected).grab_focus()
            || self.list(!is_selected).grab_focus()
            || self.imp().search.grab_focus();
    }
}
