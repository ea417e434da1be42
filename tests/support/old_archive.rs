// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives of formats 3 and 2, made by stock tar, gzip and openssl as the systems of those days made them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::tools;

/// What distinguishes one from another.
pub(crate) struct OldArchive<'a> {
    pub(crate) version: u32,
    /// As `openssl enc` has it.
    pub(crate) cipher: &'a str,
    pub(crate) passphrase: &'a str,
}

/// The one VM of every such archive; its template is only mentioned.
const INVENTORY: &str = r#"<QubesVmCollection updatevm="0" default_kernel="4.4" default_template="1">
<QubesTemplateVm backup_content="False" conf_file="fedora-23.conf" dir_path="/var/lib/qubes/vm-templates/fedora-23"
 installed_by_rpm="False" internal="False" kernel="4.4" label="black" name="fedora-23" qid="1" template_qid="none"
 uses_default_kernel="True" uses_default_netvm="True"/>
<QubesAppVm backup_content="True" backup_path="vm5" backup_size="131072" conf_file="work.conf"
 dir_path="/var/lib/qubes/appvms/work" installed_by_rpm="False" internal="False" kernel="4.4" label="blue" name="work"
 netvm_qid="none" qid="5" template_qid="1" uses_default_kernel="True"/>
</QubesVmCollection>
"#;

const SCRIPT: &str = r#"
set -eu
legacy=
if openssl version | grep -q '^OpenSSL [3-9]'; then legacy='-provider legacy -provider default'; fi
seal() { openssl enc $legacy -e "-$cipher" -md md5 -pass env:pass 2>errors; }
code() { openssl dgst -sha512 -hmac "$pass" <"$1" >"$1.hmac"; }
mkdir -p plain/vm5 out/vm5
cp inventory plain/qubes.xml
cp content plain/vm5/private.img
filter=cat
if [ "$version" = 3 ]; then filter=gzip; fi
tar -C plain -c qubes.xml | $filter | seal >out/qubes.xml.000 || exit 0
tar -C plain -c vm5/private.img | $filter | seal >out/vm5/private.img.000
{
    echo "version=$version"
    echo hmac-algorithm=SHA512
    echo "crypto-algorithm=$cipher"
    echo encrypted=True
    if [ "$version" = 3 ]; then echo compressed=True; echo compression-filter=gzip; else echo compressed=False; fi
} >out/backup-header
code out/backup-header
code out/qubes.xml.000
code out/vm5/private.img.000
tar -C out -cf archive backup-header backup-header.hmac qubes.xml.000 qubes.xml.000.hmac \
    vm5/private.img.000 vm5/private.img.000.hmac
"#;

impl OldArchive<'_> {
    /// Makes the archive in an empty folder, with the content as the volume `work:private`; nothing where this openssl
    /// does not have the cipher.
    pub(crate) fn make(&self, folder: &Path, content: &[u8]) -> Option<PathBuf> {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("inventory"), INVENTORY).unwrap();
        fs::write(folder.join("content"), content).unwrap();
        let version = self.version.to_string();
        let variables = [
            ("version", version.as_ref()),
            ("cipher", self.cipher.as_ref()),
            ("pass", self.passphrase.as_ref()),
        ];
        tools::shell(folder, &format!("set -o pipefail\n{SCRIPT}"), &variables);
        let archive = folder.join("archive");
        archive.exists().then_some(archive)
    }
}
