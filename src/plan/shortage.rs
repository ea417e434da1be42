// SPDX-License-Identifier: GPL-3.0-or-later
//! Whether what is restored fits where it goes. How much room it will take is known only when it is there, because holes
//! and the file system have a part in it; so this stands in nobody's way and is told before anything begins.

use std::collections::BTreeMap;

use crate::host::System;

use super::RestoreTable;

/// A pool that may be too small for what is restored into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The pool.
    pub pool: String,
    /// What the archive says that the VMs had on the disk, in bytes.
    pub needed_bytes: u64,
    /// What can still be written into the pool, in bytes.
    pub free_bytes: u64,
}

impl RestoreTable {
    /// The pools that may be too small for the VMs of this table, by name. Where a host does not know how much is
    /// free, nothing is said.
    pub fn shortages(&self, system: &System) -> Vec<Shortage> {
        let default = system.globals.get("default_pool");
        let mut needed: BTreeMap<&String, u64> = BTreeMap::new();
        for row in self.selected().filter(|row| !row.is_home()) {
            if let Some(pool) = row.pool.as_ref().or(default) {
                let bytes = needed.entry(pool).or_default();
                *bytes = bytes.saturating_add(row.content.size_bytes);
            }
        }
        let shortages = needed.into_iter().filter_map(|(name, needed_bytes)| {
            let pool = system.pools.iter().find(|pool| pool.name == *name)?;
            let free_bytes = pool.free_bytes.filter(|free| *free < needed_bytes)?;
            Some(Shortage {
                pool: name.clone(),
                needed_bytes,
                free_bytes,
            })
        });
        shortages.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        host::StoragePool,
        inventory::{ArchivePath, Class, Content, Domain},
        plan::RestoreRow,
    };

    fn row(name: &str, class: Class, pool: Option<&str>, size_bytes: u64) -> RestoreRow {
        let domain = Domain {
            name: name.to_owned(),
            class,
            ..Domain::default()
        };
        let content = Content {
            path: ArchivePath::new("vm1/"),
            size_bytes,
        };
        RestoreRow {
            pool: pool.map(str::to_owned),
            ..RestoreRow::new(domain, content)
        }
    }

    fn system(pools: &[(&str, Option<u64>)]) -> System {
        let pool = |(name, free_bytes): &(&str, Option<u64>)| StoragePool {
            name: (*name).to_owned(),
            driver: "file".to_owned(),
            is_reachable: true,
            free_bytes: *free_bytes,
        };
        System {
            pools: pools.iter().map(pool).collect(),
            globals: [("default_pool".to_owned(), "main".to_owned())].into(),
            ..System::default()
        }
    }

    #[test]
    fn what_goes_into_one_pool_is_counted_together() {
        let mut left_out = row("left-out", Class::AppVm, None, 1000);
        left_out.is_selected = false;
        let table = RestoreTable {
            rows: vec![
                row("a", Class::AppVm, None, 60),
                row("b", Class::AppVm, Some("main"), 50),
                row("c", Class::AppVm, Some("fast"), 70),
                left_out,
                row("dom0", Class::AdminVm, None, 1000),
            ],
        };
        let short = |pools: &[(&str, Option<u64>)]| table.shortages(&system(pools));
        assert_eq!(short(&[("main", Some(110)), ("fast", Some(70))]), []);
        assert_eq!(
            short(&[("main", Some(109)), ("fast", None)]),
            [Shortage {
                pool: "main".to_owned(),
                needed_bytes: 110,
                free_bytes: 109,
            }]
        );
        assert_eq!(short(&[]), []);
    }

    #[test]
    fn an_archive_that_says_anything_overflows_nothing() {
        let table = RestoreTable {
            rows: vec![
                row("a", Class::AppVm, None, u64::MAX),
                row("b", Class::AppVm, None, u64::MAX),
            ],
        };
        assert_eq!(table.shortages(&system(&[("main", Some(1))]))[0].needed_bytes, u64::MAX);
    }
}
