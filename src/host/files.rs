// SPDX-License-Identifier: GPL-3.0-or-later
//! The small files of a VM: firewall rules, notes, menu entries.
//!
//! Their content is kept to the byte; what is checked is only that a PedOS could read it. What is longer than a PedOS takes
//! is not read either, so that no file can fill the memory.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use crate::{
    durable,
    host::{FileFault, HostError, Operation, Refusal, VmFile},
    inventory,
};

/// The longest notes that a PedOS takes, in bytes.
const LONGEST_NOTES_BYTES: u64 = 256_000;
/// The longest other file, in bytes. Firewall rules are limited to some hundreds by the firewall itself.
const LONGEST_FILE_BYTES: u64 = 4 << 20;

/// The feature that the applications menu reads the entries of a VM from.
pub(super) const MENU_FEATURE: &str = "menu-items";

/// What the feature of the menu entries is, where this is the file in which older versions kept them.
pub(super) fn menu_entries(kind: VmFile, content: &[u8]) -> Option<String> {
    let list = std::str::from_utf8(content).ok().filter(|_| kind == VmFile::AppMenus)?;
    let entries: Vec<&str> = list.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Some(entries.join(" "))
}

/// All files of a VM's folder, in the order of an archive.
/// One that is there and cannot be read stands with the reason.
pub(super) fn read(folder: &Path) -> Vec<(VmFile, Result<Vec<u8>, HostError>)> {
    let read = |kind: VmFile| {
        let path = folder.join(kind.file_name());
        let content = match fs::metadata(&path) {
            Ok(file) if file.is_file() => read_one(&path, longest(kind)),
            // A pipe of that name would block here for ever.
            Ok(_) => Err(Refusal::NotAFile { path }.into()),
            // A link that leads nowhere is not the same as no file.
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(&path).is_err() => {
                return None;
            }
            Err(error) => Err(reading(&path, error)),
        };
        Some((kind, content))
    };
    VmFile::ALL.into_iter().filter_map(read).collect()
}

fn read_one(path: &Path, longest: u64) -> Result<Vec<u8>, HostError> {
    let mut content = Vec::new();
    // One byte more tells that there is more; the size on the disk may change while it is read.
    File::open(path)
        .and_then(|file| file.take(longest + 1).read_to_end(&mut content))
        .map_err(|error| reading(path, error))?;
    if content.len() as u64 > longest {
        let (path, limit) = (path.to_owned(), longest);
        return Err(Refusal::FileTooLong { path, limit }.into());
    }
    Ok(content)
}

/// The length up to which a file is read and written, in bytes.
fn longest(kind: VmFile) -> u64 {
    match kind {
        VmFile::Notes => LONGEST_NOTES_BYTES,
        VmFile::AppMenus | VmFile::Firewall => LONGEST_FILE_BYTES,
    }
}

fn reading(path: &Path, error: io::Error) -> HostError {
    HostError::io(Operation::Read(path.to_owned()), error)
}

/// Puts one file in place.
pub(super) fn write(folder: &Path, kind: VmFile, content: &[u8]) -> Result<(), HostError> {
    check(kind, content).map_err(|fault| Refusal::FileContent { file: kind, fault })?;
    let path = folder.join(kind.file_name());
    let mode = match kind {
        VmFile::Firewall => 0o664,
        VmFile::AppMenus | VmFile::Notes => 0o660,
    };
    make_folder(folder)
        .and_then(|()| durable::replace(&path, content, mode))
        .map_err(|error| HostError::io(Operation::Write(path.clone()), error))
}

/// Makes a folder with those above it, and brings each new one to the disk: what is synced inside a folder is lost all the
/// same when the folder's own name is not there after a power cut.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    // Above a relative path stands the current directory, which is there.
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above)?;
    }
    match fs::create_dir(folder) {
        // Another program was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    durable::sync_folder_of(folder)
}

/// Holds the content of a file against what a PedOS can read.
pub(super) fn check(kind: VmFile, content: &[u8]) -> Result<(), FileFault> {
    let longest = longest(kind);
    if content.len() as u64 > longest {
        return Err(FileFault::TooLong { limit: longest });
    }
    match kind {
        VmFile::AppMenus if !content.is_ascii() => Err(FileFault::NotAscii),
        VmFile::AppMenus => Ok(()),
        VmFile::Firewall => Ok(inventory::check_firewall(content)?),
        VmFile::Notes => match std::str::from_utf8(content) {
            Ok(_) => Ok(()),
            Err(_) => Err(FileFault::NotUtf8),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_pedos_can_read_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("appvms/a");
        let rules = b"<firewall version=\"2\">\n  <rules/>\n</firewall>";
        write(&folder, VmFile::Firewall, rules).unwrap();
        write(&folder, VmFile::Notes, "ä\n".as_bytes()).unwrap();
        write(&folder, VmFile::AppMenus, b"a.desktop\n").unwrap();
        let bad: [(VmFile, &[u8]); 6] = [
            (VmFile::Firewall, b""),
            (VmFile::Firewall, b"<firewall version=\"1\"/>"),
            (VmFile::Firewall, b"<other version=\"2\"/>"),
            (VmFile::Notes, b"\xff"),
            (VmFile::Notes, &[b'x'; 256_001]),
            (VmFile::AppMenus, "ä".as_bytes()),
        ];
        for (kind, content) in bad {
            assert!(
                matches!(write(&folder, kind, content), Err(HostError::Refused { .. })),
                "{kind:?}"
            );
        }
        let read = read(&folder);
        let kinds: Vec<_> = read.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, VmFile::ALL);
        assert_eq!(read[1].1.as_ref().unwrap(), rules);
    }

    #[test]
    fn what_is_no_file_is_named_and_the_others_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |kind: VmFile| folder.path().join(kind.file_name());
        fs::write(at(VmFile::AppMenus), "a.desktop\n").unwrap();
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at(VmFile::Firewall),
            rustix::fs::FileType::Fifo,
            mode,
            0,
        )
        .unwrap();
        fs::create_dir(at(VmFile::Notes)).unwrap();
        let failed = |files: Vec<(VmFile, Result<Vec<u8>, HostError>)>| -> Vec<VmFile> {
            files
                .into_iter()
                .filter(|(_, file)| file.is_err())
                .map(|(kind, _)| kind)
                .collect()
        };
        let files = read(folder.path());
        assert_eq!(files.len(), 3);
        assert_eq!(failed(files), [VmFile::Firewall, VmFile::Notes]);
        fs::remove_dir(at(VmFile::Notes)).unwrap();
        std::os::unix::fs::symlink("nowhere", at(VmFile::Notes)).unwrap();
        assert_eq!(failed(read(folder.path())), [VmFile::Firewall, VmFile::Notes]);
    }

    #[test]
    fn a_file_is_read_up_to_the_length_that_may_be_written() {
        let folder = tempfile::tempdir().unwrap();
        for kind in VmFile::ALL {
            let path = folder.path().join(kind.file_name());
            let file = File::create(&path).unwrap();
            file.set_len(longest(kind)).unwrap();
            assert_eq!(read(folder.path())[0].1.as_ref().unwrap().len() as u64, longest(kind));
            file.set_len(1 << 40).unwrap();
            let files = read(folder.path());
            let error = files[0].1.as_ref().unwrap_err();
            let too_long = Refusal::FileTooLong {
                path: path.clone(),
                limit: longest(kind),
            };
            assert_eq!(*error, HostError::Refused { why: too_long });
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_disk_that_fails_is_not_taken_for_bad_content() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("a");
        fs::write(&blocked, "a file where the folder should be").unwrap();
        fs::create_dir(folder.path().join("notes.txt")).unwrap();
        for folder in [blocked.as_path(), folder.path()] {
            let result = write(folder, VmFile::Notes, b"x");
            assert!(matches!(result, Err(HostError::Io { .. })), "{result:?}");
        }
    }

    #[test]
    fn files_are_as_long_as_a_pedos_takes_them() {
        let folder = tempfile::tempdir().unwrap();
        for kind in [VmFile::Notes, VmFile::AppMenus] {
            let most = usize::try_from(longest(kind)).unwrap();
            write(folder.path(), kind, &vec![b'x'; most]).unwrap();
            assert!(write(folder.path(), kind, &vec![b'x'; most + 1]).is_err(), "{kind:?}");
            assert!(
                read(folder.path()).iter().all(|(_, content)| content.is_ok()),
                "{kind:?}"
            );
            fs::write(folder.path().join(kind.file_name()), vec![b'x'; most + 1]).unwrap();
            let failed = read(folder.path()).into_iter().filter(|(_, content)| content.is_err());
            assert_eq!(failed.map(|(kind, _)| kind).collect::<Vec<_>>(), [kind]);
            fs::remove_file(folder.path().join(kind.file_name())).unwrap();
        }
        assert_eq!(
            (longest(VmFile::Notes), longest(VmFile::Firewall)),
            (LONGEST_NOTES_BYTES, LONGEST_FILE_BYTES)
        );
    }
}
