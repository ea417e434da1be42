// SPDX-License-Identifier: GPL-3.0-or-later
//! What is in an archive.

use serde::Serialize;

use crate::{
    crypto::OldCipher,
    engine::{ArchiveInfo, Notes, OpenedArchive, Protection},
    format::Filter,
    inventory::{Class, Domain},
};

use super::{PROGRAM, SCHEMA_VERSION, code::Cause, document};

#[derive(Serialize)]
struct Listing<'a> {
    schema_version: u32,
    document: &'static str,
    program: &'static str,
    place: &'a str,
    archive: Archive<'a>,
    /// Whether the notes of the VMs were read at all.
    are_notes_read: bool,
    /// Why not all of them could be looked for.
    notes_error: Option<Cause>,
    vms: Vec<Vm<'a>>,
}

/// What an archive says of itself; in a report as well.
#[derive(Serialize)]
pub(super) struct Archive<'a> {
    format_version: u32,
    backup_id: Option<&'a str>,
    /// By the clock of its maker, whose time zone is not in it.
    made_at: Option<String>,
    protection: &'static str,
    is_encrypted: bool,
    digest: Option<&'static str>,
    cipher: Option<&'static str>,
    compression: &'a str,
    archive_bytes: Option<u64>,
}

impl<'a> Archive<'a> {
    pub(super) fn of(info: &'a ArchiveInfo) -> Self {
        let (protection, is_encrypted, digest, cipher) = match info.protection {
            Protection::Scrypt => ("scrypt", true, None, None),
            Protection::Hmac { digest, cipher } => (
                "hmac",
                cipher.is_some(),
                Some(digest.name()),
                cipher.map(OldCipher::name),
            ),
        };
        Self {
            format_version: info.version,
            backup_id: info.backup_id.as_deref(),
            made_at: info.made.as_ref().map(|made| made.replacen(' ', "T", 1)),
            protection,
            is_encrypted,
            digest,
            cipher,
            compression: match &info.filter {
                Filter::BuiltIn(method) => method.filter_name().unwrap_or("none"),
                Filter::Program(program) => program,
            },
            archive_bytes: info.archive_bytes,
        }
    }
}

#[derive(Serialize)]
struct Vm<'a> {
    name: &'a str,
    class: &'a str,
    is_in_archive: bool,
    /// Where its members are in the archive.
    folder: Option<String>,
    announced_bytes: Option<u64>,
    template: Option<&'a str>,
    netvm: Option<&'a str>,
    uses_default_netvm: bool,
    label: Option<&'a str>,
    notes: Option<&'a str>,
    notes_error: Option<Cause>,
    volumes: Vec<Volume<'a>>,
}

#[derive(Serialize)]
struct Volume<'a> {
    name: &'a str,
    size_bytes: Option<u64>,
    is_in_archive: bool,
}

/// The listing of an archive, as `docs/schema/listing.schema.json` describes it; notes where they were read.
pub fn listing(place: &str, archive: &OpenedArchive, notes: Option<&Notes>) -> String {
    let domains = archive.inventory.domains();
    document(&Listing {
        schema_version: SCHEMA_VERSION,
        document: "listing",
        program: PROGRAM,
        place,
        archive: Archive::of(&archive.info),
        are_notes_read: notes.is_some(),
        notes_error: notes.and_then(|notes| notes.broken.as_ref()).map(Cause::of),
        vms: domains.iter().map(|domain| vm(domain, notes)).collect(),
    })
}

fn vm<'a>(domain: &'a Domain, notes: Option<&'a Notes>) -> Vm<'a> {
    let content = domain.content();
    let is_in_archive = content.is_some();
    let has_network = domain.class != Class::AdminVm;
    let netvm = domain.property("netvm");
    let note = notes.and_then(|notes| notes.of(&domain.name));
    let volumes = domain.volumes.iter().map(|volume| Volume {
        name: &volume.name,
        size_bytes: volume.size_bytes,
        is_in_archive: is_in_archive && volume.save_on_stop,
    });
    Vm {
        name: &domain.name,
        class: domain.class.wire_name(),
        is_in_archive,
        announced_bytes: content.as_ref().map(|content| content.size_bytes),
        folder: content.map(|content| content.path.to_string()),
        template: domain.property("template").filter(|name| !name.is_empty()),
        netvm: netvm.filter(|name| !name.is_empty()),
        uses_default_netvm: has_network && netvm.is_none(),
        label: Some(domain.label.as_str()).filter(|label| !label.is_empty()),
        notes: note.and_then(|note| note.as_ref().ok()).map(String::as_str),
        notes_error: note.and_then(|note| note.as_ref().err()).map(Cause::of),
        volumes: volumes.collect(),
    }
}
