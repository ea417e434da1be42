// SPDX-License-Identifier: GPL-3.0-or-later
//! The inner archive of one file on its way into blocks.

use std::io;

use crate::{
    engine::{EngineError, Mistake, io_errors::from_io},
    format::{WriteError, inner},
};

use super::blocks::BlockWriter;

/// One inner archive on its way: tar, then blocks.
pub(super) type InnerWriter<'a> = inner::Writer<BlockWriter<'a>>;

/// Below the inner archive there is only memory: what goes wrong there comes from another stage, or is our mistake.
pub(super) fn internal(error: io::Error) -> EngineError {
    from_io(error, |source| EngineError::Internal {
        what: Mistake::Memory(source),
    })
}

pub(super) fn format_internal(error: WriteError) -> EngineError {
    let what = match error {
        WriteError::Io(error) => return internal(error),
        WriteError::Name(error) => Mistake::PartName(error),
        WriteError::Unwritable { name, fault } => Mistake::Unwritable { name, fault },
    };
    EngineError::Internal { what }
}
