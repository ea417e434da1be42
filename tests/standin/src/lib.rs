// SPDX-License-Identifier: GPL-3.0-or-later
//! A strict stand-in of a live PedOS, for tests: the daemon `qubesd` behind its two sockets, and `qrexec-client`, in a folder
//! where everything lies where dom0 has it.
//!
//! It gives the answers that were recorded from three versions of the daemon, refuses what they refuse in the same way, and
//! remembers as a violation what nobody should send. A stand-in that is dropped with violations that no test took panics.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use pedos_standin::{Dialect, Driver, Fault, Standin};
//!
//! let pedos = Standin::builder(Dialect::V4_3).pool_driver(Driver::LvmThin).vms(300).start();
//! // What somebody else does, before and meanwhile: with its events, but without a line in the journal.
//! pedos.must("admin.vm.Create.DispVM", "default-dvm", "dom0", "name=disp label=red");
//! pedos.start_vm("vault");
//! // What goes wrong.
//! pedos.on("internal.vm.volume.ImportEnd", Fault::DieAfter(Some(Duration::from_secs(2))));
//!
//! // Here a program runs that is given `pedos.root()` as its root: it finds a live PedOS there.
//!
//! // What it asked, what came of it, and what it should not have done.
//! assert!(pedos.journal().iter().filter(|call| call.wrote_record).count() < 12);
//! assert!(pedos.state().open_imports().is_empty());
//! assert!(pedos.violations().is_empty());
//! ```

mod answer;
mod builder;
mod calls;
mod daemon;
mod devices;
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
pub use devices::can_make_devices;
pub use dialect::Dialect;
pub use fault::Fault;
pub use firewall::Rule;
pub use journal::Call;
pub use services::Service;
pub use standin::Standin;
pub use state::{Assignment, Class, Device, Driver, Label, Pool, Power, State, Vm, Volume};
