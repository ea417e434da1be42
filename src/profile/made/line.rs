// SPDX-License-Identifier: GPL-3.0-or-later
//! A line of the list of archives, in its forms: an archive as a JSON object, a word and a path as older programs wrote it,
//! and an object of a newer program, which is kept as it is.

use std::{
    ffi::OsString,
    fmt,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    format::BackupId,
    plan::Series,
    transport::{Location, Reach},
};

use super::archive::MadeArchive;

/// What stands before the path of an archive that was verified, in the first form.
const VERIFIED: &str = "verified ";

/// What stands before the path of any other.
const WRITTEN: &str = "written ";

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Made(MadeArchive),
    /// Of an archive of which nothing else is known.
    Old {
        location: Location,
        is_verified: bool,
    },
    /// Of a program that knows more.
    Newer(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    made: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    selection: Vec<String>,
    location: Whereabouts,
    verified: bool,
}

/// Where an archive is; a kind of location that is not known here makes the line one of a newer program.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Whereabouts {
    File(FilePath),
    Vm {
        name: String,
        path: String,
    },
    Store {
        vm: Option<String>,
        program: String,
        path: String,
    },
}

/// A path, as its bytes where it is no text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum FilePath {
    Text(String),
    Bytes(Vec<u8>),
}

impl Line {
    /// Returns the line of an archive; `None` where it lies nowhere that could be found again.
    pub(super) fn of(archive: &MadeArchive) -> Option<Self> {
        Whereabouts::of(&archive.location).map(|_| Self::Made(archive.clone()))
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let old = |path: &str, is_verified| {
            let location = Location::File(PathBuf::from(path));
            Path::new(path)
                .is_absolute()
                .then_some(Self::Old { location, is_verified })
        };
        if let Some(path) = text.strip_prefix(VERIFIED) {
            return old(path, true);
        }
        if let Some(path) = text.strip_prefix(WRITTEN) {
            return old(path, false);
        }
        let entry = serde_json::from_str::<Entry>(text).ok();
        if let Some(archive) = entry.and_then(Entry::into_archive) {
            return Some(Self::Made(archive));
        }
        let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok();
        is_object.then(|| Self::Newer(text.to_owned()))
    }

    pub(super) fn archive(&self) -> Option<&MadeArchive> {
        match self {
            Self::Made(archive) => Some(archive),
            Self::Old { .. } | Self::Newer(_) => None,
        }
    }

    pub(super) fn into_archive(self) -> Option<MadeArchive> {
        match self {
            Self::Made(archive) => Some(archive),
            Self::Old { .. } | Self::Newer(_) => None,
        }
    }

    pub(super) fn location(&self) -> Option<&Location> {
        match self {
            Self::Made(archive) => Some(&archive.location),
            Self::Old { location, .. } => Some(location),
            Self::Newer(_) => None,
        }
    }

    pub(super) fn is_verified(&self) -> bool {
        match self {
            Self::Made(archive) => archive.is_verified,
            Self::Old { is_verified, .. } => *is_verified,
            Self::Newer(_) => false,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(archive) => {
                // What has no such form was not taken in.
                let entry = Entry::of(archive).ok_or(fmt::Error)?;
                f.write_str(&serde_json::to_string(&entry).map_err(|_| fmt::Error)?)
            }
            Self::Old { location, is_verified } => {
                let word = if *is_verified { VERIFIED } else { WRITTEN };
                write!(f, "{word}{location}")
            }
            Self::Newer(text) => f.write_str(text),
        }
    }
}

impl Entry {
    fn of(archive: &MadeArchive) -> Option<Self> {
        Some(Self {
            id: archive.id.to_string(),
            made: archive.made,
            profile: archive.series.profile.clone(),
            selection: archive.series.selection.clone(),
            location: Whereabouts::of(&archive.location)?,
            verified: archive.is_verified,
        })
    }

    fn into_archive(self) -> Option<MadeArchive> {
        Some(MadeArchive {
            id: BackupId::parse(&self.id)?,
            series: Series {
                profile: self.profile,
                selection: self.selection,
            },
            made: self.made,
            location: self.location.into_location()?,
            is_verified: self.verified,
        })
    }
}

impl Whereabouts {
    fn of(location: &Location) -> Option<Self> {
        match location {
            Location::File(path) if path.is_absolute() => Some(Self::File(match path.to_str() {
                Some(text) => FilePath::Text(text.to_owned()),
                None => FilePath::Bytes(path.as_os_str().as_bytes().to_vec()),
            })),
            Location::Vm { vm, line } => Some(Self::Vm {
                name: vm.clone(),
                path: line.clone(),
            }),
            Location::Store { reach, path } => Some(Self::Store {
                vm: reach.vm.clone(),
                program: reach.program.clone(),
                path: path.clone(),
            }),
            _ => None,
        }
    }

    fn into_location(self) -> Option<Location> {
        Some(match self {
            Self::File(path) => {
                let path = match path {
                    FilePath::Text(text) => PathBuf::from(text),
                    FilePath::Bytes(bytes) => PathBuf::from(OsString::from_vec(bytes)),
                };
                return path.is_absolute().then_some(Location::File(path));
            }
            Self::Vm { name, path } => Location::Vm { vm: name, line: path },
            Self::Store { vm, program, path } => Location::Store {
                reach: Reach { vm, program },
                path,
            },
        })
    }
}
