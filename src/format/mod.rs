// SPDX-License-Identifier: GPL-3.0-or-later
//! The archive format: bytes to values and back. No threads, no VMs, no text for users.
//!
//! ```text
//! outer archive   tar of plain files, in the clear, authenticated by nobody              outer
//! │  backup-header            lines of key=value                                         header
//! │  backup-header.hmac       the same lines in a container                              (crypto)
//! │  qubes.xml.000.enc        a file in parts ────┐
//! │  vm6/private.img.000.enc                      │ names and order of the parts         part
//! │  vm6/private.img.001.enc  a file in parts ──┐ │
//! │  ...                                        │ │
//! │  dom0-home/user.000.enc                     │ │
//! │                                             ▼ ▼
//! │  part           a container; its passphrase holds backup id, file and number         (crypto)
//! │  └ stream       the contents of all parts of a file, one behind the other
//! │    └ compressed as a whole, or not at all                                            compress
//! │      └ inner    tar of one member: a volume with its holes, or a small file;         inner
//! │                 for dom0's home a tar of the whole folder
//! ```
//!
//! Each layer is a reader or a writer over the one below and knows nothing of the others. A writer ends with `finish`,
//! which gives back what it wrote to; dropped before that, it leaves something that its reader reports as cut short.
//! Every number that an archive chooses is held against [`limits`] before it is used.

mod compress;
mod error;
mod fault;
mod header;
pub mod inner;
pub mod limits;
mod multi_volume;
mod old_member;
pub mod outer;
mod part;
mod sniff;
mod ustar;

pub use compress::{
    Compression, Encoder, Filter, Level, LzmaEncoder, Segment, SegmentDecoder, UnknownLevel, compressed, decoder,
    next_segment,
};
pub use error::{FormatError, HeaderError, MacError, MemberKind, PartNameError, PartNameFault, WriteError, WriteFault};
pub use fault::{CompressionFault, FormatFault, Limited, PaxFault, SparseFault, VolumeError, Within};
pub use header::{BackupId, HEADER_MAC_MEMBER, HEADER_MEMBER, Header, INVENTORY_FILE, VERSION, peek_version};
pub use multi_volume::MultiVolume;
pub use old_member::{mac_member, member_of_mac, parse_mac};
pub use part::{HOME_FOLDER, PartName, check_name};
pub use sniff::sniffed;
