// SPDX-License-Identifier: GPL-3.0-or-later
//! Lists and states: classes, VMs, pools.

use super::Call;
use crate::{
    answer::{Answer, Refusal, done, lines, text},
    daemon::Daemon,
    state::{Class, Driver, Pool, Power, Vm},
};

/// The classes of devices that the daemon itself brings.
pub(super) const DEVICE_CLASSES: [&str; 2] = ["pci", "block"];

/// The room of a pool, in bytes.
const POOL_BYTES: u64 = 270_553_174_016;
const POOL_USED_BYTES: u64 = 17_397_432_320;

pub(super) fn classes(daemon: &mut Daemon, _: &Call<'_>) -> Answer {
    let classes = Class::ALL.into_iter().filter(|class| is_class(daemon, *class));
    lines(classes.map(Class::name))
}

/// Whether the dialect has that class.
pub(super) fn is_class(daemon: &Daemon, class: Class) -> bool {
    class != Class::Remote || daemon.differences().has_notes
}

pub(super) fn device_classes(_: &mut Daemon, _: &Call<'_>) -> Answer {
    lines(DEVICE_CLASSES)
}

pub(super) fn vms(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let vms = daemon.state.sorted();
    let wanted = vms.into_iter().filter(|vm| call.vm == "dom0" || vm.name == call.vm);
    let line = |vm: &Vm| {
        let uuid = if daemon.differences().has_uuids {
            format!(" uuid={}", vm.uuid)
        } else {
            String::new()
        };
        format!("{} class={} state={}{uuid}", vm.name, vm.class.name(), vm.power.name())
    };
    lines(wanted.map(line))
}

pub(super) fn current_state(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let vm = daemon.vm(&call.vm)?;
    let (memory, most) = match (vm.class, vm.power) {
        (Class::Admin, _) => daemon.differences().dom0_memory,
        (_, Power::Halted) => ("0", "0"),
        _ => ("409600", "4096000"),
    };
    let cpu = if vm.is_running() { "1000000" } else { "0" };
    text(format!(
        "mem={memory} mem_static_max={most} cputime={cpu} power_state={}",
        vm.power.name()
    ))
}

pub(super) fn pools(daemon: &mut Daemon, _: &Call<'_>) -> Answer {
    lines(daemon.state.pools.iter().map(|pool| &pool.name))
}

pub(super) fn drivers(_: &mut Daemon, _: &Call<'_>) -> Answer {
    lines([
        "file revisions_to_keep dir_path ephemeral_volatile",
        "file-reflink revisions_to_keep dir_path setup_check ephemeral_volatile",
        "linux-kernel dir_path",
        "lvm_thin revisions_to_keep volume_group thin_pool ephemeral_volatile",
        "callback conf_id",
        "zfs revisions_to_keep container ephemeral_volatile snap_on_start_forensics",
    ])
}

fn pool<'a>(daemon: &'a Daemon, call: &Call<'_>) -> Result<&'a Pool, Refusal> {
    let pool = daemon.state.pool(call.argument);
    pool.ok_or_else(|| daemon.worded("PermissionDenied", "Argument not in 'pools'"))
}

pub(super) fn pool_info(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let pool = pool(daemon, call)?;
    let mut facts = pool.options();
    facts.push(("driver", pool.driver.name().to_owned()));
    facts.push(("name", pool.name.clone()));
    facts.sort_unstable();
    if pool.driver == Driver::LinuxKernel {
        let around = daemon.state.pools.iter().find(|pool| pool.name == "varlibqubes");
        facts.extend(around.map(|pool| ("included_in", pool.name.clone())));
    } else {
        facts.push(("size", POOL_BYTES.to_string()));
        facts.push(("usage", POOL_USED_BYTES.to_string()));
    }
    lines(facts.iter().map(|(name, value)| format!("{name}={value}")))
}

pub(super) fn pool_usage(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let pool = pool(daemon, call)?;
    let data = format!("data_size={POOL_BYTES}\ndata_usage={POOL_USED_BYTES}\n");
    match pool.driver {
        Driver::LinuxKernel => done(),
        Driver::LvmThin => text(data + "metadata_size=134217728\nmetadata_usage=8388608\n"),
        _ => text(data),
    }
}

pub(super) fn pool_volumes(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    let pool = pool(daemon, call)?;
    if pool.driver == Driver::LinuxKernel {
        return lines(&daemon.state.kernels);
    }
    let volumes = daemon.state.vms.iter().flat_map(|vm| &vm.volumes);
    lines(
        volumes
            .filter(|volume| volume.pool == pool.name)
            .map(|volume| &volume.vid),
    )
}

pub(super) fn no_profile(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    Err(daemon.worded(
        "QubesBackupProfileNotFoundError",
        format!("Backup profile does not exist: {}", call.argument),
    ))
}

pub(super) fn no_backup(_: &mut Daemon, _: &Call<'_>) -> Answer {
    Err(Refusal::new("QubesException", "Backup operation not running"))
}
