// SPDX-License-Identifier: GPL-3.0-or-later
//! How the header of each format is authenticated, and what is done where there is none.

use crate::{
    crypto::{ContainerError, ContainerHeader, Digest, Hmac, OldCipher, header_passphrase},
    engine::{ArchiveError, EngineError, NotABackup, OpenedArchive, Protection, workers::Haste},
    format::{Filter, HEADER_MAC_MEMBER, Header, parse_mac},
};

use super::{
    super::{
        keys::{KeysAhead, OpenKeyToCome, order_open_key},
        member::{MemberInfo, container_error},
        part_format::{Coded, Dialect, fetch_code},
    },
    opener::{Front, Opener, is_wrong_passphrase},
};

/// What everything begins with that `openssl enc` has encrypted.
const ENCRYPTED_MAGIC: &[u8] = b"Salted__";

impl Opener<'_> {
    /// Orders the key of the container around the header's copy.
    pub(super) fn order_header_key(&self, container: &[u8]) -> Result<OpenKeyToCome, EngineError> {
        let header = ContainerHeader::parse(container).map_err(|error| describe(&error, container.len()))?;
        let passphrase = header_passphrase(self.access.passphrase.as_bytes());
        Ok(order_open_key(
            &self.workers,
            &self.access.keys,
            header,
            &passphrase,
            Haste::Now,
        ))
    }

    /// Format 4: the header stands in the archive once more, in a container that only the passphrase opens.
    pub(super) fn authenticate_sealed(
        &self,
        header: &[u8],
        mut container: Vec<u8>,
        key: &OpenKeyToCome,
    ) -> Result<(), EngineError> {
        let length = container.len();
        let key = key.wait(&self.context.cancel)?;
        let plain = key.and_then(|key| key.open(&mut container));
        let plain = plain.map_err(|error| describe(&error, length))?;
        if &container[plain] == header {
            Ok(())
        } else {
            Err(ArchiveError::WrongPassphrase.into())
        }
    }

    /// Formats 3 and 2: which digest made the header's code stands in that very header, so all are tried that make codes
    /// of its length.
    pub(super) fn authenticate_coded(&self, header: &[u8], code: &[u8]) -> Result<(), EngineError> {
        let code = parse_mac(code).map_err(|error| self.not_a_backup(NotABackup::HeaderMac(error)))?;
        self.digest_of(header, &code).map(drop)
    }

    fn digest_of(&self, content: &[u8], code: &[u8]) -> Result<Digest, EngineError> {
        let passphrase = &self.access.passphrase;
        let attempt = || {
            Digest::of_length(code.len())
                .find(|digest| Hmac::verify(*digest, passphrase.as_bytes(), content, code))
                .ok_or_else(|| ArchiveError::WrongPassphrase.into())
        };
        passphrase.try_forms(attempt, is_wrong_passphrase)
    }

    pub(super) fn old_front(&self, header: Header) -> Result<Front, EngineError> {
        let unsupported = |name: &str| ArchiveError::UnsupportedAlgorithm { name: name.to_owned() };
        let digest = Digest::from_name(&header.hmac_algorithm).ok_or_else(|| unsupported(&header.hmac_algorithm))?;
        let cipher = match header.crypto_algorithm.as_deref().filter(|_| header.is_encrypted) {
            Some(name) => Some(
                OldCipher::from_name(name).ok_or_else(|| ArchiveError::UnsupportedCipher {
                    name: name.to_owned(),
                    version: header.version,
                    filter: match header.filter(None) {
                        Ok(Filter::BuiltIn(method)) => method.filter_name().map(str::to_owned),
                        Ok(Filter::Program(program)) | Err(program) => Some(program),
                    },
                })?,
            ),
            None => None,
        };
        let coded = Coded {
            digest,
            cipher,
            is_in_volumes: header.version < 3,
        };
        Ok(Front {
            header,
            protection: Protection::Hmac { digest, cipher },
            dialect: Dialect::coded(self.access, coded, self.workers.clone()),
            keys: KeysAhead::default(),
        })
    }

    /// The first archives of format 2 begin with their inventory. Its code tells the digest and proves the passphrase;
    /// that it is encrypted shows, and is believed where the user expects it.
    pub(super) fn open_without_header(&mut self, member: &MemberInfo) -> Result<OpenedArchive, EngineError> {
        let mut content = Vec::new();
        self.read_part(member, &mut content)?;
        let code = fetch_code(self.members, member)??;
        let digest = self.digest_of(&content, &code)?;
        let is_encrypted = self.access.is_encrypted && content.starts_with(ENCRYPTED_MAGIC);
        let header = Header {
            hmac_algorithm: digest.name().to_owned(),
            ..Header::unwritten(is_encrypted)
        };
        let front = self.old_front(header)?;
        self.finish(front, member, content, &code)
    }
}

/// What an error of the container around the header's copy means.
fn describe(error: &ContainerError, length: usize) -> EngineError {
    if *error == ContainerError::WrongPassphrase {
        return ArchiveError::WrongPassphrase.into();
    }
    let member = MemberInfo {
        name: HEADER_MAC_MEMBER.to_owned(),
        size: length as u64,
        position: 0,
    };
    container_error(error, &member)
}
