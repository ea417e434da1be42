// SPDX-License-Identifier: GPL-3.0-or-later
//! What the stock openssl makes: authentication codes by every digest that it has, and encrypted streams.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use pedos_backup::{
    crypto::{Decryptor, Digest, Hmac, OldCipher},
    format::parse_mac,
};

use super::{
    layers::{Random, content},
    tools,
};

#[test]
fn codes_are_those_of_openssl() {
    if !tools::have(&["bash", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut compared = Vec::new();
    for (digest, length) in Digest::ALL
        .into_iter()
        .flat_map(|digest| [(digest, 0), (digest, 100_003)])
    {
        let bytes = content(5, length);
        fs::write(folder.path().join("part"), &bytes).unwrap();
        let passphrase = " pä\"ss!= ".repeat(if length == 0 { 1 } else { 40 });
        // A digest that this openssl has not got, or keeps in a drawer of its own, prints nothing.
        let line = format!("openssl dgst -{digest} -hmac \"$passphrase\" <part || true");
        let printed = tools::shell(folder.path(), &line, &[("passphrase", passphrase.as_ref())]);
        if printed.contains('=') {
            let code = parse_mac(printed.as_bytes()).unwrap();
            assert!(Hmac::verify(digest, passphrase.as_bytes(), &bytes, &code), "{digest}");
            compared.push(digest);
        }
    }
    for digest in [Digest::Sha512, Digest::Sha1, Digest::Sha256, Digest::Md5] {
        assert!(compared.contains(&digest), "{digest}");
    }
    tools::say(&format!("{} comparisons", compared.len()));
}

fn encrypted(folder: &Path, cipher: OldCipher, plain: &[u8]) -> Vec<u8> {
    fs::write(folder.join("plain"), plain).unwrap();
    sealed(folder, cipher.name(), plain).expect("a cipher that every openssl has")
}

/// What stock openssl makes of a content with the cipher of that name; nothing where it does not have it.
fn sealed(folder: &Path, cipher: &str, plain: &[u8]) -> Option<Vec<u8>> {
    fs::write(folder.join("plain"), plain).unwrap();
    let enc = format!("-e -{cipher} -md md5 -pass 'pass:pä ss' -in plain -out sealed");
    // From version 3 on the old ciphers are in a provider of their own, which older versions have not heard of.
    let line = format!(
        "rm -f sealed; openssl enc {enc} || openssl enc -provider legacy -provider default {enc} || rm -f sealed"
    );
    tools::shell(folder, &format!("({line}) 2>&1"), &[]);
    fs::read(folder.join("sealed")).ok()
}

fn decrypted(cipher: OldCipher, stream: &[u8], piece: usize) -> io::Result<Vec<u8>> {
    let mut reader = Decryptor::new(cipher, "pä ss".as_bytes(), stream);
    let (mut plain, mut buffer) = (Vec::new(), vec![0; piece]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(plain),
            count => plain.extend_from_slice(&buffer[..count]),
        }
    }
}

#[test]
fn what_openssl_encrypts_is_decrypted() {
    if !tools::have(&["bash", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for cipher in ["aes-256-cbc", "aes-192-cbc", "aes-128-cbc"] {
        let cipher = OldCipher::from_name(cipher).unwrap();
        for length in [0, 1, 15, 16, 17, 65_519, 65_520, 65_535, 65_536, 65_537, (1 << 20) + 3] {
            let plain = content(6, length);
            let stream = encrypted(folder.path(), cipher, &plain);
            for piece in [7, 4096, 1 << 20] {
                assert!(
                    decrypted(cipher, &stream, piece).unwrap() == plain,
                    "{cipher} {length} {piece}"
                );
            }
        }
    }
}

/// Every cipher that is claimed to be read, under every name that stock openssl has for it.
#[test]
fn every_cipher_of_openssl_is_decrypted() {
    if !tools::have(&["bash", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut compared = Vec::new();
    let others = [
        "des3",
        "des",
        "bf",
        "cast",
        "rc2",
        "rc2-40",
        "rc2-64",
        "camellia256",
        "aria128",
        "des-ede3-ecb",
    ];
    for name in OldCipher::all().map(OldCipher::name).chain(others) {
        let cipher = OldCipher::from_name(name).unwrap();
        for length in [0, 1, 8, 15, 16, 65_535, 65_536, 200_003] {
            let plain = content(6, length);
            let Some(stream) = sealed(folder.path(), name, &plain) else {
                continue;
            };
            for piece in [7, 1 << 20] {
                assert!(
                    decrypted(cipher, &stream, piece).unwrap() == plain,
                    "{name} {length} {piece}"
                );
            }
            compared.push(name);
        }
    }
    for name in [
        "camellia-256-cbc",
        "aes-256-cfb",
        "aes-256-ctr",
        "aes-128-ofb",
        "des-ede3-cbc",
    ] {
        assert!(compared.contains(&name), "{name}");
    }
    tools::say(&format!("{} comparisons", compared.len()));
}

#[test]
fn cut_and_altered_streams_never_pass_for_the_content() {
    if !tools::have(&["bash", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = content(6, 999);
    let stream = encrypted(folder.path(), OldCipher::USUAL, &plain);
    for cut in 0..stream.len() {
        match decrypted(OldCipher::USUAL, &stream[..cut], 100) {
            Ok(found) => assert!(found != plain, "{cut}"),
            Err(error) if cut % 16 != 0 || cut <= 16 => assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut}"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{cut}"),
        }
    }
    let mut random = Random(4);
    for _ in 0..300 {
        let mut altered = stream.clone();
        let at = random.below(altered.len());
        altered[at] ^= 1 << random.below(8);
        assert!(
            decrypted(OldCipher::USUAL, &altered, 100).map_or(true, |found| found != plain),
            "{at}"
        );
    }
}
