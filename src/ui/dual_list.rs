// SPDX-License-Identifier: GPL-3.0-or-later
//! Two lists of VMs, Available and Selected, with the ways from one to the other.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::text::wizard as words;

use super::{
    BpVmRow, VmItem,
    widgets::connect,
    wizard::{focus_into, follow_width},
};

mod imp {
    use super::*;

    /// The class behind [`super::BpDualList`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/dual_list.ui")]
    pub struct BpDualList {
        #[template_child]
        pub(super) available_list: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) selected_list: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) available_count: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) selected_count: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) available_empty_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) selected_empty_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) add_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) add_all_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) remove_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) remove_all_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) add_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) remove_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) button_box: TemplateChild<gtk::Box>,
        pub(super) rows: RefCell<BTreeMap<String, BpVmRow>>,
    }

    #[gtk::template_callbacks]
    impl BpDualList {
        #[template_callback]
        fn on_add(&self) {
            self.obj().move_rows(&highlighted(&self.available_list));
        }

        #[template_callback]
        fn on_add_all(&self) {
            self.obj().move_rows(&rows(&self.available_list));
        }

        #[template_callback]
        fn on_remove(&self) {
            self.obj().move_rows(&highlighted(&self.selected_list));
        }

        #[template_callback]
        fn on_remove_all(&self) {
            self.obj().move_rows(&rows(&self.selected_list));
        }

        #[template_callback]
        fn on_available_activated(&self, row: &gtk::ListBoxRow) {
            self.activated(row, &self.available_list);
        }

        #[template_callback]
        fn on_selected_activated(&self, row: &gtk::ListBoxRow) {
            self.activated(row, &self.selected_list);
        }

        #[template_callback]
        fn on_highlight(&self) {
            // Lists that are disposed let their highlighted rows go, and by then the labels may be gone already.
            if self.obj().root().is_some() {
                self.update_buttons();
            }
        }

        /// Enter and double click move the row, or all that are highlighted if it is one of them.
        fn activated(&self, row: &gtk::ListBoxRow, list: &gtk::ListBox) {
            let highlighted = highlighted(list);
            if highlighted
                .iter()
                .any(|other| other.upcast_ref::<gtk::ListBoxRow>() == row)
            {
                self.obj().move_rows(&highlighted);
            } else if let Some(row) = row.downcast_ref::<BpVmRow>() {
                self.obj().move_rows(std::slice::from_ref(row));
            }
        }

        pub(super) fn update_buttons(&self) {
            let (available, selected) = (rows(&self.available_list).len(), rows(&self.selected_list).len());
            self.add_button
                .set_sensitive(!self.available_list.selected_rows().is_empty());
            self.remove_button
                .set_sensitive(!self.selected_list.selected_rows().is_empty());
            self.add_all_button.set_sensitive(available > 0);
            self.remove_all_button.set_sensitive(selected > 0);
            self.available_count.set_label(&words::count(available));
            self.selected_count.set_label(&words::count(selected));
        }

        /// Side by side, or one above the other.
        fn adapt(&self, is_narrow: bool) {
            let (outer, inner) = if is_narrow {
                (gtk::Orientation::Vertical, gtk::Orientation::Horizontal)
            } else {
                (gtk::Orientation::Horizontal, gtk::Orientation::Vertical)
            };
            self.obj().set_orientation(outer);
            self.add_box.set_orientation(inner);
            self.remove_box.set_orientation(inner);
            self.button_box.set_spacing(if is_narrow { 6 } else { 18 });
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpDualList {
        const NAME: &'static str = "BpDualList";
        type Type = super::BpDualList;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
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
            for list in [&self.available_list, &self.selected_list] {
                list.set_sort_func(|one, other| position(one).cmp(&position(other)).into());
                list.connect_mnemonic_activate(|list, _| {
                    focus_into(list.upcast_ref());
                    glib::Propagation::Stop
                });
            }
            self.available_empty_label.set_label(&words::nothing_available());
            self.selected_empty_label.set_label(&words::nothing_selected());
            self.update_buttons();
        }
    }

    impl WidgetImpl for BpDualList {
        fn root(&self) {
            self.parent_root();
            follow_width(&*self.obj(), |lists, is_narrow| lists.imp().adapt(is_narrow));
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
    /// Shows these VMs. Rows that stay keep their highlight and the focus.
    pub fn show_items(&self, items: &[VmItem], is_selected: impl Fn(&str) -> bool) {
        let imp = self.imp();
        let wanted: BTreeSet<&str> = items.iter().map(|item| item.name.as_str()).collect();
        let mut known = imp.rows.borrow_mut();
        known.retain(|name, row| {
            let stays = wanted.contains(name.as_str());
            if !stays && let Some(list) = row.parent().and_downcast::<gtk::ListBox>() {
                list.remove(row);
            }
            stays
        });
        for item in items {
            let target = if is_selected(&item.name) {
                &imp.selected_list
            } else {
                &imp.available_list
            };
            match known.get(&item.name) {
                Some(row) => {
                    row.show_item(item);
                    move_row(row, target);
                }
                None => {
                    let row = BpVmRow::new(item);
                    connect(&row, "move-asked", |row: &BpVmRow| {
                        let lists = row.ancestor(Self::static_type()).and_downcast::<Self>();
                        if let Some(lists) = lists {
                            lists.move_rows(std::slice::from_ref(row));
                        }
                    });
                    target.append(&row);
                    known.insert(item.name.clone(), row);
                }
            }
        }
        drop(known);
        imp.update_buttons();
    }

    /// What takes the focus when the page is entered.
    pub fn first_fields(&self) -> Vec<gtk::Widget> {
        let imp = self.imp();
        vec![imp.available_list.get().upcast(), imp.selected_list.get().upcast()]
    }

    /// The names in the list at the right.
    pub fn selected(&self) -> Vec<String> {
        rows(&self.imp().selected_list).iter().map(BpVmRow::name).collect()
    }

    /// Moves rows to the other list, and the focus to what then stands in the place of the last of them.
    pub(super) fn move_rows(&self, moving: &[BpVmRow]) {
        let imp = self.imp();
        let next = moving.last().and_then(|row| {
            let list = row.parent().and_downcast::<gtk::ListBox>()?;
            let has_focus = row.has_focus();
            Some((list, row.index(), has_focus))
        });
        for row in moving {
            let is_available = row.parent().as_ref() == Some(imp.available_list.upcast_ref());
            move_row(
                row,
                if is_available {
                    &imp.selected_list
                } else {
                    &imp.available_list
                },
            );
        }
        if let Some((list, index, true)) = next {
            let gone = i32::try_from(moving.len()).unwrap_or(i32::MAX) - 1;
            let place = (index - gone).max(0);
            let row = list.row_at_index(place).or_else(|| list.row_at_index(place - 1));
            if let Some(row) = row {
                row.grab_focus();
            }
        }
        imp.update_buttons();
        if !moving.is_empty() {
            self.emit_by_name::<()>("changed", &[]);
        }
    }
}

fn move_row(row: &BpVmRow, target: &gtk::ListBox) {
    let parent = row.parent().and_downcast::<gtk::ListBox>();
    if parent.as_ref() != Some(target) {
        if let Some(list) = parent {
            list.unselect_row(row);
            list.remove(row);
        }
        target.append(row);
    }
}

fn position(row: &gtk::ListBoxRow) -> usize {
    row.downcast_ref::<BpVmRow>().map_or(0, BpVmRow::position)
}

fn rows(list: &gtk::ListBox) -> Vec<BpVmRow> {
    (0..)
        .map_while(|index| list.row_at_index(index))
        .filter_map(|row| row.downcast().ok())
        .collect()
}

fn highlighted(list: &gtk::ListBox) -> Vec<BpVmRow> {
    list.selected_rows()
        .into_iter()
        .filter_map(|row| row.downcast().ok())
        .collect()
}
