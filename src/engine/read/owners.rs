// SPDX-License-Identifier: GPL-3.0-or-later
//! Tells whose a file of an archive is. An archive may have millions of members and thousands of VMs, so that each member
//! is not held against every VM: only the folders that its own name has are looked up.

use std::collections::HashMap;

use crate::inventory::ArchivePath;

/// The places of paths in a list, by their folders.
#[derive(Debug, Default)]
pub(super) struct Owners<'a>(HashMap<&'a str, usize>);

impl<'a> Owners<'a> {
    /// Takes the paths of VMs in their order.
    pub(super) fn of(paths: impl Iterator<Item = &'a ArchivePath>) -> Self {
        let mut places = HashMap::new();
        for (place, path) in paths.enumerate() {
            if !path.is_empty() {
                places.entry(path.folder()).or_insert(place);
            }
        }
        Self(places)
    }

    /// Returns the place of the first path that a file lies within, or whose own name it has.
    pub(super) fn owner(&self, file: &str) -> Option<usize> {
        let above = file.match_indices('/').map(|(slash, _)| &file[..slash]);
        above
            .chain([file])
            .filter_map(|folder| self.0.get(folder))
            .min()
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_first_path_that_holds_it() {
        let paths = ["vm1/", "", "vm10/", "appvms/work", "dom0-home/user", "appvms", "vm1"].map(ArchivePath::new);
        let owners = Owners::of(paths.iter());
        let files = [
            "vm1/private.img",
            "vm10/private.img",
            "vm100/private.img",
            "appvms/work/private.img",
            "appvms/other/root.img",
            "dom0-home/user",
            "dom0-home/user2",
            "vm1",
            "vm1/",
            "/vm1/x",
            "x",
            "",
        ];
        for file in files {
            let expected = paths.iter().position(|path| path.within(file).is_some());
            assert_eq!(owners.owner(file), expected, "{file:?}");
        }
    }
}
