// SPDX-License-Identifier: GPL-3.0-or-later
//! Restores dom0's home from its inner archive, or only reads it. No name of the archive becomes a path unchecked.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::unix::{ffi::OsStrExt, fs::FileExt},
    path::{Path, PathBuf},
};

use crate::{
    engine::{Context, EngineError, Warning, home_fault::HomeRefusal, io_errors::home_error},
    format::inner::{Entry, EntryKind},
};

use super::{
    super::{file_position::FilePosition, home_read::HomeRead, target::InnerReader, unpack::holes::write_sparse},
    folder::{HomeFolder, Link, describe_file},
    judge::Judge,
};

/// How much of a file is taken at once, in bytes.
const BLOCK_BYTES: usize = 256 * 1024;

/// Reads the whole tree; writes it into the folder if there is one. What no system or this one does not take is left out
/// and named.
pub(in super::super) fn read(
    archive: &mut InnerReader<'_>,
    prefix: &str,
    folder: Option<&HomeFolder>,
    place: &FilePosition,
    context: &Context,
) -> Result<HomeRead, EngineError> {
    let mut home = HomeRead::default();
    let mut judge = Judge::new(prefix);
    let mut buffer = vec![0; BLOCK_BYTES];
    let mut has_root = false;
    while let Some(entry) = archive.next_entry().map_err(|error| place.format_error(error))? {
        context.cancel.check()?;
        has_root = true;
        let (path, link) = match judge.judge(&entry) {
            Ok(judged) => judged,
            Err(fault) => {
                let path = PathBuf::from(OsStr::from_bytes(&entry.name));
                home.refuse(path, HomeRefusal::Fault(fault), context);
                continue;
            }
        };
        if entry.mode & 0o6000 != 0 && !matches!(entry.kind, EntryKind::Symlink(_) | EntryKind::HardLink(_)) {
            context.warn(Warning::HomePrivilegesDropped { path: path.clone() });
        }
        home.bytes += if entry.kind == EntryKind::File { entry.size } else { 0 };
        let target = folder.map(|folder| (folder, folder.part.join(&path)));
        let made = match target {
            Some((folder, target)) => folder
                .make_parents(&target)
                .and_then(|()| make(folder, target, &entry, link)),
            None => Ok(None),
        };
        match made {
            Ok(file) => {
                copy(archive, file.as_ref(), &path, &mut buffer, place, context)?;
                if let (Some(file), Some(folder)) = (file, folder)
                    && let Err(error) = describe_file(&file, &entry)
                {
                    context.warn(folder.not_restored(&path, error));
                }
            }
            Err(error) if is_of_the_disk(&error) => return Err(home_error(&path, error)),
            Err(error) => home.refuse(path, HomeRefusal::System(error.into()), context),
        }
    }
    if !has_root {
        return Err(place.empty());
    }
    if let Some(folder) = folder {
        folder.make_links(&mut home, context);
    }
    Ok(home)
}

/// Makes an entry; returns the file that its content goes into.
fn make(folder: &HomeFolder, target: PathBuf, entry: &Entry, link: Option<PathBuf>) -> io::Result<Option<File>> {
    let link = match (&entry.kind, link) {
        (_, Some(to)) => Link::Hard(to),
        (EntryKind::Symlink(to), None) => Link::Symbolic(PathBuf::from(OsStr::from_bytes(to))),
        (EntryKind::Directory, None) => return folder.directory(&target, entry).map(|()| None),
        (EntryKind::Fifo, None) => return folder.fifo(&target, entry).map(|()| None),
        _ => return folder.begin_file(&target, entry).map(Some),
    };
    folder.link_later(target, link, entry.mtime);
    Ok(None)
}

/// Whether an error is one of the whole disk, behind which nothing more can be restored.
fn is_of_the_disk(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    let kind = error.kind();
    let is_device = error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
    is_device || matches!(kind, Kind::StorageFull | Kind::QuotaExceeded | Kind::ReadOnlyFilesystem)
}

fn copy(
    archive: &mut InnerReader<'_>,
    file: Option<&File>,
    path: &Path,
    buffer: &mut [u8],
    place: &FilePosition,
    context: &Context,
) -> Result<(), EngineError> {
    while let Some((offset, length)) = archive.next_data(buffer).map_err(|error| place.format_error(error))? {
        context.cancel.check()?;
        if let Some(file) = file {
            let write = |data: &[u8], place| file.write_all_at(data, place);
            write_sparse(&buffer[..length], offset, write).map_err(|error| home_error(path, error))?;
        }
    }
    Ok(())
}
