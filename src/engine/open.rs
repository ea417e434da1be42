// SPDX-License-Identifier: GPL-3.0-or-later
//! Opens an archive as far as its inventory: nothing of the header but its version is believed before it has been
//! authenticated, and the inventory is not parsed before it has been.

mod header;
mod inventory;

use std::sync::Arc;

use crate::{
    format::{
        FormatError, HEADER_MAC_MEMBER, HEADER_MEMBER, Header, INVENTORY_FILE, PartName, VERSION, limits, peek_version,
    },
    host::{Host, NoHost},
    plan::{Access, Source},
};

use super::{
    ArchiveError, ArchiveInfo, Context, EngineError, OpenedArchive, Protection,
    ahead::{KeysAhead, Scout},
    dialect::{Coded, Dialect},
    source::{MemberInfo, Members, place_of},
    workers::Workers,
};

/// Header, its copy in a container, and inventory.
const FRONT_MEMBERS: usize = 3;

/// Reads and authenticates header and inventory.
///
/// # Errors
/// [`ArchiveError::WrongPassphrase`] where the header does not authenticate.
pub fn open_archive(access: &Access, host: &dyn Host, context: &Context) -> Result<OpenedArchive, EngineError> {
    // With these two prefixes a service gives header, MAC and inventory and then stops by itself.
    let prefixes = [HEADER_MEMBER.to_owned(), INVENTORY_FILE.to_owned()];
    let mut members = Members::open(&access.source, &prefixes, host, &context.cancel)?;
    let mut opener = Opener {
        members: &mut members,
        access,
        context,
        workers: Arc::new(Workers::for_reading(context.resources)),
    };
    opener.open()
}

/// Reads what stands before the data.
struct Opener<'a> {
    members: &'a mut Members,
    access: &'a Access,
    context: &'a Context,
    workers: Arc<Workers>,
}

/// What the header decides.
struct Front {
    header: Header,
    protection: Protection,
    dialect: Dialect,
    /// The inventory's key, if it could be ordered already.
    keys: KeysAhead,
}

impl Opener<'_> {
    fn open(&mut self) -> Result<OpenedArchive, EngineError> {
        let first = match self.members.next() {
            Ok(Some(member)) => member,
            Ok(None) => return Err(self.not_a_backup("it is empty".to_owned())),
            Err(EngineError::Archive(error)) => return Err(self.not_a_backup(error.to_string())),
            Err(error) => return Err(error),
        };
        let front = if first.name == HEADER_MEMBER {
            self.read_header(&first)?
        } else if is_inventory(PartName::parse_old_member(&first.name)) {
            return self.open_without_header(&first);
        } else {
            let what = format!("{} stands where {HEADER_MEMBER} was expected", first.name);
            return Err(self.not_a_backup(what));
        };
        let Some(member) = self.members.next()? else {
            return Err(self.not_a_backup("it has no inventory".to_owned()));
        };
        if !is_inventory(front.dialect.part_name(&member.name).ok_or(())) {
            return Err(self.not_a_backup("it has no inventory".to_owned()));
        }
        let mut content = Vec::new();
        let proof = self.fetch_inventory(&front.dialect, &member, &mut content)?;
        self.finish(front, &member, content, &proof)
    }

    fn read_header(&mut self, member: &MemberInfo) -> Result<Front, EngineError> {
        let bytes = self.content(member)?;
        let version = peek_version(&bytes).ok_or_else(|| self.not_a_backup("its header makes no sense".to_owned()))?;
        let mac = self.expect(HEADER_MAC_MEMBER)?;
        match version {
            VERSION => {
                // What the header says of itself serves to begin with the inventory's key beside its own. Nothing is
                // done with that key, and nothing said of the header, before the header has been authenticated.
                let header = self.parse(&bytes);
                let id = header.as_ref().ok().and_then(|header| header.backup_id.as_ref());
                let id = id.map(ToString::to_string).unwrap_or_default();
                let dialect = Dialect::sealed(self.access, id, self.workers.clone());
                let attempt = || {
                    let key = self.order_header_key(&mac)?;
                    let keys = self.inventory_key(&dialect);
                    self.authenticate_sealed(&bytes, mac.clone(), &key)?;
                    Ok(keys)
                };
                let keys = self.access.passphrase.try_forms(attempt, is_wrong_passphrase)?;
                Ok(Front {
                    header: header?,
                    protection: Protection::Scrypt,
                    dialect,
                    keys,
                })
            }
            2 | 3 => {
                self.authenticate_coded(&bytes, &mac)?;
                let header = self.parse(&bytes)?;
                self.old_front(header)
            }
            other => Err(ArchiveError::UnsupportedVersion {
                version: other.to_string(),
            }
            .into()),
        }
    }

    /// Looks ahead for the inventory, where the archive is a file, and orders its key.
    fn inventory_key(&self, dialect: &Dialect) -> KeysAhead {
        let members = match &self.access.source {
            source if source.is_seekable() => Members::open(source, &[], &NoHost, &self.context.cancel).ok(),
            _ => None,
        };
        let scout = members.map(|members| Scout {
            members,
            wants: |file: &str| file == INVENTORY_FILE,
            dialect,
            cancel: &self.context.cancel,
        });
        scout.map(|scout| scout.first(FRONT_MEMBERS)).unwrap_or_default()
    }

    fn parse(&self, bytes: &[u8]) -> Result<Header, EngineError> {
        Header::parse(bytes).map_err(|error| match error {
            FormatError::UnsupportedVersion { version } => ArchiveError::UnsupportedVersion { version }.into(),
            other => self.not_a_backup(other.to_string()),
        })
    }

    fn finish(
        &mut self,
        front: Front,
        member: &MemberInfo,
        content: Vec<u8>,
        proof: &[u8],
    ) -> Result<OpenedArchive, EngineError> {
        let filter = front
            .header
            .filter(self.access.filter_program.as_deref())
            .map_err(|name| ArchiveError::UnsupportedCompression { name })?;
        let mut keys = front.keys;
        let inventory = self.read_inventory(&front.dialect, &filter, &mut keys, member, content, proof)?;
        let id = front.header.backup_id;
        let info = ArchiveInfo {
            version: front.header.version,
            made: id.as_ref().and_then(|id| id.made_text()),
            backup_id: id.map(|id| id.to_string()),
            filter,
            protection: front.protection,
            archive_bytes: self.members.archive_bytes(),
        };
        Ok(OpenedArchive { info, inventory })
    }

    /// Reads the member that has to come now.
    fn expect(&mut self, name: &str) -> Result<Vec<u8>, EngineError> {
        match self.members.next() {
            Ok(Some(member)) if member.name == name => self.content(&member),
            Ok(Some(member)) => {
                let what = format!("{} stands where {name} was expected", member.name);
                Err(self.not_a_backup(what))
            }
            Ok(None) => Err(self.not_a_backup(format!("it has no {name}"))),
            Err(EngineError::Archive(error)) => Err(self.not_a_backup(error.to_string())),
            Err(error) => Err(error),
        }
    }

    fn content(&mut self, member: &MemberInfo) -> Result<Vec<u8>, EngineError> {
        if member.size > limits::HEADER_CONTAINER_BYTES {
            return Err(self.not_a_backup(format!("its {} has {} bytes", member.name, member.size)));
        }
        let mut content = Vec::new();
        self.members.read_into(&mut content)?;
        Ok(content)
    }

    fn not_a_backup(&self, why: String) -> EngineError {
        let place = source_place(&self.access.source);
        ArchiveError::NotABackup { place, why }.into()
    }
}

fn is_wrong_passphrase(error: &EngineError) -> bool {
    matches!(error, EngineError::Archive(ArchiveError::WrongPassphrase))
}

fn is_inventory<E>(part: Result<PartName, E>) -> bool {
    part.is_ok_and(|part| part.file() == INVENTORY_FILE && part.number() == 0)
}

/// Where an archive is, for display.
pub fn source_place(source: &Source) -> String {
    match source {
        Source::File(path) => path.display().to_string(),
        Source::Parts(paths) => place_of(paths),
        Source::Pipe(pipe) => pipe.path().display().to_string(),
        Source::Service { machine, line } => format!("{machine}:{line}"),
        Source::Registered { machine, service } => format!("{machine}:{service}"),
    }
}
