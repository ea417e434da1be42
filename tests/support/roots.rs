// SPDX-License-Identifier: GPL-3.0-or-later
//! PedOS root folders made by hand, with data that is the same in every run, and the comparison of what came back.
//!
//! The record is written here as text and not by the library, so that a mistake in how the library writes its own record
//! cannot hide.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use pedos_backup::inventory::{Domain, Inventory};

use super::noise::Noise;

/// One kibibyte, in bytes.
pub(crate) const KIB: u64 = 1024;
/// One mebibyte, in bytes.
pub(crate) const MIB: u64 = 1024 * KIB;

/// One gibibyte, in bytes.
pub(crate) const GIB: u64 = 1024 * MIB;

/// A VM to be put into a root.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vm {
    name: String,
    class: &'static str,
    label: &'static str,
    properties: Vec<(String, String)>,
    features: Vec<(String, String)>,
    tags: Vec<String>,
    devices: String,
    volumes: Vec<(&'static str, Fill)>,
    files: Vec<(&'static str, Vec<u8>)>,
    is_running: bool,
}

/// What a volume holds.
#[derive(Debug, Clone)]
pub(crate) enum Fill {
    /// Nothing but holes.
    Holes(u64),
    /// Noise and text at places far apart, so many bytes in a volume of that size; the number chooses which.
    Sparse(u64, u64, u64),
    /// Noise from the first byte to the last.
    Dense(u64, u64),
    /// Exactly this.
    Bytes(Vec<u8>),
}

impl Vm {
    /// A VM of that class, by its name in the record.
    pub(crate) fn new(name: &str, class: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            class,
            label: "blue",
            ..Self::default()
        }
    }

    pub(crate) fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    pub(crate) fn property(mut self, name: &str, value: &str) -> Self {
        self.properties.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn feature(mut self, name: &str, value: &str) -> Self {
        self.features.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn tag(mut self, name: &str) -> Self {
        self.tags.push(name.to_owned());
        self
    }

    /// Device elements as they stand in the record.
    pub(crate) fn devices(mut self, xml: &str) -> Self {
        xml.clone_into(&mut self.devices);
        self
    }

    pub(crate) fn volume(mut self, name: &'static str, fill: Fill) -> Self {
        self.volumes.push((name, fill));
        self
    }

    pub(crate) fn file(mut self, name: &'static str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name, content.into()));
        self
    }

    pub(crate) fn running(mut self) -> Self {
        self.is_running = true;
        self
    }

    fn folder(&self) -> String {
        let kind = if self.class == "TemplateVM" {
            "vm-templates"
        } else {
            "appvms"
        };
        format!("{kind}/{}", self.name)
    }
}

/// The VMs of the small root that most tests use: one of each kind, two running, about 2 MiB of data.
pub(crate) fn small() -> Vec<Vm> {
    vec![
        Vm::new("tpl", "TemplateVM")
            .label("black")
            .feature("qrexec", "1")
            .volume("root", Fill::Sparse(8 * MIB, 300 * KIB, 1))
            .volume("private", Fill::Holes(2 * MIB)),
        Vm::new("net", "AppVM")
            .label("red")
            .property("template", "tpl")
            .property("netvm", "")
            .property("provides_network", "True")
            .feature("servicevm", "1")
            .volume("private", Fill::Sparse(2 * MIB, 20 * KIB, 2))
            .running(),
        Vm::new("dvm", "AppVM")
            .label("red")
            .property("template", "tpl")
            .property("template_for_dispvms", "True")
            .volume(
                "private",
                Fill::Bytes(b"a volume that is not a multiple of a block".to_vec()),
            ),
        Vm::new("disp", "DispVM")
            .label("red")
            .property("template", "dvm")
            .property("auto_cleanup", "False"),
        Vm::new("work", "AppVM")
            .property("template", "tpl")
            .property("netvm", "net")
            .property("memory", "600")
            .property("backup_timestamp", "1700000000")
            .property("kernelopts", "nopat foo=\"bar baz\" <x>&")
            .feature("service.cups", "")
            .feature("text with space", "a & b < c \"q\" 'p' é")
            .tag("project-x")
            .tag("needs_review")
            .devices(DEVICES)
            .volume("private", Fill::Sparse(10 * MIB, 700 * KIB, 3))
            .file("firewall.xml", FIREWALL)
            .file("notes.txt", "Umlaute: äöü – „quoted“\n\ttab, no newline at end")
            .file("whitelisted-appmenus.list", "firefox.desktop\nxterm.desktop\n"),
        Vm::new("vault", "AppVM")
            .label("black")
            .property("template", "tpl")
            .property("netvm", "")
            .property("include_in_backups", "True")
            .volume("private", Fill::Dense(500 * KIB, 4))
            .running(),
        Vm::new("solo", "StandaloneVM")
            .label("purple")
            .property("kernel", "")
            .property("virt_mode", "hvm")
            .volume("root", Fill::Sparse(16 * MIB, 200 * KIB, 5))
            .volume("private", Fill::Holes(0)),
    ]
}

const DEVICES: &str = r#"<devices class="block">
        <device backend-domain="net" id="sdb1" mode="required" identity="*"><option name="read-only">True</option></device>
      </devices>"#;

const FIREWALL: &str = r#"<firewall version="2">
  <rules>
    <rule><properties><property name="action">accept</property><property name="specialtarget">dns</property></properties></rule>
    <rule><properties><property name="action">drop</property></properties></rule>
  </rules>
</firewall>
"#;

/// Makes a root of these VMs, with a home of dom0's user "user".
pub(crate) fn make(root: &Path, vms: &[Vm]) {
    let store = root.join("var/lib/qubes");
    fs::create_dir_all(&store).unwrap();
    make_home(&root.join("home/user"));
    for vm in vms {
        let folder = store.join(vm.folder());
        fs::create_dir_all(&folder).unwrap();
        for (name, fill) in &vm.volumes {
            write_volume(&folder.join(format!("{name}.img")), fill);
        }
        for (name, content) in &vm.files {
            fs::write(folder.join(name), content).unwrap();
        }
        if vm.is_running {
            fs::create_dir_all(root.join("run/vm").join(&vm.name).join("home/user")).unwrap();
        }
    }
    fs::write(store.join("qubes.xml"), record(vms)).unwrap();
}

/// Fills a volume's file.
pub(crate) fn write_volume(path: &Path, fill: &Fill) {
    let file = File::create(path).unwrap();
    match fill {
        Fill::Holes(size) => file.set_len(*size).unwrap(),
        Fill::Bytes(bytes) => file.write_all_at(bytes, 0).unwrap(),
        Fill::Dense(size, seed) => file.write_all_at(&Noise::new(*seed).bytes(*size as usize), 0).unwrap(),
        Fill::Sparse(size, data, seed) => {
            file.set_len(*size).unwrap();
            let mut noise = Noise::new(*seed);
            let mut left = *data;
            while left > 0 {
                let length = left.min(4 * KIB + noise.below(60 * KIB));
                let bytes = if noise.below(2) == 0 {
                    noise.bytes(length as usize)
                } else {
                    noise.text(length as usize)
                };
                file.write_all_at(&bytes, noise.below(size - length)).unwrap();
                left -= length;
            }
        }
    }
}

fn make_home(home: &Path) {
    fs::create_dir_all(home.join("Documents/empty")).unwrap();
    fs::write(home.join(".bashrc"), "alias ll='ls -l'\n").unwrap();
    fs::write(home.join("Documents/name with space é.txt"), "text\n").unwrap();
    fs::write(home.join("blob"), Noise::new(99).bytes(30_000)).unwrap();
    fs::set_permissions(home.join(".bashrc"), fs::Permissions::from_mode(0o640)).unwrap();
    if home.join("dangling").is_symlink() {
        return;
    }
    symlink("Documents/gone", home.join("dangling")).unwrap();
    symlink("/etc/passwd", home.join("absolute")).unwrap();
}

fn record(vms: &[Vm]) -> String {
    let mut xml = String::from("<qubes>\n  <labels>\n");
    for (number, (name, color)) in [
        ("red", "0xcc0000"),
        ("orange", "0xf57900"),
        ("green", "0x73d216"),
        ("blue", "0x3465a4"),
        ("purple", "0x75507b"),
        ("black", "0x000000"),
    ]
    .into_iter()
    .enumerate()
    {
        writeln!(
            xml,
            "    <label id=\"label-{}\" color=\"{color}\">{name}</label>",
            number + 1
        )
        .unwrap();
    }
    xml.push_str("  </labels>\n  <pools>\n    <pool name=\"varlibqubes\" dir_path=\"/var/lib/qubes\" driver=\"file-reflink\" revisions_to_keep=\"1\"/>\n    <pool name=\"linux-kernel\" dir_path=\"/var/lib/qubes/vm-kernels\" driver=\"linux-kernel\"/>\n  </pools>\n  <properties>\n");
    let has = |name: &str| vms.iter().any(|vm| vm.name == name);
    for (property, vm) in [
        ("default_template", "tpl"),
        ("default_netvm", "net"),
        ("default_dispvm", "dvm"),
    ] {
        if has(vm) {
            writeln!(xml, "    <property name=\"{property}\">{vm}</property>").unwrap();
        }
    }
    xml.push_str("    <property name=\"default_pool\">varlibqubes</property>\n  </properties>\n  <domains>\n");
    xml.push_str("    <domain id=\"domain-0\" class=\"AdminVM\">\n      <properties><property name=\"label\">black</property></properties>\n      <features/>\n      <tags/>\n    </domain>\n");
    for (number, vm) in vms.iter().enumerate() {
        write_vm(&mut xml, number + 1, vm);
    }
    xml.push_str("  </domains>\n</qubes>\n");
    xml
}

fn write_vm(xml: &mut String, qid: usize, vm: &Vm) {
    let Vm { name, class, label, .. } = vm;
    write!(xml, "    <domain id=\"domain-{qid}\" class=\"{class}\">\n      <properties>\n        <property name=\"label\">{label}</property>\n        <property name=\"name\">{name}</property>\n        <property name=\"qid\">{qid}</property>\n        <property name=\"uuid\">00000000-0000-4000-8000-{qid:012}</property>\n").unwrap();
    for (key, value) in &vm.properties {
        writeln!(xml, "        <property name=\"{key}\">{}</property>", escaped(value)).unwrap();
    }
    xml.push_str("      </properties>\n      <features>\n");
    for (key, value) in &vm.features {
        writeln!(xml, "        <feature name=\"{key}\">{}</feature>", escaped(value)).unwrap();
    }
    xml.push_str("      </features>\n      <tags>\n");
    for tag in &vm.tags {
        writeln!(xml, "        <tag name=\"{tag}\"/>").unwrap();
    }
    write!(xml, "      </tags>\n      {}\n      <volume-config>\n", vm.devices).unwrap();
    for volume in ["root", "private"] {
        let size = vm
            .volumes
            .iter()
            .find(|(own, _)| *own == volume)
            .map(|(_, fill)| size(fill));
        let (rest, size) = match size {
            Some(size) => (String::new(), size),
            None => (" source=\"elsewhere\"".to_owned(), MIB),
        };
        let is_own = rest.is_empty();
        writeln!(xml, "        <volume name=\"{volume}\" pool=\"varlibqubes\" vid=\"{}/{volume}\" revisions_to_keep=\"1\" rw=\"True\" save_on_stop=\"{}\" snap_on_start=\"{}\" size=\"{size}\"{rest}/>",
            vm.folder(), word(is_own), word(!is_own)).unwrap();
    }
    write!(xml, "        <volume name=\"volatile\" pool=\"varlibqubes\" vid=\"{}/volatile\" revisions_to_keep=\"0\" rw=\"True\" save_on_stop=\"False\" snap_on_start=\"False\" size=\"10737418240\"/>\n      </volume-config>\n    </domain>\n", vm.folder()).unwrap();
}

fn word(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

fn size(fill: &Fill) -> u64 {
    match fill {
        Fill::Holes(size) | Fill::Sparse(size, ..) | Fill::Dense(size, _) => *size,
        Fill::Bytes(bytes) => bytes.len() as u64,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The VMs in a root's record by name.
#[track_caller]
pub(crate) fn domains(root: &Path) -> BTreeMap<String, Domain> {
    let text = fs::read(root.join("var/lib/qubes/qubes.xml")).unwrap();
    let domains = Inventory::parse(&text).unwrap().domains();
    domains
        .into_iter()
        .map(|domain| (domain.name.clone(), domain))
        .collect()
}

/// The folder of a VM in a root.
pub(crate) fn vm_folder(root: &Path, domain: &Domain) -> PathBuf {
    let kind = if domain.class.wire_name() == "TemplateVM" {
        "vm-templates"
    } else {
        "appvms"
    };
    root.join("var/lib/qubes").join(kind).join(&domain.name)
}

/// The volumes of a VM that a backup saves, with their files.
pub(crate) fn volume_files(root: &Path, domain: &Domain) -> BTreeMap<String, PathBuf> {
    let saved = domain.volumes.iter().filter(|volume| volume.save_on_stop);
    saved
        .map(|volume| {
            (
                volume.name.clone(),
                root.join("var/lib/qubes").join(format!("{}.img", volume.vid)),
            )
        })
        .collect()
}

/// Properties that a restore does not carry over: they belong to the VM's place and not to the VM.
const NOT_RESTORED: [&str; 6] = ["name", "qid", "uuid", "dispid", "installed_by_rpm", "backup_timestamp"];

/// Holds that a VM of one root came back whole in another one, under a name that may differ.
#[track_caller]
pub(crate) fn expect_same(root: &Path, name: &str, root_here: &Path, name_here: &str) {
    let (there, here) = (domains(root), domains(root_here));
    let there = there
        .get(name)
        .unwrap_or_else(|| panic!("{name} is not in {}", root.display()));
    let here = here.get(name_here).unwrap_or_else(|| {
        panic!(
            "{name_here} was not restored; there are {:?}",
            domains(root_here).keys()
        )
    });
    assert_eq!(there.class, here.class, "{name}: class");
    assert_eq!(there.label, here.label, "{name}: label");
    let properties = |domain: &Domain| -> BTreeMap<String, String> {
        domain
            .properties
            .iter()
            .filter(|(key, _)| !NOT_RESTORED.contains(&key.as_str()))
            .cloned()
            .collect()
    };
    assert_eq!(properties(there), properties(here), "{name}: properties");
    let features = |domain: &Domain| -> BTreeMap<String, String> {
        domain
            .features
            .iter()
            .filter(|(key, _)| key != "menu-items" && !key.starts_with("preload-dispvm"))
            .cloned()
            .collect()
    };
    assert_eq!(features(there), features(here), "{name}: features");
    let tags = |domain: &Domain| {
        let mut tags: Vec<_> = domain
            .tags
            .iter()
            .filter(|tag| !tag.starts_with("created-by-"))
            .cloned()
            .collect();
        tags.sort();
        tags
    };
    assert_eq!(tags(there), tags(here), "{name}: tags");
    assert_eq!(there.devices, here.devices, "{name}: devices");
    for file in ["firewall.xml", "notes.txt"] {
        let read = |root: &Path, domain: &Domain| {
            fs::read(vm_folder(root, domain).join(file))
                .ok()
                .map(|bytes| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(read(root, there), read(root_here, here), "{name}: {file}");
    }
    let (from, to) = (volume_files(root, there), volume_files(root_here, here));
    assert_eq!(
        from.keys().collect::<Vec<_>>(),
        to.keys().collect::<Vec<_>>(),
        "{name}: volumes"
    );
    for (volume, path) in from {
        expect_same_volume(&path, &to[&volume]);
    }
}

/// Holds that two volumes are the same byte for byte, and the second takes hardly more room than the first.
#[track_caller]
pub(crate) fn expect_same_volume(path: &Path, path_here: &Path) {
    let bytes = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (there, here) = (bytes(path), bytes(path_here));
    assert_eq!(there.len(), here.len(), "{}: size", path_here.display());
    let differs = there.iter().zip(&here).position(|(a, b)| a != b);
    assert_eq!(differs, None, "{}: differs at that byte", path_here.display());
    let blocks = |path: &Path| fs::metadata(path).unwrap().blocks();
    let (before, after) = (blocks(path), blocks(path_here));
    // One file system block of 4 KiB at each end of an extent may be rounded differently, on top of the one percent.
    assert!(
        after <= before + before / 100 + 16,
        "{}: {after} blocks instead of {before}",
        path_here.display()
    );
}

/// Whether a volume is as the other one, or new: not there, one hole, or zeros as after a power cut.
pub(crate) fn is_blank_or_same(path: &Path, path_here: &Path) -> bool {
    let Ok(found) = path_here.metadata() else {
        return true;
    };
    // A new volume may have gigabytes.
    if found.blocks() == 0 {
        return true;
    }
    let bytes = fs::read(path_here).unwrap();
    bytes.iter().all(|byte| *byte == 0) || bytes == fs::read(path).unwrap()
}
