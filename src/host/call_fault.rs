// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a live system cannot be asked for something, and what is wrong with what it answers.

use crate::adminapi::{AnswerError, PrintError, RequestError};

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GarbledAnswer {
    /// It cannot be read.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// What it says of a volume names no place that a volume can have.
    #[error("{name} is no place of a volume")]
    Place {
        /// The name of the volume in its pool, or the path; made safe.
        name: String,
    },
}

/// Why a request cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitRequest {
    /// It cannot be sent.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What it would say of a device cannot be written.
    #[error(transparent)]
    Device(#[from] PrintError),
    /// There are no devices of the class that it is about.
    #[error("there are no devices of this class here")]
    NoSuchDeviceClass,
}

#[cfg(test)]
mod each {
    use super::*;
    use crate::adminapi::{AnswerFault, RequestPart};

    impl GarbledAnswer {
        one_of_each! {
            Answer { 0: AnswerError { at: 7, fault: AnswerFault::Cut } },
            Place { name: "x\u{1b}y".into() },
        }

        /// One of every kind, with one of every kind of what it holds.
        pub(crate) fn all() -> Vec<Self> {
            let mut all = Self::one_of_each();
            let faults = AnswerFault::one_of_each().into_iter();
            all.extend(faults.map(|fault| AnswerError { at: 7, fault }.into()));
            all
        }
    }

    impl UnfitRequest {
        one_of_each! {
            Request { 0: RequestError::TooLong { bytes: 7 } },
            Device { 0: PrintError { name: "x\u{1b}y".into() } },
            NoSuchDeviceClass,
        }

        /// One of every kind, with one of every kind of what it holds.
        pub(crate) fn all() -> Vec<Self> {
            let mut all = Self::one_of_each();
            all.extend(RequestError::one_of_each().into_iter().map(Self::Request));
            let parts = RequestPart::one_of_each().into_iter();
            all.extend(parts.map(|part| RequestError::Empty { part }.into()));
            all
        }
    }
}
