// SPDX-License-Identifier: GPL-3.0-or-later
//! What must hold of archives and PedOS after a job, whatever went wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use pedos_backup::host::IN_PROGRESS_TAG;

use crate::{
    bench::{ALL, VMS},
    support::{
        programs::{Run, finish, names, qvm_backup_restore},
        roots,
    },
};

/// The archives under final names.
pub(crate) fn archives(folder: &Path) -> Vec<PathBuf> {
    let target = folder.join("target");
    let names = names(&target).into_iter();
    let whole = names.filter(|name| !name.to_string_lossy().ends_with(".part"));
    whole
        .map(|name| target.join(name))
        .filter(|path| path.extension().is_none_or(|end| end != "txt"))
        .collect()
}

fn verified(folder: &Path, archive: &Path) -> Run {
    let mut command = qvm_backup_restore();
    command.args(["--verify-only", "-p"]).arg(folder.join("passphrase"));
    finish(command.arg(archive))
}

#[track_caller]
pub(crate) fn verify(folder: &Path, archive: &Path) {
    verified(folder, archive).expect(0);
}

/// An archive under a final name is whole. Only a backup that failed and said so may leave one that lacks a VM whose source could not
/// be read; then the one before stays.
pub(crate) fn check_archives(folder: &Path, old: &str, code: Option<i32>, said: &str) {
    let old = folder.join("target").join(old);
    let (older, newer): (Vec<_>, Vec<_>) = archives(folder).into_iter().partition(|archive| *archive == old);
    older.iter().for_each(|archive| verify(folder, archive));
    let mut good = 0;
    for archive in &newer {
        let run = verified(folder, archive);
        match run.code {
            0 => good += 1,
            _ => check_partial(archive, code, said, &run),
        }
    }
    assert!(
        !older.is_empty() || good > 0,
        "the old archive is gone, and no new one is good"
    );
    assert!(code != Some(0) || good > 0, "it says that there is a new archive");
}

/// Holds that what an archive lacks was said when it was made, and that the rest of it is whole.
fn check_partial(archive: &Path, code: Option<i32>, said: &str, run: &Run) {
    let told = || format!("{}: {code:?} {said}\n{}", archive.display(), run.said());
    let is_in = |text: &str, vm: &str, result: &str| {
        let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.any(|line| line.first() == Some(&vm) && line.get(1) == Some(&result))
    };
    assert!(code.is_some_and(|code| code != 0), "{}", told());
    let lacks: Vec<_> = ALL.into_iter().filter(|vm| !is_in(&run.said(), vm, "done")).collect();
    assert!(!lacks.is_empty(), "{}", told());
    for vm in lacks {
        assert!(is_in(said, vm, "failed"), "{vm}: {}", told());
    }
}

/// The VMs that carry the tag of an unfinished restore.
pub(crate) fn unfinished(here: &Path) -> Vec<String> {
    let domains = roots::domains(here);
    let tagged = domains
        .iter()
        .filter(|(_, domain)| domain.tags.iter().any(|tag| tag == IN_PROGRESS_TAG));
    tagged.map(|(name, _)| name.clone()).collect()
}

fn is_whole(folder: &Path, here: &Path, vm: &str) -> bool {
    catch_unwind(AssertUnwindSafe(|| {
        roots::expect_same(&folder.join("root"), vm, here, vm);
    }))
    .is_ok()
}

pub(crate) fn check_restored(here: &Path, folder: &Path, is_done: bool, said: &str) {
    let (there, unfinished) = (roots::domains(here), unfinished(here));
    for vm in VMS.into_iter().filter(|vm| there.contains_key(*vm)) {
        let is_named = unfinished.iter().any(|name| name == vm);
        assert!(
            is_named || is_whole(folder, here, vm),
            "{vm} is not whole and does not say so"
        );
        assert!(!(is_named && is_done), "{vm} is not finished");
        check_volumes(folder, here, vm);
    }
    assert!(
        !is_done || VMS.iter().all(|vm| there.contains_key(*vm)),
        "it says that all VMs are there"
    );
    assert!(
        there.contains_key("own") || !here.ends_with("here"),
        "a VM that was there is gone"
    );
    let lacks = home_lacks(folder, here);
    assert!(!is_done || lacks.is_some(), "it says that dom0's home is there");
    for lack in lacks.into_iter().flatten() {
        let name = lack.path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(said.contains(&name), "dom0's home lacks {name}, and nothing says so");
        assert!(!is_done || lack.is_mode_only, "dom0's home lacks {name}, and is done");
    }
}

/// Something that a restored home lacks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    path: PathBuf,
    /// Everything but its mode is there.
    is_mode_only: bool,
}

/// What dom0's home lacks where it was restored; `None` where it was not. Of several copies the best one counts.
pub(crate) fn home_lacks(folder: &Path, here: &Path) -> Option<Vec<Lack>> {
    let own = here.join("home/user");
    let names = if own.exists() { names(&own) } else { Vec::new() };
    let restored = names
        .iter()
        .filter(|name| name.to_string_lossy().starts_with("home-restore-"));
    let wanted = files(&folder.join("root/home/user"));
    let lacks = restored.map(|name| {
        let found = files(&own.join(name).join("dom0-home/user"));
        let paths: BTreeSet<_> = wanted.keys().chain(found.keys()).collect();
        let lacks = paths.into_iter().filter_map(|path| {
            let (wanted, found) = (wanted.get(path), found.get(path));
            let content = |file: Option<&(u32, Vec<u8>)>| file.map(|(_, content)| content.clone());
            (wanted != found).then(|| Lack {
                path: path.clone(),
                is_mode_only: content(wanted) == content(found),
            })
        });
        lacks.collect::<Vec<_>>()
    });
    lacks.min_by_key(Vec::len)
}

/// What is below a folder: paths with modes, and what files and links hold.
fn files(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let content = if metadata.is_dir() {
                open.push(path.clone());
                Vec::new()
            } else if metadata.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(
                path.strip_prefix(folder).unwrap().to_owned(),
                (metadata.mode(), content),
            );
        }
    }
    found
}

/// Whether a folder holds a PedOS.
pub(crate) fn restored(new: &Path) -> bool {
    new.join("var/lib/qubes/qubes.xml").exists()
}

/// A volume is in place whole or not at all.
fn check_volumes(folder: &Path, here: &Path, vm: &str) {
    let (from, to) = (roots::domains(&folder.join("root")), roots::domains(here));
    let own = roots::volume_files(&folder.join("root"), &from[vm]);
    for (volume, path) in roots::volume_files(here, &to[vm]) {
        let is_whole = roots::is_blank_or_same(&own[&volume], &path);
        assert!(is_whole, "half a volume: {}", path.display());
    }
}

pub(crate) fn check_new_root(folder: &Path, is_done: bool, said: &str) {
    let new = folder.join("new");
    if restored(&new) {
        check_restored(&new, folder, is_done, said);
    } else {
        assert!(!is_done, "it says that there is a new PedOS");
    }
}
