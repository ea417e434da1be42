// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads the inventory of an archive: a file in one part, like any other but bounded in size.

use crate::{
    engine::{
        ArchiveError, Damage, EngineError, Mistake,
        io_errors::{format_to_io, in_stream},
    },
    format::{Filter, INVENTORY_FILE, PartName, limits},
    inventory::Inventory,
};

use super::{
    super::{
        keys::KeysAhead,
        member::{MemberInfo, damaged},
        part_format::{Mac, PartFormat},
        target::InnerReader,
        unpack::layers::{OnePart, unpack},
    },
    opener::Opener,
};

impl Opener<'_> {
    pub(super) fn fetch_inventory(
        &mut self,
        part_format: &PartFormat,
        member: &MemberInfo,
        content: &mut Vec<u8>,
    ) -> Result<Mac, EngineError> {
        check_size(member)?;
        part_format.fetch(self.members, member, content, &self.context.cancel)?
    }

    /// Reads the inventory's part where nothing is known of its proof yet.
    pub(super) fn read_part(&mut self, member: &MemberInfo, content: &mut Vec<u8>) -> Result<(), EngineError> {
        check_size(member)?;
        self.members.read_into(content)
    }

    pub(super) fn read_inventory(
        &self,
        part_format: &PartFormat,
        filter: &Filter,
        keys: &mut KeysAhead,
        member: &MemberInfo,
        mut content: Vec<u8>,
        mac: &[u8],
    ) -> Result<Inventory, EngineError> {
        let part = PartName::new(INVENTORY_FILE, 0).map_err(|error| EngineError::Internal {
            what: Mistake::PartName(error),
        })?;
        let plain = part_format.open(&mut content, mac, &part, member, keys, self.context)?;
        let mut part = OnePart::new(content, plain);
        let text = unpack(part_format, filter, &mut part, &self.context.cancel, |archive| {
            text_of(archive, member)
        });
        let text = text.map_err(|error| in_stream(error, |why| damaged(member, why)))?;
        Inventory::parse(&text).map_err(|error| {
            ArchiveError::Damaged {
                member: Some(INVENTORY_FILE.to_owned()),
                position: member.position,
                why: Damage::Inventory(error),
            }
            .into()
        })
    }
}

fn check_size(member: &MemberInfo) -> Result<(), EngineError> {
    if member.size > limits::INVENTORY_CONTAINER_BYTES {
        let why = Damage::InventorySize {
            bytes: member.size,
            limit: limits::INVENTORY_CONTAINER_BYTES,
        };
        return Err(damaged(member, why));
    }
    Ok(())
}

fn text_of(archive: &mut InnerReader<'_>, member: &MemberInfo) -> Result<Vec<u8>, EngineError> {
    let bad = |error| in_stream(format_to_io(error), |why| damaged(member, why));
    let entry = archive.next_entry().map_err(bad)?;
    let entry = entry.filter(|entry| entry.name == INVENTORY_FILE.as_bytes());
    let entry = entry.ok_or_else(|| damaged(member, Damage::NoInventory))?;
    if entry.size > limits::INVENTORY_BYTES {
        let (bytes, limit) = (entry.size, limits::INVENTORY_BYTES);
        return Err(damaged(member, Damage::InventorySize { bytes, limit }));
    }
    let mut text = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while let Some((offset, length)) = archive.next_data(&mut buffer).map_err(bad)? {
        // Grows with what is really there, not with what the archive says.
        text.resize(offset as usize, 0);
        text.extend_from_slice(&buffer[..length]);
    }
    text.resize(entry.size as usize, 0);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::format::inner;

    fn member(size: u64) -> MemberInfo {
        MemberInfo {
            name: "qubes.xml.000.enc".to_owned(),
            size,
            position: 0,
        }
    }

    #[test]
    fn the_container_of_an_inventory_has_a_largest_size() {
        let most = limits::INVENTORY_CONTAINER_BYTES;
        assert!(check_size(&member(most)).is_ok());
        assert!(check_size(&member(most + 1)).is_err());
    }

    #[test]
    fn what_an_inventory_decompresses_to_has_a_largest_size() {
        let text_of_size = |size: u64| {
            let mut writer = inner::Writer::new(Vec::new());
            // A hole, so that the archive is small.
            writer.sparse_member(INVENTORY_FILE, size, &[]).unwrap();
            writer.end_member().unwrap();
            let bytes = writer.finish().unwrap();
            let mut archive: InnerReader<'_> = inner::Reader::new(Box::new(Cursor::new(bytes)));
            text_of(&mut archive, &member(1)).map(|text| text.len() as u64)
        };
        let most = limits::INVENTORY_BYTES;
        assert_eq!(text_of_size(most).unwrap(), most);
        assert!(text_of_size(most + 1).is_err());
    }
}
