// SPDX-License-Identifier: GPL-3.0-or-later
//! An answer of the operating system as a part of other errors, which can be cloned and compared.

use std::{error::Error, fmt, io, ops::Deref, sync::Arc};

/// An [`io::Error`] behind a shared pointer. Two are equal when they are of one kind and have the same number of the
/// system; their words, which depend on the C library, do not count.
#[derive(Debug, Clone)]
pub struct IoError(Arc<io::Error>);

impl Deref for IoError {
    type Target = io::Error;

    fn deref(&self) -> &io::Error {
        &self.0
    }
}

impl PartialEq for IoError {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.raw_os_error() == other.raw_os_error()
    }
}

impl Eq for IoError {}

impl From<io::Error> for IoError {
    fn from(error: io::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<Arc<io::Error>> for IoError {
    fn from(error: Arc<io::Error>) -> Self {
        Self(error)
    }
}

impl From<io::ErrorKind> for IoError {
    fn from(kind: io::ErrorKind) -> Self {
        io::Error::from(kind).into()
    }
}

impl fmt::Display for IoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for IoError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_equal_by_kind_and_number() {
        let full = || IoError::from(io::Error::from_raw_os_error(28));
        assert_eq!(full(), full().clone());
        assert_ne!(full(), io::ErrorKind::StorageFull.into());
        assert_eq!(IoError::from(io::ErrorKind::NotFound), io::ErrorKind::NotFound.into());
        assert_ne!(IoError::from(io::ErrorKind::NotFound), io::ErrorKind::BrokenPipe.into());
    }
}
