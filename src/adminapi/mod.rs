// SPDX-License-Identifier: GPL-3.0-or-later
//! What goes over the socket of the daemon that owns the VMs of a live PedOS: requests as bytes, and answers, events and
//! the lines in them as values.
//!
//! [`AdminClient`] speaks with the daemon; nothing else here opens a socket or a file. Versions of the daemon differ in
//! what they say, and all of them are read by the same code: what is missing in an answer is `None`, words that are not
//! known are kept or passed over. Answers are bounded before anything is kept of them, and an error names the byte at which
//! an answer stops making sense. Texts stay as they came; [`shown()`] makes them fit to be looked at.

mod client;
mod device;
mod error;
mod events;
mod exception;
mod firewall;
mod lines;
mod pairs;
mod pool;
mod property;
mod request;
mod response;
mod scan;
mod shown;
mod vm_list;
mod volume;

pub use client::{AdminClient, CallError, Deadline, EventStream};
pub use device::{Assignment, AssignmentMode, OldAttachment, PrintError};
pub use error::{AnswerError, AnswerFault};
pub use events::{AdminEvent, CONNECTION_ESTABLISHED, EventParser, LONGEST_EVENT_BYTES, MOST_EVENT_FIELDS};
pub use exception::{Exception, ExceptionKind};
pub use firewall::{FirewallRule, Protocol, RuleAction, RuleTarget};
pub use lines::{parse_flag, parse_label_color, parse_names, parse_number, print_label_color};
pub use pool::{PoolDriver, PoolInfo, PoolUsage};
pub use property::{Property, PropertyType, PropertyValue, escape, unescape};
pub use request::{AdminRequest, LONGEST_REQUEST_BYTES, RequestError, RequestPart};
pub use response::{LONGEST_ANSWER_BYTES, Response};
pub use scan::{LONGEST_LINE_BYTES, MOST_LINES};
pub use shown::{LONGEST_SHOWN_CHARACTERS, shown};
pub use vm_list::{CurrentState, ListedVm, PowerState};
pub use volume::{AdminVolume, ImportTarget};

/// The socket for all calls but those of the system's own programs, below dom0's root.
pub const ADMIN_SOCKET: &str = "var/run/qubesd.sock";
/// The socket for calls that only the system's own programs make, below dom0's root.
pub const INTERNAL_SOCKET: &str = "var/run/qubesd.internal.sock";
