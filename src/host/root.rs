// SPDX-License-Identifier: GPL-3.0-or-later
//! A PedOS root folder as a host.
