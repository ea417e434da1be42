// SPDX-License-Identifier: GPL-3.0-or-later
//! Whole archives of formats 3 and 2 that are not encrypted, around the input as the content of one file: inventory, firewall
//! rules, volume. Their MACs are valid, so that the reader goes on to the layers below.

use std::{fs, num::NonZeroUsize, sync::Arc};

use pedos_backup::{
    crypto::{Digest, Hmac},
    engine::{self, Context, EngineError, VmResult},
    plan::{Access, VerifyPlan},
    secret::Passphrase,
    text,
    transport::Location,
};

use crate::input::{expect_words, head, with_checksums};

const PASSPHRASE: &str = "a passphrase";

/// One VM with a volume and rules.
pub(crate) const INVENTORY: &str = r#"<qubes><labels><label id="label-1" color="0xcc0000">red</label></labels><pools/><properties/><domains>
<domain id="domain-1" class="StandaloneVM"><properties><property name="name">one</property>
<property name="label" ref="label-1">red</property><property name="qid">1</property></properties>
<features><feature name="backup-content">True</feature><feature name="backup-path">vm1</feature>
<feature name="backup-size">4096</feature></features><devices class="pci"/><tags/>
<volume-config><volume name="private" pool="p" vid="v" rw="True" save_on_stop="True" snap_on_start="False" size="4096"/>
</volume-config></domain></domains></qubes>"#;

/// Inputs of the other two files where one is fuzzed.
const RULES: &[u8] = br#"<firewall version="2"><rules><rule><properties><property name="action">accept</property></properties></rule></rules></firewall>"#;

pub(crate) fn archive(input: &[u8]) {
    let Some((mode, rest)) = head(input) else { return };
    let version = if mode & 4 == 0 { 3 } else { 2 };
    let mut inventory = inner("qubes.xml", INVENTORY.as_bytes());
    let mut rules = inner("vm1/firewall.xml", RULES);
    let mut volume = inner("vm1/private.img", &[7; 4096]);
    match mode & 3 {
        0 => inventory = inner("qubes.xml", rest),
        1 => rules = inner("vm1/firewall.xml", rest),
        2 => volume = with_checksums(rest),
        _ => volume = inner("vm1/private.img", rest),
    }
    let mut bytes = Vec::new();
    let header = format!("version={version}\nhmac-algorithm=SHA1\nencrypted=False\ncompressed=False\n");
    add(&mut bytes, "backup-header", header.as_bytes());
    add(&mut bytes, "qubes.xml.000", &inventory);
    add(&mut bytes, "vm1/private.img.000", &volume);
    add(&mut bytes, "vm1/firewall.xml.000", &rules);
    bytes.resize(bytes.len() + 1024, 0);
    verify(&bytes, mode & 3 != 0);
}

fn verify(bytes: &[u8], is_inventory_good: bool) {
    let Ok(file) = tempfile::Builder::new().tempfile_in("/dev/shm") else {
        panic!("no temporary file")
    };
    if fs::write(file.path(), bytes).is_err() {
        panic!("no room");
    }
    let passphrase = Arc::new(Passphrase::for_reading(PASSPHRASE.to_owned()));
    let plan = VerifyPlan::everything(Access::new(Location::File(file.path().to_owned()).into(), passphrase));
    let mut context = Context::default();
    context.resources.jobs = NonZeroUsize::new(1);
    match engine::verify::run(&plan, None, &context) {
        Ok(report) => {
            for vm in &report.vms {
                if let VmResult::Failed(failure) | VmResult::Partly(failure) = &vm.result {
                    assert!(!matches!(failure.0, EngineError::Internal { .. }), "{}", failure.0);
                    expect_words(&text::message(&failure.0).full_text());
                }
            }
            for finding in &report.findings {
                expect_words(&text::archive_error(finding).full_text());
            }
        }
        Err(error) => {
            assert!(!matches!(error, EngineError::Internal { .. }), "{error}");
            assert!(!is_inventory_good, "{error}");
            expect_words(&text::message(&error).full_text());
        }
    }
}

/// An inner archive of one file.
pub(crate) fn inner(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = member(name, content);
    archive.resize(archive.len() + 1024, 0);
    archive
}

fn add(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    archive.extend(member(name, content));
    let mut hmac = Hmac::new(Digest::Sha1, PASSPHRASE.as_bytes());
    hmac.update(content);
    let hex: String = hmac.finish().iter().map(|byte| format!("{byte:02x}")).collect();
    archive.extend(member(&format!("{name}.hmac"), format!("(stdin)= {hex}\n").as_bytes()));
}

pub(crate) fn member(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    if header.set_path(name).is_err() {
        panic!("{name}");
    }
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}
