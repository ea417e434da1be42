// SPDX-License-Identifier: GPL-3.0-or-later
//! Errors and warnings as codes that stay the same, with the place in the archive where there is one.

mod archive;
mod format;
mod host;
mod inventory;

use std::{io, path::Path};

use serde::Serialize;

use crate::{
    engine::{EngineError, NotRemoved, Warning},
    host::HostError,
    transport::{DestinationError, RemovalError, SourceError},
};

pub(super) use archive::missing;
use archive::{archive_code, archive_reason, place};
use host::{home_refusal, host_reason, key_error, left_out, mistake, plan_fault, setting_fault};

/// The code of a cause that only has words: a run ended before it began.
const NOT_BEGUN: &str = "not_begun";

/// Why something failed.
#[derive(Serialize)]
pub(super) struct Cause {
    code: &'static str,
    /// Why, where the code has more than one reason.
    reason: Option<&'static str>,
    /// A sentence in English.
    text: String,
    /// The member of the archive.
    member: Option<String>,
    /// Where in the archive, in bytes from its beginning.
    position_bytes: Option<u64>,
}

impl Cause {
    pub(super) fn of(error: &EngineError) -> Self {
        let (member, position_bytes) = match error {
            EngineError::Archive(error) => place(error),
            _ => (None, None),
        };
        Self {
            code: code(error),
            reason: reason(error),
            text: error.to_string(),
            member,
            position_bytes,
        }
    }
}

impl Cause {
    /// A cause that only has words.
    pub(super) fn said(text: &str) -> Self {
        Self {
            code: NOT_BEGUN,
            reason: None,
            text: text.to_owned(),
            member: None,
            position_bytes: None,
        }
    }
}

/// The code of the reason; none where the code of the error says all.
fn reason(error: &EngineError) -> Option<&'static str> {
    match error {
        EngineError::Archive(error) => archive_reason(error),
        EngineError::Host(error) => host_reason(error),
        EngineError::Plan { why } => Some(plan_fault(why)),
        EngineError::Key(error) => Some(key_error(error)),
        EngineError::Internal { what } => Some(mistake(what)),
        EngineError::Cancelled
        | EngineError::Volume { .. }
        | EngineError::VolumeChanged { .. }
        | EngineError::HomeIncomplete { .. }
        | EngineError::Home { .. }
        | EngineError::Destination(_)
        | EngineError::Source(_)
        | EngineError::NotInArchive { .. }
        | EngineError::NotReady(_)
        | EngineError::NoThread => None,
    }
}

/// The code of the reason why an older archive is still there.
fn not_removed(why: &NotRemoved) -> &'static str {
    match why {
        NotRemoved::Another => "another_archive",
        NotRemoved::Unreadable(error) => reason(error).unwrap_or_else(|| code(error)),
        NotRemoved::Removal(error) => removal(error),
        NotRemoved::Cancelled => "cancelled",
    }
}

fn removal(error: &RemovalError) -> &'static str {
    match error {
        RemovalError::NotThere => "not_there",
        RemovalError::NotAFile => "not_a_file",
        RemovalError::Changed => "changed",
        RemovalError::Kept => "kept_by_vm",
        RemovalError::Impossible => "not_removable",
        RemovalError::Host(error) => host_reason(error).unwrap_or_else(|| host_code(error)),
        RemovalError::Store(_) => "store",
        RemovalError::Io(_) => "system",
    }
}

fn code(error: &EngineError) -> &'static str {
    match error {
        EngineError::Cancelled => "cancelled",
        EngineError::NoThread => "no_thread",
        EngineError::Host(error) => host_code(error),
        EngineError::Volume { .. } => "volume_unreadable",
        EngineError::VolumeChanged { .. } => "volume_changed",
        EngineError::HomeIncomplete { .. } => "home_incomplete",
        EngineError::Home { source, .. } => io_code(source, "home_io"),
        EngineError::Destination(error) => match error {
            DestinationError::Exists { .. } => "destination_exists",
            DestinationError::InUse { .. } => "destination_in_use",
            DestinationError::Replaced { .. } => "destination_replaced",
            DestinationError::NotMounted { .. } => "destination_not_mounted",
            DestinationError::NotADirectory { .. } => "destination_not_a_directory",
            DestinationError::Full { .. } => "no_space",
            DestinationError::OtherDisk { .. } => "destination_other_disk",
            DestinationError::FileTooLarge { .. } => "file_too_large",
            DestinationError::Io { .. } => "destination_io",
            DestinationError::Service { .. } => "destination_service",
            DestinationError::NotWritable { .. } => "destination_not_writable",
            DestinationError::NothingThere { .. } => "destination_nothing_there",
            DestinationError::NotKept { .. } => "destination_not_kept",
            DestinationError::Stalled { .. } => "destination_stalled",
            DestinationError::Command { .. } => "destination_command",
            DestinationError::Store { .. } => "destination_store",
            DestinationError::Taken { .. } => "destination_exists",
            DestinationError::Impossible { .. } => "destination_impossible",
        },
        EngineError::Source(error) => match error {
            SourceError::Io { .. } => "source_io",
            SourceError::NotReadable { .. } => "source_not_readable",
            SourceError::ReadAlready { .. } => "source_read_already",
            SourceError::Command { .. } => "source_command",
            SourceError::BrokenOff { .. } => "source_broken_off",
            SourceError::NotAStream { .. } => "source_not_a_stream",
            SourceError::Program { .. } => "source_program",
            SourceError::Service { .. } => "source_service",
            SourceError::Store { .. } => "source_store",
            SourceError::Changed { .. } => "source_changed",
            SourceError::NoPedos { .. } => "source_no_pedos",
        },
        EngineError::Archive(error) => archive_code(error),
        EngineError::NotInArchive { .. } => "not_in_archive",
        EngineError::NotReady(_) => "not_ready",
        EngineError::Plan { .. } => "plan",
        EngineError::Key(_) => "no_key",
        EngineError::Internal { .. } => "internal",
    }
}

fn host_code(error: &HostError) -> &'static str {
    match error {
        HostError::NotARoot { .. } => "host_not_a_root",
        HostError::Inventory(_) => "host_inventory",
        HostError::NoSuchVm { .. } => "host_no_such_vm",
        HostError::NoSuchVolume { .. } => "host_no_such_volume",
        HostError::PoolOutOfReach { .. } => "host_pool_out_of_reach",
        HostError::NameTaken { .. } => "host_name_taken",
        HostError::Unfit { .. } => "host_setting_unfit",
        HostError::Refused { .. } => "host_refused",
        HostError::NotRunning { .. } => "host_not_running",
        HostError::NotHalted { .. } => "host_not_halted",
        HostError::Gone { .. } => "host_vm_gone",
        HostError::Denied { .. } => "host_denied",
        HostError::ConnectionLost { .. } => "host_connection_lost",
        HostError::TimedOut { .. } => "host_timed_out",
        HostError::RecordLocked { .. } => "host_record_locked",
        HostError::NobodyAnswers { .. } => "host_nobody_answers",
        HostError::Declined { .. } => "host_declined",
        HostError::Unspoken { .. } => "host_declined_silently",
        HostError::Garbled { .. } => "host_garbled",
        HostError::Unsendable { .. } => "host_unsendable",
        HostError::NoPrivilege => "host_no_privilege",
        HostError::Untrusted { .. } => "host_untrusted_folder",
        HostError::HelperGone => "host_helper_gone",
        HostError::NotBeingRestored { .. } => "host_not_being_restored",
        HostError::NotRepeated { .. } => "host_not_repeated",
        HostError::Cancelled(_) => "cancelled",
        HostError::Io { source, .. } => io_code(source, "host_io"),
    }
}

fn io_code(error: &io::Error, otherwise: &'static str) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "no_space",
        _ => otherwise,
    }
}

/// Something that was warned of.
#[derive(Serialize)]
pub(super) struct Notice {
    code: &'static str,
    /// Why, where a code says it.
    reason: Option<&'static str>,
    /// The VM, by its name here.
    vm: Option<String>,
    /// What it is about: a path, a member, a setting, a place.
    subject: Option<String>,
    /// What was the matter, in English.
    text: Option<String>,
}

impl Notice {
    pub(super) fn of(warning: &Warning) -> Self {
        match warning {
            Warning::HomeFileLeftOut { path, why } => Self::new("home_file_left_out")
                .because(left_out(why))
                .path(path)
                .why(why),
            Warning::HomeFileChanged { path } => Self::new("home_file_changed").path(path),
            Warning::NameNotSynced { path, why } => Self::new("name_not_synced").path(path).why(why),
            Warning::LeftoverReplaced { path } => Self::new("leftover_replaced").path(path),
            Warning::TakesNothing { place } => Self::new("takes_nothing").about(place),
            Warning::VmStarted { vm } => Self::new("vm_started").vm(vm),
            Warning::VmEndsWhenIdle { vm } => Self::new("vm_ends_when_idle").vm(vm),
            Warning::UptakeUnknown { vm } => Self::new("uptake_unknown").vm(vm),
            Warning::NotRecorded { why } => Self::new("backup_not_recorded").because(host_reason(why)).why(why),
            Warning::TemplateNotRestored { vm, template } => Self::new("template_not_restored").vm(vm).about(template),
            Warning::NotVerified { why } => Self::new("not_verified").why(why),
            Warning::SettingNotRestored { vm, what, why } => Self::new("setting_not_restored")
                .because(setting_fault(why))
                .vm(vm)
                .about(&what.to_string())
                .why(why),
            Warning::SettingUnfit {
                vm,
                setting,
                value,
                why,
            } => Self::new("setting_unfit")
                .vm(vm)
                .about(&setting.to_string())
                .why(&format!("{value:?}: {why}")),
            Warning::NameUnusable { vm, why } => Self::new("name_unusable").vm(vm).why(why),
            Warning::UnknownFile { member } => Self::new("unknown_file").about(member),
            Warning::HomeFileNotRestored { path, why } => Self::new("home_file_not_restored").path(path).why(why),
            Warning::HomeEntryRefused { path, why } => Self::new("home_entry_refused")
                .because(Some(home_refusal(why)))
                .path(path)
                .why(why),
            Warning::HomePrivilegesDropped { path } => Self::new("home_privileges_dropped").path(path),
            Warning::LeftBehind { place } => Self::new("left_behind").about(place),
            Warning::GoodAtSecondTry { member, .. } => Self::new("good_at_second_try").about(member),
            Warning::VolumeSizeDiffers {
                vm,
                volume,
                announced,
                found,
            } => Self::new("volume_size_differs")
                .vm(vm)
                .about(volume)
                .why(&format!("{announced} bytes were announced, {found} came")),
            Warning::RecoveryTextNotWritten { path, why } => Self::new("recovery_text_not_written").path(path).why(why),
            Warning::NotRemembered { why } => Self::new("not_remembered").why(why),
            Warning::OlderKept => Self::new("older_kept"),
            Warning::OlderNotFound { why } => Self::new("older_not_found").because(Some(removal(why))).why(why),
            Warning::ArchiveNotRemoved { place, why } => Self::new("archive_not_removed")
                .because(Some(not_removed(why)))
                .about(place)
                .why(why),
            Warning::RecoveryTextNotRemoved { path, why } => Self::new("recovery_text_not_removed").path(path).why(why),
            Warning::RestUnreadable { why } => Self::new("rest_unreadable")
                .because(reason(why).or_else(|| Some(code(why))))
                .why(why),
            Warning::Archive(error) => {
                let code = archive_reason(error).or_else(|| Some(archive_code(error)));
                let notice = Self::new("archive_damaged").because(code).why(error);
                match place(error).0 {
                    Some(member) => notice.about(&member),
                    None => notice,
                }
            }
            Warning::NamedFromTheStart { vm } => Self::new("named_from_the_start").vm(vm),
            Warning::BehindTheEnd { position } => Self::new("behind_the_end").about(&format!("byte {position}")),
            Warning::NotTakenAway { vm, tag, why } => Self::new("not_taken_away")
                .because(host_reason(why))
                .vm(vm)
                .about(tag)
                .why(why),
        }
    }

    fn new(code: &'static str) -> Self {
        Self {
            code,
            reason: None,
            vm: None,
            subject: None,
            text: None,
        }
    }

    fn vm(mut self, name: &str) -> Self {
        self.vm = Some(name.to_owned());
        self
    }

    fn about(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }

    fn path(self, path: &Path) -> Self {
        self.about(&path.to_string_lossy())
    }

    fn because(mut self, reason: Option<&'static str>) -> Self {
        self.reason = reason;
        self
    }

    fn why(mut self, text: &impl ToString) -> Self {
        self.text = Some(text.to_string());
        self
    }
}

#[cfg(test)]
mod tests;
