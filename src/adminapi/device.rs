// SPDX-License-Identifier: GPL-3.0-or-later
//! Assignments of devices to a VM. Newer daemons have `key='value'` words with a mode and an identity of the device, older
//! ones `key=value` words of which one says whether the device is attached at every start.

mod quoted;

use super::{
    error::{AnswerError, AnswerFault},
    pairs::Pairs,
    scan::{Span, lines},
};

/// An assignment of newer daemons: the device is attached when the VM starts or the device appears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The class of the device, such as `pci`.
    pub class: String,
    /// The VM that has the device.
    pub backend: String,
    /// Where the device sits there.
    pub port: String,
    /// Which device it must be; `*` for whatever sits there.
    pub identity: String,
    /// When it is attached.
    pub mode: AssignmentMode,
    /// The VM that it is attached to.
    pub frontend: Option<String>,
    /// Options, in their order.
    pub options: Vec<(String, String)>,
}

/// When an assigned device is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignmentMode {
    /// At every start; the VM does not start without it.
    Required,
    /// Whenever it is there.
    AutoAttach,
    /// Whenever it is there and the user says yes.
    AskToAttach,
}

/// What cannot be said to the daemon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} of a device holds what the daemon does not take")]
pub struct PrintError {
    /// The key whose name or value it is.
    pub name: String,
}

impl AssignmentMode {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Required, "required"),
        (Self::AutoAttach, "auto-attach"),
        (Self::AskToAttach, "ask-to-attach"),
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(mode, _)| *mode == self);
        known.map_or("required", |(_, name)| name)
    }

    /// The mode that a word means.
    pub fn of(word: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(_, name)| *name == word);
        known.map(|(mode, _)| *mode)
    }
}

impl Assignment {
    /// Reads the assignments of a VM, one a line: a word of its own, which is repeated by what follows, and quoted words.
    ///
    /// # Errors
    /// When a line lacks the place, identity or mode of its device, or its quotes are not closed.
    pub fn parse_all(content: &[u8]) -> Result<Vec<Self>, AnswerError> {
        lines(content)?.into_iter().map(Self::parse).collect()
    }

    fn parse(line: Span<'_>) -> Result<Self, AnswerError> {
        let Some((_, rest)) = line.split(" ").filter(|(name, _)| name.text.contains('+')) else {
            return Err(line.error(AnswerFault::Missing { name: "device".into() }));
        };
        let mut pairs = quoted::Quoted::read(rest)?;
        let mode = pairs.need("mode")?;
        Ok(Self {
            class: pairs.need("devclass")?.value,
            backend: pairs.need("backend_domain")?.value,
            port: pairs.need("port_id")?.value,
            identity: pairs.need("device_id")?.value,
            mode: AssignmentMode::of(&mode.value)
                .ok_or_else(|| AnswerError::new(mode.at, AnswerFault::value("mode")))?,
            frontend: pairs.take("frontend_domain").map(|pair| pair.value),
            options: pairs.options(),
        })
    }

    /// The argument of a request to assign it, or to take it away again. The daemon reads the identity from the payload.
    pub fn argument(&self) -> String {
        format!("{}+{}+_", self.backend, self.port)
    }

    /// The payload of a request to assign it.
    ///
    /// # Errors
    /// When a value holds what cannot be sent: other than printable ASCII, or a backslash at its end, which would escape
    /// the closing quote.
    pub fn payload(&self) -> Result<String, PrintError> {
        let mut pairs = vec![
            ("device_id".to_owned(), self.identity.as_str()),
            ("port_id".to_owned(), &self.port),
            ("devclass".to_owned(), &self.class),
            ("backend_domain".to_owned(), &self.backend),
            ("mode".to_owned(), self.mode.name()),
        ];
        let frontend = self.frontend.as_deref();
        pairs.extend(frontend.map(|frontend| ("frontend_domain".to_owned(), frontend)));
        let option = |(name, value)| (format!("_{name}"), value);
        pairs.extend(self.options.iter().map(|(name, value)| option((name, value.as_str()))));
        let print = |(name, value): &(String, &str)| {
            quoted::print(name, value).ok_or_else(|| PrintError { name: name.clone() })
        };
        let words: Result<Vec<_>, _> = pairs.iter().map(print).collect();
        words.map(|words| words.join(" "))
    }
}

/// An assignment of older daemons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldAttachment {
    /// The VM that has the device.
    pub backend: String,
    /// Where the device sits there.
    pub port: String,
    /// Whether it is attached at every start, and not only now.
    pub is_lasting: bool,
    /// Options, in their order.
    pub options: Vec<(String, String)>,
}

impl OldAttachment {
    /// Reads the devices of a VM, one a line: `BACKEND+PORT key=value …`.
    ///
    /// # Errors
    /// When a line does not begin with a device, or holds a word that is no pair.
    pub fn parse_all(content: &[u8]) -> Result<Vec<Self>, AnswerError> {
        lines(content)?.into_iter().map(Self::parse).collect()
    }

    fn parse(line: Span<'_>) -> Result<Self, AnswerError> {
        let (device, rest) = line
            .split(" ")
            .map_or((line, None), |(device, rest)| (device, Some(rest)));
        let Some((backend, port)) = device.split("+") else {
            return Err(line.error(AnswerFault::Missing { name: "device".into() }));
        };
        let words = rest.into_iter().flat_map(Span::words);
        let mut pairs = Pairs::read(words, line.at + line.text.len())?;
        let is_lasting = match pairs.take("persistent").map(|value| (value.text, value)) {
            None | Some(("no" | "False", _)) => false,
            Some(("yes" | "True", _)) => true,
            Some((_, value)) => return Err(value.error(AnswerFault::value("persistent"))),
        };
        Ok(Self {
            backend: backend.text.to_owned(),
            port: port.text.to_owned(),
            is_lasting,
            options: pairs.rest(),
        })
    }

    /// The argument of a request to attach it.
    pub fn argument(&self) -> String {
        format!("{}+{}", self.backend, self.port)
    }

    /// The payload of a request to attach it.
    ///
    /// # Errors
    /// When an option's name or value holds anything but letters, digits, `_.-`, and for values `,+:`, or is named as the
    /// word that says whether it lasts.
    pub fn payload(&self) -> Result<String, PrintError> {
        let mut words = Vec::new();
        for (name, value) in &self.options {
            let fits = |text: &str, marks: &str| {
                let fits = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
                text.chars().all(fits)
            };
            if name.is_empty() || name == "persistent" || !fits(name, "_.-") || !fits(value, "_.-,+:") {
                return Err(PrintError { name: name.clone() });
            }
            words.push(format!("{name}={value}"));
        }
        words.extend(self.is_lasting.then(|| "persistent=yes".to_owned()));
        Ok(words.join(" "))
    }
}

#[cfg(test)]
mod tests;
