// SPDX-License-Identifier: GPL-3.0-or-later
//! Errors and warnings as codes that stay the same, with the place in the archive where there is one.

use std::{io, path::Path};

use serde::Serialize;

use crate::{
    engine::{ArchiveError, EngineError, Warning},
    host::HostError,
    transport::{DestinationError, SourceError},
};

/// Why something failed.
#[derive(Serialize)]
pub(super) struct Cause {
    code: &'static str,
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
            text: error.to_string(),
            member,
            position_bytes,
        }
    }
}

fn place(error: &ArchiveError) -> (Option<String>, Option<u64>) {
    match error {
        ArchiveError::Damaged { member, position, .. } => (Some(member.clone()), Some(*position)),
        ArchiveError::Foreign { member, position } | ArchiveError::Duplicate { member, position } => {
            (Some(member.clone()), Some(*position))
        }
        ArchiveError::LostMember { position, .. } => (None, Some(*position)),
        ArchiveError::Truncated { position, .. } | ArchiveError::Altered { position, .. } => (None, Some(*position)),
        ArchiveError::KeyTooCostly { member, .. } => (Some(member.clone()), None),
        ArchiveError::NotABackup { .. }
        | ArchiveError::UnsupportedVersion { .. }
        | ArchiveError::UnsupportedCompression { .. }
        | ArchiveError::UnsupportedAlgorithm { .. }
        | ArchiveError::UnsupportedCipher { .. }
        | ArchiveError::WrongPassphrase
        | ArchiveError::NoSuchVolume { .. }
        | ArchiveError::HomeEntries { .. }
        | ArchiveError::Missing { .. } => (None, None),
        ArchiveError::UnreadableRules { member, .. } => (Some(member.clone()), None),
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
            DestinationError::NotADirectory { .. } => "destination_not_a_directory",
            DestinationError::Full { .. } => "no_space",
            DestinationError::FileTooLarge { .. } => "file_too_large",
            DestinationError::Io { .. } => "destination_io",
            DestinationError::Service { .. } => "destination_service",
            DestinationError::NotWritable { .. } => "destination_not_writable",
            DestinationError::NothingThere { .. } => "destination_nothing_there",
            DestinationError::NotKept { .. } => "destination_not_kept",
            DestinationError::Command { .. } => "destination_command",
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
            SourceError::NoPedos { .. } => "source_no_pedos",
        },
        EngineError::Archive(error) => archive_code(error),
        EngineError::NotInArchive { .. } => "not_in_archive",
        EngineError::NotReady(_) => "not_ready",
        EngineError::Plan { .. } => "plan",
        EngineError::Internal { .. } => "internal",
    }
}

fn archive_code(error: &ArchiveError) -> &'static str {
    match error {
        ArchiveError::NotABackup { .. } => "not_a_backup",
        ArchiveError::UnsupportedAlgorithm { .. } | ArchiveError::UnsupportedCipher { .. } => "unsupported_algorithm",
        ArchiveError::UnsupportedVersion { .. } => "unsupported_version",
        ArchiveError::UnsupportedCompression { .. } => "unsupported_compression",
        ArchiveError::WrongPassphrase => "wrong_passphrase",
        ArchiveError::KeyTooCostly { .. } => "key_too_costly",
        ArchiveError::Damaged { .. } => "damaged",
        ArchiveError::Truncated { .. } => "truncated",
        ArchiveError::Altered { .. } => "altered",
        ArchiveError::LostMember { .. } => "lost_member",
        ArchiveError::HomeEntries { .. } => "home_entries",
        ArchiveError::Duplicate { .. } => "duplicate",
        ArchiveError::NoSuchVolume { .. } => "no_such_volume",
        ArchiveError::Foreign { .. } => "foreign",
        ArchiveError::UnreadableRules { .. } => "unreadable_rules",
        ArchiveError::Missing { .. } => "missing",
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
    /// The VM, by its name here.
    vm: Option<String>,
    /// What it is about: a path, a member, a setting, a place.
    subject: Option<String>,
    /// What was the matter, in English.
    reason: Option<String>,
}

impl Notice {
    pub(super) fn of(warning: &Warning) -> Self {
        match warning {
            Warning::HomeFileLeftOut { path, why } => Self::new("home_file_left_out").path(path).why(why),
            Warning::HomeFileChanged { path } => Self::new("home_file_changed").path(path),
            Warning::NameNotSynced { path, why } => Self::new("name_not_synced").path(path).why(why),
            Warning::LeftoverReplaced { path } => Self::new("leftover_replaced").path(path),
            Warning::UptakeUnknown { vm } => Self::new("uptake_unknown").vm(vm),
            Warning::NotRecorded { why } => Self::new("backup_not_recorded").why(why),
            Warning::NotVerified { why } => Self::new("not_verified").why(&why.to_string()),
            Warning::SettingNotRestored { vm, setting, why } => {
                Self::new("setting_not_restored").vm(vm).about(setting).why(why)
            }
            Warning::SettingUnfit {
                vm,
                setting,
                value,
                why,
            } => Self::new("setting_unfit")
                .vm(vm)
                .about(&setting.to_string())
                .why(&format!("{value:?}: {why}")),
            Warning::NameUnusable { vm, why } => Self::new("name_unusable").vm(vm).why(&why.to_string()),
            Warning::UnknownFile { member } => Self::new("unknown_file").about(member),
            Warning::HomeFileNotRestored { path, why } => Self::new("home_file_not_restored").path(path).why(why),
            Warning::HomeEntryRefused { path, why } => Self::new("home_entry_refused").path(path).why(&why.to_string()),
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
            Warning::RestUnreadable { why } => Self::new("rest_unreadable").why(why),
            Warning::Archive(error) => {
                let notice = Self::new("archive_damaged").why(&error.to_string());
                match place(error).0 {
                    Some(member) => notice.about(&member),
                    None => notice,
                }
            }
            Warning::NamedFromTheStart { vm } => Self::new("named_from_the_start").vm(vm),
            Warning::BehindTheEnd { position } => Self::new("behind_the_end").about(&format!("byte {position}")),
            Warning::NotTakenAway { vm, tag, why } => Self::new("not_taken_away").vm(vm).about(tag).why(why),
        }
    }

    fn new(code: &'static str) -> Self {
        Self {
            code,
            vm: None,
            subject: None,
            reason: None,
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

    fn why(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, sync::Arc};

    use super::*;
    use crate::{
        engine::{HomeFault, HomeRefusal},
        host::{
            Change, NameFault,
            settings::{Setting, Unfit},
        },
        plan::{BackupRemark, Finding, Unverified},
    };

    const SCHEMAS: [&str; 2] = [
        include_str!("../../docs/schema/report.schema.json"),
        include_str!("../../docs/schema/listing.schema.json"),
    ];

    fn codes(schema: &str, of: &str) -> Vec<String> {
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let codes = &schema["$defs"][of]["properties"]["code"]["enum"];
        codes
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect()
    }

    fn text() -> String {
        "x".to_owned()
    }

    #[allow(clippy::too_many_lines, reason = "a list")]
    fn errors() -> Vec<EngineError> {
        let io = |kind| Arc::new(io::Error::from(kind));
        let mut errors: Vec<EngineError> = vec![
            EngineError::Cancelled,
            EngineError::Volume {
                vm: text(),
                volume: text(),
                source: io(ErrorKind::Other),
            },
            EngineError::VolumeChanged {
                vm: text(),
                volume: text(),
                change: Change::Content,
            },
            EngineError::HomeIncomplete {
                path: text().into(),
                count: 1,
            },
            EngineError::Home {
                path: text().into(),
                source: io(ErrorKind::Other),
            },
            EngineError::Home {
                path: text().into(),
                source: io(ErrorKind::StorageFull),
            },
            EngineError::NotReady(Finding {
                vm: None,
                remark: BackupRemark::NothingSelected,
            }),
            EngineError::Plan { what: text() },
            EngineError::NotInArchive { what: text() },
            EngineError::Internal { what: text() },
            DestinationError::Exists { path: text().into() }.into(),
            DestinationError::InUse { path: text().into() }.into(),
            DestinationError::Replaced { path: text().into() }.into(),
            DestinationError::NotADirectory { path: text().into() }.into(),
            DestinationError::FileTooLarge { place: text() }.into(),
            DestinationError::Io {
                place: text(),
                source: io(ErrorKind::Other),
            }
            .into(),
            DestinationError::Service {
                vm: text(),
                code: 1,
                said: text(),
            }
            .into(),
            SourceError::Io {
                place: text(),
                source: io(ErrorKind::Other),
            }
            .into(),
            SourceError::Service {
                vm: text(),
                code: 1,
                said: text(),
            }
            .into(),
            SourceError::NoPedos { vm: text() }.into(),
            HostError::NotARoot { path: text().into() }.into(),
            HostError::Inventory(crate::inventory::Inventory::parse(b"").unwrap_err()).into(),
            HostError::NoSuchVm { name: text() }.into(),
            HostError::NoSuchVolume {
                vm: text(),
                volume: text(),
            }
            .into(),
            HostError::PoolOutOfReach {
                vm: text(),
                volume: text(),
                pool: text(),
                driver: text(),
            }
            .into(),
            HostError::NameTaken { name: text() }.into(),
            HostError::Unfit {
                vm: text(),
                setting: Setting::Tag,
                value: text(),
                why: Unfit::Empty,
            }
            .into(),
            HostError::Refused { what: text() }.into(),
            HostError::NotRunning { name: text() }.into(),
            HostError::NotHalted { name: text() }.into(),
            HostError::Gone { name: text() }.into(),
            HostError::Denied { call: text() }.into(),
            HostError::ConnectionLost { call: text() }.into(),
            HostError::TimedOut {
                call: text(),
                after: std::time::Duration::from_secs(1),
            }
            .into(),
            HostError::RecordLocked {
                path: text().into(),
                after: std::time::Duration::from_secs(1),
            }
            .into(),
            HostError::io("x", io::Error::from(ErrorKind::Other)).into(),
        ];
        errors.extend(ArchiveError::one_of_each("x").into_iter().map(EngineError::from));
        errors
    }

    #[test]
    fn every_code_is_in_both_schemas_and_no_other() {
        let mut known: Vec<String> = errors().iter().map(|error| code(error).to_owned()).collect();
        known.sort();
        known.dedup();
        for schema in SCHEMAS {
            assert_eq!(codes(schema, "cause"), known);
        }
    }

    #[test]
    fn every_warning_is_in_the_schema_and_no_other() {
        let path = || text().into();
        let warnings = [
            Warning::HomeFileLeftOut {
                path: path(),
                why: text(),
            },
            Warning::HomeFileChanged { path: path() },
            Warning::NameNotSynced {
                path: path(),
                why: text(),
            },
            Warning::LeftoverReplaced { path: path() },
            Warning::UptakeUnknown { vm: text() },
            Warning::NotRecorded { why: text() },
            Warning::NotVerified { why: Unverified::InVm },
            Warning::SettingNotRestored {
                vm: text(),
                setting: text(),
                why: text(),
            },
            Warning::SettingUnfit {
                vm: text(),
                setting: Setting::Tag,
                value: text(),
                why: Unfit::Empty,
            },
            Warning::NameUnusable {
                vm: text(),
                why: NameFault::Empty,
            },
            Warning::UnknownFile { member: text() },
            Warning::Archive(ArchiveError::LostMember { position: 7, end: 9 }),
            Warning::BehindTheEnd { position: 7 },
            Warning::HomeEntryRefused {
                path: path(),
                why: HomeRefusal::Fault(HomeFault::Twice),
            },
            Warning::HomePrivilegesDropped { path: path() },
            Warning::HomeFileNotRestored {
                path: path(),
                why: text(),
            },
            Warning::LeftBehind { place: text() },
            Warning::GoodAtSecondTry {
                member: text(),
                position: 7,
            },
            Warning::VolumeSizeDiffers {
                vm: text(),
                volume: text(),
                announced: 1,
                found: 2,
            },
            Warning::RecoveryTextNotWritten {
                path: path(),
                why: text(),
            },
            Warning::RestUnreadable { why: text() },
            Warning::NotTakenAway {
                vm: text(),
                tag: "t",
                why: text(),
            },
        ];
        let mut known: Vec<String> = warnings
            .iter()
            .map(|warning| Notice::of(warning).code.to_owned())
            .collect();
        known.sort();
        assert_eq!(codes(SCHEMAS[0], "warning"), known);
    }

    #[test]
    fn damage_has_its_place() {
        let error = ArchiveError::Damaged {
            member: "vm1/private.img.000.enc".into(),
            position: 512,
            what: text(),
        };
        let cause = Cause::of(&error.into());
        assert_eq!((cause.code, cause.position_bytes), ("damaged", Some(512)));
        assert_eq!(cause.member.as_deref(), Some("vm1/private.img.000.enc"));
    }
}
