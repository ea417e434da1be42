// SPDX-License-Identifier: GPL-3.0-or-later
//! A small tree of XML elements that keeps whatever it was given, for documents of a PedOS (`qubes.xml`, firewall rules).
//!
//! It refuses what those documents never hold and attacks are made of: document types, entities beyond XML's own five,
//! endless nesting, endless size. Elements that hold only elements are laid out anew when printed, as a PedOS does it;
//! all other text is kept to the byte.

mod element;
mod parse;
mod print;

pub(crate) use element::{Element, Node};
pub(crate) use parse::{is_name, is_text};
