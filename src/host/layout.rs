// SPDX-License-Identifier: GPL-3.0-or-later
//! Where things lie in a PedOS: in a root folder, or below dom0's own root.
//!
//! Folders of pools and names of volumes come from the record, which may come from an archive: only names that stay below
//! the root folder become paths here, all others lead nowhere.

use std::path::{Component, Path, PathBuf};

use crate::{
    host::is_valid_vm_name,
    inventory::{Class, PoolEntry},
};

/// The paths of one root folder.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
}

impl Layout {
    /// The folder of all that belongs to VMs.
    pub(super) fn qubes(&self) -> PathBuf {
        self.root.join("var/lib/qubes")
    }

    /// The record of the VMs.
    pub(super) fn record(&self) -> PathBuf {
        self.qubes().join("qubes.xml")
    }

    /// The folder that has a folder for each kernel.
    pub(super) fn kernels(&self) -> PathBuf {
        self.qubes().join("vm-kernels")
    }

    /// The folder that has a folder for each running VM.
    pub(super) fn running(&self) -> PathBuf {
        self.root.join("run/vm")
    }

    /// The file system of a running VM, as its services see it.
    pub(super) fn inside(&self, vm: &str) -> Option<PathBuf> {
        is_valid_vm_name(vm).then(|| self.running().join(vm))
    }

    /// The folder of a VM, named as in the record and as volumes are named: `appvms/NAME`.
    pub(super) fn vm_name(class: &Class, vm: &str) -> Option<String> {
        let kind = match class {
            Class::AdminVm => return None,
            Class::TemplateVm => "vm-templates",
            _ => "appvms",
        };
        is_valid_vm_name(vm).then(|| format!("{kind}/{vm}"))
    }

    /// The folder of a VM.
    pub(super) fn vm(&self, class: &Class, vm: &str) -> Option<PathBuf> {
        Some(self.qubes().join(Self::vm_name(class, vm)?))
    }

    /// The folder of a pool whose volumes are files.
    pub(super) fn pool(&self, pool: &PoolEntry) -> Option<PathBuf> {
        if !matches!(pool.driver.as_str(), "file" | "file-reflink") {
            return None;
        }
        let inside = pool.dir_path.as_deref()?.strip_prefix('/')?;
        Some(self.root.join(below(inside)?))
    }

    /// The file of a volume in a pool of files.
    pub(super) fn volume(&self, pool: &PoolEntry, vid: &str) -> Option<PathBuf> {
        let mut file = below(vid)?.to_owned().into_os_string();
        file.push(".img");
        Some(self.pool(pool)?.join(file))
    }

    /// The folder of the backup profiles.
    pub(super) fn profiles(&self) -> PathBuf {
        self.root.join("etc/qubes/backup")
    }

    /// The program that starts services in running VMs.
    pub(super) fn service_client(&self) -> PathBuf {
        self.root.join("usr/lib/qubes/qrexec-client")
    }

    /// The file with the groups of dom0, whose members decide whose home is saved.
    pub(super) fn groups(&self) -> PathBuf {
        self.root.join("etc/group")
    }

    /// The folder that holds the homes of dom0's users.
    pub(super) fn homes(&self) -> PathBuf {
        self.root.join("home")
    }
}

/// A path that only goes down, and somewhere.
fn below(text: &str) -> Option<&Path> {
    let path = Path::new(text);
    let goes_down = path.components().all(|part| matches!(part, Component::Normal(_)));
    (goes_down && !text.is_empty() && !text.contains('\0')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_record_leads_out_of_the_root() {
        let layout = Layout { root: "/r".into() };
        let pool = |driver: &str, dir_path: &str| PoolEntry {
            name: "p".into(),
            driver: driver.into(),
            dir_path: Some(dir_path.into()),
            revisions_to_keep: None,
        };
        let files = pool("file", "/var/lib/qubes");
        let path = layout.volume(&files, "appvms/a/private");
        assert_eq!(
            path.as_deref(),
            Some(Path::new("/r/var/lib/qubes/appvms/a/private.img"))
        );
        for vid in ["", "../x", "/etc/shadow", "a/../../../x", "a/..", "./a", "a\0b"] {
            assert_eq!(layout.volume(&files, vid), None, "{vid:?}");
        }
        for folder in ["/../x", "var", "", "/", "//..", "/var/../../x"] {
            assert_eq!(layout.pool(&pool("file-reflink", folder)), None, "{folder:?}");
        }
        assert_eq!(layout.pool(&pool("lvm_thin", "/var")), None);
        assert_eq!(layout.vm(&Class::AppVm, "../x"), None);
        assert_eq!(layout.inside(".."), None);
    }
}
