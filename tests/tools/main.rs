// SPDX-License-Identifier: GPL-3.0-or-later
//! The two command line tools as programs: their options, output and exit codes, and what they leave on the disk.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]

mod archive_service;
mod awake;
mod backup_to_vm;
mod changed;
mod command_line;
mod commands_and_streams;
mod compression;
mod confined;
mod desktop;
mod documents;
mod emergency_restore;
mod genuine;
mod killed_restore;
mod kills_and_full_disks;
mod large_volumes;
mod list_and_extract;
mod old_ciphers;
mod old_extra_files;
mod output_and_signals;
mod partly_done;
mod passphrase_in_memory;
mod prompts;
mod recovery_text;
mod resources;
mod restore_problems;
mod retention;
mod scheduled;
mod split_and_piped;
mod stores;
#[path = "../support/mod.rs"]
mod support;
