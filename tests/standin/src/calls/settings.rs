// SPDX-License-Identifier: GPL-3.0-or-later
//! `admin.property.*`: the settings of the whole system.

use super::{Call, properties::escaped, validate};
use crate::{
    answer::{Answer, Refusal, done, lines, text},
    daemon::Daemon,
    properties,
    settings::{self, Setting},
    state::Class,
};

fn setting(daemon: &Daemon, call: &Call<'_>) -> Result<Setting, Refusal> {
    let found = settings::settings(daemon.dialect).find(|setting| setting.name == call.argument);
    found.ok_or_else(|| {
        Refusal::new(
            "QubesNoSuchPropertyError",
            format!("Invalid property '{}' of app", call.argument),
        )
    })
}

fn value_line(daemon: &Daemon, setting: Setting) -> String {
    let (is_default, value) = settings::value(&daemon.state, setting.name);
    let truth = crate::record::truth(is_default);
    format!("default={truth} type={} {value}", setting.kind.name())
}

pub(super) fn list(daemon: &mut Daemon, _: &Call<'_>) -> Answer {
    lines(settings::settings(daemon.dialect).map(|setting| setting.name))
}

pub(super) fn get_all(daemon: &mut Daemon, _: &Call<'_>) -> Answer {
    let settings = settings::settings(daemon.dialect);
    lines(settings.map(|setting| format!("{} {}", setting.name, escaped(&value_line(daemon, setting)))))
}

pub(super) fn get(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    text(value_line(daemon, setting(daemon, call)?))
}

pub(super) fn get_default(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let setting = setting(daemon, call)?;
    let value = settings::default(&daemon.state, setting.name);
    text(format!("type={} {value}", setting.kind.name()))
}

pub(super) fn set(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let setting = setting(daemon, call)?;
    let value = validate::by_kind(daemon, setting.name, setting.kind, call.payload)?;
    let known_pool = daemon.state.pool(&value).is_some();
    if setting.name.starts_with("default_pool") && !known_pool {
        return Err(Refusal::property(format!("No such pool: '{value}'")));
    }
    if setting.name == "default_kernel" && !daemon.state.kernels.contains(&value) {
        return Err(Refusal::property(format!("Kernel '{value}' not installed")));
    }
    if daemon.state.settings.get(setting.name) == Some(&value) {
        daemon.violation(format!("{} is set to what it is: {value:?}", setting.name));
    }
    change(daemon, setting, Some(value))
}

pub(super) fn reset(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let setting = setting(daemon, call)?;
    if !daemon.state.settings.contains_key(setting.name) {
        daemon.violation(format!("{} is reset, but it is default", setting.name));
    }
    change(daemon, setting, None)
}

/// Sets or resets a setting. A new default net VM is told of every VM that has the default.
fn change(daemon: &mut Daemon, setting: Setting, value: Option<String>) -> Answer {
    let name = setting.name;
    let old = settings::value(&daemon.state, name).1;
    let old = setting.kind.in_events(&old);
    let shown = value.as_deref().map(|value| setting.kind.in_events(value));
    let followers: Vec<String> = if name == "default_netvm" {
        let vms = daemon.state.vms.iter();
        vms.filter(|vm| matches!(vm.class, Class::App | Class::Standalone | Class::Disposable))
            .filter(|vm| properties::value(&daemon.state, vm, "netvm").0 && !vm.is("provides_network"))
            .map(|vm| vm.name.clone())
            .collect()
    } else {
        Vec::new()
    };
    for step in ["-pre", ""] {
        match &shown {
            Some(new) => daemon.hub.send(
                "",
                &format!("property{step}-set:{name}"),
                &[("name", name), ("newvalue", new), ("oldvalue", &old)],
            ),
            None => {
                let pairs = [("name", name), ("oldvalue", old.as_str())];
                daemon.hub.send("", &format!("property{step}-reset:{name}"), &pairs);
                daemon.hub.send("", &format!("property{step}-del:{name}"), &pairs);
            }
        }
        for vm in &followers {
            let pairs = [("name", "netvm"), ("oldvalue", old.as_str())];
            daemon.hub.send(vm, &format!("property{step}-reset:netvm"), &pairs);
        }
    }
    match value {
        Some(value) => daemon.state.settings.insert(name.to_owned(), value),
        None => daemon.state.settings.remove(name),
    };
    daemon.save()?;
    done()
}
