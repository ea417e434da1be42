// SPDX-License-Identifier: GPL-3.0-or-later
//! Backup profiles: what to back up, where to and how, kept in files that the existing tools read and write as well.
//!
//! A profile is a small YAML mapping in `etc/qubes/backup/NAME.conf`. It refuses to guess: a key that is missing, of the
//! wrong kind or names an unknown compression is an error; a key that it does not know is reported and left out. It may
//! hold a passphrase in plain text, so its file belongs to its owner alone and its texts are wiped from memory.

mod error;
mod extras;
mod folder;
mod known;
mod made;
mod repeated;
mod selection;
mod vm_passphrase;
mod yaml;

pub use error::{Expected, ProfileError, SyntaxFault};
pub use extras::Extras;
pub use folder::{list, remove, rename};
pub use known::{KnownBackup, known_backups};
pub use made::{ArchiveFolder, MadeArchive, forget, made_in, made_on_absent_disk, names_made_in, newer_than, remember};
pub use repeated::{RepeatError, repeat};
pub use selection::{Selection, select};
pub use vm_passphrase::{VmPassphraseError, passphrase_from_vm};

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use zeroize::Zeroizing;

use self::yaml::Value;
use crate::{
    durable,
    format::Compression,
    host::{DOM0, LocalDir},
    secret::Passphrase,
};

/// The wizard's default profile, under the name that the existing wizard gives it.
pub const DEFAULT_NAME: &str = "qubes-manager-backup";
/// The largest profile in bytes; one with 300 names has 10 KiB.
const LARGEST_BYTES: u64 = 1 << 20;
/// The mode of a profile: it may hold a passphrase.
const MODE: u32 = 0o600;

/// The settings of a backup.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Names of VMs, `@tag:TAG` and `@type:CLASS`; `None` for all that backups take by default.
    pub include: Option<Vec<String>>,
    /// What is left out of these, in the same words.
    pub exclude: Vec<String>,
    /// The VM that takes the archive; "dom0" for a file.
    pub destination_vm: String,
    /// The directory, file or command there.
    pub destination_path: String,
    /// How the archive is compressed.
    pub compression: Compression,
    /// Where the passphrase comes from.
    pub passphrase: PassphraseSource,
    /// What the existing tools do not know.
    pub extras: Extras,
}

/// Where the passphrase of a profile comes from.
#[derive(Debug, Clone, Default)]
pub enum PassphraseSource {
    /// The user is asked.
    #[default]
    Ask,
    /// It stands in the profile.
    Text(Arc<Passphrase>),
    /// The service `qubes.BackupPassphrase` of that VM tells it.
    Vm(String),
}

/// A profile as it was read.
#[derive(Debug)]
pub struct Loaded {
    /// The profile.
    pub profile: Profile,
    /// Keys in it that mean nothing to this program.
    pub unknown_keys: Vec<String>,
}

impl Profile {
    /// Reads the profile of that name.
    ///
    /// # Errors
    /// When it is not there or not a profile.
    pub fn load(folder: &LocalDir, name: &str) -> Result<Loaded, ProfileError> {
        let path = path(folder.path(), name)?;
        let failed = |source| ProfileError::of_file(&path, source);
        // The limit counts the bytes that are read, because a device reports a size of zero.
        let content = durable::read_at_most(&path, LARGEST_BYTES + 1).map_err(failed)?;
        let content = Zeroizing::new(content);
        if content.len() as u64 > LARGEST_BYTES {
            let bytes = fs::metadata(&path)
                .map_or(0, |found| found.len())
                .max(content.len() as u64);
            let limit = LARGEST_BYTES;
            return Err(ProfileError::TooLarge { path, bytes, limit });
        }
        let text = std::str::from_utf8(&content).map_err(|_| SyntaxFault::NotUtf8)?;
        Self::parse(text)
    }

    /// Keeps the profile under that name, in the place of an older one. Only its owner may read it.
    ///
    /// # Errors
    /// When it cannot be written: the older one is still there then.
    pub fn save(&self, folder: &LocalDir, name: &str) -> Result<PathBuf, ProfileError> {
        let path = path(folder.path(), name)?;
        let write = || {
            folder.make()?;
            durable::replace_private(&path, self.print().as_bytes(), MODE)
        };
        write().map_err(|source| ProfileError::Io {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }

    /// Reads a profile from its text.
    ///
    /// # Errors
    /// When it is not a profile.
    pub fn parse(text: &str) -> Result<Loaded, ProfileError> {
        let mut keys = yaml::mapping(text)?;
        let mut take = |key: &'static str| {
            let place = keys.iter().position(|(name, _)| name.as_str() == key);
            place.map(|place| keys.remove(place).1)
        };
        let include = match take("include").ok_or(ProfileError::Missing { key: "include" })? {
            Value::Null => None,
            list => Some(names("include", list)?),
        };
        let exclude = match take("exclude") {
            None | Some(Value::Null) => Vec::new(),
            Some(list) => names("exclude", list)?,
        };
        let (extras, unknown_extras) = Extras::parse(take(yaml::KEY))?;
        let destination_vm = text_of("destination_vm", take("destination_vm"))?;
        let destination_path = text_of("destination_path", take("destination_path"))?;
        let compression = compression(take("compression"))?;
        let passphrase = match (take("passphrase_text"), take("passphrase_vm")) {
            (Some(Value::Text(text)), _) => PassphraseSource::Text(Arc::new(Passphrase::for_reading(text))),
            (Some(Value::Null) | None, Some(Value::Text(vm))) => PassphraseSource::Vm(vm.to_string()),
            (Some(Value::Null) | None, Some(Value::Null) | None) => PassphraseSource::Ask,
            (Some(_), _) => return Err(wrong_text("passphrase_text")),
            (_, Some(_)) => return Err(wrong_text("passphrase_vm")),
        };
        Ok(Loaded {
            profile: Self {
                include,
                exclude,
                destination_vm,
                destination_path,
                compression,
                passphrase,
                extras,
            },
            unknown_keys: keys
                .into_iter()
                .map(|(name, _)| name.to_string())
                .chain(unknown_extras)
                .collect(),
        })
    }

    /// Returns where the archives go: a path in dom0, or a VM and what is meant there. It is not made safe to show.
    pub fn place(&self) -> String {
        match self.destination_vm.as_str() {
            DOM0 => self.destination_path.clone(),
            vm => format!("{vm}:{}", self.destination_path),
        }
    }

    /// The profile as a text that the existing tools read.
    pub fn print(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::new());
        match &self.include {
            Some(names) => yaml::print_list(&mut out, "include", names),
            None => out.push_str("include: null\n"),
        }
        if !self.exclude.is_empty() {
            yaml::print_list(&mut out, "exclude", &self.exclude);
        }
        yaml::print_text(&mut out, "destination_vm", &self.destination_vm);
        yaml::print_text(&mut out, "destination_path", &self.destination_path);
        match (self.compression, self.compression.filter_name()) {
            (Compression::Gzip, _) => out.push_str("compression: true\n"),
            (_, Some(name)) => yaml::print_text(&mut out, "compression", name),
            (_, None) => out.push_str("compression: false\n"),
        }
        match &self.passphrase {
            PassphraseSource::Ask => {}
            PassphraseSource::Text(text) => yaml::print_text(&mut out, "passphrase_text", text.as_str()),
            PassphraseSource::Vm(vm) => yaml::print_text(&mut out, "passphrase_vm", vm),
        }
        self.extras.print(&mut out);
        out
    }
}

/// Where the profile of that name lies.
///
/// # Errors
/// When the name is no file name.
pub fn path(folder: &Path, name: &str) -> Result<PathBuf, ProfileError> {
    let is_fine = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0']);
    if is_fine {
        return Ok(folder.join(format!("{name}.conf")));
    }
    Err(ProfileError::BadName { name: name.to_owned() })
}

fn wrong_text(key: &'static str) -> ProfileError {
    ProfileError::Wrong {
        key,
        expected: Expected::Text,
    }
}

fn text_of(key: &'static str, value: Option<Value>) -> Result<String, ProfileError> {
    match value {
        Some(Value::Text(text)) => Ok(text.to_string()),
        Some(_) => Err(wrong_text(key)),
        None => Err(ProfileError::Missing { key }),
    }
}

fn names(key: &'static str, value: Value) -> Result<Vec<String>, ProfileError> {
    let wrong = || ProfileError::Wrong {
        key,
        expected: Expected::Names,
    };
    let Value::List(values) = value else {
        return Err(wrong());
    };
    let name = |value| match value {
        Value::Text(text) => Ok(text.to_string()),
        _ => Err(wrong()),
    };
    values.into_iter().map(name).collect()
}

fn compression(value: Option<Value>) -> Result<Compression, ProfileError> {
    match value {
        None | Some(Value::Null | Value::Truth(true)) => Ok(Compression::Gzip),
        Some(Value::Truth(false)) => Ok(Compression::None),
        Some(Value::Text(name)) => {
            Compression::writing_for(&name).ok_or_else(|| ProfileError::UnknownCompression { name: name.to_string() })
        }
        Some(_) => Err(ProfileError::Wrong {
            key: "compression",
            expected: Expected::Compression,
        }),
    }
}
