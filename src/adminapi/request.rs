// SPDX-License-Identifier: GPL-3.0-or-later
//! A request as it goes over the socket: `SERVICE+ARGUMENT SOURCE name DESTINATION`, a NUL, and the payload as it is. The
//! daemon begins when the sender has closed its half of the connection.

use serde::{Deserialize, Serialize};

/// The most bytes that a request may have, payload included. The daemon closes the connection without a word on more.
pub const LONGEST_REQUEST_BYTES: usize = 65536;

/// A request that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminRequest {
    service: String,
    argument: String,
    source: String,
    destination: String,
    payload: Vec<u8>,
}

/// A part of the line that a request begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestPart {
    /// What is called.
    Service,
    /// What follows the service's plus sign.
    Argument,
    /// Who calls.
    Source,
    /// The VM that the call is about, or dom0.
    Destination,
}

/// Why a request cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RequestError {
    /// A part of the line is empty.
    #[error("a request without {part:?}")]
    Empty {
        /// The part.
        part: RequestPart,
    },
    /// A part of the line holds a byte that would end it, or that is not ASCII.
    #[error("{part:?} of a request holds the byte {byte:#04x} at {at}")]
    Byte {
        /// The part.
        part: RequestPart,
        /// The place of the byte in it.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// The daemon would not read it to its end.
    #[error("a request of {bytes} bytes, which is more than {LONGEST_REQUEST_BYTES}")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
}

impl AdminRequest {
    /// A request of dom0 without argument and payload.
    pub fn new(service: &str, destination: &str) -> Self {
        Self {
            service: service.to_owned(),
            argument: String::new(),
            source: "dom0".to_owned(),
            destination: destination.to_owned(),
            payload: Vec::new(),
        }
    }

    /// The same with an argument.
    #[must_use]
    pub fn with_argument(mut self, argument: &str) -> Self {
        argument.clone_into(&mut self.argument);
        self
    }

    /// The same from another source than dom0.
    #[must_use]
    pub fn with_source(mut self, source: &str) -> Self {
        source.clone_into(&mut self.source);
        self
    }

    /// The same with a payload.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = payload.into();
        self
    }

    /// What is called.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The VM that the call is about, or dom0.
    pub fn destination(&self) -> &str {
        &self.destination
    }

    /// The most bytes that a payload of this request may have.
    pub fn payload_room(&self) -> usize {
        LONGEST_REQUEST_BYTES.saturating_sub(self.line().len() + 1)
    }

    /// The request as bytes.
    ///
    /// # Errors
    /// When a part of its line is empty or holds a byte that does not belong there, and when the whole is too long.
    pub fn encode(&self) -> Result<Vec<u8>, RequestError> {
        self.check()?;
        let mut bytes = self.line().into_bytes();
        bytes.push(0);
        bytes.extend_from_slice(&self.payload);
        if bytes.len() > LONGEST_REQUEST_BYTES {
            return Err(RequestError::TooLong { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    fn line(&self) -> String {
        let Self {
            service,
            argument,
            source,
            destination,
            ..
        } = self;
        format!("{service}+{argument} {source} name {destination}")
    }

    fn check(&self) -> Result<(), RequestError> {
        let parts = [
            (RequestPart::Service, &self.service),
            (RequestPart::Argument, &self.argument),
            (RequestPart::Source, &self.source),
            (RequestPart::Destination, &self.destination),
        ];
        for (part, text) in parts {
            if text.is_empty() && part != RequestPart::Argument {
                return Err(RequestError::Empty { part });
            }
            let ends = |byte: u8| !byte.is_ascii_graphic() || (part == RequestPart::Service && byte == b'+');
            if let Some((at, byte)) = text.bytes().enumerate().find(|(_, byte)| ends(*byte)) {
                return Err(RequestError::Byte { part, at, byte });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
impl RequestPart {
    one_of_each! { Service, Argument, Source, Destination }
}

#[cfg(test)]
impl RequestError {
    one_of_each! {
        Empty { part: RequestPart::Service },
        Byte { part: RequestPart::Argument, at: 7, byte: 0xc3 },
        TooLong { bytes: 7 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_follows_the_line_as_it_is() {
        let request = AdminRequest::new("admin.vm.property.Set", "work")
            .with_argument("a+b")
            .with_payload(*b"\x00\n\xff");
        assert_eq!(
            request.encode().unwrap(),
            b"admin.vm.property.Set+a+b dom0 name work\x00\x00\n\xff"
        );
        let from_elsewhere = AdminRequest::new("admin.vm.List", "dom0").with_source("sys-gui");
        assert_eq!(
            from_elsewhere.encode().unwrap(),
            b"admin.vm.List+ sys-gui name dom0\x00"
        );
    }

    #[test]
    fn what_would_end_a_part_is_refused_with_its_place() {
        for byte in [0, b'\n', b' ', b'\t', 0x7f, 0x1b] {
            let text = format!("ab{}", char::from(byte));
            let good = AdminRequest::new("s", "d");
            let tries = [
                (RequestPart::Service, AdminRequest::new(&text, "d")),
                (RequestPart::Argument, good.clone().with_argument(&text)),
                (RequestPart::Source, good.with_source(&text)),
                (RequestPart::Destination, AdminRequest::new("s", &text)),
            ];
            for (part, request) in tries {
                assert_eq!(request.encode(), Err(RequestError::Byte { part, at: 2, byte }));
            }
        }
        assert!(matches!(
            AdminRequest::new("s", "ä").encode(),
            Err(RequestError::Byte { at: 0, byte: 0xc3, .. })
        ));
        assert!(AdminRequest::new("a+b", "d").encode().is_err());
    }

    #[test]
    fn only_the_argument_may_be_empty() {
        for (request, part) in [
            (AdminRequest::new("", "d"), RequestPart::Service),
            (AdminRequest::new("s", ""), RequestPart::Destination),
            (AdminRequest::new("s", "d").with_source(""), RequestPart::Source),
        ] {
            assert_eq!(request.encode(), Err(RequestError::Empty { part }));
        }
    }

    #[test]
    fn the_limit_is_known_before_anything_is_sent() {
        let request = AdminRequest::new("admin.vm.notes.Set", "work");
        let room = request.payload_room();
        let whole = request.clone().with_payload(vec![b'x'; room]).encode().unwrap();
        assert_eq!(whole.len(), LONGEST_REQUEST_BYTES);
        let bytes = LONGEST_REQUEST_BYTES + 1;
        assert_eq!(
            request.with_payload(vec![b'x'; room + 1]).encode(),
            Err(RequestError::TooLong { bytes })
        );
        assert_eq!(AdminRequest::new(&"s".repeat(bytes), "d").payload_room(), 0);
    }
}
