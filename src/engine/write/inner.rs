// SPDX-License-Identifier: GPL-3.0-or-later
//! The inner archive of one file on its way into blocks.

use crate::format::inner;

use super::blocks::BlockWriter;

/// One inner archive on its way: tar, then blocks.
pub(super) type InnerWriter<'a> = inner::Writer<BlockWriter<'a>>;
