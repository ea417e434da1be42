// SPDX-License-Identifier: GPL-3.0-or-later
//! The ends of archives: where one is written to and read from.
//!
//! A [`Location`] says where an archive is, [`probe`] what is known of that place before anything is written or read
//! there, and [`ArchiveWriter`] and [`ArchiveReader`] do the work. Their users ask for capabilities
//! ([`WriteCapabilities`], [`ReadCapabilities`]) and never for the kind of the end. This room refuses to know what an
//! archive is made of.

mod command;
mod error;
mod file_system;
mod leftover;
mod line;
mod location;
mod notice;
mod output;
mod probe;
mod reader;
mod removal;
mod store;
mod vm_script;
mod writer;

pub use error::{DestinationError, ServiceFault, SourceError, TransportError, Unreadable};
pub use file_system::{check_device, free_bytes};
pub use leftover::{Leftover, LeftoverError, remove_leftover};
pub use line::{LineProblem, check_line};
pub use location::{Location, Reach, STANDARD};
pub use notice::{Notice, Notices};
pub(crate) use output::ProcessOutput;
pub use probe::{PlaceKind, Probe, ProbeError, Purpose, make_directory, probe};
pub(crate) use reader::open_reader;
pub use reader::{ArchiveReader, Incoming, Member, MemberReader, Ranged, ReadCapabilities, Request, Source};
pub use removal::{FoundArchive, RemovalError, are_there, find_archive};
pub use store::{
    StoreAttributes, StoreEntry, StoreError, StoreFault, StoreKind, directory_above, list_store, path_in_store,
};
pub(crate) use writer::FileWriter;
pub use writer::{ArchiveWriter, WriteCapabilities, open_writer};
