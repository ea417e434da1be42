// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives of format 3 with files that a restore has no use for, as the systems of R2 to R3.1 wrote them: an icon that is
//! a link, folders of menu entries. Stock tools make them.

use std::fs;

use crate::support::{
    old_archive::OldArchive,
    programs::{finish, passfile, qvm_backup_restore, restore_new},
    tools,
};

const PASSPHRASE: &str = "an old passphrase";

/// Adds a link, a folder, rubbish under a right checksum and an icon that is nothing at all.
const MORE: &str = r#"
set -eu
seal() { openssl enc -e "-$cipher" -md md5 -pass env:pass 2>errors; }
code() { openssl dgst -sha512 -hmac "$pass" <"$1" >"$1.hmac"; }
ln -s /usr/share/icons/appvm-blue.png plain/vm5/icon.png
mkdir -p plain/vm5/apps.templates
echo '[Desktop Entry]' >plain/vm5/apps.templates/x.desktop
tar -C plain -c vm5/icon.png | gzip | seal >out/vm5/icon.png.000
tar -C plain -c vm5/apps.templates | gzip | seal >out/vm5/apps.templates.000
head -c 5000 content >out/vm5/kernels.000
: >out/vm5/apps.000
for file in icon.png apps.templates kernels apps; do code "out/vm5/$file.000"; done
tar -C out -cf "$name" backup-header backup-header.hmac qubes.xml.000 qubes.xml.000.hmac \
    vm5/icon.png.000 vm5/icon.png.000.hmac vm5/private.img.000 vm5/private.img.000.hmac \
    vm5/apps.templates.000 vm5/apps.templates.000.hmac vm5/kernels.000 vm5/kernels.000.hmac vm5/apps.000 vm5/apps.000.hmac
"#;

#[test]
fn what_old_systems_saved_beside_the_data_costs_nothing() {
    if !tools::have(&["bash", "openssl", "tar", "gzip"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("made");
    let pass = passfile(folder.path(), PASSPHRASE);
    let old = OldArchive {
        version: 3,
        cipher: "aes-256-cbc",
        passphrase: PASSPHRASE,
    };
    let content = vec![b'd'; 50_000];
    old.make(&place, &content).unwrap();
    let variables = [
        ("cipher", "aes-256-cbc".as_ref()),
        ("pass", PASSPHRASE.as_ref()),
        ("name", "more".as_ref()),
    ];
    tools::shell(&place, MORE, &variables);
    let archive = place.join("more");
    let mut verify = qvm_backup_restore();
    finish(verify.args(["--verify-only", "-p"]).arg(&pass).arg(&archive)).expect(0);
    let new_root = folder.path().join("new");
    restore_new(&new_root, &pass, &archive).expect(0);
    assert_eq!(
        fs::read(new_root.join("var/lib/qubes/appvms/work/private.img")).unwrap(),
        content
    );
    // A flipped bit in one of them costs the VM nothing either, and is damage of the archive.
    let mut bytes = fs::read(&archive).unwrap();
    let stored = fs::read(place.join("out/vm5/icon.png.000")).unwrap();
    let position = bytes.windows(stored.len()).position(|window| window == stored).unwrap();
    bytes[position + 20] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let mut verify = qvm_backup_restore();
    let verified = finish(verify.args(["--verify-only", "-p"]).arg(&pass).arg(&archive)).expect_failure(&[6]);
    assert!(verified.said().contains("icon.png"), "{}", verified.said());
    let second = folder.path().join("second");
    restore_new(&second, &pass, &archive).expect_failure(&[3]);
    assert_eq!(
        fs::read(second.join("var/lib/qubes/appvms/work/private.img")).unwrap(),
        content
    );
}
