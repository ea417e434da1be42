// SPDX-License-Identifier: GPL-3.0-or-later
//! The code of each reason why a host refuses something or fails, and why a job cannot go on.

use crate::{
    crypto::CryptoError,
    engine::{HomeFault, HomeRefusal, LeftOut, Mistake, PlanFault, SettingFault},
    host::{FileFault, HostError, Operation, Refusal},
};

use super::inventory::{firewall_error, inventory_error};

/// The code of the reason; none where the kind of error says all.
pub(super) fn host_reason(error: &HostError) -> Option<&'static str> {
    match error {
        HostError::Inventory(error) => Some(inventory_error(error)),
        HostError::Refused { why } => Some(refusal(why)),
        HostError::Io { operation: what, .. } => Some(operation(what)),
        HostError::NotARoot { .. }
        | HostError::NoSuchVm { .. }
        | HostError::NoSuchVolume { .. }
        | HostError::PoolOutOfReach { .. }
        | HostError::NameTaken { .. }
        | HostError::Unfit { .. }
        | HostError::NotRunning { .. }
        | HostError::NotHalted { .. }
        | HostError::Gone { .. }
        | HostError::Denied { .. }
        | HostError::ConnectionLost { .. }
        | HostError::TimedOut { .. }
        | HostError::RecordLocked { .. }
        | HostError::NobodyAnswers { .. }
        | HostError::Declined { .. }
        | HostError::Unspoken { .. }
        | HostError::Garbled { .. }
        | HostError::Unsendable { .. }
        | HostError::NoPrivilege
        | HostError::Untrusted { .. }
        | HostError::HelperGone
        | HostError::NotBeingRestored { .. }
        | HostError::NotRepeated { .. }
        | HostError::Cancelled(_) => None,
    }
}

pub(super) fn refusal(why: &Refusal) -> &'static str {
    match why {
        Refusal::NotEmpty { .. } => "refused_not_empty",
        Refusal::NoSnapshot { .. } => "refused_no_snapshot",
        Refusal::WrittenInPlace { .. } => "refused_written_in_place",
        Refusal::NotAFile { .. } => "refused_not_a_file",
        Refusal::NoSuchFile { .. } => "refused_no_such_file",
        Refusal::VmName { .. } => "refused_vm_name",
        Refusal::Class { .. } => "refused_class",
        Refusal::Pool { .. } => "refused_pool",
        Refusal::NoPool => "refused_no_pool",
        Refusal::TooManyDisposables => "refused_too_many_disposables",
        Refusal::Dom0 => "refused_dom0",
        Refusal::InTheWay { .. } => "refused_in_the_way",
        Refusal::FixedProperty { .. } => "refused_fixed_property",
        Refusal::FileTooLong { .. } => "refused_file_too_long",
        Refusal::FileContent { fault, .. } => match fault {
            FileFault::TooLong { .. } => "refused_content_too_long",
            FileFault::NotAscii => "refused_content_not_ascii",
            FileFault::NotUtf8 => "refused_content_not_utf8",
            FileFault::RulesRefused => "refused_rules",
            FileFault::Firewall(error) => firewall_error(error),
        },
        Refusal::BehindTheEnd { .. } => "refused_behind_the_end",
        Refusal::OutOfOrder => "refused_out_of_order",
        Refusal::ServiceName { .. } => "refused_service_name",
    }
}

pub(super) fn operation(operation: &Operation) -> &'static str {
    match operation {
        Operation::Open(_) => "io_open",
        Operation::Read(_) => "io_read",
        Operation::Write(_) => "io_write",
        Operation::Make(_) => "io_make",
        Operation::Remove(_) => "io_remove",
        Operation::Lock(_) => "io_lock",
        Operation::WriteOutput => "io_write_output",
        Operation::MakeVolumes(_) => "io_make_volumes",
        Operation::Random => "io_random",
        Operation::StartService { .. } => "io_start_service",
        Operation::StartHelper => "io_start_helper",
    }
}

pub(super) fn plan_fault(why: &PlanFault) -> &'static str {
    match why {
        PlanFault::BackupChanged => "plan_backup_changed",
        PlanFault::NoHome => "plan_no_home",
        PlanFault::HomeIntoStream => "plan_home_into_stream",
        PlanFault::SameNumber { .. } => "plan_same_number",
        PlanFault::NoDialog { .. } => "plan_no_dialog",
        PlanFault::DialogAnswer { .. } => "plan_dialog_answer",
        PlanFault::Name(_) => "plan_name",
    }
}

pub(super) fn key_error(error: &CryptoError) -> &'static str {
    match error {
        CryptoError::NoRandomness => "key_no_randomness",
        CryptoError::BadCost(_) => "key_cost",
        CryptoError::NotEnoughMemory(_) => "key_no_memory",
        CryptoError::PassphraseTooLong(_) => "key_passphrase_too_long",
    }
}

pub(super) fn mistake(what: &Mistake) -> &'static str {
    match what {
        Mistake::Panic { .. } => "mistake_panic",
        Mistake::Worker => "mistake_worker",
        Mistake::Thread => "mistake_thread",
        Mistake::NoLastWord => "mistake_no_last_word",
        Mistake::OutOfOrder => "mistake_out_of_order",
        Mistake::SealedTwice => "mistake_sealed_twice",
        Mistake::Unwritable { .. } => "mistake_unwritable",
        Mistake::PartName(_) => "mistake_part_name",
        Mistake::Inventory(_) => "mistake_inventory",
        Mistake::Memory(_) => "mistake_memory",
    }
}

pub(super) fn left_out(why: &LeftOut) -> Option<&'static str> {
    Some(match why {
        LeftOut::System(_) => "home_unreadable",
        LeftOut::Socket => "home_socket",
        LeftOut::Device => "home_device",
    })
}

pub(super) fn home_refusal(why: &HomeRefusal) -> &'static str {
    match why {
        HomeRefusal::System(_) => "home_not_written",
        HomeRefusal::Fault(fault) => match fault {
            HomeFault::Outside => "home_outside",
            HomeFault::NameTooLong => "home_name_too_long",
            HomeFault::BelowAFile => "home_below_a_file",
            HomeFault::Twice => "home_twice",
            HomeFault::LinkToNothing => "home_link_to_nothing",
            HomeFault::LinkThroughLink => "home_link_through_link",
            HomeFault::TooLarge => "home_too_large",
            HomeFault::Device => "home_entry_device",
        },
    }
}

pub(super) fn setting_fault(why: &SettingFault) -> Option<&'static str> {
    match why {
        SettingFault::Host(error) => host_reason(error),
        SettingFault::TooLarge { .. } => Some("setting_too_large"),
    }
}
