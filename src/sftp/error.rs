// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a server did not do what was asked of it.

use std::io;

use russh_sftp::{
    client::error::Error,
    protocol::{Status, StatusCode},
};

/// How much of a server's own words is kept, in characters.
const MOST_WORDS: usize = 200;

/// Why a request failed. A server's own words are in printable ASCII, and cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SftpError {
    /// There is nothing of that name.
    #[error("there is nothing of that name")]
    NotFound,
    /// The user of the server may not do that.
    #[error("not permitted")]
    NotPermitted,
    /// The disk of the server is full, or a quota is reached.
    #[error("no space left")]
    Full,
    /// The disk of the server can only be read.
    #[error("the file system is read-only")]
    ReadOnly,
    /// The server does not know this request.
    #[error("the server cannot do that")]
    Unsupported,
    /// The server refused, in its own words.
    #[error("the server refused: {said}")]
    Refused {
        /// Its words.
        said: String,
    },
    /// The connection ended.
    #[error("the connection was lost")]
    Lost,
    /// The server did not answer in time.
    #[error("the server does not answer")]
    Silent,
    /// An answer makes no sense.
    #[error("an answer makes no sense")]
    Garbled,
    /// The file ends before the size that the server said.
    #[error("the file ends early")]
    EndedEarly,
}

impl SftpError {
    /// Returns the nearest kind of an operating system's answer.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::NotFound => io::ErrorKind::NotFound,
            Self::NotPermitted => io::ErrorKind::PermissionDenied,
            Self::Full => io::ErrorKind::StorageFull,
            Self::ReadOnly => io::ErrorKind::ReadOnlyFilesystem,
            Self::Unsupported => io::ErrorKind::Unsupported,
            Self::Refused { .. } => io::ErrorKind::Other,
            Self::Lost => io::ErrorKind::ConnectionReset,
            Self::Silent => io::ErrorKind::TimedOut,
            Self::Garbled => io::ErrorKind::InvalidData,
            Self::EndedEarly => io::ErrorKind::UnexpectedEof,
        }
    }

    /// Returns whether nothing more can be asked of this session.
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::Lost | Self::Silent | Self::Garbled)
    }

    /// Returns the error that a status other than success is.
    fn of_status(status: &Status) -> Self {
        match status.status_code {
            StatusCode::NoSuchFile => Self::NotFound,
            StatusCode::PermissionDenied => Self::NotPermitted,
            StatusCode::OpUnsupported => Self::Unsupported,
            StatusCode::NoConnection | StatusCode::ConnectionLost => Self::Lost,
            // The end of a file or of a listing where none was asked for, or a success where data was.
            StatusCode::Ok | StatusCode::Eof | StatusCode::BadMessage => Self::Garbled,
            StatusCode::Failure => Self::of_words(&status.error_message),
        }
    }

    /// Servers pass their system's words on, since the protocol has one code for most of its answers.
    fn of_words(words: &str) -> Self {
        const SAYINGS: [(&str, SftpError); 6] = [
            ("no space left", SftpError::Full),
            ("quota exceeded", SftpError::Full),
            ("read-only file system", SftpError::ReadOnly),
            ("permission denied", SftpError::NotPermitted),
            ("no such file", SftpError::NotFound),
            ("not implemented", SftpError::Unsupported),
        ];
        let lower = words.to_ascii_lowercase();
        let known = SAYINGS.iter().find(|(saying, _)| lower.contains(saying));
        known.map_or_else(|| Self::Refused { said: shown(words) }, |(_, error)| error.clone())
    }
}

/// Returns words of a server in printable ASCII, cut.
fn shown(words: &str) -> String {
    let printable = |letter: char| {
        if matches!(letter, ' '..='~') { letter } else { ' ' }
    };
    let text: String = words.chars().take(MOST_WORDS).map(printable).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl From<Error> for SftpError {
    fn from(error: Error) -> Self {
        match error {
            Error::Status(status) => Self::of_status(&status),
            Error::Timeout => Self::Silent,
            Error::UnexpectedPacket => Self::Garbled,
            // The task that reads the replies has ended, whatever the reason: the stream ended, or made no sense.
            Error::IO(_) | Error::Limited(_) | Error::UnexpectedBehavior(_) => Self::Lost,
        }
    }
}

impl From<SftpError> for io::Error {
    fn from(error: SftpError) -> Self {
        Self::new(error.kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(words: &str) -> SftpError {
        SftpError::of_status(&Status {
            id: 1,
            status_code: StatusCode::Failure,
            error_message: words.to_owned(),
            language_tag: String::new(),
        })
    }

    #[test]
    fn a_failure_is_what_the_server_says_of_it() {
        assert_eq!(failure("write /x: no space left on device"), SftpError::Full);
        assert_eq!(failure("Read-only file system"), SftpError::ReadOnly);
        let said = |said: &str| SftpError::Refused { said: said.to_owned() };
        assert_eq!(failure("Failure"), said("Failure"));
        assert_eq!(failure("\u{1b}[31mred\nline ü"), said("[31mred line"));
        let SftpError::Refused { said } = failure(&"x".repeat(5000)) else {
            panic!()
        };
        assert_eq!(said.len(), MOST_WORDS);
    }
}
