// SPDX-License-Identifier: GPL-3.0-or-later
//! The rooms below the engine that are not an archive: the inventory, a root folder as a host with its services, and backup
//! profiles.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]

mod admin_api;
mod inventory;
mod old_inventory;
mod profiles;
mod root;
mod root_changes;
mod root_interrupted;
mod root_out_of_sight;
mod root_services;
mod sample;
