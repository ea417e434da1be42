// SPDX-License-Identifier: GPL-3.0-or-later
//! Which row stands where, and which are shown: the rows of two lists follow what is known of the VMs.

use std::collections::BTreeSet;

use gtk::{prelude::*, subclass::prelude::*};

use crate::{
    text::wizard as words,
    ui::{BpVmList, BpVmRow, Order, VmItem},
};

use super::BpDualList;

/// How many rows are put in their places at once: about as many as two lists show in a window of the usual height.
const FIRST_ROWS: usize = 24;

/// How many rows follow at a time, so that the window answers in between.
const MORE_ROWS: usize = 12;

impl BpDualList {
    /// Shows these VMs. Rows that stay keep their highlight and the focus.
    pub fn show_items(&self, items: &[VmItem], is_selected: impl Fn(&str) -> bool) {
        let imp = self.imp();
        let chosen: BTreeSet<String> = items
            .iter()
            .filter(|item| is_selected(&item.name))
            .map(|item| item.name.clone())
            .collect();
        let is_same = *imp.items.borrow() == items;
        if is_same && *imp.chosen.borrow() == chosen {
            return;
        }
        let had_focus = self.leave_rows(|row, was_selected| {
            let stays = items.iter().any(|item| item.name == row.name());
            !stays || chosen.contains(&row.name()) != was_selected
        });
        imp.chosen.replace(chosen);
        if !is_same {
            imp.items.replace(items.to_vec());
            self.show_in_rows();
            self.offer_orders();
        }
        self.arrange();
        if let Some(was_selected) = had_focus {
            self.focus_list(was_selected);
        }
    }

    /// Copies what is known of the VMs into their rows, and lets those go whose VM is gone.
    fn show_in_rows(&self) {
        let imp = self.imp();
        let items = imp.items.borrow();
        let names: BTreeSet<&str> = items.iter().map(|item| item.name.as_str()).collect();
        imp.rows.borrow_mut().retain(|name, row| {
            let stays = names.contains(name.as_str());
            if !stays && let Some(list) = row.parent().and_downcast::<gtk::ListBox>() {
                list.remove(row);
            }
            stays
        });
        let rows = imp.rows.borrow();
        for item in &*items {
            if let Some(row) = rows.get(&item.name) {
                row.show_item(item);
            }
        }
        for list in [&imp.available, &imp.selected] {
            list.sort(imp.order.get());
        }
    }

    /// Offers to sort by what is known of the VMs.
    fn offer_orders(&self) {
        let imp = self.imp();
        let items = imp.items.borrow();
        let mut offers = vec![(words::order_name(), Order::Name), (words::order_size(), Order::Size)];
        if items.iter().any(|item| item.last_backup.is_some()) {
            offers.push((words::order_last_backup(), Order::LastBackup));
        }
        if !items.is_sorted_by(|one, other| one.compare(other, Order::Name).is_le()) {
            offers.insert(0, (words::order_given(), Order::Given));
        }
        let order = imp.order.get();
        let chosen = offers.iter().find(|(_, offer)| *offer == order).unwrap_or(&offers[0]).1;
        if let Some(orders) = imp.orders.get() {
            orders.show(offers, &chosen);
        }
        drop(items);
        if chosen != order {
            self.sort(chosen);
        }
    }

    /// Sorts both lists.
    pub(super) fn sort(&self, order: Order) {
        let imp = self.imp();
        imp.order.set(order);
        for list in [&imp.available, &imp.selected] {
            list.sort(order);
        }
    }

    /// Shows what the search finds, and no more.
    pub(super) fn show_found(&self) {
        let search = self.imp().search.text();
        for row in self.imp().rows.borrow().values() {
            show_row(row, self.is_in_place(row) && row.matches(&search));
        }
        self.update_counts();
        self.update_buttons();
    }

    /// Puts every row where it belongs: those at the top of the lists now, the others when there is nothing else to do.
    pub(super) fn arrange(&self) {
        let imp = self.imp();
        let search = imp.search.text();
        {
            let (items, chosen, rows) = (imp.items.borrow(), imp.chosen.borrow(), imp.rows.borrow());
            let mut sides: [Vec<&VmItem>; 2] = Default::default();
            for item in &*items {
                let row = rows.get(&item.name);
                if row.is_none_or(|row| !self.is_in_place(row)) {
                    // Where it does not belong, it is gone at once.
                    if let Some(row) = row {
                        show_row(row, false);
                    }
                    sides[usize::from(chosen.contains(&item.name))].push(item);
                }
            }
            for side in &mut sides {
                side.sort_by(|one, other| {
                    let found = other.matches(&search).cmp(&one.matches(&search));
                    found.then_with(|| one.compare(other, imp.order.get()))
                });
            }
            // By turns, so that both lists have their first rows.
            let [one, other] = sides;
            let mut turns = Vec::with_capacity(one.len() + other.len());
            for place in 0..one.len().max(other.len()) {
                turns.extend(
                    one.get(place)
                        .into_iter()
                        .chain(other.get(place))
                        .map(|item| item.name.clone()),
                );
            }
            imp.misplaced.replace(turns.into());
        }
        self.place(FIRST_ROWS);
        self.place_others_when_idle();
        self.update_counts();
        self.update_buttons();
    }

    fn place(&self, count: usize) {
        let imp = self.imp();
        let search = imp.search.text();
        imp.is_arranging.set(true);
        for _ in 0..count {
            let Some(name) = imp.misplaced.borrow_mut().pop_front() else {
                break;
            };
            let list = self.list(imp.chosen.borrow().contains(&name));
            let row = self.row(&name);
            if let Some(row) = row {
                show_row(&row, row.matches(&search));
                list.take(&row);
            }
        }
        imp.is_arranging.set(false);
    }

    fn place_others_when_idle(&self) {
        let imp = self.imp();
        if imp.misplaced.borrow().is_empty() || imp.is_placing.replace(true) {
            return;
        }
        let lists = self.downgrade();
        glib::idle_add_local(move || {
            let Some(lists) = lists.upgrade() else {
                return glib::ControlFlow::Break;
            };
            lists.place(MORE_ROWS);
            let is_done = lists.imp().misplaced.borrow().is_empty();
            if is_done {
                lists.imp().is_placing.set(false);
                glib::ControlFlow::Break
            } else {
                glib::ControlFlow::Continue
            }
        });
    }

    /// The row of a VM, which is made if there is none; `None` if there is no such VM.
    fn row(&self, name: &str) -> Option<BpVmRow> {
        let imp = self.imp();
        if let Some(row) = imp.rows.borrow().get(name) {
            return Some(row.clone());
        }
        let row = BpVmList::new_row(imp.items.borrow().iter().find(|item| item.name == name)?);
        imp.rows.borrow_mut().insert(name.to_owned(), row.clone());
        Some(row)
    }

    /// The row of a VM, if it has one.
    pub(super) fn known_row(&self, name: &str) -> Option<BpVmRow> {
        self.imp().rows.borrow().get(name).cloned()
    }

    fn is_in_place(&self, row: &BpVmRow) -> bool {
        self.list(self.imp().chosen.borrow().contains(&row.name())).holds(row)
    }
}

/// A row that is not shown is hidden, not filtered: GTK leaves rows that are filtered in the accessible tree.
fn show_row(row: &BpVmRow, is_shown: bool) {
    if row.is_visible() != is_shown {
        row.set_visible(is_shown);
    }
}
