// SPDX-License-Identifier: GPL-3.0-or-later
//! What the format of an archive decides about its parts: how their members are called, and what proves that one is
//! what was written.

use std::{ops::Range, sync::Arc};

use crate::{
    crypto::{ContainerError, ContainerHeader, Digest, Hmac, KeyCache, OldCipher, part_passphrase},
    engine::{
        ArchiveInfo, CancelToken, Context, Damage, EngineError, Protection,
        workers::{Haste, Workers},
    },
    format::{MacError, PartName, limits, mac_member, parse_mac},
    plan::Access,
    secret::Passphrase,
};

use super::{
    keys::{KeysAhead, OpenKeyToCome, order_open_key},
    member::{MemberInfo, container_error, damaged},
    members::Members,
};

/// How the parts of an archive are written, and the passphrase that they need.
#[derive(Clone)]
pub(super) struct Dialect {
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
    Sealed {
        /// What every passphrase begins with.
        backup_id: String,
    },
    /// Formats 3 and 2: behind each part stands a member with its authentication code.
    Coded(Coded),
}

/// How the parts of formats 3 and 2 are written.
#[derive(Clone, Copy)]
pub(super) struct Coded {
    pub(super) digest: Digest,
    /// None where nothing is encrypted.
    pub(super) cipher: Option<OldCipher>,
    /// Format 2: each part is encrypted or compressed by itself, and is a volume of a multi-volume archive.
    pub(super) is_in_volumes: bool,
}

/// What stands in the archive beside a part and proves it: an authentication code, or nothing where the part has its own.
pub(super) type Proof = Vec<u8>;

impl Dialect {
    /// Format 4.
    pub(super) fn sealed(access: &Access, backup_id: String, workers: Arc<Workers>) -> Self {
        let kind = Kind::Sealed { backup_id };
        Self {
            passphrase: access.passphrase.clone(),
            keys: access.keys.clone(),
            workers,
            kind,
        }
    }

    /// Formats 3 and 2.
    pub(super) fn coded(access: &Access, coded: Coded, workers: Arc<Workers>) -> Self {
        let kind = Kind::Coded(coded);
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
            Protection::Scrypt => Self::sealed(access, info.backup_id.clone().unwrap_or_default(), workers),
            Protection::Hmac { digest, cipher } => Self::coded(
                access,
                Coded {
                    digest,
                    cipher,
                    is_in_volumes: info.version < 3,
                },
                workers,
            ),
        }
    }

    /// What is to be known of parts that are not sealed by themselves.
    pub(super) fn as_coded(&self) -> Option<Coded> {
        match &self.kind {
            Kind::Sealed { .. } => None,
            Kind::Coded(coded) => Some(*coded),
        }
    }

    /// The part that a member of that name is, if it is one.
    pub(super) fn part_name(&self, member: &str) -> Option<PartName> {
        match &self.kind {
            Kind::Sealed { .. } => PartName::parse_member(member).ok(),
            Kind::Coded(_) => PartName::parse_old_member(member).ok(),
        }
    }

    /// Whether the inner archive of a VM's file may hold a whole folder.
    pub(super) fn holds_trees(&self) -> bool {
        self.as_coded().is_some()
    }

    /// Reads a part into the buffer, whose old content goes, and what stands beside it. The outer error ends the
    /// reading, the inner one only this file.
    pub(super) fn fetch(
        &self,
        members: &mut Members,
        member: &MemberInfo,
        buffer: &mut Vec<u8>,
        cancel: &CancelToken,
    ) -> Result<Result<Proof, EngineError>, EngineError> {
        if member.size > limits::PART_CONTAINER_BYTES {
            members.skip()?;
            let why = Damage::PartSize {
                bytes: member.size,
                limit: limits::PART_CONTAINER_BYTES,
            };
            return Ok(Err(damaged(member, why)));
        }
        self.workers.reading().copy(cancel, || members.read_into(buffer))??;
        match &self.kind {
            Kind::Sealed { .. } => Ok(Ok(Proof::new())),
            Kind::Coded(_) => fetch_code(members, member),
        }
    }

    /// Passes over what stands beside a part that was passed over.
    pub(super) fn skip_beside(&self, members: &mut Members, member: &MemberInfo) -> Result<(), EngineError> {
        if self.as_coded().is_some()
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
    pub(super) fn order_ahead(&self, part: &PartName, header: ContainerHeader, haste: Haste) -> Option<OpenKeyToCome> {
        match &self.kind {
            Kind::Sealed { backup_id } if self.workers.may_order_ahead(header.cost()) => {
                Some(self.order_sealed(backup_id, part, header, haste))
            }
            Kind::Sealed { .. } | Kind::Coded(_) => None,
        }
    }

    /// Proves a part that was fetched and decrypts it where it is, if it is sealed by itself; gives where its bytes are.
    /// Nothing of the buffer is changed unless the proof holds.
    pub(super) fn open(
        &self,
        buffer: &mut [u8],
        proof: &[u8],
        part: &PartName,
        member: &MemberInfo,
        keys: &mut KeysAhead,
        context: &Context,
    ) -> Result<Range<usize>, EngineError> {
        let coded = match &self.kind {
            Kind::Sealed { backup_id } => return self.open_container(buffer, backup_id, part, member, keys, context),
            Kind::Coded(coded) => coded,
        };
        let passphrase = self.passphrase.as_bytes();
        let verify = || Hmac::verify(coded.digest, passphrase, buffer, proof);
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
        let key = ahead.unwrap_or_else(|| self.order_sealed(backup_id, part, header, Haste::Now));
        let key = key.wait(&context.cancel)?.map_err(describe)?;
        self.workers
            .compute(&context.cancel, || key.open(buffer))?
            .map_err(describe)
    }

    fn order_sealed(&self, backup_id: &str, part: &PartName, header: ContainerHeader, haste: Haste) -> OpenKeyToCome {
        let passphrase = part_passphrase(backup_id, &part.to_string(), self.passphrase.as_bytes());
        order_open_key(&self.workers, &self.keys, header, &passphrase, haste)
    }
}

/// The authentication code behind a part that has just been read.
pub(super) fn fetch_code(
    members: &mut Members,
    member: &MemberInfo,
) -> Result<Result<Proof, EngineError>, EngineError> {
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
