// SPDX-License-Identifier: GPL-3.0-or-later
//! Where in the archive something is wrong: the part that was being read, and the file that it is a part of.

use std::{cell::RefCell, io, rc::Rc};

use crate::{
    engine::{
        ArchiveError, Damage, EngineError,
        io_errors::{format_to_io, in_stream},
    },
    format::FormatError,
};

use super::member::MemberInfo;

/// The member that is being read right now, kept up to date by the stream of parts.
pub(super) type AtMember = Rc<RefCell<MemberInfo>>;

/// A file in the archive, for the words about what is wrong with it.
pub(super) struct Place {
    /// What its inner archive calls it.
    pub(super) name: String,
    at: AtMember,
}

impl Place {
    pub(super) fn new(name: String, at: AtMember) -> Self {
        Self { name, at }
    }

    pub(super) fn damaged(&self, why: Damage) -> EngineError {
        let at = self.at.borrow();
        ArchiveError::Damaged {
            member: Some(at.name.clone()),
            position: at.position,
            why,
        }
        .into()
    }

    /// What the inner archive's reader said.
    pub(super) fn format_error(&self, error: FormatError) -> EngineError {
        self.error(format_to_io(error))
    }

    /// An inner archive without an entry.
    pub(super) fn empty(&self) -> EngineError {
        self.damaged(Damage::InnerEmpty)
    }

    /// What a layer below or above a stream said.
    pub(super) fn error(&self, error: io::Error) -> EngineError {
        in_stream(error, |why| self.damaged(why))
    }
}

pub(super) fn lossy(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
