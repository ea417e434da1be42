// SPDX-License-Identifier: GPL-3.0-or-later
//! Tells a volume what will be read of it, a little ahead of the reading and never of its holes.

use crate::{
    host::{Extent, VolumeSource},
    units::MIB,
};

/// How far ahead, in bytes: enough to keep a disk busy while blocks are handed out.
const AHEAD_BYTES: u64 = 8 * MIB;

/// The extents of a volume, as far as they have not been told yet.
pub(super) struct ReadAhead<'a> {
    source: &'a dyn VolumeSource,
    untold: std::slice::Iter<'a, Extent>,
    next: Option<Extent>,
    /// What was told and has not been read, in bytes.
    told_bytes: u64,
}

impl<'a> ReadAhead<'a> {
    pub(super) fn new(source: &'a dyn VolumeSource, extents: &'a [Extent]) -> Self {
        Self {
            source,
            untold: extents.iter(),
            next: None,
            told_bytes: 0,
        }
    }

    /// Hears that so many bytes were read, or that it begins with none.
    pub(super) fn has_read(&mut self, bytes: u64) {
        self.told_bytes = self.told_bytes.saturating_sub(bytes);
        // Half of it at a time: each word is a call to the system.
        if self.told_bytes > AHEAD_BYTES / 2 {
            return;
        }
        while self.told_bytes < AHEAD_BYTES {
            let Some(extent) = self.next.take().or_else(|| self.untold.next().copied()) else {
                return;
            };
            let length = extent.length.min(AHEAD_BYTES - self.told_bytes);
            self.source.expect(Extent {
                offset: extent.offset,
                length,
            });
            self.told_bytes += length;
            self.next = (length < extent.length).then_some(Extent {
                offset: extent.offset + length,
                length: extent.length - length,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Mutex};

    use super::*;

    #[derive(Default)]
    struct Told(Mutex<Vec<Extent>>);

    impl VolumeSource for Told {
        fn size_bytes(&self) -> u64 {
            0
        }
        fn extents(&self) -> io::Result<Vec<Extent>> {
            Ok(Vec::new())
        }
        fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
            Ok(())
        }
        fn expect(&self, extent: Extent) {
            self.0.lock().unwrap().push(extent);
        }
    }

    #[test]
    fn everything_is_told_once_and_not_too_early() {
        let extents: Vec<Extent> = [(0, 3), (10, 1), (20, 30)]
            .map(|(offset, length)| Extent {
                offset: offset * MIB,
                length: length * MIB,
            })
            .to_vec();
        let source = Told::default();
        let mut ahead = ReadAhead::new(&source, &extents);
        let told = || -> u64 { source.0.lock().unwrap().iter().map(|extent| extent.length).sum() };
        for read in 0..=34 {
            ahead.has_read(if read == 0 { 0 } else { MIB });
            assert!(told() >= (read * MIB + AHEAD_BYTES / 2).min(34 * MIB), "{read}");
            assert!(told() <= read * MIB + AHEAD_BYTES);
        }
        assert_eq!(told(), 34 * MIB);
        let first = source.0.lock().unwrap()[..3].to_vec();
        assert_eq!(
            first.iter().map(|extent| extent.offset / MIB).collect::<Vec<_>>(),
            [0, 10, 20]
        );
    }
}
