// SPDX-License-Identifier: GPL-3.0-or-later
//! `admin.vm.property.*`.

use super::{Call, validate};
use crate::{
    answer::{Answer, Refusal, done, lines, text},
    daemon::Daemon,
    properties::{self, Access, Property},
    state::Vm,
};

fn property(daemon: &Daemon, call: &Call<'_>) -> Result<Property, Refusal> {
    let vm = daemon.vm(&call.vm)?;
    let found = properties::property(vm.class, daemon.dialect, call.argument);
    found.ok_or_else(|| {
        Refusal::new(
            "QubesNoSuchPropertyError",
            format!("Invalid property '{}' of {}", call.argument, vm.name),
        )
    })
}

fn value_line(daemon: &Daemon, vm: &Vm, property: Property) -> String {
    let (is_default, value) = properties::value(&daemon.state, vm, property.name);
    let truth = crate::record::truth(is_default);
    format!("default={truth} type={} {value}", property.kind.name())
}

/// Returns what stands behind the name in a line of `GetAll`.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

pub(super) fn list(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let vm = daemon.vm(&call.vm)?;
    lines(properties::properties(vm.class, daemon.dialect).map(|property| property.name))
}

pub(super) fn get_all(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let vm = daemon.vm(&call.vm)?;
    let line = |property: Property| format!("{} {}", property.name, escaped(&value_line(daemon, vm, property)));
    lines(properties::properties(vm.class, daemon.dialect).map(line))
}

pub(super) fn get(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    text(value_line(daemon, daemon.vm(&call.vm)?, property(daemon, call)?))
}

pub(super) fn get_default(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let property = property(daemon, call)?;
    let vm = daemon.vm(&call.vm)?;
    match properties::default(&daemon.state, vm, property.name) {
        Some(value) => text(format!("type={} {value}", property.kind.name())),
        None => done(),
    }
}

pub(super) fn set(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let property = property(daemon, call)?;
    let (vm, name) = (&call.vm, property.name);
    match property.access {
        Access::Free => {}
        Access::Once => return Err(Refusal::Silence),
        Access::ReadOnly => {
            let class = daemon.vm(vm)?.class.name();
            return Err(Refusal::property(format!(
                "property '{name}' on {class} instance cannot be set"
            )));
        }
    }
    let value = validate::by_kind(daemon, name, property.kind, call.payload)?;
    validate::of_vm(daemon, vm, name, &value)?;
    if daemon.vm(vm)?.property(name) == Some(&value) {
        daemon.violation(format!("{name} of {vm} is set to what it is: {value:?}"));
    }
    let old = properties::value(&daemon.state, daemon.vm(vm)?, name).1;
    let (new, old) = (property.kind.in_events(&value), property.kind.in_events(&old));
    let pairs = [("name", name), ("newvalue", new.as_str()), ("oldvalue", old.as_str())];
    daemon.hub.send(vm, &format!("property-pre-set:{name}"), &pairs);
    daemon.vm_mut(vm)?.properties.insert(name.to_owned(), value);
    daemon.hub.send(vm, &format!("property-set:{name}"), &pairs);
    follow(daemon, vm, name)?;
    daemon.save()?;
    done()
}

pub(super) fn reset(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let property = property(daemon, call)?;
    let (vm, name) = (&call.vm, property.name);
    if properties::default(&daemon.state, daemon.vm(vm)?, name).is_none() || property.access != Access::Free {
        return Err(Refusal::Silence);
    }
    if daemon.vm(vm)?.property(name).is_none() {
        daemon.violation(format!("{name} of {vm} is reset, but it is default"));
    }
    let old = properties::value(&daemon.state, daemon.vm(vm)?, name).1;
    let old = property.kind.in_events(&old);
    let pairs = [("name", name), ("oldvalue", old.as_str())];
    for event in ["property-pre-reset", "property-pre-del"] {
        daemon.hub.send(vm, &format!("{event}:{name}"), &pairs);
    }
    daemon.vm_mut(vm)?.properties.remove(name);
    for event in ["property-reset", "property-del"] {
        daemon.hub.send(vm, &format!("{event}:{name}"), &pairs);
    }
    follow(daemon, vm, name)?;
    daemon.save()?;
    done()
}

/// What changes with a property: volumes with the template and the kernel, tags with the VMs for screen and sound.
fn follow(daemon: &mut Daemon, vm: &str, name: &str) -> Result<(), Refusal> {
    let value = properties::value(&daemon.state, daemon.vm(vm)?, name).1;
    match name {
        "template" => {
            let template = daemon.vm(&value)?.volumes.clone();
            for volume in &mut daemon.vm_mut(vm)?.volumes {
                let source = template.iter().find(|source| source.name == volume.name);
                if let (true, Some(source)) = (volume.snap_on_start, source) {
                    volume.size_bytes = source.size_bytes;
                    volume.source = Some(source.source.clone().unwrap_or_else(|| source.vid.clone()));
                }
            }
        }
        "kernel" if !value.is_empty() => {
            for volume in &mut daemon.vm_mut(vm)?.volumes {
                if volume.name == "kernel" {
                    volume.vid.clone_from(&value);
                }
            }
        }
        "guivm" | "audiovm" => {
            let prefix = format!("{name}-");
            let wanted = (!value.is_empty()).then(|| format!("{prefix}{value}"));
            let tags = daemon.vm(vm)?.tags.clone();
            for tag in tags.iter().filter(|tag| tag.starts_with(&prefix)) {
                if Some(tag) != wanted.as_ref() {
                    daemon.vm_mut(vm)?.tags.remove(tag);
                    daemon
                        .hub
                        .send(vm, &format!("domain-tag-delete:{tag}"), &[("tag", tag)]);
                }
            }
            if let Some(tag) = wanted
                && daemon.vm_mut(vm)?.tags.insert(tag.clone())
            {
                daemon.hub.send(vm, &format!("domain-tag-add:{tag}"), &[("tag", &tag)]);
            }
        }
        _ => {}
    }
    Ok(())
}
