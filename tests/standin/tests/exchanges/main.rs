// SPDX-License-Identifier: GPL-3.0-or-later
//! What the stand-in does for whoever talks to its sockets and starts its `qrexec-client`.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]

mod dying;
mod lives;
mod program;
mod replay;
mod restores;
mod services;
mod support;
mod violations;
mod volumes;
