// SPDX-License-Identifier: GPL-3.0-or-later
//! The words of a request.

/// The longest request that is served, in bytes, from the first word to the end of the payload.
pub(crate) const LONGEST_REQUEST_BYTES: usize = 65536;

/// A request whose frame is right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// What follows the first plus of the method's word; empty where there is none.
    pub(crate) argument: String,
    pub(crate) source: String,
    pub(crate) destination: String,
    pub(crate) payload: Vec<u8>,
}

impl Request {
    /// Reads a request; `None` where its frame is wrong, for which the daemon closes without a word.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LONGEST_REQUEST_BYTES {
            return None;
        }
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let header = std::str::from_utf8(&bytes[..end]).ok()?;
        if !header.is_ascii() {
            return None;
        }
        let words: Vec<&str> = header.splitn(4, ' ').collect();
        let [word, source, kind, destination] = words[..] else {
            return None;
        };
        let (method, argument) = word.split_once('+').unwrap_or((word, ""));
        let destination = match kind {
            "name" => destination,
            "keyword" if destination == "adminvm" => "dom0",
            _ => return None,
        };
        Some(Self {
            method: method.to_owned(),
            argument: argument.to_owned(),
            source: source.to_owned(),
            destination: destination.to_owned(),
            payload: bytes[end + 1..].to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Request;

    #[test]
    fn an_argument_may_contain_a_plus_and_a_destination_a_blank() {
        let request = Request::parse(b"m+a+b dom0 name x y\0p\0q").unwrap();
        assert_eq!((request.method.as_str(), request.argument.as_str()), ("m", "a+b"));
        assert_eq!(request.destination, "x y");
        assert_eq!(request.payload, b"p\0q");
    }

    #[test]
    fn a_wrong_frame_is_none() {
        for bytes in [&b"m dom0 name dom0"[..], b"m dom0 name\0", b"m dom0 uuid dom0\0", b""] {
            assert_eq!(Request::parse(bytes), None);
        }
    }
}
