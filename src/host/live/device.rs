// SPDX-License-Identifier: GPL-3.0-or-later
//! A logical volume as a backup reads it. A block device tells nothing of its holes, so it is read once for blocks of zeros
//! before its data are read.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    os::unix::fs::FileExt,
    sync::{Arc, OnceLock},
    thread,
};

use crate::{
    cancel::CancelToken,
    extent::Extent,
    host::{DataBound, VolumeSource},
    units::KIB,
};

/// The granularity in which zeros are looked for: that of the thin pools which a PedOS makes.
const BLOCK_BYTES: u64 = 64 * KIB;
/// How much of the device is read at a time.
const CHUNK_BLOCKS: u64 = 16;

/// A block device open for reading.
pub(super) struct DeviceVolume {
    device: Arc<File>,
    size_bytes: u64,
    /// The most bytes of it that can be data.
    used_bytes: u64,
    extents: Arc<OnceLock<Result<Vec<Extent>, Arc<io::Error>>>>,
    cancel: CancelToken,
}

impl DeviceVolume {
    /// Takes an open device, of which at most so many bytes are data, if that is known.
    ///
    /// # Errors
    /// When its size cannot be learned.
    pub(super) fn new(mut device: File, used_bytes: Option<u64>, cancel: &CancelToken) -> io::Result<Self> {
        // What the system says of the size of a device's file is 0.
        let size_bytes = device.seek(SeekFrom::End(0))?;
        Ok(Self {
            device: Arc::new(device),
            size_bytes,
            // What the daemon says is rounded to a hundredth of a percent.
            used_bytes: used_bytes.map_or(size_bytes, |used| (used + size_bytes / 10_000).min(size_bytes)),
            extents: Arc::default(),
            cancel: cancel.clone(),
        })
    }
}

impl VolumeSource for DeviceVolume {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn bound(&self) -> io::Result<DataBound> {
        // Each block of data may stand alone.
        let blocks = self.used_bytes.div_ceil(BLOCK_BYTES);
        Ok(DataBound {
            data_bytes: self.used_bytes,
            extents: blocks.min(self.size_bytes.div_ceil(2 * BLOCK_BYTES)),
        })
    }

    fn prepare(&self) {
        let (device, size_bytes, extents) = (Arc::clone(&self.device), self.size_bytes, Arc::clone(&self.extents));
        let cancel = self.cancel.clone();
        // A thread that cannot be started costs time and nothing else.
        let _ = thread::Builder::new().spawn(move || {
            extents.get_or_init(|| data_of(&device, size_bytes, &cancel).map_err(Arc::new));
        });
    }

    fn extents(&self) -> io::Result<Vec<Extent>> {
        let found = self
            .extents
            .get_or_init(|| data_of(&self.device, self.size_bytes, &self.cancel).map_err(Arc::new));
        self.cancel.check().map_err(io::Error::other)?;
        found.clone().map_err(|error| io::Error::new(error.kind(), error))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.device.read_exact_at(buffer, offset)
    }
}

/// Returns where a device holds anything but zeros.
fn data_of(device: &File, size_bytes: u64, cancel: &CancelToken) -> io::Result<Vec<Extent>> {
    let mut extents: Vec<Extent> = Vec::new();
    let mut chunk = vec![0; (CHUNK_BLOCKS * BLOCK_BYTES) as usize];
    let mut position = 0;
    while position < size_bytes {
        cancel.check().map_err(io::Error::other)?;
        let length = (size_bytes - position).min(chunk.len() as u64);
        let chunk = &mut chunk[..length as usize];
        device.read_exact_at(chunk, position)?;
        for block in chunk.chunks(BLOCK_BYTES as usize) {
            let length = block.len() as u64;
            match extents.last_mut() {
                _ if is_zero(block) => {}
                Some(last) if last.end() == position => last.length += length,
                _ => extents.push(Extent {
                    offset: position,
                    length,
                }),
            }
            position += length;
        }
    }
    Ok(extents)
}

fn is_zero(block: &[u8]) -> bool {
    // In words of sixteen bytes the compiler compares whole registers.
    let (before, words, after) = bytemuck::pod_align_to::<u8, u128>(block);
    words.iter().all(|word| *word == 0) && before.iter().chain(after).all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(data: &[(u64, u64)], size: u64) -> DeviceVolume {
        let file = tempfile::tempfile().unwrap();
        file.set_len(size).unwrap();
        for (offset, length) in data {
            file.write_all_at(&vec![7; *length as usize], *offset).unwrap();
        }
        DeviceVolume::new(file, Some(size), &CancelToken::default()).unwrap()
    }

    #[test]
    fn blocks_of_zeros_are_holes_and_no_byte_of_data_is_lost() {
        let size = 5 * 1024 * KIB + 4096;
        let volume = volume(&[(BLOCK_BYTES - 1, 2), (10 * BLOCK_BYTES, 1), (size - 1, 1)], size);
        volume.prepare();
        let found: Vec<(u64, u64)> = volume.extents().unwrap().iter().map(|e| (e.offset, e.length)).collect();
        assert_eq!(
            found,
            [
                (0, 2 * BLOCK_BYTES),
                (10 * BLOCK_BYTES, BLOCK_BYTES),
                (5 * 1024 * KIB, 4096)
            ]
        );
        let bound = volume.bound().unwrap();
        assert!(bound.data_bytes >= found.iter().map(|(_, length)| length).sum::<u64>());
        assert!(bound.extents >= found.len() as u64);
    }

    #[test]
    fn all_zeros_and_nothing_at_all_are_no_extents() {
        assert_eq!(volume(&[], 3 * BLOCK_BYTES + 1).extents().unwrap(), []);
        assert_eq!(volume(&[], 0).extents().unwrap(), []);
    }

    #[test]
    fn a_device_that_is_cut_meanwhile_is_an_error() {
        let volume = volume(&[(0, 1)], BLOCK_BYTES * 20);
        volume.device.set_len(5).unwrap();
        assert!(volume.extents().is_err());
    }
}
