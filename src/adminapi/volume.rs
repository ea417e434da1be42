// SPDX-License-Identifier: GPL-3.0-or-later
//! Volumes, and where the data of one are taken in.

use std::path::{Path, PathBuf};

use super::{
    error::{AnswerError, AnswerFault},
    pairs::Pairs,
    scan::{Span, lines},
};

/// What the daemon says of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminVolume {
    /// The pool it lies in.
    pub pool: String,
    /// Its name in that pool.
    pub vid: String,
    /// Its size in bytes.
    pub size: u64,
    /// How many bytes of the pool it uses.
    pub usage: Option<u64>,
    /// Whether its VM may write to it.
    pub is_writable: bool,
    /// The volume whose content it begins with.
    pub source: Option<String>,
    /// Where a running VM finds it; what that is differs from driver to driver.
    pub path: Option<String>,
    /// Whether what its VM writes is kept.
    pub is_kept: bool,
    /// Whether it begins anew with the content of its source whenever its VM starts.
    pub is_snapshot: bool,
    /// How many old contents are kept; -1: its VM writes to it directly.
    pub revisions_to_keep: i64,
    /// Whether its content is encrypted with a key that nobody keeps.
    pub is_ephemeral: bool,
    /// Whether its source has changed since its VM started.
    pub is_outdated: Option<bool>,
    /// What else the answer says.
    pub more: Vec<(String, String)>,
}

impl AdminVolume {
    /// Reads what the daemon says of one volume.
    ///
    /// # Errors
    /// When something is missing that decides how the volume is read or filled, or a value does not fit.
    pub fn parse(content: &[u8]) -> Result<Self, AnswerError> {
        let mut pairs = Pairs::read(lines(content)?, content.len())?;
        let some = |value: Option<Span<'_>>| {
            let text = value.map(|value| value.text.to_owned());
            text.filter(|text| !text.is_empty() && text != "None")
        };
        Ok(Self {
            pool: pairs.need("pool")?.text.to_owned(),
            vid: pairs.need("vid")?.text.to_owned(),
            size: pairs.need("size")?.number("size")?,
            usage: pairs.number("usage")?,
            is_writable: pairs.need("rw")?.truth("rw")?,
            source: some(pairs.take("source")),
            path: some(pairs.take("path")),
            is_kept: pairs.need("save_on_stop")?.truth("save_on_stop")?,
            is_snapshot: pairs.need("snap_on_start")?.truth("snap_on_start")?,
            revisions_to_keep: pairs.need("revisions_to_keep")?.number("revisions_to_keep")?,
            is_ephemeral: pairs.truth("ephemeral")?.unwrap_or(false),
            is_outdated: pairs.truth("is_outdated")?,
            more: pairs.rest(),
        })
    }
}

/// Where the new content of a volume has to be written: `SIZE SPACE PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportTarget {
    /// The size that the volume is going to have.
    pub size: u64,
    /// A file or a device.
    pub path: PathBuf,
}

impl ImportTarget {
    /// Reads the answer to the beginning of an import.
    ///
    /// # Errors
    /// When it has no size, or the path does not begin at the root or holds a blank, a line end or `..`.
    pub fn parse(content: &[u8]) -> Result<Self, AnswerError> {
        let whole = Span::whole(content)?;
        let missing = whole.error_after(AnswerFault::Missing { name: "path".into() });
        let (size, path) = whole.split(" ").ok_or(missing)?;
        let is_plain = |c: char| c != ' ' && !c.is_control();
        let is_path = path.text.starts_with('/')
            && path.text.chars().all(is_plain)
            && path.text.split('/').all(|part| part != "..");
        if !is_path {
            return Err(path.error(AnswerFault::value("path")));
        }
        Ok(Self {
            size: size.number("size")?,
            path: Path::new(path.text).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "pool=p\nvid=v\nsize=8\nrw=True\nsource=\npath=None\nsave_on_stop=True\nsnap_on_start=False\n\
                        revisions_to_keep=-1\nnew=x=y\n";

    #[test]
    fn what_is_not_said_is_not_known() {
        let volume = AdminVolume::parse(INFO.as_bytes()).unwrap();
        assert_eq!((volume.size, volume.usage, volume.revisions_to_keep), (8, None, -1));
        assert_eq!((volume.source, volume.path, volume.is_outdated), (None, None, None));
        assert_eq!(volume.more, [("new".into(), "x=y".into())]);
    }

    #[test]
    fn what_decides_how_it_is_filled_must_be_there() {
        for name in [
            "pool",
            "vid",
            "size",
            "rw",
            "save_on_stop",
            "snap_on_start",
            "revisions_to_keep",
        ] {
            let without: String = INFO
                .split_inclusive('\n')
                .filter(|line| !line.starts_with(&format!("{name}=")))
                .collect();
            let error = AdminVolume::parse(without.as_bytes()).unwrap_err();
            assert_eq!(
                error,
                AnswerError::new(without.len(), AnswerFault::Missing { name: name.into() })
            );
        }
    }

    #[test]
    fn values_must_fit() {
        for (good, bad) in [
            ("size=8", "size=-8"),
            ("rw=True", "rw=1"),
            ("keep=-1", "keep="),
            ("new=x", "usage=x"),
        ] {
            let error = AdminVolume::parse(INFO.replace(good, bad).as_bytes()).unwrap_err();
            assert!(matches!(error.fault, AnswerFault::Value { .. }), "{bad}: {error}");
        }
    }

    #[test]
    fn only_a_plain_path_is_written_to() {
        let target = ImportTarget::parse(b"0 /dev/qubes_dom0/vm-x-private-import").unwrap();
        assert_eq!(
            (target.size, target.path.to_str()),
            (0, Some("/dev/qubes_dom0/vm-x-private-import"))
        );
        for bad in [
            "",
            "5",
            "5 ",
            "5 a",
            "x /a",
            " /a",
            "5 /a b",
            "5 /a\n",
            "5 /a/../b",
            "5  /a",
        ] {
            assert!(ImportTarget::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
