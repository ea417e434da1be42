// SPDX-License-Identifier: GPL-3.0-or-later
//! The settings of the whole system: which there are, of what type, and what their defaults are.

use crate::{dialect::Dialect, properties::Kind, state::State};

/// A setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    default: &'static str,
    since: Dialect,
}

const fn setting(name: &'static str, kind: Kind, default: &'static str) -> Setting {
    Setting {
        name,
        kind,
        default,
        since: Dialect::V4_2,
    }
}

const SETTINGS: [Setting; 20] = [
    setting("check_updates_vm", Kind::Bool, "True"),
    setting("clockvm", Kind::Vm, ""),
    setting("default_audiovm", Kind::Vm, "dom0"),
    setting("default_dispvm", Kind::Vm, ""),
    setting("default_guivm", Kind::Vm, "dom0"),
    setting("default_kernel", Kind::Str, ""),
    setting("default_netvm", Kind::Vm, ""),
    setting("default_pool", Kind::Str, "varlibqubes"),
    setting("default_pool_kernel", Kind::Str, "linux-kernel"),
    setting("default_pool_private", Kind::Str, "="),
    setting("default_pool_root", Kind::Str, "="),
    setting("default_pool_volatile", Kind::Str, "="),
    setting("default_qrexec_timeout", Kind::Int, "60"),
    setting("default_shutdown_timeout", Kind::Int, "60"),
    setting("default_template", Kind::Vm, ""),
    setting("management_dispvm", Kind::Vm, ""),
    Setting {
        since: Dialect::V4_4,
        ..setting("maxmem", Kind::Int, "18014398509481983")
    },
    Setting {
        since: Dialect::V4_4,
        ..setting("no_cpus", Kind::Int, "42")
    },
    setting("stats_interval", Kind::Int, "3"),
    setting("updatevm", Kind::Vm, ""),
];

/// Returns the settings of a dialect, in the order of lists.
pub(crate) fn settings(dialect: Dialect) -> impl Iterator<Item = Setting> {
    SETTINGS.into_iter().filter(move |setting| setting.since <= dialect)
}

/// Returns the value of a setting and whether it is the default.
pub(crate) fn value(state: &State, name: &str) -> (bool, String) {
    match state.settings.get(name) {
        Some(value) => (false, value.clone()),
        None => (true, default(state, name)),
    }
}

/// Returns the default of a setting. `=` in the table stands for the default pool.
pub(crate) fn default(state: &State, name: &str) -> String {
    match SETTINGS.iter().find(|setting| setting.name == name) {
        Some(setting) if setting.default == "=" => value(state, "default_pool").1,
        Some(setting) => setting.default.to_owned(),
        None => String::new(),
    }
}
