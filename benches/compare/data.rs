// SPDX-License-Identifier: GPL-3.0-or-later
//! The sets of data, each as a PedOS in a folder: the same in every run on one computer.
//!
//! The record of the VMs is written here as text, so that the archives of the stock tools can carry it too.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use pedos_backup::units::MIB;

use crate::{
    content::{Kind, Stream},
    noise::Noise,
};

/// A set of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(crate) enum Set {
    /// Programs, texts, noise and compressed files in a volume of four times their size
    Mixed,
    /// Words in a dense volume
    Text,
    /// Noise in a dense volume
    Noise,
    /// A tenth of mixed data in a volume of 100 times the full size
    Sparse,
    /// The same tenth in a volume of its own size
    SparseAlone,
    /// Many VMs of 2 MiB
    Small,
    /// One VM with as many bytes
    SmallAlone,
    /// Twice the full size
    Large2,
    /// Eight times the full size
    Large8,
}

/// The size of one of the many small VMs.
const SMALL_BYTES: u64 = 2 * MIB;
/// How many small VMs there are at the full size of 1 GiB.
const SMALL_VMS: u64 = 200;

/// What lies in a volume.
#[derive(Debug, Clone, Copy)]
struct Volume {
    kind: Kind,
    data_bytes: u64,
    size_bytes: u64,
}

/// A set of data on the disk.
#[derive(Debug)]
pub(crate) struct Data {
    /// The PedOS.
    pub(crate) root: PathBuf,
    /// Its VMs in the order of the record; the first has the number 1.
    pub(crate) vms: Vec<String>,
}

impl Set {
    /// What the set is called in the report.
    pub(crate) fn title(self, full_bytes: u64) -> String {
        let mib = |bytes: u64| {
            if bytes.is_multiple_of(1024 * MIB) {
                format!("{} GiB", bytes / MIB / 1024)
            } else {
                format!("{} MiB", bytes / MIB)
            }
        };
        let volumes = self.volumes(full_bytes);
        let (data, size) = (mib(volumes[0].data_bytes), mib(volumes[0].size_bytes));
        match self {
            Self::Mixed => format!("{data} of mixed system data in a sparse volume of {size}"),
            Self::Text => format!("{data} of words"),
            Self::Noise => format!("{data} that no program can compress"),
            Self::Sparse => format!("{data} of mixed data in a volume of {size}"),
            Self::SparseAlone | Self::SmallAlone | Self::Large2 | Self::Large8 => {
                format!("{data} of mixed data in one volume")
            }
            Self::Small => format!("{} VMs with {data} of mixed data each", volumes.len()),
        }
    }

    /// The volumes of the set, one for each VM.
    fn volumes(self, full: u64) -> Vec<Volume> {
        let one = |kind, data_bytes, size_bytes| {
            vec![Volume {
                kind,
                data_bytes,
                size_bytes,
            }]
        };
        // 100 MiB of 1 GiB.
        let tenth = (full * 100 / 1024).next_multiple_of(MIB);
        let small_vms = (SMALL_VMS * full / (1024 * MIB)).max(2);
        let all_small = small_vms * SMALL_BYTES;
        match self {
            Self::Mixed => one(Kind::Mixed, full, 4 * full),
            Self::Text => one(Kind::Words, full, full),
            Self::Noise => one(Kind::Noise, full, full),
            Self::Sparse => one(Kind::Mixed, tenth, 100 * full),
            Self::SparseAlone => one(Kind::Mixed, tenth, tenth),
            Self::Small => one(Kind::Mixed, SMALL_BYTES, SMALL_BYTES).repeat(small_vms as usize),
            Self::SmallAlone => one(Kind::Mixed, all_small, all_small),
            Self::Large2 => one(Kind::Mixed, 2 * full, 2 * full),
            Self::Large8 => one(Kind::Mixed, 8 * full, 8 * full),
        }
    }

    /// Bytes on the disk that measuring the set takes at most: the data, an archive, and what comes back. With the sets of
    /// the full size programs are measured that keep the parts of their archive on the disk besides, or know no holes.
    pub(crate) fn room_bytes(self, full: u64) -> u64 {
        let volumes = self.volumes(full);
        let data: u64 = volumes.iter().map(|volume| volume.data_bytes).sum();
        let room = match self {
            Self::Mixed => 3 * data + volumes[0].size_bytes,
            Self::Text | Self::Noise => 4 * data,
            _ => 3 * data,
        };
        room + 512 * MIB
    }

    /// Makes the set in a folder that is not there yet.
    pub(crate) fn make(self, root: &Path, full: u64) -> io::Result<Data> {
        let volumes = self.volumes(full);
        let vms: Vec<String> = (1..=volumes.len()).map(|number| format!("bench-{number}")).collect();
        let store = root.join("var/lib/qubes");
        for folder in ["etc/qubes/backup", "home/user", "run/vm"] {
            fs::create_dir_all(root.join(folder))?;
        }
        for (number, (name, volume)) in vms.iter().zip(&volumes).enumerate() {
            let folder = store.join("appvms").join(name);
            fs::create_dir_all(&folder)?;
            // Sets of the same kind begin with the same data, so that a part is like the whole.
            let mut stream = Stream::new(volume.kind, number as u64)?;
            fill(&folder.join("private.img"), volume, &mut stream)?;
        }
        let sizes: Vec<(&str, &Volume)> = vms.iter().map(String::as_str).zip(&volumes).collect();
        fs::write(store.join("qubes.xml"), record(&sizes, false))?;
        fs::write(root.join("archived.xml"), record(&sizes, true))?;
        File::open(root)?.sync_all()?;
        Ok(Data {
            root: root.to_owned(),
            vms,
        })
    }
}

impl Data {
    /// The folder that holds a folder for each VM.
    pub(crate) fn source(&self) -> PathBuf {
        self.root.join("var/lib/qubes/appvms")
    }

    /// The record as it stands in an archive.
    pub(crate) fn archived_record(&self) -> PathBuf {
        self.root.join("archived.xml")
    }
}

/// What a volume is written in at most at once: pieces of data between holes are of this order in a used file system.
const LONGEST_PIECE: u64 = 4 * MIB;
/// File systems hand their room out in blocks of this size.
const BLOCK: u64 = 4096;

/// Writes a volume: pieces of data, and where the volume is larger than its data, holes between them.
fn fill(path: &Path, volume: &Volume, stream: &mut Stream) -> io::Result<()> {
    let file = File::create(path)?;
    file.set_len(volume.size_bytes)?;
    let mut noise = Noise::new(77);
    let mut buffer = Vec::new();
    let (mut position, mut data_left) = (0, volume.data_bytes);
    while data_left > 0 {
        let holes_left = volume.size_bytes - position - data_left;
        let length = (64 * 1024 + noise.below(LONGEST_PIECE))
            .next_multiple_of(BLOCK)
            .min(data_left);
        // Twice the fair share at most, so that it is fair on the average.
        let share = (u128::from(holes_left) * u128::from(length) / u128::from(data_left)) as u64;
        position += noise.below(2 * share + 1).min(holes_left) / BLOCK * BLOCK;
        buffer.resize(length as usize, 0);
        stream.fill(&mut buffer)?;
        file.write_all_at(&buffer, position)?;
        position += length;
        data_left -= length;
    }
    (&file).flush()?;
    file.sync_all()
}

/// A record of these VMs: of the system itself, or as it stands in an archive that has all of them.
fn record(vms: &[(&str, &Volume)], is_archived: bool) -> String {
    let mut xml = String::from(
        r#"<qubes>
  <labels><label id="label-4" color="0x3465a4">blue</label></labels>
  <pools>
    <pool name="varlibqubes" dir_path="/var/lib/qubes" driver="file-reflink" revisions_to_keep="1"/>
    <pool name="linux-kernel" dir_path="/var/lib/qubes/vm-kernels" driver="linux-kernel"/>
  </pools>
  <properties><property name="default_pool">varlibqubes</property></properties>
  <domains>
    <domain id="domain-0" class="AdminVM">
      <properties><property name="label">blue</property></properties>
      <features/>
      <tags/>
    </domain>
"#,
    );
    for (number, (name, volume)) in vms.iter().enumerate() {
        let number = number + 1;
        let features = if is_archived {
            format!(
                r#"<feature name="backup-content">1</feature><feature name="backup-path">vm{number}/</feature><feature name="backup-size">{}</feature>"#,
                2 * volume.data_bytes
            )
        } else {
            String::new()
        };
        // Writing to a String does not fail.
        let _ = write!(
            xml,
            r#"    <domain id="domain-{number}" class="AppVM">
      <properties>
        <property name="label">blue</property>
        <property name="name">{name}</property>
        <property name="qid">{number}</property>
        <property name="uuid">00000000-0000-4000-8000-{number:012}</property>
        <property name="netvm"></property>
      </properties>
      <features>{features}</features>
      <tags/>
      <volume-config>
        <volume name="private" pool="varlibqubes" vid="appvms/{name}/private" revisions_to_keep="1" rw="True" save_on_stop="True" snap_on_start="False" size="{}"/>
      </volume-config>
    </domain>
"#,
            volume.size_bytes
        );
    }
    xml.push_str("  </domains>\n</qubes>\n");
    xml
}
