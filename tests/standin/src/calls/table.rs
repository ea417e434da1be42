// SPDX-License-Identifier: GPL-3.0-or-later
//! All methods, with what each takes.

use super::{
    Call, create, devices, features, firewall, import, labels, lists, power, properties, settings, system_info, volumes,
};
use crate::{answer::Answer, daemon::Daemon, dialect::Differences};

use Takes::{Any, Nothing, Something};

/// Which destinations a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    Dom0,
    Any,
    NotDom0,
}

/// What a method takes as its argument, or its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Something,
    /// Anything, or nothing.
    Any,
}

/// A method.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) to: To,
    pub(super) argument: Takes,
    pub(super) payload: Takes,
    pub(super) run: Run,
    pub(super) is_there: fn(&Differences) -> bool,
}

type Run = fn(&mut Daemon, &Call<'_>) -> Answer;

const fn method(name: &'static str, to: To, argument: Takes, payload: Takes, run: Run) -> Method {
    Method {
        name,
        to,
        argument,
        payload,
        run,
        is_there: |_| true,
    }
}

const fn newer(name: &'static str, argument: Takes, payload: Takes, run: Run) -> Method {
    Method {
        name,
        to: To::NotDom0,
        argument,
        payload,
        run,
        is_there: |differences| differences.has_notes,
    }
}

const fn older(name: &'static str, argument: Takes, payload: Takes, run: Run) -> Method {
    Method {
        name,
        to: To::NotDom0,
        argument,
        payload,
        run,
        is_there: |differences| !differences.assigns_devices,
    }
}

/// What the admin socket knows. `*` stands for a class.
pub(super) const ADMIN: [Method; 66] = [
    method("admin.vmclass.List", To::Dom0, Nothing, Nothing, lists::classes),
    method(
        "admin.deviceclass.List",
        To::Dom0,
        Nothing,
        Nothing,
        lists::device_classes,
    ),
    method("admin.vm.List", To::Any, Nothing, Nothing, lists::vms),
    method("admin.vm.CurrentState", To::Any, Nothing, Nothing, lists::current_state),
    method("admin.label.List", To::Dom0, Nothing, Nothing, labels::list),
    method("admin.label.Get", To::Dom0, Something, Nothing, labels::get),
    method("admin.label.Index", To::Dom0, Something, Nothing, labels::index),
    method("admin.label.Create", To::Dom0, Something, Any, labels::create),
    method("admin.label.Remove", To::Dom0, Something, Nothing, labels::remove),
    method("admin.pool.List", To::Dom0, Nothing, Nothing, lists::pools),
    method("admin.pool.ListDrivers", To::Dom0, Nothing, Nothing, lists::drivers),
    method("admin.pool.Info", To::Dom0, Something, Nothing, lists::pool_info),
    method(
        "admin.pool.UsageDetails",
        To::Dom0,
        Something,
        Nothing,
        lists::pool_usage,
    ),
    method(
        "admin.pool.volume.List",
        To::Dom0,
        Something,
        Nothing,
        lists::pool_volumes,
    ),
    method("admin.property.List", To::Dom0, Nothing, Nothing, settings::list),
    method("admin.property.GetAll", To::Dom0, Nothing, Nothing, settings::get_all),
    method("admin.property.Get", To::Dom0, Something, Nothing, settings::get),
    method(
        "admin.property.GetDefault",
        To::Dom0,
        Something,
        Nothing,
        settings::get_default,
    ),
    method("admin.property.Set", To::Dom0, Something, Any, settings::set),
    method("admin.property.Reset", To::Dom0, Something, Nothing, settings::reset),
    method("admin.vm.property.List", To::Any, Nothing, Nothing, properties::list),
    method(
        "admin.vm.property.GetAll",
        To::Any,
        Nothing,
        Nothing,
        properties::get_all,
    ),
    method("admin.vm.property.Get", To::Any, Something, Nothing, properties::get),
    method(
        "admin.vm.property.GetDefault",
        To::Any,
        Something,
        Nothing,
        properties::get_default,
    ),
    method("admin.vm.property.Set", To::Any, Something, Any, properties::set),
    method(
        "admin.vm.property.Reset",
        To::Any,
        Something,
        Nothing,
        properties::reset,
    ),
    method("admin.vm.feature.List", To::Any, Nothing, Nothing, features::list),
    method("admin.vm.feature.Get", To::Any, Something, Nothing, features::get),
    method(
        "admin.vm.feature.CheckWithTemplate",
        To::Any,
        Something,
        Nothing,
        features::with_template,
    ),
    method(
        "admin.vm.feature.CheckWithNetvm",
        To::Any,
        Something,
        Nothing,
        features::with_netvm,
    ),
    method(
        "admin.vm.feature.CheckWithAdminVM",
        To::Any,
        Something,
        Nothing,
        features::with_dom0,
    ),
    method(
        "admin.vm.feature.CheckWithTemplateAndAdminVM",
        To::Any,
        Something,
        Nothing,
        features::with_template_and_dom0,
    ),
    method("admin.vm.feature.Set", To::Any, Something, Any, features::set),
    method("admin.vm.feature.Remove", To::Any, Something, Nothing, features::remove),
    method("admin.vm.tag.List", To::Any, Nothing, Nothing, features::list_tags),
    method("admin.vm.tag.Get", To::Any, Something, Nothing, features::get_tag),
    method("admin.vm.tag.Set", To::Any, Something, Nothing, features::set_tag),
    method("admin.vm.tag.Remove", To::Any, Something, Nothing, features::remove_tag),
    method("admin.vm.volume.List", To::Any, Nothing, Nothing, volumes::list),
    method("admin.vm.volume.Info", To::Any, Something, Nothing, volumes::info),
    method(
        "admin.vm.volume.ListSnapshots",
        To::Any,
        Something,
        Nothing,
        volumes::revisions,
    ),
    method("admin.vm.volume.Resize", To::Any, Something, Something, volumes::resize),
    method(
        "admin.vm.volume.Set.revisions_to_keep",
        To::Any,
        Something,
        Something,
        volumes::set_revisions,
    ),
    method(
        "admin.vm.volume.Set.rw",
        To::Any,
        Something,
        Something,
        volumes::set_writable,
    ),
    method(
        "admin.vm.volume.Set.ephemeral",
        To::Any,
        Something,
        Something,
        volumes::set_ephemeral,
    ),
    method("admin.vm.Create.*", To::Dom0, Any, Something, create::create),
    method(
        "admin.vm.CreateInPool.*",
        To::Dom0,
        Any,
        Something,
        create::create_in_pool,
    ),
    method("admin.vm.Remove", To::Any, Nothing, Nothing, create::remove),
    method("admin.vm.Start", To::Any, Nothing, Nothing, power::start),
    method("admin.vm.Shutdown", To::Any, Any, Nothing, power::shutdown),
    method("admin.vm.Kill", To::Any, Nothing, Nothing, power::kill),
    method("admin.vm.Pause", To::Any, Nothing, Nothing, power::pause),
    method("admin.vm.Unpause", To::Any, Nothing, Nothing, power::unpause),
    method("admin.vm.firewall.Get", To::NotDom0, Nothing, Nothing, firewall::get),
    method("admin.vm.firewall.Set", To::NotDom0, Nothing, Any, firewall::set),
    newer("admin.vm.notes.Get", Nothing, Nothing, firewall::notes),
    newer("admin.vm.notes.Set", Nothing, Any, firewall::set_notes),
    newer("admin.vm.device.*.Assign", Something, Any, devices::assign),
    newer("admin.vm.device.*.Unassign", Something, Nothing, devices::unassign),
    newer("admin.vm.device.*.Assigned", Any, Nothing, devices::assigned),
    newer("admin.vm.device.*.Attached", Any, Nothing, devices::attached),
    method("admin.vm.device.*.Attach", To::NotDom0, Something, Any, devices::attach),
    method("admin.vm.device.*.Available", To::Any, Any, Nothing, devices::available),
    older("admin.vm.device.*.List", Any, Nothing, devices::list),
    method("admin.backup.Info", To::Dom0, Something, Nothing, lists::no_profile),
    method("admin.backup.Cancel", To::Dom0, Something, Nothing, lists::no_backup),
];

/// What the internal socket knows.
pub(super) const INTERNAL: [Method; 3] = [
    method("internal.GetSystemInfo", To::Dom0, Nothing, Nothing, system_info::get),
    method("internal.vm.volume.ImportBegin", To::Any, Something, Any, import::begin),
    method("internal.vm.volume.ImportEnd", To::Any, Something, Any, import::end),
];
