// SPDX-License-Identifier: GPL-3.0-or-later
//! What the daemon answers: a success, an exception, or nothing at all before it closes.

/// The content of a success, or why there is none.
pub(crate) type Answer = Result<Vec<u8>, Refusal>;

/// How a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The connection is closed without a byte.
    Silence,
    /// An exception of that type with that text.
    Exception(String, String),
}

impl Refusal {
    pub(crate) fn new(kind: &str, text: impl Into<String>) -> Self {
        Self::Exception(kind.to_owned(), text.into())
    }

    /// `QubesValueError`.
    pub(crate) fn value(text: impl Into<String>) -> Self {
        Self::new("QubesValueError", text)
    }

    /// `QubesPropertyValueError`.
    pub(crate) fn property(text: impl Into<String>) -> Self {
        Self::new("QubesPropertyValueError", text)
    }

    /// No VM has that name.
    pub(crate) fn no_vm(name: &str) -> Self {
        Self::new("QubesVMNotFoundError", format!("No such domain: '{name}'"))
    }
}

/// A success without content.
pub(crate) fn done() -> Answer {
    Ok(Vec::new())
}

/// A success with a text.
pub(crate) fn text(text: impl Into<String>) -> Answer {
    Ok(text.into().into_bytes())
}

/// A success with one line for each.
pub(crate) fn lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> Answer {
    let mut all = String::new();
    for line in lines {
        all.push_str(line.as_ref());
        all.push('\n');
    }
    text(all)
}

/// Returns the bytes of an answer on the wire.
pub(crate) fn encode(answer: &Answer) -> Vec<u8> {
    match answer {
        Ok(content) => [b"0\0", content.as_slice()].concat(),
        Err(Refusal::Silence) => Vec::new(),
        Err(Refusal::Exception(kind, text)) => format!("2\0{kind}\0\0{text}\0").into_bytes(),
    }
}
