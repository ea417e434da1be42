// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys, ciphers and MACs of the archive formats. Refuses to know where bytes come from or go to.

mod cost;

pub use cost::KdfCost;
