// SPDX-License-Identifier: GPL-3.0-or-later
//! Features and tags.

use super::{Call, ascii, power};
use crate::{
    answer::{Answer, Refusal, done, lines, text},
    daemon::Daemon,
    dialect::Dialect,
    properties,
    state::Vm,
};

/// Features that belong to the daemon.
const OWN: [&str; 4] = [
    "preload-dispvm",
    "preload-dispvm-completed",
    "preload-dispvm-in-progress",
    "deferred-netvm-original",
];
/// What a VM must have for disposables that are started beforehand.
const FOR_PRELOADING: [(&str, &str); 3] = [
    ("qrexec", "qrexec"),
    (
        "supported-rpc.qubes.WaitForRunningSystem",
        "RPC call qubes.WaitForRunningSystem",
    ),
    ("supported-rpc.qubes.WaitForSession", "RPC call qubes.WaitForSession"),
];

pub(super) fn list(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    lines(daemon.vm(&call.vm)?.features.iter().map(|(name, _)| name))
}

fn missing(call: &Call<'_>) -> Refusal {
    let text = format!("Feature not set for domain {}: {}", call.vm, call.argument);
    Refusal::new("QubesFeatureNotFoundError", text)
}

pub(super) fn get(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    look(daemon, call, &[])
}

pub(super) fn with_template(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    look(daemon, call, &["template"])
}

pub(super) fn with_netvm(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    look(daemon, call, &["netvm"])
}

pub(super) fn with_dom0(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    look(daemon, call, &["dom0"])
}

pub(super) fn with_template_and_dom0(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    look(daemon, call, &["template", "dom0"])
}

/// Looks for a feature at a VM, then at those that these properties lead to, step by step.
fn look(daemon: &Daemon, call: &Call<'_>, ways: &[&str]) -> Answer {
    let vm = daemon.vm(&call.vm)?;
    let found = ways.iter().fold(vm.feature(call.argument), |found, way| {
        found.or_else(|| along(daemon, vm, way, call.argument))
    });
    found.map_or_else(|| Err(missing(call)), text)
}

fn along<'a>(daemon: &'a Daemon, vm: &Vm, way: &str, feature: &str) -> Option<&'a str> {
    if way == "dom0" {
        return daemon.state.vm("dom0")?.feature(feature);
    }
    let next = properties::value(&daemon.state, vm, way).1;
    let next = daemon.state.vm(&next)?;
    next.feature(feature).or_else(|| along(daemon, next, way, feature))
}

fn check_name(daemon: &Daemon, name: &str) -> Result<(), Refusal> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !name.chars().all(is_fine) {
        return Err(daemon.protocol_error("Invalid chars in feature name"));
    }
    if daemon.differences().guards_features && OWN.contains(&name) {
        return Err(daemon.worded(
            "PermissionDenied",
            "changing this feature is prohibited by qubes.ext.admin.AdminExtension",
        ));
    }
    Ok(())
}

pub(super) fn set(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let (vm, name) = (&call.vm, call.argument);
    let Some(value) = ascii(call.payload) else {
        return Err(daemon.protocol_error("Feature value contains non-ASCII characters"));
    };
    check_name(daemon, name)?;
    if daemon.differences().guards_features && !value.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        let text = format!("{name} value contains illegal characters");
        return Err(match daemon.dialect {
            Dialect::V4_4 => Refusal::new("ProtocolError", text),
            _ => Refusal::value(text),
        });
    }
    let preloads = name == "preload-dispvm-max" && daemon.differences().guards_features;
    if preloads {
        check_preloading(daemon, vm, value)?;
    }
    let old = daemon.vm(vm)?.feature(name).map(str::to_owned);
    if old.as_deref() == Some(value) {
        daemon.violation(format!("the feature {name} of {vm} is set to what it is: {value:?}"));
    }
    let mut pairs = vec![("feature", name), ("value", value)];
    pairs.extend(old.as_deref().map(|old| ("oldvalue", old)));
    daemon.hub.send(vm, &format!("domain-feature-pre-set:{name}"), &pairs);
    let features = &mut daemon.vm_mut(vm)?.features;
    match features.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => value.clone_into(known),
        None => features.push((name.to_owned(), value.to_owned())),
    }
    daemon.hub.send(vm, &format!("domain-feature-set:{name}"), &pairs);
    if preloads {
        power::preload(daemon, vm, value.parse().unwrap_or_default())?;
    }
    daemon.save()?;
    done()
}

fn check_preloading(daemon: &mut Daemon, vm: &str, value: &str) -> Result<(), Refusal> {
    for (feature, shown) in FOR_PRELOADING {
        let call = Call {
            vm: vm.to_owned(),
            argument: feature,
            payload: &[],
            variant: "",
        };
        if look(daemon, &call, &["template"]).map_or(true, |value| value.is_empty()) {
            return Err(Refusal::value(format!("Qube does not support {shown}")));
        }
    }
    if value.parse::<u32>().is_err() {
        return Err(Refusal::value("Invalid preload-dispvm-max value: not a digit"));
    }
    if daemon.vm(vm)?.tags.contains(super::import::TAG) {
        daemon.violation(format!(
            "preload-dispvm-max of {vm} is set while it is restored: its disposables cannot start"
        ));
    }
    Ok(())
}

pub(super) fn remove(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let (vm, name) = (&call.vm, call.argument);
    check_name(daemon, name)?;
    let Some(old) = daemon.vm(vm)?.feature(name).map(str::to_owned) else {
        return Err(missing(call));
    };
    let pairs = [("feature", name), ("oldvalue", old.as_str())];
    daemon
        .hub
        .send(vm, &format!("domain-feature-pre-delete:{name}"), &pairs[..1]);
    daemon.vm_mut(vm)?.features.retain(|(known, _)| known != name);
    daemon
        .hub
        .send(vm, &format!("domain-feature-delete:{name}"), &pairs[..1]);
    daemon.save()?;
    done()
}

pub(super) fn list_tags(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    lines(&daemon.vm(&call.vm)?.tags)
}

pub(super) fn get_tag(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let has_it = daemon.vm(&call.vm)?.tags.contains(call.argument);
    text(if has_it { "1" } else { "0" })
}

fn check_tag(daemon: &Daemon, tag: &str) -> Result<(), Refusal> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !tag.chars().all(is_fine) {
        return Err(daemon.worded("QubesInvalidTagError", "disallowed characters"));
    }
    Ok(())
}

pub(super) fn set_tag(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let (vm, tag) = (&call.vm, call.argument);
    check_tag(daemon, tag)?;
    if let Some(creator) = tag.strip_prefix("created-by-")
        && daemon.state.vm(creator).is_none()
    {
        return Err(Refusal::Silence);
    }
    if !daemon.vm_mut(vm)?.tags.insert(tag.to_owned()) {
        daemon.violation(format!("the tag {tag} is set, but {vm} has it"));
        return done();
    }
    daemon.hub.send(vm, &format!("domain-tag-add:{tag}"), &[("tag", tag)]);
    daemon.save()?;
    done()
}

pub(super) fn remove_tag(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let (vm, tag) = (&call.vm, call.argument);
    check_tag(daemon, tag)?;
    if !daemon.vm_mut(vm)?.tags.remove(tag) {
        return Err(Refusal::new(
            "QubesTagNotFoundError",
            format!("Tag not set for domain {vm}: {tag}"),
        ));
    }
    daemon
        .hub
        .send(vm, &format!("domain-tag-delete:{tag}"), &[("tag", tag)]);
    daemon.save()?;
    done()
}
