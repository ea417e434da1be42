// SPDX-License-Identifier: GPL-3.0-or-later
//! The table of a restore: what its user changes, taken into the draft.

use std::rc::Rc;

use crate::ui::{Edit, flow::Flow, pages::ForAll};

use super::RestoreFlow;

impl RestoreFlow {
    pub(super) fn take_edit(self: &Rc<Self>, vm: &str, edit: Edit) {
        let mut draft = self.draft.borrow_mut();
        match edit {
            Edit::Name(name) => draft.set_name(vm, &name),
            Edit::Template(name) => draft.set_template(vm, name),
            Edit::NetVm(netvm) => draft.set_netvm(vm, Some(netvm)),
            Edit::DispVm(dispvm) => draft.set_dispvm(vm, Some(dispvm)),
            Edit::Kernel(kernel) => draft.set_kernel(vm, Some(kernel)),
            Edit::Pool(pool) => draft.set_pool(vm, pool),
            Edit::Device(port, is_kept) => draft.set_device(vm, &port, is_kept),
            Edit::Cure(cure) => {
                draft.apply(vm, &cure);
            }
            Edit::TakeBack => draft.select_too(vm),
            Edit::Opened | Edit::Entered => {}
        }
        drop(draft);
        self.refresh();
    }

    pub(super) fn take_for_all(self: &Rc<Self>, change: ForAll) {
        let mut draft = self.draft.borrow_mut();
        match change {
            ForAll::Pool(pool) => draft.set_pool_of_all(pool),
            ForAll::DropDevices(drops) => draft.drops_devices = drops,
            ForAll::IgnoreMissing(ignores) => draft.ignores_missing = ignores,
            ForAll::LeaveOutBlocked => draft.leave_out_blocked(),
        }
        drop(draft);
        self.refresh();
    }
}
