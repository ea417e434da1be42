// SPDX-License-Identifier: GPL-3.0-or-later
//! Whether what came back is what there was, to the byte; holes of either side are zeros of the other.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use rustix::fs::{SeekFrom, seek};

/// Bytes that are compared at a time.
const PIECE: usize = 1 << 20;

/// Holds two volumes against each other.
pub(crate) fn expect_same(original: &Path, back: &Path) -> io::Result<()> {
    let differ = |what: String| {
        let what = format!("{} is not {}: {what}", back.display(), original.display());
        Err(io::Error::new(io::ErrorKind::InvalidData, what))
    };
    let open = |path: &Path| {
        File::open(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    };
    let (one, other) = (open(original)?, open(back)?);
    let (size, size_back) = (one.metadata()?.len(), other.metadata()?.len());
    if size != size_back {
        return differ(format!("{size_back} bytes instead of {size}"));
    }
    let mut buffers = (vec![0; PIECE], vec![0; PIECE]);
    // Where both have holes there is nothing to compare, so the data of each is enough.
    for file in [&one, &other] {
        let mut position = 0;
        while let Some((start, end)) = next_data(file, position, size)? {
            position = start;
            while position < end {
                let length = PIECE.min((end - position) as usize);
                one.read_exact_at(&mut buffers.0[..length], position)?;
                other.read_exact_at(&mut buffers.1[..length], position)?;
                if buffers.0[..length] != buffers.1[..length] {
                    return differ(format!("the bytes behind {position} differ"));
                }
                position += length as u64;
            }
        }
    }
    Ok(())
}

/// The next piece of data from a position on.
fn next_data(file: &File, position: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    if position >= size {
        return Ok(None);
    }
    match seek(file, SeekFrom::Data(position)) {
        Ok(start) => Ok(Some((start, seek(file, SeekFrom::Hole(start))?))),
        Err(rustix::io::Errno::NXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
