// SPDX-License-Identifier: GPL-3.0-or-later
//! Opens an archive as far as its inventory: nothing of the header but its version is believed before it has been
//! authenticated, and the inventory is not parsed before it has been.

mod front;
mod header;
mod inventory;
mod opener;
mod unlisted;

use std::sync::Arc;

use crate::{
    engine::{
        ArchiveError, ArchiveInfo, Context, EngineError, NotABackup, OpenedArchive, Protection, workers::Workers,
    },
    format::{
        Filter, HEADER_MAC_MEMBER, HEADER_MEMBER, Header, HeaderError, INVENTORY_FILE, PartName, VERSION, limits,
        peek_version,
    },
    host::Services,
    inventory::Inventory,
    plan::{Access, Outlet, confinement},
};

use super::{
    confined::confined, index::RunIndex, keys::KeysAhead, member::MemberInfo, members::Members,
    part_format::PartFormat, scout::Scout,
};

use opener::{Front, Opener, is_inventory, is_wrong_passphrase};

/// Header, its copy in a container, and inventory.
const FRONT_MEMBERS: usize = 3;

/// Reads and authenticates header and inventory. An archive that a VM holds is asked of its service, which takes
/// `services`; any other needs none.
///
/// # Errors
/// [`ArchiveError::WrongPassphrase`] where the header does not authenticate.
pub fn open_archive(
    access: &Access,
    services: Option<&dyn Services>,
    context: &Context,
) -> Result<OpenedArchive, EngineError> {
    confined(confinement(access, Outlet::Nothing).as_ref(), || {
        open_for_run(access, services, &RunIndex::default(), context)
    })
}

/// Does the same for a run that goes on to read the data by the same index.
pub(super) fn open_for_run(
    access: &Access,
    services: Option<&dyn Services>,
    index: &RunIndex,
    context: &Context,
) -> Result<OpenedArchive, EngineError> {
    // With these two prefixes a service gives header, MAC and inventory and then stops by itself.
    let prefixes = [HEADER_MEMBER.to_owned(), INVENTORY_FILE.to_owned()];
    let mut members = Members::open(&access.source, &prefixes, services, &context.cancel)?;
    let lost = front::arrange(&mut members, &access.source, index, &context.cancel)?;
    let mut opener = Opener {
        members: &mut members,
        lost,
        access,
        context,
        workers: Arc::new(Workers::for_reading(context.resources)),
    };
    let mut opened = opener.open()?;
    unlisted::add_home(access, &mut opened, index, opener.workers, context)?;
    Ok(opened)
}

impl Opener<'_> {
    fn open(&mut self) -> Result<OpenedArchive, EngineError> {
        let first = match self.members.next() {
            Ok(Some(member)) => member,
            Ok(None) if self.members.archive_bytes().is_some_and(|bytes| bytes > 0) => {
                return Err(self.not_a_backup(NotABackup::OtherBeginning));
            }
            Ok(None) => return Err(self.not_a_backup(NotABackup::Empty)),
            Err(error) => return Err(self.unreadable(error)),
        };
        let front = if first.name == HEADER_MEMBER {
            let header = self.content(&first)?;
            self.read_header(&header)?
        } else if is_inventory(PartName::parse_old_member(&first.name)) {
            return self.open_without_header(&first);
        } else if let Some(header) = self.lost_header()? {
            self.members.put_back(first);
            self.read_header(&header)?
        } else {
            let other = NotABackup::OtherMember {
                found: first.name,
                expected: HEADER_MEMBER,
            };
            return Err(self
                .front_lost(HEADER_MEMBER)
                .unwrap_or_else(|| self.not_a_backup(other)));
        };
        let next = self.members.next()?;
        let is_right = |member: &MemberInfo| is_inventory(front.part_format.part_name(&member.name).ok_or(()));
        let Some(member) = next.filter(is_right) else {
            return self.open_lost_inventory(front);
        };
        let mut content = Vec::new();
        let mac = self.fetch_inventory(&front.part_format, &member, &mut content)?;
        self.finish(front, &member, content, &mac)
    }

    /// Opens an archive of which the inventory's own tar header is damaged, if its content can be found.
    fn open_lost_inventory(&mut self, front: Front) -> Result<OpenedArchive, EngineError> {
        let name = format!("{INVENTORY_FILE}.000.enc");
        let filter = self.filter(&front.header)?;
        let mut keys = front.keys;
        let stripped = self.lost_inventory()?;
        for zeros in 0..=front::MOST_ZEROS_AT_END {
            // One copy at a time: the part may have many megabytes.
            let Some(mut content) = stripped.clone() else { break };
            content.resize(content.len() + zeros, 0);
            let member = MemberInfo {
                name: name.clone(),
                size: content.len() as u64,
                position: 0,
            };
            match self.read_inventory(&front.part_format, &filter, &mut keys, &member, content, &[]) {
                Ok(inventory) => return Ok(self.opened(front.header, filter, front.protection, inventory)),
                Err(EngineError::Archive(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let missing = || self.not_a_backup(NotABackup::NoInventory);
        Err(self.front_lost(&name).unwrap_or_else(missing))
    }

    fn read_header(&mut self, bytes: &[u8]) -> Result<Front, EngineError> {
        let version = peek_version(bytes).ok_or_else(|| self.not_a_backup(NotABackup::HeaderVersion))?;
        let mac = self.mac_of(bytes, version)?;
        match version {
            VERSION => {
                // What the header says of itself serves to begin with the inventory's key beside its own. Nothing is
                // done with that key, and nothing said of the header, before the header has been authenticated.
                let header = self.parse(bytes);
                let id = header.as_ref().ok().and_then(|header| header.backup_id.as_ref());
                let id = id.map(ToString::to_string).unwrap_or_default();
                let part_format = PartFormat::scrypt(self.access, id, self.workers.clone());
                let attempt = || {
                    let key = self.derive_header_key(&mac)?;
                    let keys = self.inventory_key(&part_format);
                    self.authenticate_scrypt(bytes, mac.clone(), &key)?;
                    Ok(keys)
                };
                let keys = self.access.passphrase.try_forms(attempt, is_wrong_passphrase)?;
                Ok(Front {
                    header: header?,
                    protection: Protection::Scrypt,
                    part_format,
                    keys,
                })
            }
            2 | 3 => {
                self.authenticate_hmac(bytes, &mac)?;
                let header = self.parse(bytes)?;
                self.old_front(header)
            }
            other => Err(ArchiveError::UnsupportedVersion {
                version: other.to_string(),
            }
            .into()),
        }
    }

    /// The header's proof: the next member, or the bytes that are left of it.
    fn mac_of(&mut self, header: &[u8], version: u32) -> Result<Vec<u8>, EngineError> {
        if !self.lost.is_empty()
            && let Some(member) = self.members.next()?
        {
            if member.name != HEADER_MAC_MEMBER
                && let Some(mac) = self.lost_mac(header, version)?
            {
                self.members.put_back(member);
                return Ok(mac);
            }
            self.members.put_back(member);
        }
        self.expect(HEADER_MAC_MEMBER)
    }

    /// Looks ahead for the inventory, where the archive is a file, and orders its key.
    fn inventory_key(&self, part_format: &PartFormat) -> KeysAhead {
        let members = Members::open_ranged(&self.access.source, &self.context.cancel)
            .ok()
            .flatten();
        let scout = members.map(|members| Scout {
            members,
            wants: |file: &str| file == INVENTORY_FILE,
            part_format,
            cancel: &self.context.cancel,
        });
        scout.map(|scout| scout.first(FRONT_MEMBERS)).unwrap_or_default()
    }

    fn parse(&self, bytes: &[u8]) -> Result<Header, EngineError> {
        Header::parse(bytes).map_err(|error| match error {
            HeaderError::UnsupportedVersion { version } => ArchiveError::UnsupportedVersion { version }.into(),
            other => self.not_a_backup(NotABackup::Header(other)),
        })
    }

    fn finish(
        &mut self,
        front: Front,
        member: &MemberInfo,
        content: Vec<u8>,
        mac: &[u8],
    ) -> Result<OpenedArchive, EngineError> {
        let filter = self.filter(&front.header)?;
        let mut keys = front.keys;
        let inventory = self.read_inventory(&front.part_format, &filter, &mut keys, member, content, mac)?;
        Ok(self.opened(front.header, filter, front.protection, inventory))
    }

    fn filter(&self, header: &Header) -> Result<Filter, EngineError> {
        let filter = header.filter(self.access.filter_program.as_deref());
        filter.map_err(|name| ArchiveError::UnsupportedCompression { name }.into())
    }

    fn opened(&self, header: Header, filter: Filter, protection: Protection, inventory: Inventory) -> OpenedArchive {
        let id = header.backup_id;
        let info = ArchiveInfo {
            version: header.version,
            made: id.as_ref().and_then(|id| id.made_text()),
            backup_id: id.map(|id| id.to_string()),
            filter,
            protection,
            archive_bytes: self.members.archive_bytes(),
        };
        OpenedArchive { info, inventory }
    }

    /// Reads the member that has to come now.
    fn expect(&mut self, name: &'static str) -> Result<Vec<u8>, EngineError> {
        match self.members.next() {
            Ok(Some(member)) if member.name == name => self.content(&member),
            Ok(Some(member)) => {
                let (found, expected) = (member.name, name);
                Err(self.not_a_backup(NotABackup::OtherMember { found, expected }))
            }
            Ok(None) => Err(self.not_a_backup(NotABackup::NoMember { member: name })),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    fn content(&mut self, member: &MemberInfo) -> Result<Vec<u8>, EngineError> {
        if member.size > limits::HEADER_CONTAINER_BYTES {
            return Err(self.not_a_backup(NotABackup::MemberSize {
                member: member.name.clone(),
                bytes: member.size,
                limit: limits::HEADER_CONTAINER_BYTES,
            }));
        }
        let mut content = Vec::new();
        self.members.read_into(&mut content)?;
        Ok(content)
    }

    /// What an error means that comes where header and inventory should be.
    fn unreadable(&self, error: EngineError) -> EngineError {
        match error {
            EngineError::Archive(ArchiveError::Damaged { why, .. }) => self.not_a_backup(NotABackup::Unreadable(why)),
            EngineError::Archive(ArchiveError::Truncated { cut, .. }) => self.not_a_backup(NotABackup::Cut(cut)),
            other => other,
        }
    }

    fn not_a_backup(&self, why: NotABackup) -> EngineError {
        let place = self.access.source.location().to_string();
        ArchiveError::NotABackup { place, why }.into()
    }
}
