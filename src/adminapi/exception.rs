// SPDX-License-Identifier: GPL-3.0-or-later
//! What the daemon says when it does not do what was asked: the name of a class, a traceback (empty unless the daemon runs
//! for debugging), a text and the values that belong into it.

use std::borrow::Cow;

use super::{
    error::{AnswerError, AnswerFault},
    shown,
};

/// The most bytes of an exception, its traceback included.
const LONGEST_EXCEPTION_BYTES: usize = 1 << 20;
/// The most values for one text.
const MOST_FIELDS: usize = 64;

/// An exception of the daemon. Its texts are what came; [`Exception::shown`] is for eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What it means, as far as a program can act on it.
    pub kind: ExceptionKind,
    /// The name of its class.
    pub class: Vec<u8>,
    /// Where in the daemon it happened; mostly empty.
    pub traceback: Vec<u8>,
    /// The text, with places for the fields.
    pub format: Vec<u8>,
    /// The values for these places. The daemons of today send none.
    pub fields: Vec<Vec<u8>>,
}

impl Exception {
    /// Reads `CLASS 0 TRACEBACK 0 FORMAT 0 (FIELD 0)*`, which begins at `at` of an answer.
    pub(super) fn parse(answer: &[u8], at: usize) -> Result<Self, AnswerError> {
        if answer.len() - at > LONGEST_EXCEPTION_BYTES {
            let limit = LONGEST_EXCEPTION_BYTES;
            return Err(AnswerError::new(at + limit, AnswerFault::TooLong { limit }));
        }
        let cut = AnswerError::new(answer.len(), AnswerFault::Cut);
        let Some((0, texts)) = answer[at..].split_last() else {
            return Err(cut);
        };
        let mut position = at;
        let mut parts = Vec::new();
        for part in texts.split(|byte| *byte == 0) {
            if parts.len() == 3 + MOST_FIELDS {
                let limit = MOST_FIELDS;
                return Err(AnswerError::new(position, AnswerFault::TooMany { limit }));
            }
            position += part.len() + 1;
            parts.push(part.to_vec());
        }
        let mut parts = parts.into_iter();
        let (Some(class), Some(traceback), Some(format)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(cut);
        };
        Ok(Self {
            kind: ExceptionKind::of(&class),
            class,
            traceback,
            format,
            fields: parts.collect(),
        })
    }

    /// An exception of which another process tells: its class, and its message made safe.
    pub fn told(class: &str, message: &str) -> Self {
        Self {
            kind: ExceptionKind::of(class.as_bytes()),
            class: class.as_bytes().to_vec(),
            traceback: Vec::new(),
            format: message.replace('%', "%%").into_bytes(),
            fields: Vec::new(),
        }
    }

    /// The text with its fields in their places. `%%` is a percent sign; one that stands for nothing stays.
    pub fn message(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(self.format.len());
        let mut fields = self.fields.iter();
        let mut rest = self.format.as_slice();
        while let [byte, tail @ ..] = rest {
            let value = match (byte, tail) {
                (b'%', [b'%', ..]) => Some(Cow::Borrowed(&b"%"[..])),
                (b'%', [b'd' | b'i' | b's', ..]) => fields.next().map(|field| Cow::Borrowed(field.as_slice())),
                (b'%', [b'r', ..]) => fields.next().map(|field| quoted(field)),
                _ => None,
            };
            rest = match value {
                Some(value) => {
                    message.extend_from_slice(&value);
                    &tail[1..]
                }
                None => {
                    message.push(*byte);
                    tail
                }
            };
        }
        message
    }

    /// The message as one line, made safe and cut; empty where the daemon gave none.
    pub fn shown(&self) -> String {
        shown::shown(&self.message())
    }
}

/// A value as `%r` prints it: a number as it is, a text in quotes.
fn quoted(field: &[u8]) -> Cow<'_, [u8]> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        return Cow::Borrowed(field);
    }
    Cow::Owned([b"'", field, b"'"].concat())
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $class:literal),* $(,)?) => {
        /// The exceptions that a program can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ExceptionKind {
            $($(#[$doc])* $kind,)*
            /// Another one: its class is in [`Exception::class`].
            Other,
        }

        impl ExceptionKind {
            /// What a class of the daemon means.
            fn of(class: &[u8]) -> Self {
                $(if class == $class.as_bytes() {
                    return Self::$kind;
                })*
                Self::Other
            }

            /// Each kind with the class that it stands for.
            #[cfg(test)]
            const ALL: &[(Self, &'static str)] = &[$((Self::$kind, $class)),*];
        }
    };
}

kinds! {
    /// There is no VM of that name.
    VmNotFound = "QubesVMNotFoundError",
    /// The VM must be halted for this.
    VmNotHalted = "QubesVMNotHaltedError",
    /// The VM must run for this.
    VmNotRunning = "QubesVMNotRunningError",
    /// The VM is halted.
    VmNotStarted = "QubesVMNotStartedError",
    /// The name is taken.
    VmAlreadyExists = "QubesVMAlreadyExistsError",
    /// Another VM or a setting needs the VM.
    VmInUse = "QubesVMInUseError",
    /// The VM cannot do this now; among others, a VM that is being restored cannot be started.
    Vm = "QubesVMError",
    /// A value does not fit. Older daemons say so of taken names and unknown labels as well.
    Value = "QubesValueError",
    /// A value does not fit a property.
    PropertyValue = "QubesPropertyValueError",
    /// The VM has no such property.
    NoSuchProperty = "QubesNoSuchPropertyError",
    /// The feature is not set.
    FeatureNotFound = "QubesFeatureNotFoundError",
    /// The tag is not set.
    TagNotFound = "QubesTagNotFoundError",
    /// The tag's name does not fit.
    InvalidTag = "QubesInvalidTagError",
    /// There is no such label.
    LabelNotFound = "QubesLabelNotFoundError",
    /// The label is there already, or in use.
    LabelInUse = "QubesLabelInUseError",
    /// The label's colour does not fit.
    InvalidLabelValue = "QubesInvalidLabelValueError",
    /// The device is assigned already.
    DeviceAlreadyAssigned = "DeviceAlreadyAssigned",
    /// The pool cannot do this; among others, an import of the volume is in progress, or none is.
    StoragePool = "StoragePoolException",
    /// The pool is in use.
    PoolInUse = "QubesPoolInUseError",
    /// A backup by that profile runs already.
    BackupAlreadyRunning = "BackupAlreadyRunningError",
    /// The backup was cancelled.
    BackupCancelled = "BackupCancelledError",
    /// There is no such backup profile.
    BackupProfileNotFound = "QubesBackupProfileNotFoundError",
    /// Not permitted, or an argument that names nothing. Older daemons say nothing.
    PermissionDenied = "PermissionDenied",
    /// The request is not one that the daemon takes. Older daemons say nothing.
    Protocol = "ProtocolError",
    /// The daemon's word for anything else; only its text says more.
    General = "QubesException",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[u8]) -> Result<Exception, AnswerError> {
        Exception::parse(texts, 0)
    }

    fn message(texts: &[u8]) -> String {
        String::from_utf8(parse(texts).unwrap().message()).unwrap()
    }

    #[test]
    fn every_class_has_its_kind() {
        for (kind, class) in ExceptionKind::ALL {
            assert_eq!(parse(format!("{class}\0\0\0").as_bytes()).unwrap().kind, *kind);
        }
        assert_eq!(parse(b"KeyError\0\0\0").unwrap().kind, ExceptionKind::Other);
        assert_eq!(parse(b"\xff\0\0\0").unwrap().class, b"\xff");
    }

    #[test]
    fn its_parts_are_told_apart() {
        let exception = parse(b"A\0trace\nback\0text %s\0one\0\0").unwrap();
        assert_eq!(exception.traceback, b"trace\nback");
        assert_eq!(exception.format, b"text %s");
        assert_eq!(exception.fields, [b"one".to_vec(), Vec::new()]);
    }

    #[test]
    fn fields_stand_in_their_places_and_are_not_read_again() {
        assert_eq!(
            message(b"A\0\0%s is %d, %r %r\0%s%%\0-5\x003\0x\0"),
            "%s%% is -5, 3 'x'"
        );
    }

    #[test]
    fn a_percent_sign_never_breaks_a_text() {
        assert_eq!(message(b"A\0\x00100%% of %s, 5 % %\0"), "100% of %s, 5 % %");
        assert_eq!(message(b"A\0\0%s %s\0one\0"), "one %s");
    }

    #[test]
    fn what_is_shown_is_safe() {
        assert_eq!(
            parse(b"A\0\0a\n\x1b[31mb\xff\0").unwrap().shown(),
            "a \u{fffd}[31mb\u{fffd}"
        );
        assert_eq!(parse(b"A\0\0\0").unwrap().shown(), "");
    }

    #[test]
    fn one_that_is_cut_is_no_exception() {
        for cut in [&b""[..], b"A", b"A\0", b"A\0\0", b"A\0\0text", b"A\0\0text\0field"] {
            assert_eq!(
                parse(cut),
                Err(AnswerError::new(cut.len(), AnswerFault::Cut)),
                "{cut:?}"
            );
        }
    }

    #[test]
    fn its_size_is_bounded() {
        let most = format!("A\0\0\0{}", "x\0".repeat(MOST_FIELDS));
        assert!(parse(most.as_bytes()).is_ok(), "{:?}", parse(most.as_bytes()));
        let longest = format!("A\0{}\0\0\0", "x".repeat(LONGEST_EXCEPTION_BYTES - 5));
        assert_eq!(longest.len(), LONGEST_EXCEPTION_BYTES);
        assert!(parse(longest.as_bytes()).is_ok());
        let many = format!("A\0\0\0{}", "x\0".repeat(MOST_FIELDS + 1));
        let limit = MOST_FIELDS;
        let at = 4 + 2 * MOST_FIELDS;
        assert_eq!(
            parse(many.as_bytes()),
            Err(AnswerError::new(at, AnswerFault::TooMany { limit }))
        );
        let long = vec![0; LONGEST_EXCEPTION_BYTES + 1];
        let limit = LONGEST_EXCEPTION_BYTES;
        assert_eq!(
            parse(&long),
            Err(AnswerError::new(limit, AnswerFault::TooLong { limit }))
        );
    }
}
