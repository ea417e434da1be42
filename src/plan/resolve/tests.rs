// SPDX-License-Identifier: GPL-3.0-or-later
//! The table of a restore, case by case.
