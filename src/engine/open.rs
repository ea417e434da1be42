// SPDX-License-Identifier: GPL-3.0-or-later
//! Opens an archive as far as its inventory: nothing of the header but its version is believed before it has been
//! authenticated, and the inventory is not parsed before it has been.

use std::sync::Arc;

use crate::{
    crypto::{ContainerError, ContainerHeader, KdfLimits, header_passphrase},
    format::{
        Filter, FormatError, HEADER_MAC_MEMBER, HEADER_MEMBER, Header, INVENTORY_FILE, PartName, VERSION, limits,
        peek_version,
    },
    host::Host,
    inventory::Inventory,
    plan::{Access, Source},
    secret::Passphrase,
};

use super::{
    ArchiveError, ArchiveInfo, Context, EngineError, OpenedArchive, Protection,
    dialect::{Dialect, container_error, damaged, open_container},
    keys::{make, wait_for},
    source::{MemberInfo, Members},
    stage::from_io,
    unpack::{InnerReader, unpack},
};

/// Reads and authenticates header and inventory.
///
/// # Errors
/// [`ArchiveError::WrongPassphrase`] where the header does not authenticate.
pub fn open_archive(access: &Access, host: &dyn Host, context: &Context) -> Result<OpenedArchive, EngineError> {
    let source = &access.source;
    // With these two prefixes a service gives header, MAC and inventory and then stops by itself.
    let prefixes = [HEADER_MEMBER.to_owned(), INVENTORY_FILE.to_owned()];
    let mut members = Members::open(source, &prefixes, host, &context.cancel)?;
    read_front(&mut members, access, context)
}

/// Reads what stands before the data. The next member is the first of the data, or none.
fn read_front(members: &mut Members, access: &Access, context: &Context) -> Result<OpenedArchive, EngineError> {
    let Access { source, passphrase, .. } = access;
    let not_a_backup = |why: &str| -> EngineError {
        ArchiveError::NotABackup {
            place: place(source),
            why: why.to_owned(),
        }
        .into()
    };
    let header_bytes = expect(members, HEADER_MEMBER, source)?;
    let version = peek_version(&header_bytes).ok_or_else(|| not_a_backup("its header has no version"))?;
    if version != VERSION {
        return Err(ArchiveError::UnsupportedVersion {
            version: version.to_string(),
        }
        .into());
    }
    let mac = expect(members, HEADER_MAC_MEMBER, source)?;
    authenticate(&header_bytes, mac, passphrase, context)?;
    let header = Header::parse(&header_bytes).map_err(|error| header_error(error, source))?;
    let filter = header
        .filter(access.filter_program.as_deref())
        .map_err(|name| ArchiveError::UnsupportedCompression { name })?;
    let backup_id = header
        .backup_id
        .ok_or_else(|| not_a_backup("its header has no backup id"))?;
    let inventory = read_inventory(members, backup_id.as_str(), &filter, passphrase, context)?
        .ok_or_else(|| not_a_backup("it has no inventory"))?;
    let inventory = Inventory::parse(&inventory).map_err(|error| ArchiveError::Damaged {
        member: INVENTORY_FILE.to_owned(),
        position: 0,
        what: error.to_string(),
    })?;
    let info = ArchiveInfo {
        version,
        made: backup_id.made_text(),
        backup_id: Some(backup_id.to_string()),
        filter,
        protection: Protection::Scrypt,
        archive_bytes: members.archive_bytes(),
    };
    Ok(OpenedArchive { info, inventory })
}

pub(super) fn place(source: &Source) -> String {
    match source {
        Source::File(path) => path.display().to_string(),
        Source::Service { machine, line } => format!("{machine}:{line}"),
        Source::Registered { machine, service } => format!("{machine}:{service}"),
    }
}

fn header_error(error: FormatError, source: &Source) -> EngineError {
    match error {
        FormatError::UnsupportedVersion { version } => ArchiveError::UnsupportedVersion { version }.into(),
        other => ArchiveError::NotABackup {
            place: place(source),
            why: other.to_string(),
        }
        .into(),
    }
}

/// Reads the member that has to come now.
fn expect(members: &mut Members, name: &str, source: &Source) -> Result<Vec<u8>, EngineError> {
    let not_a_backup = |why: String| {
        EngineError::from(ArchiveError::NotABackup {
            place: place(source),
            why,
        })
    };
    let member = match members.next() {
        Ok(Some(member)) if member.name == name => member,
        Ok(Some(member)) => {
            return Err(not_a_backup(format!(
                "{} stands where {name} was expected",
                member.name
            )));
        }
        Ok(None) => return Err(not_a_backup(format!("it has no {name}"))),
        Err(EngineError::Archive(error)) => return Err(not_a_backup(error.to_string())),
        Err(error) => return Err(error),
    };
    if member.size > limits::HEADER_CONTAINER_BYTES {
        return Err(not_a_backup(format!("its {name} has {} bytes", member.size)));
    }
    let mut content = Vec::new();
    members.read_into(&mut content)?;
    Ok(content)
}

/// Holds the header against its copy in a container that only the passphrase opens.
fn authenticate(
    header: &[u8],
    mut container: Vec<u8>,
    passphrase: &Passphrase,
    context: &Context,
) -> Result<(), EngineError> {
    let member = MemberInfo {
        name: HEADER_MAC_MEMBER.to_owned(),
        size: container.len() as u64,
        position: 0,
    };
    let describe = |error: ContainerError| match error {
        ContainerError::WrongPassphrase => ArchiveError::WrongPassphrase.into(),
        other => container_error(&other, &member),
    };
    let parsed = ContainerHeader::parse(&container).map_err(describe)?;
    let passphrase = header_passphrase(passphrase.as_bytes());
    let key = make(move || Ok(parsed.unlock(&passphrase, &KdfLimits::default())));
    let key = wait_for(&key, &context.cancel)?.map_err(describe)?;
    let plain = key.open(&mut container).map_err(describe)?;
    if &container[plain] == header {
        Ok(())
    } else {
        Err(ArchiveError::WrongPassphrase.into())
    }
}

/// Reads the inventory, which may have been cut into parts like any other file.
fn read_inventory(
    members: &mut Members,
    backup_id: &str,
    filter: &Filter,
    passphrase: &Arc<Passphrase>,
    context: &Context,
) -> Result<Option<Vec<u8>>, EngineError> {
    let Some(first) = members.next()? else { return Ok(None) };
    if !PartName::parse_member(&first.name).is_ok_and(|part| part.file() == INVENTORY_FILE && part.number() == 0) {
        return Ok(None);
    }
    if first.size > limits::INVENTORY_CONTAINER_BYTES {
        return Err(damaged(
            &first,
            format!("it has {} bytes, more than any inventory", first.size),
        ));
    }
    let mut buffer = Vec::new();
    members.read_into(&mut buffer)?;
    let part = PartName::new(INVENTORY_FILE, 0).map_err(|error| damaged(&first, error.to_string()))?;
    let plain = open_container(&mut buffer, backup_id, &part.to_string(), passphrase, &first, context)?;
    let dialect = Dialect::Sealed {
        backup_id: backup_id.to_owned(),
    };
    let read = unpack(&dialect, filter, &mut &buffer[plain], &context.cancel, |archive| {
        inventory_text(archive, &first)
    });
    read.map(Some)
        .map_err(|error| from_io(error, |source| damaged(&first, source.to_string())))
}

fn inventory_text(archive: &mut InnerReader<'_>, member: &MemberInfo) -> Result<Vec<u8>, EngineError> {
    let bad = |what: String| damaged(member, what);
    let entry = archive.next_entry().map_err(|error| bad(error.to_string()))?;
    let entry = entry.filter(|entry| entry.name == INVENTORY_FILE.as_bytes());
    let entry = entry.ok_or_else(|| bad("its inner archive holds no inventory".to_owned()))?;
    if entry.size > limits::INVENTORY_BYTES {
        return Err(bad(format!("the inventory has {} bytes", entry.size)));
    }
    let mut text = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while let Some((offset, length)) = archive.next_data(&mut buffer).map_err(|error| bad(error.to_string()))? {
        // Grows with what is really there, not with what the archive says.
        text.resize(offset as usize, 0);
        text.extend_from_slice(&buffer[..length]);
    }
    text.resize(entry.size as usize, 0);
    Ok(text)
}
