// SPDX-License-Identifier: GPL-3.0-or-later
//! What the format of an archive decides about its parts: how their members are called, and what proves that one is
//! what was written.

use std::{ops::Range, sync::Arc};

use crate::{
    crypto::{ContainerError, ContainerHeader, Digest, Hmac, KeyCache, OldCipher, part_passphrase},
    engine::{
        ArchiveInfo, CancelToken, Context, Damage, EngineError, Protection,
        workers::{Priority, Workers},
    },
    format::{MacError, PartName, limits, mac_member, parse_mac},
    plan::Access,
    secret::Passphrase,
};

use super::{
    keys::{KeysAhead, PendingOpenKey, derive_open_key},
    member::{MemberInfo, container_error, damaged},
    members::Members,
};

/// How the parts of an archive are written, and the passphrase that they need.
#[derive(Clone)]
pub(super) struct PartFormat {
    pub(super) passphrase: Arc<Passphrase>,
    /// The keys that were derived so far.
    keys: KeyCache,
    /// Who derives keys and decompresses.
    pub(super) workers: Arc<Workers>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// Format 4: each part is a container of its own.
    Scrypt {
        /// What every passphrase begins with.
        backup_id: String,
    },
    /// Formats 3 and 2: behind each part stands a member with its authentication code.
    Hmac(HmacFormat),
}

/// How the parts of formats 3 and 2 are written.
#[derive(Clone, Copy)]
pub(super) struct HmacFormat {
    pub(super) digest: Digest,
    /// None where nothing is encrypted.
    pub(super) cipher: Option<OldCipher>,
    /// Format 2: each part is encrypted or compressed by itself, and is a volume of a multi-volume archive.
    pub(super) is_in_volumes: bool,
}

/// What stands in the archive beside a part and proves it: an authentication code, or nothing where the part has its own.
pub(super) type Mac = Vec<u8>;

impl PartFormat {
    /// Format 4.
    pub(super) fn scrypt(access: &Access, backup_id: String, workers: Arc<Workers>) -> Self {
        let kind = Kind::Scrypt { backup_id };
        Self {
            passphrase: access.passphrase.clone(),
            keys: access.keys.clone(),
            workers,
            kind,
        }
    }

    /// Formats 3 and 2.
    pub(super) fn hmac(access: &Access, hmac: HmacFormat, workers: Arc<Workers>) -> Self {
        let kind = Kind::Hmac(hmac);
        Self {
            passphrase: access.passphrase.clone(),
            keys: access.keys.clone(),
            workers,
            kind,
        }
    }

    /// How the parts of an archive that was opened are written.
    pub(super) fn of(info: &ArchiveInfo, access: &Access, workers: Arc<Workers>) -> Self {
        match info.protection {
            Protection::Scrypt => Self::scrypt(access, info.backup_id.clone().unwrap_or_default(), workers),
            Protection::Hmac { digest, cipher } => Self::hmac(
                access,
                HmacFormat {
                    digest,
                    cipher,
                    is_in_volumes: info.version < 3,
                },
                workers,
            ),
        }
    }

    /// What is to be known of parts that are not sealed by themselves.
    pub(super) fn as_hmac(&self) -> Option<HmacFormat> {
        match &self.kind {
            Kind::Scrypt { .. } => None,
            Kind::Hmac(hmac) => Some(*hmac),
        }
    }

    /// The part that a member of that name is, if it is one.
    pub(super) fn part_name(&self, member: &str) -> Option<PartName> {
        match &self.kind {
            Kind::Scrypt { .. } => PartName::parse_member(member).ok(),
            Kind::Hmac(_) => PartName::parse_old_member(member).ok(),
        }
    }

    /// Whether the inner archive of a VM's file may hold a whole folder.
    pub(super) fn holds_trees(&self) -> bool {
        self.as_hmac().is_some()
    }

    /// Reads a part into the buffer, whose old content goes, and what stands beside it. The outer error ends the
    /// reading, the inner one only this file.
    pub(super) fn fetch(
        &self,
        members: &mut Members,
        member: &MemberInfo,
        buffer: &mut Vec<u8>,
        cancel: &CancelToken,
    ) -> Result<Result<Mac, EngineError>, EngineError> {
        if member.size > limits::PART_CONTAINER_BYTES {
            members.skip()?;
            let why = Damage::PartSize {
                bytes: member.size,
                limit: limits::PART_CONTAINER_BYTES,
            };
            return Ok(Err(damaged(member, why)));
        }
        cancel.check()?;
        members.read_into(buffer)?;
        match &self.kind {
            Kind::Scrypt { .. } => Ok(Ok(Mac::new())),
            Kind::Hmac(_) => fetch_mac(members, member),
        }
    }

    /// Passes over what stands beside a part that was passed over.
    pub(super) fn skip_beside(&self, members: &mut Members, member: &MemberInfo) -> Result<(), EngineError> {
        if self.as_hmac().is_some()
            && let Some(beside) = members.next()?
        {
            if beside.name == mac_member(&member.name) {
                members.skip()?;
            } else {
                members.put_back(beside);
            }
        }
        Ok(())
    }

    /// Orders the key of a part before anything else is known of it than its first bytes; `None` where it needs no key, or
    /// one that takes too much to be made on a mere chance.
    pub(super) fn derive_ahead(
        &self,
        part: &PartName,
        header: ContainerHeader,
        priority: Priority,
    ) -> Option<PendingOpenKey> {
        match &self.kind {
            Kind::Scrypt { backup_id } if self.workers.may_derive_ahead(header.cost()) => {
                Some(self.derive_part_key(backup_id, part, header, priority))
            }
            Kind::Scrypt { .. } | Kind::Hmac(_) => None,
        }
    }

    /// Proves a part that was fetched and decrypts it where it is, if it is sealed by itself; returns where its bytes are.
    /// Nothing of the buffer is changed unless the proof holds.
    pub(super) fn open(
        &self,
        buffer: &mut [u8],
        mac: &[u8],
        part: &PartName,
        member: &MemberInfo,
        keys: &mut KeysAhead,
        context: &Context,
    ) -> Result<Range<usize>, EngineError> {
        let hmac = match &self.kind {
            Kind::Scrypt { backup_id } => return self.open_container(buffer, backup_id, part, member, keys, context),
            Kind::Hmac(hmac) => hmac,
        };
        let passphrase = self.passphrase.as_bytes();
        let verify = || Hmac::verify(hmac.digest, passphrase, buffer, mac);
        if self.workers.compute(&context.cancel, verify)? {
            Ok(0..buffer.len())
        } else {
            Err(damaged(member, Damage::MacMismatch))
        }
    }

    fn open_container(
        &self,
        buffer: &mut [u8],
        backup_id: &str,
        part: &PartName,
        member: &MemberInfo,
        keys: &mut KeysAhead,
        context: &Context,
    ) -> Result<Range<usize>, EngineError> {
        let describe = |error: ContainerError| container_error(&error, member);
        let header = ContainerHeader::parse(buffer).map_err(describe)?;
        let ahead = keys.take(member.position, &header);
        let key = ahead.unwrap_or_else(|| self.derive_part_key(backup_id, part, header, Priority::Urgent));
        let key = key.wait(&context.cancel)?.map_err(describe)?;
        self.workers
            .compute(&context.cancel, || key.open(buffer))?
            .map_err(describe)
    }

    fn derive_part_key(
        &self,
        backup_id: &str,
        part: &PartName,
        header: ContainerHeader,
        priority: Priority,
    ) -> PendingOpenKey {
        let passphrase = part_passphrase(backup_id, &part.to_string(), self.passphrase.as_bytes());
        derive_open_key(&self.workers, &self.keys, header, &passphrase, priority)
    }
}

/// The authentication code behind a part that has just been read.
pub(super) fn fetch_mac(members: &mut Members, member: &MemberInfo) -> Result<Result<Mac, EngineError>, EngineError> {
    let missing = || Ok(Err(damaged(member, Damage::MacMissing)));
    let Some(beside) = members.next()? else {
        return missing();
    };
    if beside.name != mac_member(&member.name) {
        members.put_back(beside);
        return missing();
    }
    if beside.size > limits::MAC_MEMBER_BYTES {
        let (bytes, limit) = (beside.size, limits::MAC_MEMBER_BYTES);
        return Ok(Err(damaged(&beside, Damage::Mac(MacError::TooLong { bytes, limit }))));
    }
    let mut text = Vec::new();
    members.read_into(&mut text)?;
    Ok(parse_mac(&text).map_err(|error| damaged(&beside, Damage::Mac(error))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::Resources,
        transport::{Location, Member, MemberReader, TransportError},
    };

    /// A VM that announces members of these sizes. What it sends of each is a code.
    struct Announced(Vec<(&'static str, u64)>);

    impl MemberReader for Announced {
        fn next(&mut self) -> Result<Option<Member>, TransportError> {
            let next = (!self.0.is_empty()).then(|| self.0.remove(0));
            Ok(next.map(|(name, size)| Member {
                name: name.to_owned(),
                size,
                position: 0,
            }))
        }

        fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), TransportError> {
            *buffer = b"0123456789abcdef0123456789abcdef01234567".to_vec();
            Ok(())
        }

        fn finish(self: Box<Self>) -> Result<(), TransportError> {
            Ok(())
        }
    }

    /// What comes of a part and its code where a VM announces these sizes, and how much was taken of the part.
    fn fetched(part_bytes: u64, mac_bytes: u64) -> (Result<Mac, EngineError>, usize) {
        let announced = Announced(vec![("vm1/a.000", part_bytes), ("vm1/a.000.hmac", mac_bytes)]);
        let mut members = Members::of_service(Box::new(announced));
        let access = Access::new(
            Location::File("/none".into()).into(),
            Arc::new(Passphrase::for_reading("a passphrase".to_owned())),
        );
        let hmac = HmacFormat {
            digest: Digest::from_name("SHA1").unwrap(),
            cipher: None,
            is_in_volumes: false,
        };
        let format = PartFormat::hmac(&access, hmac, Arc::new(Workers::for_reading(Resources::default())));
        let part = members.next().unwrap().unwrap();
        let mut buffer = Vec::new();
        let mac = format.fetch(&mut members, &part, &mut buffer, &CancelToken::default());
        (mac.unwrap(), buffer.len())
    }

    #[test]
    fn a_vm_cannot_announce_a_part_or_a_code_larger_than_any() {
        let (most, most_of_code) = (limits::PART_CONTAINER_BYTES, limits::MAC_MEMBER_BYTES);
        assert!(matches!(fetched(most, most_of_code), (Ok(_), 1..)));
        let too_large = |bytes, limit| Damage::PartSize { bytes, limit };
        let (error, taken) = fetched(most + 1, most_of_code);
        assert_eq!((why(error), taken), (too_large(most + 1, most), 0));
        let (bytes, limit) = (most_of_code + 1, most_of_code);
        let (error, _) = fetched(most, bytes);
        assert_eq!(why(error), Damage::Mac(MacError::TooLong { bytes, limit }));
    }

    fn why(result: Result<Mac, EngineError>) -> Damage {
        match result.unwrap_err() {
            EngineError::Archive(crate::engine::ArchiveError::Damaged { why, .. }) => why,
            other => panic!("{other}"),
        }
    }
}
