// SPDX-License-Identifier: GPL-3.0-or-later
//! What a disk holds of a folder after its power was cut: what was synced, and of the rest as little as a file system may keep.
//!
//! The content of a file is on the disk when the file was synced, and a name is when its folder was. Files are told apart by their
//! inodes, so that content stays with its file when that is renamed.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, Metadata, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// How much of what was not synced is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Everything: names and contents are those of the last syncs.
    Everything,
    /// The contents alone: all names are there, and files that were never synced are empty.
    Contents,
    /// The contents, but not the sizes: all names are there, and what was not synced is zeros.
    Zeros,
    /// Parts of the contents: all names are there, and of what was not synced each second block.
    Torn,
}

/// The unit in which content is torn, in bytes.
const BLOCK_BYTES: usize = 4096;

/// The largest file whose content is kept, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// What a name leads to: the number of the file system, which is used again when a file has gone, and when it was made.
type Inode = (u64, Option<SystemTime>);

fn inode(found: &Metadata) -> Inode {
    (found.ino(), found.created().ok())
}

/// What is on the disk.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    /// The names in each folder that was there at the beginning or was synced.
    names: HashMap<Inode, BTreeMap<PathBuf, Inode>>,
    contents: HashMap<Inode, Vec<u8>>,
    /// Links do not change in these tests, and modes are those that were seen last.
    links: HashMap<Inode, PathBuf>,
    modes: HashMap<Inode, u32>,
    /// Files that are larger than what a test writes, such as the volatile volume of a VM: nothing is kept of them but that.
    large: HashSet<Inode>,
    root: Inode,
}

impl Disk {
    /// Everything in a folder as it is now, which counts as synced.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let mut disk = Self {
            folder: folder.to_owned(),
            names: HashMap::new(),
            contents: HashMap::new(),
            links: HashMap::new(),
            modes: HashMap::new(),
            large: HashSet::new(),
            root: inode(&fs::metadata(folder)?),
        };
        disk.note_all()?;
        Ok(disk)
    }

    fn note_all(&mut self) -> io::Result<()> {
        let mut open = vec![self.folder.clone()];
        while let Some(folder) = open.pop() {
            self.note(&folder)?;
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.symlink_metadata()?.is_dir() {
                    open.push(path);
                } else {
                    self.note(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Notes that everything has been synced.
    pub(crate) fn all_synced(&mut self) {
        let _ = self.note_all();
    }

    /// Notes that a file or a folder has been synced. A file that has gone meanwhile is of no interest.
    pub(crate) fn synced(&mut self, file: &Path) {
        let _ = self.note(file);
    }

    fn note(&mut self, path: &Path) -> io::Result<()> {
        let found = path.symlink_metadata()?;
        self.modes.insert(inode(&found), found.mode());
        if found.is_dir() {
            let names = fs::read_dir(path)?.map(|entry| {
                let entry = entry?;
                let found = entry.path().symlink_metadata()?;
                if found.is_symlink() {
                    self.links.insert(inode(&found), fs::read_link(entry.path())?);
                }
                Ok((PathBuf::from(entry.file_name()), inode(&found)))
            });
            let names: io::Result<_> = names.collect();
            self.names.insert(inode(&found), names?);
        } else if found.len() > MOST_BYTES {
            self.contents.remove(&inode(&found));
            self.large.insert(inode(&found));
        } else if found.is_file() {
            self.contents.insert(inode(&found), fs::read(path)?);
        }
        Ok(())
    }

    /// Writes what is left after the power was cut into a new folder. The folder that was watched must not change any more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn after(&self, loss: Loss, into: &Path) -> io::Result<()> {
        match loss {
            Loss::Everything => self.lay_out(self.root, into),
            Loss::Contents | Loss::Zeros | Loss::Torn => self.lay_out_named(&self.folder, loss, into),
        }
    }

    /// By the names of the last syncs.
    fn lay_out(&self, folder: Inode, into: &Path) -> io::Result<()> {
        fs::create_dir(into)?;
        for (name, inode) in self.names.get(&folder).into_iter().flatten() {
            let path = into.join(name);
            if let Some(target) = self.links.get(inode) {
                symlink(target, path)?;
            } else if self.names.contains_key(inode) || self.is_folder(*inode) {
                self.lay_out(*inode, &path)?;
            } else {
                fs::write(&path, self.contents.get(inode).map_or(&[][..], Vec::as_slice))?;
                if let Some(mode) = self.modes.get(inode) {
                    fs::set_permissions(&path, Permissions::from_mode(*mode))?;
                }
            }
        }
        if let Some(mode) = self.modes.get(&folder) {
            fs::set_permissions(into, Permissions::from_mode(*mode))?;
        }
        Ok(())
    }

    /// Whether this is a folder that was made and never synced, which is empty then.
    fn is_folder(&self, wanted: Inode) -> bool {
        let mut open = vec![self.folder.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let Ok(found) = entry.path().symlink_metadata() else {
                    continue;
                };
                if found.is_dir() {
                    if inode(&found) == wanted {
                        return true;
                    }
                    open.push(entry.path());
                }
            }
        }
        false
    }

    /// By the names as they are now.
    fn lay_out_named(&self, folder: &Path, loss: Loss, into: &Path) -> io::Result<()> {
        fs::create_dir(into)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, copy) = (entry.path(), into.join(entry.file_name()));
            let found = path.symlink_metadata()?;
            if found.is_dir() {
                self.lay_out_named(&path, loss, &copy)?;
            } else if found.is_symlink() {
                symlink(fs::read_link(&path)?, copy)?;
            } else if found.len() > MOST_BYTES {
                fs::File::create(&copy)?.set_len(found.len())?;
            } else if found.is_file() {
                let synced = self.contents.get(&inode(&found)).map_or(&[][..], Vec::as_slice);
                let content = match loss {
                    Loss::Zeros => torn(&fs::read(&path)?, synced, |_| true),
                    Loss::Torn => torn(&fs::read(&path)?, synced, |block| block % 2 == 1),
                    _ => synced.to_vec(),
                };
                fs::write(&copy, content)?;
                fs::set_permissions(&copy, Permissions::from_mode(found.mode()))?;
            }
        }
        Ok(())
    }
}

/// What is left of content of which only an older state was synced, where the blocks that `is_lost` names by their numbers are.
fn torn(now: &[u8], synced: &[u8], is_lost: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut content = now.to_vec();
    for (index, block) in content.chunks_mut(BLOCK_BYTES).enumerate() {
        let at = index * BLOCK_BYTES;
        let old = synced
            .get(at..)
            .map_or(&[][..], |rest| &rest[..rest.len().min(block.len())]);
        if is_lost(index) && *block != *old {
            block.fill(0);
            block[..old.len()].copy_from_slice(old);
        }
    }
    content
}
