// SPDX-License-Identifier: GPL-3.0-or-later
//! What both flows do alike: hear signals, wait for answers, watch the host, see a job to its end.

mod arrange;
mod ask;
mod browse;
mod countdown;
mod history;
mod report;
mod running;
mod shell;
mod waiting;
mod watch;

use ask::{Leaving, ask_to_leave, pick_place};
use watch::{Watching, watch};

pub(super) use arrange::{connect_arranging, connect_starting};
pub use countdown::{Countdown, count_down};
pub(super) use history::connect_history;
pub(super) use running::{Running, Shown};
pub(super) use shell::{Flow, Shell};
pub(super) use waiting::{Waiting, when_answered, when_done};
pub(super) use watch::read_system;

use crate::{
    host::System,
    inventory::Class,
    text::{self, wizard as words},
};

use super::{Glyph, VmItem};

/// The colour of a label that the host does not know, as 0xRRGGBB.
const UNKNOWN_LABEL_COLOR: u32 = 0x0088_8a85;

/// The colour of a label on a host.
pub(super) fn label_color(system: &System, label: &str) -> u32 {
    let found = system.labels.iter().find(|known| known.name == label);
    found.map_or(UNKNOWN_LABEL_COLOR, |label| label.color)
}

/// A VM of a host as the lists show it.
pub(super) fn vm_item(system: &System, position: usize, vm: &crate::host::Vm) -> VmItem {
    let is_vm = vm.class != Class::AdminVm;
    let (class, value) = (text::class(&vm.class), words::vm_size(vm));
    let state = words::running(is_vm && vm.is_running);
    VmItem {
        name: vm.name.clone(),
        position,
        glyph: Glyph::of(vm, label_color(system, &vm.label)),
        detail: words::vm_detail(vm),
        keywords: format!("{class} {state}"),
        spoken: words::spoken(&[&vm.name, &class, &value, &state]),
        value,
        size_bytes: vm.backup_bytes,
        last_backup: vm.last_backup,
        state,
    }
}
