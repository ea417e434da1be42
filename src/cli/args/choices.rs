// SPDX-License-Identifier: GPL-3.0-or-later
//! What can be decided about single VMs of a restore, one option for each question.

use clap::Args;

/// One decision: `VM=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The VM by its name in the backup.
    pub vm: String,
    /// What is decided.
    pub value: String,
}

/// `VM=VALUE`, and where it stands for all VMs, `VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedPool {
    /// The VM by its name in the backup; all of them when `None`.
    pub vm: Option<String>,
    /// The pool.
    pub pool: String,
}

/// What is decided about single VMs.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Decisions about single VMs")]
pub struct ChoiceArgs {
    /// Restore the VM OLD of the backup under the name NEW; may be given several times
    ///
    /// What refers to the VM in the backup follows it: templates, net VMs, disposable templates, devices.
    #[arg(long, value_name = "OLD=NEW", value_parser = named, conflicts_with = "verify_only")]
    pub rename: Vec<Assigned>,

    /// Base this VM on another template; may be given several times
    ///
    /// VM is a name in the backup, NAME a name here: of a template that is here, or of one that is restored too.
    #[arg(long, value_name = "VM=NAME", value_parser = named, conflicts_with = "verify_only")]
    pub template: Vec<Assigned>,

    /// Give this VM another net VM; may be given several times
    ///
    /// "VM=none" or "VM=" is none at all, "VM=default" the default one.
    #[arg(long, value_name = "VM=NAME", value_parser = assigned, conflicts_with = "verify_only")]
    pub netvm: Vec<Assigned>,

    /// Give this VM another default disposable template; may be given several times
    ///
    /// "VM=none" or "VM=" is none at all, "VM=default" the default one.
    #[arg(long, value_name = "VM=NAME", value_parser = assigned, conflicts_with = "verify_only")]
    pub dispvm: Vec<Assigned>,

    /// Give this VM another kernel; may be given several times
    ///
    /// "VM=none" or "VM=" is the kernel inside the VM, "VM=default" the default one.
    #[arg(long, value_name = "VM=KERNEL", value_parser = assigned, conflicts_with = "verify_only")]
    pub kernel: Vec<Assigned>,

    /// Put the volumes of all VMs, or of this VM, into this pool; may be given several times
    #[arg(long, value_name = "[VM=]POOL", value_parser = pool, conflicts_with = "verify_only")]
    pub pool: Vec<AssignedPool>,

    /// Do not assign this device to this VM; may be given several times
    ///
    /// "VM=block:sys-usb:sda" is one device, "VM=block:sys-usb" all block devices of sys-usb, "VM=block" all block
    /// devices.
    #[arg(
        long,
        value_name = "VM=CLASS[:BACKEND[:ID]]",
        value_parser = named,
        conflicts_with = "verify_only"
    )]
    pub drop_device: Vec<Assigned>,

    /// Do not assign any devices
    #[arg(long, conflicts_with = "verify_only")]
    pub no_devices: bool,

    /// Show what would happen, and restore nothing
    ///
    /// The exit status is 0 when everything could be restored, and 1 when something stands in the way.
    #[arg(long, conflicts_with = "verify_only")]
    pub dry_run: bool,
}

/// `VM=VALUE`.
fn assigned(text: &str) -> Result<Assigned, String> {
    let (vm, value) = text.split_once('=').ok_or("a VM, '=' and a value are expected")?;
    if vm.is_empty() {
        return Err("a VM is expected before '='".to_owned());
    }
    Ok(Assigned {
        vm: vm.to_owned(),
        value: value.to_owned(),
    })
}

/// `VM=VALUE` with something behind the sign.
fn named(text: &str) -> Result<Assigned, String> {
    let found = assigned(text)?;
    if found.value.is_empty() {
        return Err("something is expected behind '='".to_owned());
    }
    Ok(found)
}

fn pool(text: &str) -> Result<AssignedPool, String> {
    if text.contains('=') {
        let Assigned { vm, value } = named(text)?;
        return Ok(AssignedPool {
            vm: Some(vm),
            pool: value,
        });
    }
    if text.is_empty() {
        return Err("a pool is expected".to_owned());
    }
    Ok(AssignedPool {
        vm: None,
        pool: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::RestoreArgs;

    fn parse(line: &str) -> Result<RestoreArgs, clap::Error> {
        RestoreArgs::try_parse_from(format!("qvm-backup-restore {line} /x").split(' '))
    }

    #[test]
    fn a_decision_is_a_vm_and_a_value() {
        let args = parse("--rename a=b --netvm a= --netvm b=none --pool fast --pool a=slow").unwrap();
        let choices = args.choices;
        assert_eq!(choices.rename[0].value, "b");
        assert_eq!(choices.netvm[0].value, "");
        assert_eq!(choices.netvm.len(), 2);
        assert_eq!((choices.pool[0].vm.as_deref(), &*choices.pool[0].pool), (None, "fast"));
        assert_eq!(choices.pool[1].vm.as_deref(), Some("a"));
        for line in [
            "--rename a",
            "--rename a=",
            "--rename =b",
            "--netvm x",
            "--pool a=",
            "--drop-device a=",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_verification_decides_nothing() {
        for line in [
            "--rename a=b",
            "--template a=b",
            "--netvm a=",
            "--pool p",
            "--no-devices",
            "--dry-run",
        ] {
            assert!(parse(&format!("--verify-only {line}")).is_err(), "{line}");
        }
    }

    #[test]
    fn the_rule_for_all_names_can_still_be_abbreviated() {
        assert!(parse("--rename-c").unwrap().rename_conflicting);
    }
}
