// SPDX-License-Identifier: GPL-3.0-or-later
//! The backup that all vectors are made of: three VMs, of which the second has a volume in three parts and firewall rules.

use crate::support::noise::Noise;

use super::{deflate::gzip, seal, tar};

pub(super) const PASSPHRASE: &str = "quartz lemur ratify oblong canopy";
pub(super) const BACKUP_ID: &str = "20260102T030405-1012";

/// What a VM's number in the names of parts is.
pub(super) const VMS: [(&str, usize); 3] = [("one", 1), ("two", 2), ("three", 3)];

/// How many parts the second VM's volume has.
const PARTS: usize = 3;

pub(super) const RULES: &str = r#"<firewall version="2"><rules><rule><properties><property name="action">accept</property>
<property name="specialtarget">dns</property></properties></rule></rules></firewall>
"#;

/// A member of the outer archive.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) data: Vec<u8>,
}

/// How a stream of an inner archive is compressed.
pub(super) type Compress = fn(&[u8]) -> Vec<u8>;

/// Everything that can be said of a backup before its parts are sealed.
#[derive(Clone)]
pub(super) struct Backup {
    pub(super) version: u32,
    /// What the passphrases of parts in format 4 begin with.
    pub(super) id: &'static str,
    pub(super) is_encrypted: bool,
    pub(super) header: String,
    pub(super) compress: Compress,
    pub(super) inventory: String,
    /// Files with their inner archives.
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// The streams of files, where they are not what comes of compressing their inner archives.
    pub(super) streams: Vec<(String, Vec<u8>)>,
}

/// The private volume of a VM.
pub(super) fn volume(vm: &str) -> Vec<u8> {
    match vm {
        // Data, a hole, data.
        "one" => [Noise::new(1).text(512), vec![0; 3072], Noise::new(2).text(512)].concat(),
        "two" => Noise::new(3).bytes(1100),
        _ => Noise::new(4).text(300),
    }
}

fn sparse_one() -> Vec<u8> {
    let content = volume("one");
    let data = [&content[..512], &content[3584..]].concat();
    tar::sparse("vm1/private.img", &content, &[2, 0, 512, 3584, 512], &data)
}

impl Backup {
    /// Format 4, compressed.
    pub(super) fn v4() -> Self {
        Self {
            version: 4,
            id: BACKUP_ID,
            is_encrypted: true,
            header: format!(
                "version=4\nencrypted=True\ncompressed=True\ncompression-filter=gzip\nhmac-algorithm=scrypt\n\
                 backup-id={BACKUP_ID}\n"
            ),
            compress: gzip,
            inventory: inventory(),
            files: vec![
                ("vm1/private.img".into(), sparse_one()),
                (
                    "vm2/private.img".into(),
                    tar::archive("vm2/private.img", &volume("two")),
                ),
                (
                    "vm2/firewall.xml".into(),
                    tar::archive("vm2/firewall.xml", RULES.as_bytes()),
                ),
                (
                    "vm3/private.img".into(),
                    tar::archive("vm3/private.img", &volume("three")),
                ),
            ],
            streams: Vec::new(),
        }
    }

    /// Format 4, without compression.
    pub(super) fn v4_plain() -> Self {
        let plain = Self::v4();
        Self {
            header: plain.header.replace("compressed=True", "compressed=False"),
            compress: <[u8]>::to_vec,
            ..plain
        }
    }

    /// Format 3: encrypted by openssl and compressed by gzip.
    pub(super) fn v3() -> Self {
        let files = VMS.map(|(vm, number)| {
            let name = format!("vm{number}/private.img");
            let archive = tar::archive(&name, &volume(vm));
            (name, archive)
        });
        Self {
            version: 3,
            header: "version=3\nhmac-algorithm=SHA512\ncrypto-algorithm=aes-256-cbc\nencrypted=True\n\
                     compressed=True\ncompression-filter=gzip\n"
                .into(),
            inventory: old_inventory(),
            files: files.into(),
            ..Self::v4()
        }
    }

    /// Format 3 as it was where nobody wanted encryption.
    pub(super) fn v3_plain() -> Self {
        let encrypted = Self::v3();
        Self {
            is_encrypted: false,
            header: "version=3\nhmac-algorithm=SHA512\nencrypted=False\ncompressed=False\n".into(),
            compress: <[u8]>::to_vec,
            ..encrypted
        }
    }

    /// Format 2: the parts are volumes, encrypted one by one.
    pub(super) fn v2() -> Self {
        Self {
            version: 2,
            header:
                "version=2\nhmac-algorithm=SHA512\ncrypto-algorithm=aes-256-cbc\nencrypted=True\ncompressed=False\n"
                    .into(),
            compress: <[u8]>::to_vec,
            ..Self::v3()
        }
    }

    /// Another backup with the same passphrase.
    pub(super) fn with_id(mut self, id: &'static str) -> Self {
        self.header = self.header.replace(self.id, id);
        Self { id, ..self }
    }

    /// The same with another inner archive of a file.
    pub(super) fn with(mut self, file: &str, archive: Vec<u8>) -> Self {
        let found = self.files.iter_mut().find(|(name, _)| name == file);
        found.unwrap().1 = archive;
        self
    }

    /// The same with another stream of a file.
    pub(super) fn with_stream(mut self, file: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Self {
        let stream = self.stream(file);
        self.streams.push((file.to_owned(), change(stream)));
        self
    }

    /// The same with another inventory.
    pub(super) fn with_inventory(mut self, from: &str, to: &str) -> Self {
        assert!(self.inventory.contains(from), "{from}");
        self.inventory = self.inventory.replace(from, to);
        self
    }

    /// The same with another header.
    pub(super) fn with_header(mut self, from: &str, to: &str) -> Self {
        assert!(self.header.contains(from), "{from}");
        self.header = self.header.replace(from, to);
        self
    }

    /// The stream of a file, compressed where it is, before it is cut and sealed.
    pub(super) fn stream(&self, file: &str) -> Vec<u8> {
        if let Some((_, stream)) = self.streams.iter().find(|(name, _)| name == file) {
            return stream.clone();
        }
        let archive = match self.files.iter().find(|(name, _)| name == file) {
            Some((_, archive)) => archive.clone(),
            None => tar::archive("qubes.xml", self.inventory.as_bytes()),
        };
        (self.compress)(&archive)
    }

    /// The parts of a file before they are sealed.
    fn parts(&self, file: &str) -> Vec<Vec<u8>> {
        let is_cut = file == "vm2/private.img";
        match self.files.iter().find(|(name, _)| name == file) {
            Some((name, archive)) if self.version == 2 && is_cut && archive[156] == b'0' => {
                tar::volumes(name, &volume("two"), tar::BLOCK)
            }
            _ if is_cut => {
                let stream = self.protected(file);
                stream
                    .chunks(stream.len().div_ceil(PARTS))
                    .map(<[u8]>::to_vec)
                    .collect()
            }
            _ => vec![self.protected(file)],
        }
    }

    /// The stream of a file as it is cut into parts: format 3 encrypts it before, the others each part behind.
    fn protected(&self, file: &str) -> Vec<u8> {
        let stream = self.stream(file);
        if self.version == 3 && self.is_encrypted {
            seal::enciphered(&stream, PASSPHRASE)
        } else {
            stream
        }
    }

    /// Its members.
    pub(super) fn members(&self) -> Vec<Member> {
        let header = self.header.as_bytes().to_vec();
        let proof = match self.version {
            4.. => seal::container(&header, &format!("backup-header!{PASSPHRASE}")),
            _ => seal::code(&header, PASSPHRASE),
        };
        let mut members = vec![
            Member {
                name: "backup-header".into(),
                data: header,
            },
            Member {
                name: "backup-header.hmac".into(),
                data: proof,
            },
        ];
        let files = std::iter::once("qubes.xml").chain(self.files.iter().map(|(name, _)| name.as_str()));
        for file in files {
            for (number, part) in self.parts(file).iter().enumerate() {
                members.extend(self.sealed(&format!("{file}.{number:03}"), part));
            }
        }
        members
    }

    /// The members of one part.
    pub(super) fn sealed(&self, part: &str, content: &[u8]) -> Vec<Member> {
        if self.version >= 4 {
            let data = seal::container(content, &format!("{}!{part}!{PASSPHRASE}", self.id));
            return vec![Member {
                name: format!("{part}.enc"),
                data,
            }];
        }
        let data = if self.version == 2 && self.is_encrypted {
            seal::enciphered(content, PASSPHRASE)
        } else {
            content.to_vec()
        };
        let code = seal::code(&data, PASSPHRASE);
        vec![
            Member {
                name: part.into(),
                data,
            },
            Member {
                name: format!("{part}.hmac"),
                data: code,
            },
        ]
    }

    /// The whole archive.
    pub(super) fn archive(&self) -> Vec<u8> {
        pack(&self.members())
    }
}

/// An outer archive of members.
pub(super) fn pack(members: &[Member]) -> Vec<u8> {
    let mut bytes: Vec<u8> = members
        .iter()
        .flat_map(|member| tar::member(&member.name, &member.data))
        .collect();
    bytes.extend(tar::end());
    bytes
}

fn inventory() -> String {
    let mut xml =
        "<qubes><labels><label id=\"label-1\" color=\"0xcc0000\">red</label></labels><pools/><properties/><domains>\n\
                   <domain id=\"domain-0\" class=\"AdminVM\"><properties/></domain>\n"
            .to_owned();
    for (name, number) in VMS {
        let size = volume(name).len();
        let rules = if name == "two" {
            "<file name=\"firewall.xml\"/>"
        } else {
            ""
        };
        xml += &format!(
            "<domain id=\"domain-{number}\" class=\"StandaloneVM\"><properties><property name=\"name\">{name}</property>\
             <property name=\"label\" ref=\"label-1\">red</property><property name=\"qid\">{number}</property></properties>\
             <features><feature name=\"backup-content\">True</feature><feature name=\"backup-path\">vm{number}</feature>\
             <feature name=\"backup-size\">{size}</feature></features>\
             <volume-config><volume name=\"private\" pool=\"varlibqubes\" vid=\"x/{name}\" rw=\"True\" save_on_stop=\"True\" \
             snap_on_start=\"False\" size=\"{size}\"/></volume-config>\
             <backup-files><file name=\"private.img\"/>{rules}</backup-files></domain>\n"
        );
    }
    xml + "</domains></qubes>\n"
}

fn old_inventory() -> String {
    let mut xml = "<QubesVmCollection updatevm=\"0\" default_kernel=\"4.4\" default_template=\"9\">\n\
                   <QubesTemplateVm backup_content=\"False\" conf_file=\"tpl.conf\" \
                   dir_path=\"/var/lib/qubes/vm-templates/tpl\" installed_by_rpm=\"False\" internal=\"False\" kernel=\"4.4\" \
                   label=\"black\" name=\"tpl\" qid=\"9\" template_qid=\"none\" uses_default_kernel=\"True\"/>\n"
        .to_owned();
    for (name, number) in VMS {
        xml += &format!(
            "<QubesAppVm backup_content=\"True\" backup_path=\"vm{number}\" backup_size=\"4096\" conf_file=\"{name}.conf\" \
             dir_path=\"/var/lib/qubes/appvms/{name}\" installed_by_rpm=\"False\" internal=\"False\" kernel=\"4.4\" \
             label=\"red\" name=\"{name}\" netvm_qid=\"none\" qid=\"{number}\" template_qid=\"9\" \
             uses_default_kernel=\"True\"/>\n"
        );
    }
    xml + "</QubesVmCollection>\n"
}
