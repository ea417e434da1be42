// SPDX-License-Identifier: GPL-3.0-or-later
//! How an archive of formats 3 and 2 is decrypted with stock openssl, where this program does not have its cipher.

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize,
    },
    Message,
};

/// The ciphers that openssl 3 keeps in a provider of their own.
const LEGACY: [&str; 4] = ["seed", "desx", "rc5", "des-cfb1"];

/// A cipher that this program does not have, with the commands that take its place.
pub(super) fn unsupported_cipher(name: &str, version: u32, filter: Option<&str>) -> Message {
    let message = Message::new(gettext_f(
        "The backup is encrypted with {cipher}, which this program does not have",
        &[("cipher", &sanitize(name))],
    ));
    match commands(name, version, filter) {
        Some(commands) => message
            .detail(commands)
            .hint(gettext(
                "Stock openssl may have it. Run these commands in an empty folder on an encrypted disk: they write the list of contents and the private volume of the VM whose folder is vm1. ARCHIVE is the file of the backup.",
            )),
        None => message.hint(gettext("openssl has no cipher of this name: the header of the backup may be damaged.")),
    }
}

/// What to type, one command a line; nothing where a name is not fit for a command line.
fn commands(name: &str, version: u32, filter: Option<&str>) -> Option<String> {
    let is_plain = |text: &str| {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        text.bytes().all(is_fit) && text.starts_with(|first: char| first.is_ascii_alphanumeric())
    };
    if !is_plain(name) || !filter.is_none_or(is_plain) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let provider = if LEGACY.iter().any(|legacy| name.starts_with(legacy)) {
        // Version 1 has neither such providers nor this option.
        " $(openssl version | grep -q '^OpenSSL [3-9]' && echo -provider legacy -provider default)"
    } else {
        ""
    };
    let enc = format!("openssl enc -d -{name} -md md5 -pass env:pass{provider}");
    let unpacked = filter.map(|program| format!(" | {program} -d")).unwrap_or_default();
    let first = "read -r -s pass; export pass\ntar -i -xf ARCHIVE";
    Some(if version < 3 {
        let gzip = " | { gzip -dcf; }";
        format!(
            "{first}\n{enc} -in qubes.xml.000{gzip} | tar -xv\n\
             for part in $(ls -v vm1/private.img.* | grep -v hmac); do {enc} -in $part{gzip} > $part.tar; done\n\
             tar -xv -M $(ls -v vm1/*.tar | sed 's/^/-f /')"
        )
    } else {
        format!(
            "{first}\n{enc} -in qubes.xml.000{unpacked} | tar -xv\n\
             cat $(ls -v vm1/private.img.* | grep -v hmac) | {enc}{unpacked} | tar -xv"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_for_exactly_this_cipher() {
        let text = commands("AES-256-CFB1", 3, Some("bzip2")).unwrap();
        assert!(
            text.contains("openssl enc -d -aes-256-cfb1 -md md5 -pass env:pass | bzip2 -d | tar -xv"),
            "{text}"
        );
        assert!(!text.contains("-provider"), "{text}");
        assert!(commands("seed-cbc", 3, None).unwrap().contains("-provider legacy"));
        let text = commands("seed-cbc", 2, Some("gzip")).unwrap();
        assert!(text.contains("tar -xv -M"), "{text}");
    }

    #[test]
    fn a_name_that_would_be_a_command_is_never_offered_as_one() {
        for name in ["x; rm -rf ~", "$(id)", "", "-x", "a b"] {
            assert_eq!(commands(name, 3, None), None, "{name}");
            assert_eq!(commands("seed", 3, Some(name)), None, "{name}");
        }
        assert!(unsupported_cipher("a\u{1b}b", 3, None).hint.is_some());
    }
}
