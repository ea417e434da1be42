// SPDX-License-Identifier: GPL-3.0-or-later
//! A list of VMs with its caption and count: one of the two of a wizard.
//!
//! It is one stop of the Tab key. Within it, the arrows and letters lead from row to row, and Enter, a double click or the
//! mouse ask for rows to be moved. Where to, and what stands in it, is for its user to say.

mod type_ahead;

use std::{
    cell::{Cell, RefCell},
    sync::OnceLock,
    time::Instant,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, gdk, prelude::*, subclass::prelude::*};

use crate::text::wizard as words;

use super::{BpVmRow, Order, VmItem, widgets::connect};

use type_ahead::TypeAhead;

mod imp {
    use super::*;

    /// The class behind [`super::BpVmList`].
    #[derive(Debug, Default, CompositeTemplate, glib::Properties)]
    #[template(resource = "/org/pedos/Backup/ui/vm_list.ui")]
    #[properties(wrapper_type = super::BpVmList)]
    pub struct BpVmList {
        /// What it is called, with its mnemonic.
        #[property(get, set)]
        caption: RefCell<String>,
        #[template_child]
        pub(super) count_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) scroller: TemplateChild<gtk::ScrolledWindow>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) empty_label: TemplateChild<gtk::Label>,
        pub(super) order: Cell<Order>,
        /// The row that takes the focus when the list gets it.
        pub(super) cursor: RefCell<glib::WeakRef<BpVmRow>>,
        pub(super) typed: RefCell<TypeAhead>,
        /// What the mouse is dragging out of it.
        pub(super) dragged: RefCell<Vec<String>>,
    }

    #[gtk::template_callbacks]
    impl BpVmList {
        /// Enter and double click.
        #[template_callback]
        fn on_activated(&self, row: &gtk::ListBoxRow) {
            if let Some(row) = row.downcast_ref::<BpVmRow>() {
                self.obj().ask_to_move(&self.obj().with_highlighted(row));
            }
        }

        #[template_callback]
        fn on_highlight(&self) {
            // Lists that are disposed let their highlighted rows go, and by then the labels may be gone already.
            if self.obj().root().is_some() {
                self.obj().emit_by_name::<()>("highlight-changed", &[]);
            }
        }

        /// A letter leads to the next VM that begins with what was typed.
        fn typed_letter(&self, letter: char) -> bool {
            let rows = self.obj().shown_rows();
            let names: Vec<String> = rows.iter().map(BpVmRow::name).collect();
            let at = rows.iter().position(|row| row.has_focus());
            let found = self.typed.borrow_mut().press(letter, Instant::now(), &names, at);
            if let Some(row) = found.and_then(|index| rows.get(index)) {
                self.list.unselect_all();
                self.list.select_row(Some(row));
                row.grab_focus();
            }
            found.is_some()
        }

        fn listen_to_letters(&self) {
            let keys = gtk::EventControllerKey::new();
            let list = self.obj().downgrade();
            keys.connect_key_pressed(move |_, key, _, modifiers| {
                let is_plain = !modifiers.intersects(
                    gdk::ModifierType::CONTROL_MASK | gdk::ModifierType::ALT_MASK | gdk::ModifierType::SUPER_MASK,
                );
                let letter = key
                    .to_unicode()
                    .filter(|letter| is_plain && !letter.is_control() && !letter.is_whitespace());
                match (list.upgrade(), letter) {
                    (Some(list), Some(letter)) => {
                        list.imp().typed_letter(letter);
                        glib::Propagation::Stop
                    }
                    _ => glib::Propagation::Proceed,
                }
            });
            self.list.add_controller(keys);
        }

        /// Rows are dragged out of it, and into it from the list beside it.
        fn offer_drag_and_drop(&self) {
            let source = gtk::DragSource::builder().actions(gdk::DragAction::MOVE).build();
            let list = self.obj().downgrade();
            source.connect_prepare(move |source, _, y| {
                let list = list.upgrade()?;
                let row = list.imp().list.row_at_y(y as i32).and_downcast::<BpVmRow>()?;
                list.imp().dragged.replace(list.with_highlighted(&row));
                source.set_icon(Some(&gtk::WidgetPaintable::new(Some(&row))), 0, 0);
                Some(gdk::ContentProvider::for_value(&list.to_value()))
            });
            self.list.add_controller(source);
            let target = gtk::DropTarget::new(super::BpVmList::static_type(), gdk::DragAction::MOVE);
            let list = self.obj().downgrade();
            target.connect_drop(move |_, value, _, _| {
                let (Some(list), Ok(from)) = (list.upgrade(), value.get::<super::BpVmList>()) else {
                    return false;
                };
                // Each window has lists of its own.
                let may = from != list && from.parent() == list.parent();
                if may {
                    let dragged = from.imp().dragged.take();
                    from.ask_to_move(&dragged);
                }
                may
            });
            self.obj().add_controller(target);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpVmList {
        const NAME: &'static str = "BpVmList";
        type Type = super::BpVmList;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for BpVmList {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                vec![
                    Signal::builder("move-asked")
                        .param_types([Vec::<String>::static_type()])
                        .build(),
                    Signal::builder("highlight-changed").build(),
                ]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            let list = self.obj().downgrade();
            self.list.set_sort_func(move |one, other| {
                let order = list.upgrade().map(|list| list.imp().order.get()).unwrap_or_default();
                match (one.downcast_ref::<BpVmRow>(), other.downcast_ref::<BpVmRow>()) {
                    (Some(one), Some(other)) => one.compare(other, order).into(),
                    _ => gtk::Ordering::Equal,
                }
            });
            let list = self.obj().downgrade();
            self.list.connect_mnemonic_activate(move |_, _| {
                if let Some(list) = list.upgrade() {
                    list.grab_focus();
                }
                glib::Propagation::Stop
            });
            // An arrow at the end of the list would go on outside of it.
            self.list.connect_keynav_failed(|_, _| glib::Propagation::Stop);
            self.listen_to_letters();
            self.offer_drag_and_drop();
        }
    }

    impl WidgetImpl for BpVmList {
        fn focus(&self, direction: gtk::DirectionType) -> bool {
            match direction {
                gtk::DirectionType::TabForward | gtk::DirectionType::TabBackward => {
                    self.obj().focused_row().is_none() && self.obj().grab_focus()
                }
                _ => self.parent_focus(direction),
            }
        }

        fn grab_focus(&self) -> bool {
            let rows = self.obj().shown_rows();
            let cursor = self.cursor.borrow().upgrade().filter(|row| rows.contains(row));
            let row = cursor
                .or_else(|| rows.iter().find(|row| row.is_selected()).cloned())
                .or_else(|| rows.first().cloned());
            row.is_some_and(|row| row.grab_focus())
        }
    }

    impl BoxImpl for BpVmList {}
}

glib::wrapper! {
    /// A list of VMs. Signals `move-asked`, with the names of those that its user wants elsewhere, and `highlight-changed`.
    pub struct BpVmList(ObjectSubclass<imp::BpVmList>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpVmList {
    /// Makes a row that asks the list that it is in.
    pub(super) fn new_row(item: &VmItem) -> BpVmRow {
        let row = BpVmRow::new(item);
        let list_of = |row: &BpVmRow| row.ancestor(Self::static_type()).and_downcast::<Self>();
        connect(&row, "move-asked", move |row: &BpVmRow| {
            if let Some(list) = list_of(row) {
                list.ask_to_move(&[row.name()]);
            }
        });
        row.connect_has_focus_notify(move |row| {
            if let Some(list) = list_of(row).filter(|_| row.has_focus()) {
                list.set_cursor(row);
            }
        });
        row
    }

    /// Takes a row in, from wherever it is.
    pub(super) fn take(&self, row: &BpVmRow) {
        let list = self.imp().list.get();
        let parent = row.parent().and_downcast::<gtk::ListBox>();
        if parent.as_ref() != Some(&list) {
            if let Some(parent) = parent {
                parent.unselect_row(row);
                parent.remove(row);
            }
            list.append(row);
        }
    }

    /// Whether a row is in it.
    pub(super) fn holds(&self, row: &BpVmRow) -> bool {
        row.parent().as_ref() == Some(self.imp().list.upcast_ref())
    }

    /// Sorts its rows, now and from now on.
    pub(super) fn sort(&self, order: Order) {
        self.imp().order.set(order);
        self.imp().list.invalidate_sort();
    }

    /// Says how many VMs there are and how many of them are shown, and why it is empty if it is.
    pub(super) fn show_count(&self, shown: usize, all: usize, empty: &str) {
        let imp = self.imp();
        imp.count_label.set_label(&words::list_count(shown, all));
        let empty = if all == 0 {
            empty.to_owned()
        } else {
            words::nothing_found()
        };
        imp.empty_label.set_label(&empty);
        // GTK leaves it in the accessible tree where it is not seen.
        imp.empty_label.set_visible(shown == 0);
        // A list without VMs needs no more room than its text. Beside the other list it is as high as that one.
        self.set_vexpand(all > 0);
        if all == 0 {
            imp.scroller.add_css_class("without-vms");
        } else {
            imp.scroller.remove_css_class("without-vms");
        }
    }

    /// The row that takes the focus when the list gets it.
    pub(super) fn set_cursor(&self, row: &BpVmRow) {
        self.imp().cursor.replace(row.downgrade());
    }

    /// The row that has the focus.
    pub(super) fn focused_row(&self) -> Option<BpVmRow> {
        let focus = self.root()?.focus()?.downcast::<BpVmRow>().ok()?;
        self.holds(&focus).then_some(focus)
    }

    /// The rows that a search leaves, in their order.
    pub(super) fn shown_rows(&self) -> Vec<BpVmRow> {
        let list = self.imp().list.get();
        (0..)
            .map_while(|index| list.row_at_index(index))
            .filter(|row| row.is_visible())
            .filter_map(|row| row.downcast().ok())
            .collect()
    }

    /// The names of the highlighted rows among those that are shown.
    pub(super) fn highlighted(&self) -> Vec<String> {
        let rows = self.imp().list.selected_rows().into_iter();
        rows.filter(|row| row.is_visible())
            .filter_map(|row| row.downcast::<BpVmRow>().ok())
            .map(|row| row.name())
            .collect()
    }

    /// The names of all that are highlighted if this row is one of them, else its own.
    fn with_highlighted(&self, row: &BpVmRow) -> Vec<String> {
        if row.is_selected() {
            self.highlighted()
        } else {
            vec![row.name()]
        }
    }

    fn ask_to_move(&self, vms: &[String]) {
        self.emit_by_name::<()>("move-asked", &[&vms.to_vec()]);
    }
}
