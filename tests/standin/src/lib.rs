// SPDX-License-Identifier: GPL-3.0-or-later
//! A strict stand-in of a live PedOS, for tests: the daemon `qubesd` behind its two sockets, and `qrexec-client`, in a folder
//! where everything lies where dom0 has it.
//!
//! It gives the answers that were recorded from three versions of the daemon, refuses what they refuse in the same way, and
//! remembers as a violation what nobody should send. A stand-in that is dropped with violations that no test took panics.
//!
//! ```no_run
//! use pedos_standin::{Dialect, Fault, Standin};
//!
//! let pedos = Standin::new(Dialect::V4_3);
//! pedos.on("admin.vm.Start", Fault::Silence);
//! // A program that is given `pedos.root()` as its root finds a live PedOS there.
//! assert!(pedos.journal().is_empty());
//! ```

mod answer;
mod builder;
mod calls;
mod daemon;
mod dialect;
mod events;
mod fault;
mod firewall;
mod journal;
mod layout;
mod properties;
mod record;
mod request;
mod server;
mod services;
mod settings;
mod standin;
mod state;
mod storage;

pub use builder::Builder;
pub use daemon::Socket;
pub use dialect::Dialect;
pub use fault::Fault;
pub use firewall::Rule;
pub use journal::Call;
pub use services::Service;
pub use standin::Standin;
pub use state::{Assignment, Class, Device, Driver, Label, Pool, Power, State, Vm, Volume};
