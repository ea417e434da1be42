// SPDX-License-Identifier: GPL-3.0-or-later
//! Root folders and inventories with VMs of any number and size.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::FileExt,
    path::Path,
};

/// A VM that stands alone, with a private volume.
pub(crate) struct Vm {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
}

/// The record of these VMs: of a host, or as it stands in an archive that has all of them.
pub(crate) fn record(vms: &[Vm], is_archived: bool) -> String {
    let mut xml = String::from(
        "<qubes>\n<labels><label id=\"label-1\" color=\"0xcc0000\">red</label></labels>\n\
         <pools><pool name=\"varlibqubes\" dir_path=\"/var/lib/qubes\" driver=\"file-reflink\" revisions_to_keep=\"1\"/></pools>\n\
         <properties><property name=\"default_pool\">varlibqubes</property></properties>\n<domains>\n\
         <domain id=\"domain-0\" class=\"AdminVM\"><properties><property name=\"label\">red</property></properties>\
         <features/><tags/></domain>\n",
    );
    for (number, Vm { name, size_bytes }) in (1..).zip(vms) {
        let features = if is_archived {
            format!(
                "<feature name=\"backup-content\">1</feature><feature name=\"backup-path\">vm{number}/</feature>\
                 <feature name=\"backup-size\">{size_bytes}</feature>"
            )
        } else {
            String::new()
        };
        // Writing to a String does not fail.
        let _ = writeln!(
            xml,
            "<domain id=\"domain-{number}\" class=\"StandaloneVM\"><properties><property name=\"label\">red</property>\
             <property name=\"name\">{name}</property><property name=\"qid\">{number}</property></properties>\
             <features>{features}</features><tags/><volume-config><volume name=\"private\" pool=\"varlibqubes\" \
             vid=\"appvms/{name}/private\" revisions_to_keep=\"1\" rw=\"True\" save_on_stop=\"True\" snap_on_start=\"False\" \
             size=\"{size_bytes}\"/></volume-config></domain>"
        );
    }
    xml.push_str("</domains>\n</qubes>\n");
    xml
}

/// A root folder of one VM, of whose volume every so many bytes hold a block of data.
pub(crate) fn with_volume(root: &Path, vm: &Vm, every: u64) -> io::Result<()> {
    let store = root.join("var/lib/qubes");
    let folder = store.join("appvms").join(&vm.name);
    fs::create_dir_all(&folder)?;
    fs::create_dir_all(root.join("home/user"))?;
    let file = File::create(folder.join("private.img"))?;
    file.set_len(vm.size_bytes)?;
    let mut block = [0; 4096];
    let mut place = 0;
    while place < vm.size_bytes {
        block[..8].copy_from_slice(&(place + 1).to_le_bytes());
        file.write_all_at(&block, place)?;
        place += every;
    }
    file.sync_all()?;
    fs::write(store.join("qubes.xml"), record(std::slice::from_ref(vm), false))
}

/// A root folder without VMs, with so many small files in dom0's home.
pub(crate) fn with_home(root: &Path, files: usize) -> io::Result<()> {
    let (store, home) = (root.join("var/lib/qubes"), root.join("home/user"));
    fs::create_dir_all(&store)?;
    for number in 0..files {
        let folder = home.join(format!("folder{:04}", number / 1000));
        if number % 1000 == 0 {
            fs::create_dir_all(&folder)?;
        }
        writeln!(File::create(folder.join(format!("file{number}")))?, "{number}")?;
    }
    fs::write(store.join("qubes.xml"), record(&[], false))
}
