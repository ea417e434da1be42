// SPDX-License-Identifier: GPL-3.0-or-later
//! The names of parts, `FILE.NNN` and `FILE.NNN.enc`, and their order.
//!
//! A name that was accepted here is relative, plain ASCII, and has no empty, `.` or `..` segment; it is still no path
//! to write to.

use std::fmt;

use super::{PartNameError, PartNameFault, error::shown, limits};

/// The folder of an archive that holds dom0's home, a file named after its user.
pub const HOME_FOLDER: &str = "dom0-home";

/// What the members of an encrypted archive end in.
const ENCRYPTED_SUFFIX: &str = ".enc";

/// One part of one file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartName {
    file: String,
    number: u32,
}

impl PartName {
    /// The part of that number of a file such as `vm6/private.img`.
    ///
    /// # Errors
    /// When the file's name cannot stand in an archive.
    pub fn new(file: &str, number: u32) -> Result<Self, PartNameError> {
        check_name(file)?;
        Self::numbered(file, number)
    }

    /// The file's name has been checked.
    fn numbered(file: &str, number: u32) -> Result<Self, PartNameError> {
        if number > limits::PART_NUMBER {
            return Err(bad_name(file, PartNameFault::TooManyParts));
        }
        Ok(Self {
            file: file.to_owned(),
            number,
        })
    }

    /// Reads the name of a member, with its `.enc`.
    ///
    /// # Errors
    /// When it is no such name.
    pub fn parse_member(name: &str) -> Result<Self, PartNameError> {
        let part = name
            .strip_suffix(ENCRYPTED_SUFFIX)
            .ok_or_else(|| bad_name(name, PartNameFault::NotEncrypted))?;
        Self::parse(part)
    }

    /// Reads the name of a part, without `.enc`.
    ///
    /// # Errors
    /// When it is no such name.
    pub fn parse(name: &str) -> Result<Self, PartNameError> {
        let (file, number) = split_number(name)?;
        Self::new(file, number)
    }

    /// Reads the name of a member of formats 3 and 2, which is that of the part itself. There a folder that was taken as a
    /// whole is the file `.` in it: `vm1/..000` is the first part of `vm1/.`.
    ///
    /// # Errors
    /// When it is no such name.
    pub fn parse_old_member(name: &str) -> Result<Self, PartNameError> {
        let (file, number) = split_number(name)?;
        check_name(file.strip_suffix("/.").unwrap_or(file))?;
        Self::numbered(file, number)
    }

    /// The file that it is a part of.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Its number, from zero.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The name of its member in an archive of format 4. In older ones it is the part's own.
    pub fn member(&self) -> String {
        format!("{self}{ENCRYPTED_SUFFIX}")
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.file, self.number)
    }
}

/// Whether a name can stand in an archive so that every reader takes it for the same relative name.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), PartNameError> {
    if name.is_empty() {
        return Err(bad_name(name, PartNameFault::Empty));
    }
    // The exclamation mark separates the name from the passphrase.
    if !name
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'!'))
    {
        return Err(bad_name(name, PartNameFault::Characters));
    }
    if name.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(bad_name(name, PartNameFault::NotRelative));
    }
    Ok(())
}

/// Cuts the number off a part's name.
fn split_number(name: &str) -> Result<(&str, u32), PartNameError> {
    let not_numbered = || bad_name(name, PartNameFault::NotNumbered);
    let (file, digits) = name.rsplit_once('.').ok_or_else(not_numbered)?;
    let is_canonical = digits.len() == 3 || (digits.len() > 3 && !digits.starts_with('0'));
    if !is_canonical || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(not_numbered());
    }
    Ok((file, digits.parse().map_err(|_| not_numbered())?))
}

fn bad_name(name: &str, fault: PartNameFault) -> PartNameError {
    PartNameError {
        name: shown(name.as_bytes()),
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printed_as_they_are_read() {
        for name in [
            "qubes.xml.000",
            "vm6/private.img.007",
            "dom0-home/user.999",
            "vm6/private.img.1000",
        ] {
            assert_eq!(PartName::parse(name).unwrap().to_string(), name);
            let member = format!("{name}.enc");
            assert_eq!(PartName::parse_member(&member).unwrap().member(), member);
        }
        let part = PartName::parse("vm6/private.img.1000").unwrap();
        assert_eq!((part.file(), part.number()), ("vm6/private.img", 1000));
    }

    #[test]
    fn names_that_are_not_plain_are_refused() {
        for name in [
            "",
            ".000",
            "a",
            "a.",
            "a.00",
            "a.0000",
            "a.0999",
            "a.-01",
            "a.+01",
            "a.1e3",
            "a.99999999999",
            "a.٠٠٠",
            "/a.000",
            "a//b.000",
            "./a.000",
            "a/./b.000",
            "../a.000",
            "a/../b.000",
            "a/...000",
            "a/.000",
            "é.000",
            "a\n.000",
            "a\\b.000",
            "a!b.000",
            "a/.001",
        ] {
            assert!(PartName::parse(name).is_err(), "{name:?}");
        }
        assert!(PartName::parse_member("vm6/private.img.000").is_err());
        assert!(PartName::parse_member(".enc").is_err());
    }

    #[test]
    fn a_folder_taken_as_a_whole_is_a_file_in_old_archives() {
        for (name, file) in [
            ("vm1/..000", "vm1/."),
            ("vm-templates/fedora-23/..012", "vm-templates/fedora-23/."),
            ("appvms/work/private.img.000", "appvms/work/private.img"),
            ("vm7/apps.templates.000", "vm7/apps.templates"),
            ("dom0-home/user.000", "dom0-home/user"),
        ] {
            let part = PartName::parse_old_member(name).unwrap();
            assert_eq!((part.file(), &*part.to_string()), (file, name));
        }
        for name in [
            "..000",
            "/..000",
            "vm1//..000",
            "vm1/./..000",
            "vm1/...000",
            "../..000",
            "vm1/../..000",
            "vm1/..000.hmac",
            "vm1/private.img.000.enc",
            "vm1/private.img",
        ] {
            assert!(PartName::parse_old_member(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_highest_part_number_is_believed_and_no_higher_one() {
        let most = limits::PART_NUMBER;
        assert_eq!(PartName::new("a", most).unwrap().number(), most);
        assert!(PartName::parse(&format!("a.{most}")).is_ok());
        assert!(PartName::new("a", most + 1).is_err());
        assert!(PartName::parse(&format!("a.{}", most + 1)).is_err());
    }
}
