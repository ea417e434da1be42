// SPDX-License-Identifier: GPL-3.0-or-later
//! New VMs, and VMs that go.

use std::collections::BTreeMap;

use super::{Call, ascii, lists, names, validate};
use crate::{
    answer::{Answer, Refusal, done},
    daemon::Daemon,
    layout, properties,
    properties::Kind,
    settings,
    state::{Class, Pool, VOLUMES, Vm, new_volumes},
};

/// What a creation asks for.
struct Wanted {
    name: String,
    label: String,
    /// The pool of each volume; under the empty name the pool of all.
    pools: BTreeMap<String, String>,
}

pub(super) fn create(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    make(daemon, call, false)
}

pub(super) fn create_in_pool(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    make(daemon, call, true)
}

fn make(daemon: &mut Daemon, call: &Call<'_>, takes_pools: bool) -> Answer {
    let class = Class::by_name(call.variant).filter(|class| lists::is_class(daemon, *class));
    let Some(class) = class else {
        return Err(daemon.protocol_error(format!("no such VM class: '{}'", call.variant)));
    };
    let template = template_of(daemon, class, call.argument)?;
    let wanted = parse(daemon, call.payload, takes_pools)?;
    if class == Class::Admin {
        return Err(Refusal::property("property 'qid' on AdminVM instance cannot be set"));
    }
    let name = wanted.name.clone();
    if daemon.state.vm(&name).is_some() {
        return Err(if daemon.differences().refuses_with_words {
            Refusal::new("QubesVMAlreadyExistsError", format!("Qube already exists: {name}"))
        } else {
            Refusal::value(format!("VM {name} already exists"))
        });
    }
    names::check(daemon, &name)?;
    if let Some(template) = &template {
        check_template(daemon, class, template)?;
    }
    let known = |pool: &&String| daemon.state.pool(pool).is_some();
    if let Some(unknown) = wanted.pools.values().find(|pool| !known(pool)) {
        return Err(Refusal::new(
            "QubesException",
            format!("Unknown storage pool {unknown}"),
        ));
    }
    add(daemon, class, template.as_deref(), &wanted)?;
    daemon.save()?;
    done()
}

/// Returns the template that is meant, `None` for classes that have none.
fn template_of(daemon: &Daemon, class: Class, argument: &str) -> Result<Option<String>, Refusal> {
    if !matches!(class, Class::App | Class::Disposable) {
        if argument.is_empty() {
            return Ok(None);
        }
        let text = format!("{} cannot be based on template", class.name());
        return Err(if daemon.differences().refuses_with_words {
            Refusal::new("ProtocolError", text)
        } else {
            Refusal::value(text)
        });
    }
    if !argument.is_empty() {
        return daemon.vm(argument).map(|vm| Some(vm.name.clone()));
    }
    let setting = match class {
        Class::App => "default_template",
        _ => "default_dispvm",
    };
    match settings::value(&daemon.state, setting).1 {
        template if template.is_empty() => Err(Refusal::Silence),
        template => Ok(Some(template)),
    }
}

fn check_template(daemon: &Daemon, class: Class, template: &str) -> Result<(), Refusal> {
    let vm = daemon.vm(template)?;
    if class == Class::Disposable && !(vm.class == Class::App && vm.is("template_for_dispvms")) {
        return Err(validate::not_for_disposables(daemon, template));
    }
    if class == Class::App && vm.class != Class::Template {
        let shown = properties::shown(&daemon.state, vm, daemon.dialect);
        return Err(Refusal::property(format!(
            "wrong VM class: domains[{shown}] is of type {} and not TemplateVM",
            vm.class.name()
        )));
    }
    Ok(())
}

fn parse(daemon: &Daemon, payload: &[u8], takes_pools: bool) -> Result<Wanted, Refusal> {
    let Some(text) = ascii(payload) else {
        return Err(daemon.protocol_error("Parameters contains non-ASCII characters"));
    };
    let (mut name, mut label, mut pools) = (None, None, BTreeMap::new());
    for word in text.split(' ') {
        let (key, value) = word.split_once('=').ok_or(Refusal::Silence)?;
        match key {
            "name" if name.is_none() => name = Some(value),
            "label" if label.is_none() => label = Some(value),
            "pool" | "pool:root" | "pool:private" | "pool:volatile" => {
                if !takes_pools {
                    return Err(daemon.protocol_error("Pool option specified but 'allow_pool' is False"));
                }
                let volume = key.strip_prefix("pool:").unwrap_or_default();
                if pools.insert(volume.to_owned(), value.to_owned()).is_some() {
                    return Err(daemon.protocol_error(format!("duplicated '{key}' parameter")));
                }
            }
            _ => return Err(Refusal::Silence),
        }
    }
    let missing = |key: &str| daemon.protocol_error(format!("Creation requested without key: {key}"));
    if pools.contains_key("") && pools.len() > 1 {
        return Err(daemon.protocol_error("Conflicting options specified: 'pool=', 'pool:volume='"));
    }
    let name = name.ok_or_else(|| missing("name"))?;
    let label = label.ok_or_else(|| missing("label"))?;
    if daemon.state.label(label).is_none() {
        return Err(if daemon.differences().refuses_with_words {
            missing("label")
        } else {
            super::labels::unknown(label)
        });
    }
    Ok(Wanted {
        name: name.to_owned(),
        label: label.to_owned(),
        pools,
    })
}

/// Makes a VM, with the events of it. The record is not written.
fn add(daemon: &mut Daemon, class: Class, template: Option<&str>, wanted: &Wanted) -> Result<(), Refusal> {
    let qid = daemon.state.vms.iter().map(|vm| vm.qid).max().unwrap_or_default() + 1;
    let uuid = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    let mut vm = Vm::new(&wanted.name, class, qid, uuid.trim().to_owned());
    vm.properties.insert("label".to_owned(), wanted.label.clone());
    if class != Class::Remote {
        vm.tags = ["audiovm-dom0", "guivm-dom0"].map(str::to_owned).into();
    }
    if let Some(template) = template {
        vm.properties.insert("template".to_owned(), template.to_owned());
        if class == Class::Disposable {
            inherit(daemon, &mut vm, template)?;
        }
    }
    let kernel = properties::value(&daemon.state, &vm, "kernel").1;
    let source = template.and_then(|name| daemon.state.vm(name));
    let pool = |volume: &str| pool_of(daemon, &wanted.pools, volume);
    vm.volumes = new_volumes(&vm, &kernel, |name| source?.volume(name), pool);
    let inherited_rules = vm.rules.clone();
    daemon.hub.send("", "domain-add", &[("vm", &wanted.name)]);
    let tag = "created-by-dom0";
    vm.tags.insert(tag.to_owned());
    daemon
        .hub
        .send(&wanted.name, &format!("domain-tag-add:{tag}"), &[("tag", tag)]);
    let mut result = Ok(());
    if !vm.volumes.is_empty() {
        let folder = daemon.below(&format!("{}/{}", layout::STORE, vm.folder()));
        result = std::fs::create_dir_all(folder);
    }
    for volume in &vm.volumes {
        result = result.and_then(|()| daemon.storage.create(volume));
    }
    daemon.io(result)?;
    daemon.state.vms.push(vm);
    if let Some(rules) = inherited_rules {
        super::firewall::write(daemon, &wanted.name, &rules)?;
    }
    daemon.hub.send(&wanted.name, "domain-create-on-disk", &[]);
    Ok(())
}

fn pool_of(daemon: &Daemon, pools: &BTreeMap<String, String>, volume: &str) -> Pool {
    let asked = match volume {
        "kernel" => None,
        _ => pools.get(volume).or_else(|| pools.get("")),
    };
    let usual = settings::value(&daemon.state, &format!("default_pool_{volume}")).1;
    let found = daemon.state.pool(asked.unwrap_or(&usual));
    debug_assert!(VOLUMES.contains(&volume));
    found.unwrap_or(&daemon.state.pools[0]).clone()
}

/// A disposable takes over what is set on its template: properties, features, tags, rules.
fn inherit(daemon: &Daemon, vm: &mut Vm, template: &str) -> Result<(), Refusal> {
    let template = daemon.vm(template)?;
    for property in properties::properties(Class::Disposable, daemon.dialect) {
        if let Some(value) = template.property(property.name) {
            let own = vm.properties.entry(property.name.to_owned());
            own.or_insert_with(|| value.to_owned());
        }
    }
    let features = template.features.iter();
    vm.features = features
        .filter(|(name, _)| !name.starts_with("preload-dispvm"))
        .cloned()
        .collect();
    vm.tags.extend(template.tags.iter().cloned());
    vm.rules.clone_from(&template.rules);
    Ok(())
}

/// Makes a disposable that is started before anybody needs it.
pub(super) fn add_preloaded(daemon: &mut Daemon, template: &str, name: &str) -> Result<(), Refusal> {
    let wanted = Wanted {
        name: name.to_owned(),
        label: daemon.vm(template)?.property("label").unwrap_or("red").to_owned(),
        pools: BTreeMap::new(),
    };
    add(daemon, Class::Disposable, Some(template), &wanted)?;
    let vm = daemon.vm_mut(name)?;
    vm.properties.insert("auto_cleanup".to_owned(), "True".to_owned());
    vm.features.push(("internal".to_owned(), "1".to_owned()));
    Ok(())
}

pub(super) fn remove(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let name = &call.vm;
    let in_use = |text: String| Err(Refusal::new("QubesVMInUseError", text));
    let vm = daemon.vm(name)?;
    if vm.class == Class::Admin {
        return in_use(format!("'{name}' cannot be removed"));
    }
    if vm.is_running() {
        return Err(Refusal::new(
            "QubesVMNotHaltedError",
            format!("Domain is not powered off: '{name}'"),
        ));
    }
    if vm.is("installed_by_rpm") {
        return in_use(format!("VM installed by package manager: {name}"));
    }
    if is_used(daemon, name) {
        let gap = daemon.differences().in_use_gap;
        return in_use(format!(
            "Domain is in use: '{name}';{gap}see 'journalctl -u qubesd -e' in dom0 for details"
        ));
    }
    daemon.hub.send("", "domain-pre-delete", &[("vm", name)]);
    take_away(daemon, name)?;
    daemon.save()?;
    done()
}

/// Whether another VM, or the whole system, names a VM.
fn is_used(daemon: &Daemon, name: &str) -> bool {
    let by_system =
        settings::settings(daemon.dialect).any(|setting| settings::value(&daemon.state, setting.name).1 == name);
    let others = daemon.state.vms.iter().filter(|vm| vm.name != name);
    let names_it = |vm: &Vm| {
        let properties = properties::properties(vm.class, daemon.dialect);
        properties
            .filter(|property| property.kind == Kind::Vm)
            .any(|property| properties::value(&daemon.state, vm, property.name).1 == name)
            || vm.devices.iter().any(|device| device.backend == name)
    };
    by_system || others.into_iter().any(names_it)
}

/// Takes a VM away with all that it has. The record is not written.
pub(super) fn take_away(daemon: &mut Daemon, name: &str) -> Result<(), Refusal> {
    let vm = daemon.vm(name)?.clone();
    let mut result = Ok(());
    for volume in &vm.volumes {
        result = result.and_then(|()| daemon.storage.remove(volume));
    }
    daemon.io(result)?;
    let folder = daemon.below(&format!("{}/{}", layout::STORE, vm.folder()));
    if folder.exists() {
        let result = std::fs::remove_dir_all(folder);
        daemon.io(result)?;
    }
    daemon.state.vms.retain(|known| known.name != name);
    daemon.hub.send("", "domain-delete", &[("vm", name)]);
    Ok(())
}
