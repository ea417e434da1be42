// SPDX-License-Identifier: GPL-3.0-or-later
//! The stream in which the service `qubes.Restore` sends files, and the verdict with which its receiver answers.
//!
//! Both directions are here: the reader holds what comes from a VM against limits and makes no path of a name, the
//! writer is the sender's side. All numbers are little endian; a header has 32 bytes, then come the name with a NUL and
//! the content; a header of zeros ends the stream; CRC-32 runs over every byte of it.

use std::io::{self, Read, Write};

use crc32fast::Hasher;

/// The length of a header in bytes.
const HEADER_BYTES: usize = 32;
/// The length of the verdict in bytes.
pub const VERDICT_BYTES: usize = 16;
/// The longest name in bytes, its NUL included, as senders have it.
const LONGEST_NAME_BYTES: u32 = 16_384;
/// The bits of a mode that say what kind of file it is.
const KIND_MASK: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const SYMLINK: u32 = 0o120_000;

/// The verdict "received and fine".
pub const FINE: u32 = 0;
/// The verdict "not what was to be sent" (`EINVAL`).
pub const INVALID: u32 = 22;
/// The verdict "more than the receiver takes" (`EDQUOT`): at the end of a stream senders take it for fine.
pub const ENOUGH: u32 = 122;

/// Why a stream is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum QfileError {
    /// The stream could not be read.
    #[error("reading from the service: {0}")]
    Io(#[from] io::Error),
    /// It ends before its end header: the sender failed.
    #[error("the service ended in the middle of its answer")]
    Truncated,
    /// A header that no sender makes.
    #[error("the service's answer is malformed: {0}")]
    Malformed(#[from] QfileFault),
}

/// What is wrong with an entry of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QfileFault {
    /// A directory has content.
    #[error("a directory with content")]
    DirectoryContent,
    /// An entry is neither a file nor a directory nor a symbolic link.
    #[error("an entry that is not a file, directory or link")]
    Kind,
    /// A name is longer than any.
    #[error("a name that is too long")]
    LongName,
    /// A name does not end with NUL, or contains one.
    #[error("a name without its end")]
    OpenName,
    /// A name is not UTF-8.
    #[error("a name that is not UTF-8")]
    NotUtf8,
    /// There are more entries than the receiver wants.
    #[error("more than {limit} files")]
    TooManyFiles {
        /// The most that are taken.
        limit: u64,
    },
}

#[cfg(test)]
impl QfileFault {
    one_of_each! { DirectoryContent, Kind, LongName, OpenName, NotUtf8, TooManyFiles { limit: 7 } }
}

/// A file in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name as it was sent: not to be made a path of.
    pub untrusted_name: String,
    /// The length of its content in bytes.
    pub size_bytes: u64,
}

/// Reads the stream.
#[derive(Debug)]
pub struct Reader<R> {
    inner: R,
    crc: Hasher,
    /// What is left of the current file's content.
    left_bytes: u64,
    /// How many more entries are taken.
    entries_left: u64,
    most_entries: u64,
    has_ended: bool,
}

impl<R: Read> Reader<R> {
    /// A reader that takes at most so many entries, directories included.
    pub fn new(inner: R, most_entries: u64) -> Self {
        Self {
            inner,
            crc: Hasher::new(),
            left_bytes: 0,
            entries_left: most_entries,
            most_entries,
            has_ended: false,
        }
    }

    /// The next regular file, or `None` at the end of the stream. What was not read of the file before is skipped, and so
    /// are directories and symbolic links.
    ///
    /// # Errors
    /// When the stream breaks off, is malformed, or beyond the limits.
    pub fn next_file(&mut self) -> Result<Option<File>, QfileError> {
        loop {
            self.skip()?;
            if self.has_ended {
                return Ok(None);
            }
            let mut header = [0; HEADER_BYTES];
            self.fill(&mut header)?;
            let name_length = le32(&header, 0);
            let mode = le32(&header, 4);
            let size_bytes = u64::from(le32(&header, 8)) | u64::from(le32(&header, 12)) << 32;
            if name_length == 0 {
                self.has_ended = true;
                return Ok(None);
            }
            if self.entries_left == 0 {
                let limit = self.most_entries;
                return Err(QfileFault::TooManyFiles { limit }.into());
            }
            self.entries_left -= 1;
            let untrusted_name = self.name(name_length)?;
            match mode & KIND_MASK {
                REGULAR => {
                    self.left_bytes = size_bytes;
                    return Ok(Some(File {
                        untrusted_name,
                        size_bytes,
                    }));
                }
                DIRECTORY if size_bytes == 0 => {}
                DIRECTORY => return Err(QfileFault::DirectoryContent.into()),
                SYMLINK if size_bytes < u64::from(LONGEST_NAME_BYTES) => self.left_bytes = size_bytes,
                _ => return Err(QfileFault::Kind.into()),
            }
        }
    }

    /// The verdict to send: it also tells the sender that all that it sent has arrived as it was sent.
    pub fn verdict(&self, code: u32) -> [u8; VERDICT_BYTES] {
        verdict(code, self.crc.clone().finalize())
    }

    /// Whether the end header was read.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn name(&mut self, length: u32) -> Result<String, QfileError> {
        if length > LONGEST_NAME_BYTES {
            return Err(QfileFault::LongName.into());
        }
        // Fits: it was held against 16 KiB just above.
        let mut name = vec![0; length as usize];
        self.fill(&mut name)?;
        if name.pop() != Some(0) || name.contains(&0) {
            return Err(QfileFault::OpenName.into());
        }
        String::from_utf8(name).map_err(|_| QfileFault::NotUtf8.into())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), QfileError> {
        match self.inner.read_exact(buffer) {
            Ok(()) => self.crc.update(buffer),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(QfileError::Truncated),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn skip(&mut self) -> Result<(), QfileError> {
        let mut buffer = [0; 8192];
        while self.left_bytes > 0 {
            match self.read(&mut buffer) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(QfileError::Truncated),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Reads the content of the current file and ends with it; a stream that breaks off before that is an error.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left_bytes).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.inner.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.crc.update(&buffer[..count]);
        self.left_bytes -= count as u64;
        Ok(count)
    }
}

/// Writes the stream.
#[derive(Debug)]
pub struct Writer<W> {
    inner: W,
    crc: Hasher,
}

impl<W: Write> Writer<W> {
    /// Begins a stream.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            crc: Hasher::new(),
        }
    }

    /// Announces a regular file; exactly its content has to be written next.
    ///
    /// # Errors
    /// When the receiver is gone.
    pub fn file(&mut self, name: &str, permissions: u32, size_bytes: u64, modified: u32) -> io::Result<()> {
        self.header(name, REGULAR | permissions & 0o7777, size_bytes, modified)
    }

    /// Sends a directory.
    ///
    /// # Errors
    /// When the receiver is gone.
    pub fn directory(&mut self, name: &str, permissions: u32, modified: u32) -> io::Result<()> {
        self.header(name, DIRECTORY | permissions & 0o7777, 0, modified)
    }

    /// Ends the stream and gives the CRC of all of it, which the verdict has to hold.
    ///
    /// # Errors
    /// When the receiver is gone.
    pub fn finish(mut self) -> io::Result<u32> {
        self.write_all(&[0; HEADER_BYTES])?;
        self.inner.flush()?;
        Ok(self.crc.finalize())
    }

    fn header(&mut self, name: &str, mode: u32, size_bytes: u64, modified: u32) -> io::Result<()> {
        let length = u32::try_from(name.len() + 1)
            .ok()
            .filter(|length| *length <= LONGEST_NAME_BYTES)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + name.len() + 1);
        bytes.extend(length.to_le_bytes());
        bytes.extend(mode.to_le_bytes());
        bytes.extend(size_bytes.to_le_bytes());
        for number in [modified, 0, modified, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(name.as_bytes());
        bytes.push(0);
        self.write_all(&bytes)
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.crc.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A verdict on the wire: the code, four zero bytes, and the CRC in eight bytes.
pub fn verdict(code: u32, crc: u32) -> [u8; VERDICT_BYTES] {
    let mut bytes = [0; VERDICT_BYTES];
    bytes[..4].copy_from_slice(&code.to_le_bytes());
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// The code and the CRC of a verdict.
pub fn parse_verdict(bytes: [u8; VERDICT_BYTES]) -> (u32, u64) {
    let crc = u64::from(le32(&bytes, 8)) | u64::from(le32(&bytes, 12)) << 32;
    (le32(&bytes, 0), crc)
}

fn le32(bytes: &[u8], place: usize) -> u32 {
    let number = [bytes[place], bytes[place + 1], bytes[place + 2], bytes[place + 3]];
    u32::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> (Vec<u8>, u32) {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.directory("vm7", 0o700, 5).unwrap();
        writer.file("vm7/a", 0o644, 5, 7).unwrap();
        writer.write_all(b"hello").unwrap();
        writer.file("b", 0o600, 0, 7).unwrap();
        let crc = writer.finish().unwrap();
        (bytes, crc)
    }

    #[test]
    fn what_was_written_is_read() {
        let (bytes, crc) = stream();
        assert_eq!(bytes.len(), 32 + 4 + 32 + 6 + 5 + 32 + 2 + 32);
        assert_eq!(bytes[36..76][..8], [6, 0, 0, 0, 0xa4, 0x81, 0, 0]);
        let mut reader = Reader::new(bytes.as_slice(), 3);
        let file = reader.next_file().unwrap().unwrap();
        assert_eq!((file.untrusted_name.as_str(), file.size_bytes), ("vm7/a", 5));
        let mut content = String::new();
        reader.read_to_string(&mut content).unwrap();
        assert_eq!(content, "hello");
        assert_eq!(reader.next_file().unwrap().unwrap().untrusted_name, "b");
        assert!(reader.next_file().unwrap().is_none() && reader.has_ended());
        assert!(reader.next_file().unwrap().is_none());
        assert_eq!(parse_verdict(reader.verdict(ENOUGH)), (122, u64::from(crc)));
        assert_eq!(crc, crc32fast::hash(&bytes));
    }

    #[test]
    fn unread_content_is_skipped_and_counted() {
        let (bytes, crc) = stream();
        let mut reader = Reader::new(bytes.as_slice(), 3);
        while reader.next_file().unwrap().is_some() {}
        assert_eq!(reader.verdict(FINE), verdict(FINE, crc));
    }

    #[test]
    fn a_stream_that_breaks_off_anywhere_is_an_error() {
        let (bytes, _) = stream();
        for length in 0..bytes.len() {
            let mut reader = Reader::new(&bytes[..length], 9);
            let result = loop {
                match reader.next_file() {
                    Ok(Some(_)) => {}
                    other => break other,
                }
            };
            assert!(matches!(result, Err(QfileError::Truncated)), "{length}: {result:?}");
        }
    }

    #[test]
    fn what_is_beyond_all_bounds_is_refused() {
        let (bytes, _) = stream();
        let error = |bytes: &[u8], most| {
            let mut reader = Reader::new(bytes, most);
            loop {
                match reader.next_file() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("it was taken"),
                    Err(error) => break error,
                }
            }
        };
        assert!(matches!(
            error(&bytes, 2),
            QfileError::Malformed(QfileFault::TooManyFiles { limit: 2 })
        ));
        let with = |place: usize, value: u8| {
            let mut bytes = bytes.clone();
            bytes[place] = value;
            bytes
        };
        let named = |length: u32| {
            let mut bytes = vec![0; HEADER_BYTES];
            bytes[..4].copy_from_slice(&length.to_le_bytes());
            bytes[4..8].copy_from_slice(&REGULAR.to_le_bytes());
            bytes.extend(vec![b'x'; length as usize - 1]);
            bytes.push(0);
            bytes
        };
        let longest = named(LONGEST_NAME_BYTES);
        let file = Reader::new(&longest[..], 1).next_file().unwrap().unwrap();
        assert_eq!(file.untrusted_name.len(), LONGEST_NAME_BYTES as usize - 1);
        let fault = error(&named(LONGEST_NAME_BYTES + 1), 1);
        assert!(matches!(fault, QfileError::Malformed(QfileFault::LongName)));
        let linked = |bytes: u32| {
            let mut link = named(2);
            link[4..8].copy_from_slice(&SYMLINK.to_le_bytes());
            link[8..16].copy_from_slice(&u64::from(bytes).to_le_bytes());
            link.resize(link.len() + bytes as usize, b'x');
            link.extend(vec![0; HEADER_BYTES]);
            Reader::new(&link[..], 1).next_file()
        };
        assert!(matches!(linked(LONGEST_NAME_BYTES - 1), Ok(None)));
        let fault = linked(LONGEST_NAME_BYTES).unwrap_err();
        assert!(matches!(fault, QfileError::Malformed(QfileFault::Kind)));
        assert!(matches!(error(&with(3, 1), 9), QfileError::Malformed(_)));
        assert!(matches!(error(&with(35, 1), 9), QfileError::Malformed(_)));
        assert!(matches!(error(&with(33, 0), 9), QfileError::Malformed(_)));
        assert!(matches!(error(&with(33, 0xff), 9), QfileError::Malformed(_)));
        assert!(matches!(error(&with(5, 0x20), 9), QfileError::Malformed(_)));
        assert!(matches!(error(&with(8, 1), 9), QfileError::Malformed(_)));
    }
}
