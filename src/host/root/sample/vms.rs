// SPDX-License-Identifier: GPL-3.0-or-later
//! The VMs of the sample, as a table.

use crate::{host::VmFile, inventory::Class};

/// A VM of the sample.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) class: Class,
    pub(super) label: &'static str,
    /// Its template, or nothing.
    pub(super) template: &'static str,
    pub(super) properties: &'static [(&'static str, &'static str)],
    pub(super) features: &'static [(&'static str, &'static str)],
    pub(super) tags: &'static [&'static str],
    pub(super) devices: &'static [SampleDevice],
    /// Volumes that are saved: the name, the size in MiB, the data in it in KiB.
    pub(super) volumes: &'static [(&'static str, u64, u64)],
    pub(super) files: &'static [(VmFile, &'static str)],
}

/// A device that is assigned for good.
#[derive(Debug)]
pub(super) struct SampleDevice {
    pub(super) class: &'static str,
    pub(super) backend: &'static str,
    pub(super) id: &'static str,
    pub(super) options: &'static [(&'static str, &'static str)],
}

const BASE: Sample = Sample {
    name: "",
    class: Class::AppVm,
    label: "red",
    template: "fedora-42-xfce",
    properties: &[],
    features: &[],
    tags: &["guivm-dom0", "audiovm-dom0"],
    devices: &[],
    volumes: &[],
    files: &[],
};

/// All VMs, in the order of their numbers.
pub(super) const VMS: [Sample; 15] = [
    Sample {
        name: "fedora-42-xfce",
        class: Class::TemplateVm,
        label: "black",
        template: "",
        properties: &[("installed_by_rpm", "True")],
        features: &[
            ("gui", "1"),
            ("qrexec", "1"),
            ("os-distribution", "fedora"),
            ("template-name", "fedora-42-xfce"),
        ],
        volumes: &[("root", 4096, 14 * 1024), ("private", 256, 512)],
        ..BASE
    },
    Sample {
        name: "debian-13",
        class: Class::TemplateVm,
        label: "gray",
        template: "",
        features: &[("gui", "1"), ("qrexec", "1"), ("os-distribution", "debian")],
        volumes: &[("root", 3072, 9 * 1024), ("private", 256, 256)],
        files: &[(
            VmFile::Notes,
            "Für Büroarbeit: LibreOffice und Drucker sind eingerichtet.\n",
        )],
        ..BASE
    },
    Sample {
        name: "default-dvm",
        properties: &[("template_for_dispvms", "True")],
        features: &[("appmenus-dispvm", "1"), ("preload-dispvm-max", "0")],
        volumes: &[("private", 1024, 800)],
        ..BASE
    },
    Sample {
        name: "sys-net",
        properties: &[
            ("autostart", "True"),
            ("maxmem", "0"),
            ("memory", "400"),
            ("netvm", ""),
            ("provides_network", "True"),
            ("virt_mode", "hvm"),
        ],
        features: &[("servicevm", "1"), ("service.clocksync", "1")],
        devices: &[
            SampleDevice {
                class: "pci",
                backend: "dom0",
                id: "00_1f.6",
                options: &[("no-strict-reset", "True")],
            },
            SampleDevice {
                class: "pci",
                backend: "dom0",
                id: "00_14.3",
                options: &[],
            },
        ],
        volumes: &[("private", 512, 400)],
        ..BASE
    },
    Sample {
        name: "sys-firewall",
        label: "green",
        properties: &[
            ("autostart", "True"),
            ("netvm", "sys-net"),
            ("provides_network", "True"),
        ],
        features: &[("servicevm", "1"), ("service.network-manager", "")],
        volumes: &[("private", 512, 200)],
        ..BASE
    },
    Sample {
        name: "sys-usb",
        properties: &[
            ("autostart", "True"),
            ("maxmem", "0"),
            ("netvm", ""),
            ("virt_mode", "hvm"),
        ],
        features: &[("servicevm", "1"), ("service.network-manager", "")],
        devices: &[SampleDevice {
            class: "pci",
            backend: "dom0",
            id: "00_14.0",
            options: &[],
        }],
        volumes: &[("private", 512, 300)],
        ..BASE
    },
    Sample {
        name: "personal",
        label: "yellow",
        properties: &[
            ("backup_timestamp", "1764500000"),
            ("default_dispvm", ""),
            ("netvm", "sys-firewall"),
        ],
        features: &[
            (
                "menu-items",
                "firefox.desktop thunderbird.desktop xfce4-terminal.desktop",
            ),
            ("service.cups", ""),
        ],
        tags: &["guivm-dom0", "audiovm-dom0", "created-by-dom0", "family"],
        volumes: &[("private", 2048, 9 * 1024)],
        files: &[
            (
                VmFile::AppMenus,
                "firefox.desktop\nthunderbird.desktop\nxfce4-terminal.desktop\n",
            ),
            (VmFile::Firewall, OPEN),
            (
                VmFile::Notes,
                "Fotos, Briefe, „alles Private“ – schön aufräumen!\n\nPasswörter gehören in vault.\n",
            ),
        ],
        ..BASE
    },
    Sample {
        name: "work",
        label: "blue",
        template: "debian-13",
        properties: &[
            ("backup_timestamp", "1764500000"),
            ("debug", "True"),
            ("default_dispvm", "default-dvm"),
            ("default_user", "user"),
            ("kernelopts", "nopat foo=\"bar baz\" <x>&"),
            ("maxmem", "4000"),
            ("memory", "600"),
            ("netvm", "sys-firewall"),
            ("qrexec_timeout", "120"),
            ("vcpus", "4"),
        ],
        features: &[
            ("menu-items", "firefox-esr.desktop libreoffice-writer.desktop"),
            ("service.crond", "1"),
            ("gui-secure-copy-sequence", "Ctrl-Shift-c"),
        ],
        tags: &[
            "guivm-dom0",
            "audiovm-dom0",
            "created-by-dom0",
            "project-x",
            "needs_review",
        ],
        devices: &[SampleDevice {
            class: "block",
            backend: "sys-usb",
            id: "sda1",
            options: &[("read-only", "True")],
        }],
        volumes: &[("private", 2048, 7 * 1024)],
        files: &[
            (VmFile::AppMenus, "firefox-esr.desktop\nlibreoffice-writer.desktop\n"),
            (VmFile::Firewall, RULES),
            (VmFile::Notes, "Kunden: Größe & Köhler.\tno newline at the end"),
        ],
        ..BASE
    },
    Sample {
        name: "vault",
        label: "black",
        properties: &[("include_in_backups", "True"), ("netvm", "")],
        volumes: &[("private", 512, 1024)],
        files: &[(VmFile::Notes, "x")],
        ..BASE
    },
    Sample {
        name: "untrusted",
        properties: &[("include_in_backups", "False")],
        volumes: &[("private", 1024, 3 * 1024)],
        ..BASE
    },
    Sample {
        name: "windows-10",
        class: Class::StandaloneVm,
        label: "purple",
        template: "",
        properties: &[
            ("kernel", ""),
            ("memory", "4000"),
            ("netvm", "sys-firewall"),
            ("virt_mode", "hvm"),
        ],
        features: &[("video-model", "cirrus"), ("stubdom-qrexec", "1")],
        volumes: &[("root", 3072, 9 * 1024), ("private", 512, 512)],
        ..BASE
    },
    Sample {
        name: "disp-mail",
        class: Class::DispVm,
        label: "gray",
        template: "default-dvm",
        properties: &[("auto_cleanup", "False"), ("dispid", "1234")],
        ..BASE
    },
    Sample {
        name: "nothing-yet",
        label: "orange",
        volumes: &[("private", 0, 0)],
        ..BASE
    },
    Sample {
        name: "default-mgmt-dvm",
        label: "black",
        properties: &[("netvm", ""), ("template_for_dispvms", "True")],
        features: &[("internal", "1"), ("no-default-kde-menu", "1")],
        volumes: &[("private", 512, 300)],
        ..BASE
    },
    Sample {
        name: "project-with-a-rather-long-name",
        label: "teal",
        template: "debian-13",
        volumes: &[("private", 1024, 2 * 1024)],
        ..BASE
    },
];

/// Everything may pass: what a new VM has.
const OPEN: &str = r#"<firewall version="2">
  <rules>
    <rule>
      <properties>
        <property name="action">accept</property>
      </properties>
    </rule>
  </rules>
</firewall>
"#;

/// A rule of every kind.
const RULES: &str = r#"<firewall version="2">
  <rules>
    <rule>
      <properties>
        <property name="action">accept</property>
        <property name="specialtarget">dns</property>
      </properties>
    </rule>
    <rule>
      <properties>
        <property name="action">accept</property>
        <property name="proto">icmp</property>
        <property name="icmptype">8</property>
      </properties>
    </rule>
    <rule>
      <properties>
        <property name="action">accept</property>
        <property name="proto">tcp</property>
        <property name="dstports">22</property>
      </properties>
    </rule>
    <rule>
      <properties>
        <property name="action">accept</property>
        <property name="proto">tcp</property>
        <property name="dsthost">www.example.com</property>
        <property name="dstports">443-444</property>
        <property name="comment">the &lt;intranet&gt; &amp; more</property>
      </properties>
    </rule>
    <rule>
      <properties>
        <property name="action">accept</property>
        <property name="proto">udp</property>
        <property name="dst4">192.168.0.0/24</property>
      </properties>
    </rule>
    <rule>
      <properties>
        <property name="action">accept</property>
        <property name="proto">tcp</property>
        <property name="dst6">2001:db8::/32</property>
      </properties>
    </rule>
    <rule>
      <properties>
        <property name="action">accept</property>
        <property name="dst4">203.0.113.7/32</property>
        <property name="expire">4102444800</property>
      </properties>
    </rule>
    <rule>
      <properties>
        <property name="action">drop</property>
      </properties>
    </rule>
  </rules>
</firewall>
"#;
