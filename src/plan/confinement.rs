// SPDX-License-Identifier: GPL-3.0-or-later
//! What a job that reads an archive needs of the system. It is confined to that before it reads the first byte.

use std::path::Path;

use crate::{confine::Rules, host::Host};

use super::{Access, ExtractTo};

/// Where what comes out of an archive goes.
#[derive(Clone, Copy)]
pub enum Outlet<'a> {
    /// Nowhere: the archive is listed or verified.
    Nothing,
    /// A new file, a new folder or a stream.
    Extract(&'a ExtractTo),
    /// A PedOS.
    Host(&'a dyn Host),
}

/// Returns the rules for a job that reads this archive; `None` where it needs more than files: a VM, a store, a program, a live
/// PedOS.
pub fn confinement(access: &Access, outlet: Outlet<'_>) -> Option<Rules> {
    let rules = access.confinement()?;
    match outlet {
        Outlet::Nothing | Outlet::Extract(ExtractTo::Stream(_)) => Some(rules),
        // The file is made under another name beside its own.
        Outlet::Extract(ExtractTo::Path(path)) => Some(rules.changes(path.parent().unwrap_or(Path::new("/")))),
        Outlet::Host(host) => host.folder().map(|folder| rules.changes(folder)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        host::root::RootHost,
        secret::Passphrase,
        transport::{Location, Reach, Source},
    };

    fn access(location: Location) -> Access {
        Access::new(Source::new(location), Arc::new(Passphrase::for_reading("x".to_owned())))
    }

    #[test]
    fn a_job_may_use_its_archive_and_the_place_where_its_content_goes() {
        let folder = tempfile::tempdir().unwrap();
        let host = RootHost::create(&folder.path().join("new")).unwrap();
        let archive = access(Location::File("/a/archive".into()));
        let rules = Rules::default().reads("/a/archive");
        assert_eq!(confinement(&archive, Outlet::Nothing), Some(rules.clone()));
        let to = ExtractTo::Path("/b/private.img".into());
        assert_eq!(
            confinement(&archive, Outlet::Extract(&to)),
            Some(rules.clone().changes("/b"))
        );
        let whole = rules.changes(host.folder().unwrap());
        assert_eq!(confinement(&archive, Outlet::Host(&host)), Some(whole));
    }

    #[test]
    fn a_job_that_needs_another_program_is_not_confined() {
        let store = Location::Store {
            reach: Reach {
                vm: None,
                program: "sftp-server".to_owned(),
            },
            path: "/x".to_owned(),
        };
        assert_eq!(confinement(&access(store), Outlet::Nothing), None);
        assert_eq!(
            confinement(&access(Location::Command("cat x".to_owned())), Outlet::Nothing),
            None
        );
        let mut filtered = access(Location::Standard);
        assert_eq!(confinement(&filtered, Outlet::Nothing), Some(Rules::default()));
        filtered.filter_program = Some("zstd".to_owned());
        assert_eq!(confinement(&filtered, Outlet::Nothing), None);
    }
}
