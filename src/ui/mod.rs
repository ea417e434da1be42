// SPDX-License-Identifier: GPL-3.0-or-later
//! The two windows: wizards that show a draft and pass on what their user does.
//!
//! Every class has its structure in a template under `ui/`; its code here only copies values in and signals out. What
//! may follow what is for the drafts to decide, and two flows carry it between drafts, pages and jobs. Nothing here
//! blocks, reads a disk or waits for a VM.

mod app;
mod cells;
mod check;
mod choice_field;
mod chooser;
mod clamp;
mod desktop;
mod dialogs;
mod dual_list;
mod extract;
mod facts;
mod finding_row;
mod flow;
mod history;
mod inside;
mod menu;
mod naming;
mod neighbour;
mod note;
mod option;
mod place_field;
mod profiles;
mod progress_row;
mod remind;
mod repeat;
mod restore_edit;
mod restore_editor;
mod restore_row;
mod side_window;
mod step_row;
mod store_browser;
mod swatch;
mod verdict;
mod vm_item;
mod vm_list;
mod vm_row;
mod widgets;
mod window_size;
mod wizard;

pub mod backup_flow;
pub mod pages;
pub mod restore_flow;

pub use app::{Program, prepare, run};
pub use cells::{BpCellsLayout, BpFlowLayout};
pub use check::BpCheck;
pub use choice_field::BpChoiceField;
pub use clamp::BpClampLayout;
pub use dual_list::BpDualList;
pub use extract::BpExtractWindow;
pub use facts::BpFacts;
pub use finding_row::BpFindingRow;
pub use flow::{Countdown, count_down};
pub use inside::BpInsideWindow;
pub use note::BpNote;
pub use option::BpOption;
pub use place_field::BpPlaceField;
pub use progress_row::BpProgressRow;
pub use remind::remind;
pub use restore_edit::{Edit, RowContext};
pub use restore_editor::BpRestoreEditor;
pub use restore_row::BpRestoreRow;
pub use step_row::BpStepRow;
pub use store_browser::BpStoreBrowser;
pub use swatch::{BpSwatch, Glyph};
pub use verdict::BpVerdict;
pub use vm_item::{Order, VmItem};
pub use vm_list::BpVmList;
pub use vm_row::BpVmRow;
pub use wizard::{BpWizard, Move};
