// SPDX-License-Identifier: GPL-3.0-or-later
//! The backup header: a few lines of `key=value` that say how the rest is to be read.
//!
//! It stands in the archive in the clear and once more inside its own container. Before the two have been compared only
//! [`peek_version`] may look at it. What is read is wider than what is written: order, line ends and unknown keys are free.

use std::{fmt, time::SystemTime};

use crate::units::LocalTime;

use super::{Compression, Filter, HeaderError, error::shown, limits};

/// The version that is written.
pub const VERSION: u32 = 4;
/// The versions that are read. The first one had no header at all, and is not.
const OLD_VERSIONS: std::ops::Range<u32> = 2..VERSION;
/// The version of a header that does not say any.
const UNSAID_VERSION: u32 = 2;
/// The member that holds the header in the clear.
pub const HEADER_MEMBER: &str = "backup-header";
/// The member that holds it once more, in a container.
pub const HEADER_MAC_MEMBER: &str = "backup-header.hmac";
/// The file that lists what the archive holds, as its parts are named after it.
pub const INVENTORY_FILE: &str = "qubes.xml";

/// Identifies one backup: every part's passphrase contains it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BackupId(String);

impl BackupId {
    /// The id of a backup that a process begins at a moment: `YYYYMMDDTHHMMSS-PID`.
    pub fn new(begun: SystemTime, pid: u32) -> Self {
        Self(format!("{}-{pid}", LocalTime::at(begun).compact()))
    }

    /// Takes an id from a header. None where it is empty, has other characters than letters, digits and dashes, or
    /// begins with a dash.
    pub fn parse(text: &str) -> Option<Self> {
        (!text.is_empty() && is_plain(text) && !text.starts_with('-')).then(|| Self(text.to_owned()))
    }

    /// The id as it stands in the header and in passphrases.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the backup was begun by the clock of its maker: `YYYY-MM-DD HH:MM:SS`. None where the id does not say.
    pub fn made_text(&self) -> Option<String> {
        let (time, _) = self.0.split_once('-')?;
        LocalTime::parse_compact(time).map(|time| time.to_string())
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The version of the format.
    pub version: u32,
    /// Says whether the parts are encrypted. Format 4 encrypts them always, whatever stands here.
    pub is_encrypted: bool,
    /// Whether the inner archives are compressed.
    pub is_compressed: bool,
    /// The compressor. It may be named also where nothing is compressed.
    pub compression_filter: Option<String>,
    /// Names the MAC: `scrypt` in format 4, a digest in older ones.
    pub hmac_algorithm: String,
    /// Names the cipher in formats before 4.
    pub crypto_algorithm: Option<String>,
    /// The backup. Formats before 4 have none.
    pub backup_id: Option<BackupId>,
}

impl Header {
    /// The header of a new archive.
    pub fn v4(backup_id: BackupId, compression: Compression) -> Self {
        Self {
            version: VERSION,
            is_encrypted: true,
            is_compressed: compression != Compression::None,
            // Stock archives name gzip also where they compress nothing.
            compression_filter: Some(compression.filter_name().unwrap_or("gzip").to_owned()),
            hmac_algorithm: "scrypt".to_owned(),
            crypto_algorithm: None,
            backup_id: Some(backup_id),
        }
    }

    /// The lines in the order of the stock tool.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut lines = format!("version={}\n", self.version);
        let boolean = |value| if value { "True" } else { "False" };
        let mut line = |key, value: &str| {
            lines.push_str(key);
            lines.push('=');
            lines.push_str(value);
            lines.push('\n');
        };
        line(ENCRYPTED, boolean(self.is_encrypted));
        line(COMPRESSED, boolean(self.is_compressed));
        if let Some(filter) = &self.compression_filter {
            line(COMPRESSION_FILTER, filter);
        }
        line(HMAC_ALGORITHM, &self.hmac_algorithm);
        if let Some(cipher) = &self.crypto_algorithm {
            line(CRYPTO_ALGORITHM, cipher);
        }
        if let Some(id) = &self.backup_id {
            line(BACKUP_ID, id.as_str());
        }
        lines.into_bytes()
    }

    /// What stands for the header of the first archives of format 2, which have none: the digest that `openssl dgst` took
    /// where it was not told any, and the one cipher. Whether they are encrypted is for their user to say, and whether
    /// they are compressed has to be looked at part by part.
    pub fn unwritten(is_encrypted: bool) -> Self {
        Self {
            version: UNSAID_VERSION,
            is_encrypted,
            is_compressed: false,
            compression_filter: None,
            hmac_algorithm: "MD5".to_owned(),
            crypto_algorithm: Some("aes-256-cbc".to_owned()),
            backup_id: None,
        }
    }

    /// Reads a header that has been authenticated.
    ///
    /// # Errors
    /// When it is none, says something twice, leaves out what its version needs, or is of a version that is not read.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let lines = Lines::parse(bytes)?;
        let unsupported = |version: &str| HeaderError::UnsupportedVersion {
            version: version.to_owned(),
        };
        let version = match lines.value(VERSION_KEY)? {
            Some(text) => text.parse::<u32>().map_err(|_| unsupported(text))?,
            None => UNSAID_VERSION,
        };
        if version != VERSION && !OLD_VERSIONS.contains(&version) {
            return Err(unsupported(&version.to_string()));
        }
        let is_old = version != VERSION;
        let header = Self {
            version,
            is_encrypted: boolean(lines.required(ENCRYPTED)?),
            is_compressed: boolean(lines.required(COMPRESSED)?),
            compression_filter: lines.value(COMPRESSION_FILTER)?.map(str::to_owned),
            hmac_algorithm: lines.required(HMAC_ALGORITHM)?.to_owned(),
            crypto_algorithm: lines.value(CRYPTO_ALGORITHM)?.map(str::to_owned),
            backup_id: if is_old { None } else { Some(backup_id(&lines)?) },
        };
        // What is compressed with nothing cannot be named to its user.
        if header.is_compressed && header.compression_filter.as_deref() == Some("") {
            return Err(missing(COMPRESSION_FILTER));
        }
        if is_old { header.checked_old() } else { header.checked() }
    }

    fn checked(self) -> Result<Self, HeaderError> {
        if self.is_compressed && self.compression_filter.is_none() {
            return Err(missing(COMPRESSION_FILTER));
        }
        Ok(self)
    }

    /// The old formats encrypt only on demand, and knew one compressor before they had a line to name it.
    fn checked_old(mut self) -> Result<Self, HeaderError> {
        if self.is_encrypted && self.crypto_algorithm.is_none() {
            return Err(missing(CRYPTO_ALGORITHM));
        }
        if self.is_compressed && (self.compression_filter.is_none() || self.version == UNSAID_VERSION) {
            self.compression_filter = Some("gzip".to_owned());
        }
        Ok(self)
    }

    /// How the inner archives are compressed; as error the name of a compressor that this program does not have.
    ///
    /// # Errors
    /// See above.
    pub fn compression(&self) -> Result<Compression, String> {
        match &self.compression_filter {
            Some(filter) if self.is_compressed => Compression::from_filter_name(filter).ok_or_else(|| filter.clone()),
            _ => Ok(Compression::None),
        }
    }

    /// What decompresses the inner archives: what its user has chosen by a name, and else what the header names if it is
    /// built in. Where nothing is compressed, nothing is decompressed, whatever was chosen.
    ///
    /// # Errors
    /// The name of a compressor that this program does not have.
    pub fn filter(&self, chosen: Option<&str>) -> Result<Filter, String> {
        match chosen.filter(|_| self.is_compressed) {
            Some(name) => Ok(Filter::chosen(name)),
            None => self.compression().map(Filter::BuiltIn),
        }
    }
}

/// The version that a header claims which nobody has authenticated yet; 2 where it is a header and says none. None where
/// it is no header, or the version is no number.
pub fn peek_version(unauthenticated: &[u8]) -> Option<u32> {
    let lines = Lines::parse(unauthenticated).ok()?;
    match lines.first(VERSION_KEY) {
        Some(version) => version.parse().ok(),
        None => lines.first(HMAC_ALGORITHM).map(|_| UNSAID_VERSION),
    }
}

fn backup_id(lines: &Lines) -> Result<BackupId, HeaderError> {
    let text = lines.required(BACKUP_ID)?;
    BackupId::parse(text).ok_or_else(|| bad_value(BACKUP_ID, text))
}

const VERSION_KEY: &str = "version";
const ENCRYPTED: &str = "encrypted";
const COMPRESSED: &str = "compressed";
const COMPRESSION_FILTER: &str = "compression-filter";
const HMAC_ALGORITHM: &str = "hmac-algorithm";
const CRYPTO_ALGORITHM: &str = "crypto-algorithm";
const BACKUP_ID: &str = "backup-id";

/// The lines of a header as pairs.
struct Lines<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Lines<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        if bytes.len() as u64 > limits::HEADER_BYTES {
            return Err(HeaderError::TooLong {
                bytes: bytes.len() as u64,
                limit: limits::HEADER_BYTES,
            });
        }
        if !bytes.is_ascii() {
            return Err(HeaderError::NotAscii);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| HeaderError::NotAscii)?;
        let mut lines = Vec::new();
        for line in text.lines() {
            let (key, value) = line
                .trim()
                .split_once('=')
                .filter(|(key, value)| !key.is_empty() && is_plain(key) && !value.contains('='))
                .ok_or_else(|| HeaderError::Line {
                    line: shown(line.as_bytes()),
                })?;
            lines.push((key, value));
        }
        Ok(Self(lines))
    }

    /// The first value of a key, whatever it is.
    fn first(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(found, _)| *found == key).map(|(_, value)| *value)
    }

    /// The value of a known key: said once, and of plain characters only.
    fn value(&self, key: &'static str) -> Result<Option<&'a str>, HeaderError> {
        let mut values = self
            .0
            .iter()
            .filter(|(found, _)| *found == key)
            .map(|(_, value)| *value);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(HeaderError::Twice { key });
        }
        if !is_plain(value) {
            return Err(bad_value(key, value));
        }
        Ok(Some(value))
    }

    fn required(&self, key: &'static str) -> Result<&'a str, HeaderError> {
        self.value(key)?.ok_or_else(|| missing(key))
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn boolean(value: &str) -> bool {
    ["1", "true", "yes"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

fn missing(key: &'static str) -> HeaderError {
    HeaderError::Missing { key }
}

fn bad_value(key: &'static str, value: &str) -> HeaderError {
    let value = shown(value.as_bytes());
    HeaderError::Value { key, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOCK: &str = "version=4\nencrypted=True\ncompressed=True\ncompression-filter=gzip\n\
                         hmac-algorithm=scrypt\nbackup-id=20260102T030405-1012\n";

    const OLD: &str = "version=3\nhmac-algorithm=SHA512\ncrypto-algorithm=aes-256-cbc\nencrypted=True\n\
                       compressed=True\ncompression-filter=gzip\n";

    fn parse(text: &str) -> Result<Header, HeaderError> {
        Header::parse(text.as_bytes())
    }

    #[test]
    fn a_compressor_without_a_name_is_none_at_all() {
        for header in [STOCK, OLD] {
            let nameless = header.replace("filter=gzip", "filter=");
            assert_eq!(parse(&nameless), Err(missing(COMPRESSION_FILTER)));
            parse(&nameless.replace("compressed=True", "compressed=False")).unwrap();
        }
    }

    #[test]
    fn it_is_written_as_the_stock_tool_writes_it() {
        let id = BackupId::parse("20260102T030405-1012").unwrap();
        let header = Header::v4(id.clone(), Compression::Gzip);
        assert_eq!(header.to_bytes(), STOCK.as_bytes());
        assert_eq!(parse(STOCK).unwrap(), header);
        let plain = Header::v4(id, Compression::None);
        assert_eq!(
            String::from_utf8(plain.to_bytes()).unwrap(),
            STOCK.replace("compressed=True", "compressed=False")
        );
        assert_eq!(plain.compression(), Ok(Compression::None));
    }

    #[test]
    fn order_line_ends_blanks_and_unknown_keys_are_free() {
        let text = "backup-id=a-1\r\n  compressed=no \r\nx-y=? ?\nencrypted=0\nhmac-algorithm=SHA512\nversion=04";
        let header = parse(text).unwrap();
        assert_eq!((header.is_compressed, header.is_encrypted), (false, false));
        assert_eq!(header.backup_id.unwrap().as_str(), "a-1");
    }

    fn is_of_content(error: &HeaderError) -> bool {
        !matches!(
            error,
            HeaderError::TooLong { .. } | HeaderError::UnsupportedVersion { .. }
        )
    }

    #[test]
    fn what_the_stock_reader_refuses_is_refused() {
        for (from, to) in [
            ("version=4\n", "version=4\n\n"),
            ("version=4\n", "version=4\nversion=4\n"),
            ("version=4", "version"),
            ("version=4", "ver sion=4\nversion=4"),
            ("encrypted=True\n", ""),
            ("compressed=True\n", ""),
            ("compression-filter=gzip\n", ""),
            ("compression-filter=gzip", "compression-filter=gz=ip"),
            ("compression-filter=gzip", "compression-filter=../gzip"),
            ("hmac-algorithm=scrypt\n", ""),
            ("backup-id=20260102T030405-1012", "backup-id="),
            ("backup-id=20260102T030405-1012", "backup-id=-1"),
            ("backup-id=20260102T030405-1012", "backup-id=a!b"),
            ("gzip", "gzïp"),
        ] {
            let text = STOCK.replace(from, to);
            assert_ne!(text, STOCK);
            assert!(parse(&text).is_err_and(|error| is_of_content(&error)), "{text}");
        }
        assert!(parse("").is_err());
        let of_bytes = |bytes: u64| parse(&format!("{STOCK}x={:y<1$}", "", bytes as usize - STOCK.len() - 2));
        let [most, more] = [0, 1].map(|more| of_bytes(limits::HEADER_BYTES + more));
        assert!(most.is_ok() && matches!(more, Err(HeaderError::TooLong { .. })));
    }

    #[test]
    fn other_versions_are_named() {
        for (version, named) in [
            ("version=0", "0"),
            ("version=1", "1"),
            ("version=5", "5"),
            ("version=-4", "-4"),
            ("version=x", "x"),
        ] {
            let error = parse(&STOCK.replace("version=4", version)).unwrap_err();
            assert!(matches!(error, HeaderError::UnsupportedVersion { version } if version == named));
        }
        assert_eq!(peek_version(STOCK.as_bytes()), Some(4));
        assert_eq!(peek_version(&OLD.as_bytes()[..OLD.len() / 2]), Some(3));
        assert_eq!(peek_version(b"hmac-algorithm=SHA512\nencrypted=True\n"), Some(2));
        for garbage in [
            &b"\xff"[..],
            b"",
            b"encrypted=True\n",
            b"version=x\n",
            b"version\n",
            b"a=b",
        ] {
            assert_eq!(peek_version(garbage), None);
        }
    }

    #[test]
    fn the_headers_of_the_old_formats_are_read() {
        let header = parse(OLD).unwrap();
        assert_eq!((header.version, header.backup_id.as_ref()), (3, None));
        assert!(header.is_encrypted && header.compression() == Ok(Compression::Gzip));
        assert_eq!(
            (&*header.hmac_algorithm, header.crypto_algorithm.as_deref()),
            ("SHA512", Some("aes-256-cbc"))
        );
        let filter = |text: &str| parse(text).unwrap().compression_filter;
        assert_eq!(filter(&OLD.replace("=gzip", "=bzip2")).unwrap(), "bzip2");
        assert_eq!(filter(&OLD.replace("compression-filter=gzip\n", "")).unwrap(), "gzip");
        // Nothing said of the version is 2, which may also be said; it knew one compressor.
        for second in [OLD.replace("version=3\n", ""), OLD.replace("=3", "=2")] {
            assert_eq!(
                parse(&second).unwrap(),
                Header {
                    version: 2,
                    ..header.clone()
                }
            );
            assert_eq!(filter(&second.replace("=gzip", "=bzip2")).unwrap(), "gzip");
        }
        let plain = OLD.replace("True", "False").replace("compression-filter=gzip\n", "");
        let plain = parse(&plain.replace("crypto-algorithm=aes-256-cbc\n", "")).unwrap();
        assert_eq!(
            (plain.is_encrypted, plain.compression()),
            (false, Ok(Compression::None))
        );
    }

    #[test]
    fn old_headers_say_what_they_need_to() {
        for key in [
            "hmac-algorithm=SHA512",
            "crypto-algorithm=aes-256-cbc",
            "encrypted=True",
            "compressed=True",
        ] {
            for version in ["version=3\n", "version=2\n", ""] {
                let text = OLD.replace("version=3\n", version).replace(&format!("{key}\n"), "");
                assert!(parse(&text).is_err_and(|error| is_of_content(&error)), "{text}");
            }
        }
        let twice = format!("{OLD}encrypted=False\n");
        assert_eq!(parse(&twice), Err(HeaderError::Twice { key: ENCRYPTED }));
    }

    #[test]
    fn the_filter_counts_only_where_something_is_compressed() {
        assert_eq!(parse(STOCK).unwrap().compression(), Ok(Compression::Gzip));
        let plain = STOCK
            .replace("compressed=True", "compressed=False")
            .replace("gzip", "arj");
        assert_eq!(parse(&plain).unwrap().compression(), Ok(Compression::None));
        let unknown = parse(&STOCK.replace("gzip", "arj")).unwrap();
        assert_eq!(unknown.compression(), Err("arj".to_owned()));
    }

    #[test]
    fn what_the_user_has_chosen_counts_more_than_the_header() {
        let stock = parse(STOCK).unwrap();
        assert_eq!(stock.filter(None), Ok(Filter::BuiltIn(Compression::Gzip)));
        assert_eq!(stock.filter(Some("zstdmt")), Ok(Filter::BuiltIn(Compression::Zstd)));
        assert_eq!(stock.filter(Some("arj")), Ok(Filter::Program("arj".to_owned())));
        let unknown = parse(&STOCK.replace("gzip", "arj")).unwrap();
        assert_eq!(unknown.filter(None), Err("arj".to_owned()));
        assert_eq!(unknown.filter(Some("xz")), Ok(Filter::BuiltIn(Compression::Xz)));
        let plain = parse(&STOCK.replace("compressed=True", "compressed=False")).unwrap();
        assert_eq!(plain.filter(Some("arj")), Ok(Filter::BuiltIn(Compression::None)));
    }

    #[test]
    fn an_id_says_when_the_backup_was_made() {
        let made = |id: &str| BackupId::parse(id).unwrap().made_text();
        assert_eq!(made("20260102T030405-1012").unwrap(), "2026-01-02 03:04:05");
        assert_eq!(made("20261302T030405-1012"), None);
        assert_eq!(made("abc"), None);
        for text in ["", "-1", "a!b", "a b", "ä"] {
            assert_eq!(BackupId::parse(text), None, "{text}");
        }
        let id = BackupId::new(SystemTime::now(), 42);
        assert!(id.as_str().ends_with("-42") && id.made_text().is_some());
        assert_eq!(BackupId::parse(id.as_str()), Some(id));
    }
}
