// SPDX-License-Identifier: GPL-3.0-or-later
//! Zeros that were sent as data become holes again.

/// The granularity at which zeros become holes, in bytes: what file systems allocate.
const HOLE_BYTES: u64 = 4096;

/// Writes what is not zero of a piece of data that belongs at `offset`, in runs of whole blocks of the target.
pub(in super::super) fn write_sparse<E>(
    data: &[u8],
    offset: u64,
    mut write: impl FnMut(&[u8], u64) -> Result<(), E>,
) -> Result<(), E> {
    let mut start = 0;
    let mut run: Option<usize> = None;
    while start < data.len() {
        let to_boundary = HOLE_BYTES - (offset + start as u64) % HOLE_BYTES;
        let end = data.len().min(start + to_boundary as usize);
        if is_zero(&data[start..end]) {
            if let Some(begin) = run.take() {
                write(&data[begin..start], offset + begin as u64)?;
            }
        } else {
            run.get_or_insert(start);
        }
        start = end;
    }
    match run {
        Some(begin) => write(&data[begin..], offset + begin as u64),
        None => Ok(()),
    }
}

fn is_zero(data: &[u8]) -> bool {
    let (blocks, rest) = data.as_chunks::<64>();
    blocks
        .iter()
        .all(|block| block.iter().fold(0, |or, byte| or | byte) == 0)
        && rest.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(data: &[u8], offset: u64) -> Vec<(u64, usize)> {
        let mut writes = Vec::new();
        let note = |piece: &[u8], place| -> Result<(), ()> {
            writes.push((place, piece.len()));
            Ok(())
        };
        write_sparse(data, offset, note).unwrap();
        writes
    }

    #[test]
    fn zero_blocks_become_holes_at_the_boundaries_of_blocks() {
        let mut data = vec![0; 5 * 4096];
        data[4096 + 17] = 1;
        data[3 * 4096] = 1;
        assert_eq!(writes(&data, 8192), [(8192 + 4096, 4096), (8192 + 3 * 4096, 4096)]);
    }

    #[test]
    fn data_that_begins_within_a_block_is_split_at_its_boundary() {
        assert_eq!(writes(&[1; 6000], 512), [(512, 6000)]);
        let mut data = [0; 6000];
        data[5999] = 1;
        assert_eq!(writes(&data, 512), [(4096, 6512 - 4096)]);
    }
}
