// SPDX-License-Identifier: GPL-3.0-or-later
//! Buffers for blocks, used again and again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::units::MIB;

/// The most buffers that are kept, and the size of the largest, in bytes.
const MOST_SPARE: usize = 32;
const LARGEST_SPARE_BYTES: usize = 8 * MIB as usize;

/// Buffers for blocks, used again and again: fresh memory costs more than what is done with it.
#[derive(Clone, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    /// Returns a buffer of that many bytes, whose content is arbitrary.
    pub(super) fn take(&self, bytes: usize) -> Vec<u8> {
        let mut buffer = self.any();
        buffer.resize(bytes, 0);
        buffer
    }

    /// Returns a buffer of any size and content.
    pub(super) fn any(&self) -> Vec<u8> {
        self.spare().pop().unwrap_or_default()
    }

    /// Takes one back that was used.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        let mut spare = self.spare();
        // More of them, or larger ones, come together only where something waited; they are not needed again.
        if spare.len() < MOST_SPARE && buffer.capacity() <= LARGEST_SPARE_BYTES {
            spare.push(buffer);
        }
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
