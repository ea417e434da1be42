// SPDX-License-Identifier: GPL-3.0-or-later
//! The calls that this program makes, one function for each, with the errors of a host.

use std::{cell::RefCell, path::Path, time::Duration};

use crate::{
    adminapi::{
        ADMIN_SOCKET, AdminClient, AdminRequest, AdminVolume, AnswerError, CallError, Deadline, EventStream, ListedVm,
        PoolUsage, Property, PropertyValue, parse_flag, parse_names, print_label_color,
    },
    cancel::CancelToken,
    host::{DOM0, HostError, Label, NewVm},
};

use super::{answer::host_error, rules};

/// What the daemons say of a device that a VM has, by the class of their exception.
const ALREADY_ASSIGNED: [&str; 2] = ["DeviceAlreadyAssigned", "DeviceAlreadyAttached"];

/// The daemon of a live PedOS.
#[derive(Debug, Clone)]
pub(super) struct LiveDaemon {
    admin: AdminClient,
}

/// A call with what it needs to say what went wrong with it.
struct Call<'a> {
    client: &'a AdminClient,
    request: AdminRequest,
    deadline: Deadline,
}

impl Call<'_> {
    fn with(mut self, argument: &str) -> Self {
        self.request = self.request.with_argument(argument);
        self
    }

    fn carrying(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.with_payload(payload);
        self
    }

    /// Waits for the answer as long as the connection stands.
    fn patiently(mut self) -> Self {
        self.deadline = Deadline::Unlimited;
        self
    }

    /// Makes a call that changes nothing, and reads its answer.
    fn ask<T>(self, read: impl FnOnce(&[u8]) -> Result<T, AnswerError>) -> Result<T, HostError> {
        let answer = self.client.ask(&self.request);
        let read = answer.and_then(|content| Ok(read(&content)?));
        read.map_err(|error| host_error(&self.request, error))
    }

    /// Makes a call that changes something. If the daemon is lost meanwhile, `is_done` looks whether it was carried out.
    fn change(self, is_done: impl Fn() -> Result<bool, HostError>) -> Result<(), HostError> {
        let looked = RefCell::new(None);
        let done = || match is_done() {
            Ok(true) => Ok(Some(Vec::new())),
            Ok(false) => Ok(None),
            Err(error) => {
                *looked.borrow_mut() = Some(error);
                Err(CallError::Lost)
            }
        };
        let answer = self.client.change(&self.request, self.deadline, done);
        match looked.take() {
            Some(error) => Err(error),
            None => answer.map(drop).map_err(|error| host_error(&self.request, error)),
        }
    }

    /// Makes a call that may be made twice without harm.
    fn repeat(self) -> Result<(), HostError> {
        self.change(|| Ok(false))
    }
}

impl LiveDaemon {
    /// The daemon whose sockets lie below that folder. Nothing is sent.
    pub(super) fn new(root: &Path) -> Self {
        Self {
            admin: AdminClient::new(root.join(ADMIN_SOCKET)),
        }
    }

    /// The same, whose calls end soon after the token was cancelled.
    pub(super) fn with_cancel(&self, cancel: &CancelToken) -> Self {
        Self {
            admin: self.admin.with_cancel(cancel),
        }
    }

    /// The same, whose calls wait no longer for a daemon that is away than somebody waits who has just started a program.
    pub(super) fn without_patience(&self) -> Self {
        let patience = Duration::from_secs(3);
        Self {
            admin: self.admin.with_patience(patience),
        }
    }

    /// Hears that the daemon was waited for in vain.
    pub(super) fn give_up(&self) {
        self.admin.give_up();
    }

    fn call(&self, service: &str, destination: &str) -> Call<'_> {
        Call {
            client: &self.admin,
            request: AdminRequest::new(service, destination),
            deadline: Deadline::Usual,
        }
    }

    /// Begins to listen to events. Nothing is tried again.
    pub(super) fn events(&self) -> Result<EventStream, HostError> {
        let events = self.admin.events();
        events.map_err(|error| host_error(&AdminRequest::new("admin.Events", DOM0), error))
    }

    /// All VMs with their states.
    pub(super) fn vms(&self) -> Result<Vec<ListedVm>, HostError> {
        self.call("admin.vm.List", DOM0).ask(ListedVm::parse_all)
    }

    /// One VM with its state.
    pub(super) fn vm(&self, vm: &str) -> Result<ListedVm, HostError> {
        let listed = self.call("admin.vm.List", vm).ask(ListedVm::parse_all)?;
        let found = listed.into_iter().find(|listed| listed.name == vm);
        found.ok_or_else(|| HostError::NoSuchVm { name: vm.to_owned() })
    }

    /// The properties of the system as they are in effect.
    pub(super) fn globals(&self) -> Result<Vec<Property>, HostError> {
        self.call("admin.property.GetAll", DOM0).ask(Property::parse_all)
    }

    /// The text of a property as it is in effect.
    pub(super) fn property(&self, vm: &str, name: &str) -> Result<String, HostError> {
        let call = self.call("admin.vm.property.Get", vm).with(name);
        Ok(call.ask(PropertyValue::parse)?.value)
    }

    /// The room in a pool, as far as it tells.
    pub(super) fn pool_usage(&self, pool: &str) -> Result<PoolUsage, HostError> {
        self.call("admin.pool.UsageDetails", DOM0)
            .with(pool)
            .ask(PoolUsage::parse)
    }

    /// The volumes of a pool; of the pool of kernels, their versions.
    pub(super) fn pool_volumes(&self, pool: &str) -> Result<Vec<String>, HostError> {
        self.call("admin.pool.volume.List", DOM0).with(pool).ask(parse_names)
    }

    /// What the daemon knows of a volume.
    pub(super) fn volume(&self, vm: &str, volume: &str) -> Result<AdminVolume, HostError> {
        self.call("admin.vm.volume.Info", vm)
            .with(volume)
            .ask(AdminVolume::parse)
    }

    /// When a volume on a block device got its present content, in seconds since 1970: when its last old content was put away. `None`
    /// where none is kept.
    pub(super) fn changed_at(&self, vm: &str, volume: &str) -> Result<Option<i64>, HostError> {
        let kept = self
            .call("admin.vm.volume.ListSnapshots", vm)
            .with(volume)
            .ask(parse_names)?;
        let time = |name: &String| name.strip_suffix("-back")?.parse().ok();
        Ok(kept.iter().filter_map(time).max())
    }

    /// The firewall's rules of a VM, one a line.
    pub(super) fn rules(&self, vm: &str) -> Result<String, HostError> {
        let text = |content: &[u8]| Ok(String::from_utf8_lossy(content).into_owned());
        self.call("admin.vm.firewall.Get", vm).ask(text)
    }

    /// Whether a VM has a tag.
    pub(super) fn has_tag(&self, vm: &str, tag: &str) -> Result<bool, HostError> {
        self.call("admin.vm.tag.Get", vm).with(tag).ask(parse_flag)
    }

    /// Whether a service is on in a VM or, where it is not set there, in its template.
    pub(super) fn has_service(&self, vm: &str, service: &str) -> Result<bool, HostError> {
        let call = self.call("admin.vm.feature.CheckWithTemplate", vm);
        match call
            .with(&format!("service.{service}"))
            .ask(|value| Ok(!value.is_empty()))
        {
            // Not set at all.
            Err(HostError::Declined { .. } | HostError::Unspoken { .. }) => Ok(false),
            answer => answer,
        }
    }

    /// The classes of devices that the system knows.
    pub(super) fn device_classes(&self) -> Result<Vec<String>, HostError> {
        self.call("admin.deviceclass.List", DOM0).ask(parse_names)
    }

    /// Adds a colour label.
    pub(super) fn add_label(&self, label: &Label) -> Result<(), HostError> {
        let [_, red, green, blue] = label.color.to_be_bytes();
        let call = self.call("admin.label.Create", DOM0).with(&label.name);
        let is_there = || {
            let labels = self.call("admin.label.List", DOM0).ask(parse_names)?;
            Ok(labels.contains(&label.name))
        };
        call.carrying(print_label_color([red, green, blue])).change(is_there)
    }

    /// Creates a VM.
    pub(super) fn create(&self, new: &NewVm) -> Result<(), HostError> {
        let class = new.class.wire_name();
        let service = match new.pool {
            Some(_) => format!("admin.vm.CreateInPool.{class}"),
            None => format!("admin.vm.Create.{class}"),
        };
        let mut payload = format!("name={} label={}", new.name, new.label);
        if let Some(pool) = &new.pool {
            payload.push_str(&format!(" pool={pool}"));
        }
        let template = new.template.as_deref().filter(|_| new.class.has_template());
        let call = self.call(&service, DOM0).with(template.unwrap_or_default());
        call.carrying(payload).patiently().change(|| self.is_there(&new.name))
    }

    /// Removes a VM with all its data.
    pub(super) fn remove(&self, vm: &str) -> Result<(), HostError> {
        let call = self.call("admin.vm.Remove", vm).patiently();
        call.change(|| Ok(!self.is_there(vm)?))
    }

    fn is_there(&self, vm: &str) -> Result<bool, HostError> {
        Ok(self.vms()?.iter().any(|listed| listed.name == vm))
    }

    /// Starts a VM and waits until its services can be reached.
    pub(super) fn start(&self, vm: &str) -> Result<(), HostError> {
        self.call("admin.vm.Start", vm).patiently().repeat()
    }

    /// Sets a property; VM-valued ones by name, empty for none.
    pub(super) fn set_property(&self, vm: &str, name: &str, value: &str) -> Result<(), HostError> {
        let call = self.call("admin.vm.property.Set", vm).with(name);
        call.carrying(value).change(|| {
            let now = self.call("admin.vm.property.Get", vm).with(name);
            let now = now.ask(PropertyValue::parse)?;
            Ok(!now.is_default && now.value == value)
        })
    }

    /// Brings a property back to its default.
    pub(super) fn reset_property(&self, vm: &str, name: &str) -> Result<(), HostError> {
        let call = self.call("admin.vm.property.Reset", vm).with(name);
        call.change(|| {
            let now = self.call("admin.vm.property.Get", vm).with(name);
            Ok(now.ask(PropertyValue::parse)?.is_default)
        })
    }

    /// Sets a feature.
    pub(super) fn set_feature(&self, vm: &str, name: &str, value: &str) -> Result<(), HostError> {
        let call = self.call("admin.vm.feature.Set", vm).with(name);
        call.carrying(value).change(|| {
            let now = self.call("admin.vm.feature.Get", vm).with(name);
            is_so(now.ask(|now| Ok(now == value.as_bytes())))
        })
    }

    /// Removes a feature.
    pub(super) fn remove_feature(&self, vm: &str, name: &str) -> Result<(), HostError> {
        let call = self.call("admin.vm.feature.Remove", vm).with(name);
        call.change(|| {
            let names = self.call("admin.vm.feature.List", vm).ask(parse_names)?;
            Ok(!names.iter().any(|known| known == name))
        })
    }

    /// Adds a tag.
    pub(super) fn add_tag(&self, vm: &str, tag: &str) -> Result<(), HostError> {
        let call = self.call("admin.vm.tag.Set", vm).with(tag);
        call.change(|| self.has_tag(vm, tag))
    }

    /// Removes a tag.
    pub(super) fn remove_tag(&self, vm: &str, tag: &str) -> Result<(), HostError> {
        let call = self.call("admin.vm.tag.Remove", vm).with(tag);
        match call.change(|| Ok(!self.has_tag(vm, tag)?)) {
            // Somebody was faster.
            Err(HostError::Declined { .. }) if !self.has_tag(vm, tag)? => Ok(()),
            removed => removed,
        }
    }

    /// Sets how many old states of a volume are kept.
    pub(super) fn set_revisions(&self, vm: &str, volume: &str, count: i32) -> Result<(), HostError> {
        let call = self.call("admin.vm.volume.Set.revisions_to_keep", vm).with(volume);
        let is_set = || Ok(self.volume(vm, volume)?.revisions_to_keep == i64::from(count));
        call.carrying(count.to_string()).change(is_set)
    }

    /// Replaces the firewall's rules.
    pub(super) fn set_rules(&self, vm: &str, wanted: &str) -> Result<(), HostError> {
        let call = self.call("admin.vm.firewall.Set", vm).carrying(wanted);
        call.change(|| Ok(rules::normal(&self.rules(vm)?).as_deref() == Some(wanted)))
    }

    /// Replaces the notes.
    pub(super) fn set_notes(&self, vm: &str, notes: &[u8]) -> Result<(), HostError> {
        let call = self.call("admin.vm.notes.Set", vm).carrying(notes);
        call.change(|| is_so(self.call("admin.vm.notes.Get", vm).ask(|now| Ok(now == notes))))
    }

    /// Makes a call of a device class.
    pub(super) fn assign(&self, vm: &str, method: &str, argument: &str, payload: &str) -> Result<(), HostError> {
        let call = self.call(method, vm).with(argument);
        match call.carrying(payload).repeat() {
            // A new VM has no devices: the answer to the first call was lost.
            Err(HostError::Declined { class, .. }) if ALREADY_ASSIGNED.contains(&class.as_str()) => Ok(()),
            assigned => assigned,
        }
    }
}

/// What a look told; what the daemon declines to tell is not so.
fn is_so(told: Result<bool, HostError>) -> Result<bool, HostError> {
    match told {
        Err(error) if !error.is_of_the_host() => Ok(false),
        told => told,
    }
}
