// SPDX-License-Identifier: GPL-3.0-or-later
//! Properties of a VM or of the whole system: one by itself, its default, and all of them in one answer, where values are
//! escaped so that each stays on its line.

use super::{
    error::{AnswerError, AnswerFault},
    scan::{Span, lines},
};

/// A property with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// What it is.
    pub value: PropertyValue,
}

/// What a property is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyValue {
    /// Whether it was not set, so that the value is the default.
    pub is_default: bool,
    /// What the value means.
    pub kind: PropertyType,
    /// The value as it came; empty for none.
    pub value: String,
}

/// What the value of a property means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyType {
    /// A text.
    Text,
    /// A whole number, or not set.
    Number,
    /// `True`, `False`, or not set.
    Truth,
    /// The name of a VM, or none.
    Vm,
    /// The name of a label, or none.
    Label,
    /// A word that is not known.
    Other(String),
}

impl PropertyType {
    fn of(word: &str) -> Self {
        match word {
            "str" => Self::Text,
            "int" => Self::Number,
            "bool" => Self::Truth,
            "vm" => Self::Vm,
            "label" => Self::Label,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl PropertyValue {
    /// Reads one property that was asked for: the value is not escaped and may have several lines.
    ///
    /// # Errors
    /// When the answer does not say whether it is the default, or of what type.
    pub fn parse(content: &[u8]) -> Result<Self, AnswerError> {
        Self::read(Span::whole(content)?)
    }

    /// Reads the default of a property; `None` where it has none. A default is its own default.
    ///
    /// # Errors
    /// When the answer is neither empty nor a type and a value.
    pub fn parse_default(content: &[u8]) -> Result<Option<Self>, AnswerError> {
        let whole = Span::whole(content)?;
        if whole.text.is_empty() {
            return Ok(None);
        }
        let (kind, value) = read_type(whole)?;
        Ok(Some(Self {
            is_default: true,
            kind,
            value: value.text.to_owned(),
        }))
    }

    fn read(text: Span<'_>) -> Result<Self, AnswerError> {
        let (is_default, rest) = read_word(text, "default")?;
        let is_default = is_default.truth("default")?;
        let (kind, value) = read_type(rest)?;
        Ok(Self {
            is_default,
            kind,
            value: value.text.to_owned(),
        })
    }

    /// The truth value, where the property is one and is set.
    pub fn truth(&self) -> Option<bool> {
        match (&self.kind, self.value.as_str()) {
            (PropertyType::Truth, "True") => Some(true),
            (PropertyType::Truth, "False") => Some(false),
            _ => None,
        }
    }

    /// The VM or label, where the property names one.
    pub fn reference(&self) -> Option<&str> {
        let is_reference = matches!(self.kind, PropertyType::Vm | PropertyType::Label);
        Some(self.value.as_str()).filter(|name| is_reference && !name.is_empty())
    }
}

impl Property {
    /// Reads all properties of one VM, or of the system.
    ///
    /// # Errors
    /// When a line makes no sense or holds a wrong escape, and when a name stands there twice.
    pub fn parse_all(content: &[u8]) -> Result<Vec<Self>, AnswerError> {
        let mut names = std::collections::BTreeSet::new();
        let mut properties = Vec::new();
        for line in lines(content)? {
            let Some((name, rest)) = line.split(" ").filter(|(name, _)| !name.text.is_empty()) else {
                return Err(line.error(AnswerFault::Missing { name: "name".into() }));
            };
            if !names.insert(name.text) {
                return Err(line.error(AnswerFault::twice(name.text)));
            }
            let text = unescape(rest.text).map_err(|error| AnswerError::new(rest.at + error.at, error.fault))?;
            // Only the value, which is last, holds escapes: what is before it stands where it stood.
            let value = PropertyValue::read(Span {
                at: rest.at,
                text: &text,
            })?;
            properties.push(Self {
                name: name.text.to_owned(),
                value,
            });
        }
        Ok(properties)
    }
}

fn read_type(text: Span<'_>) -> Result<(PropertyType, Span<'_>), AnswerError> {
    let (kind, value) = read_word(text, "type")?;
    Ok((PropertyType::of(kind.text), value))
}

/// The value of the word `name=` that a text begins with, and what follows its blank.
fn read_word<'a>(text: Span<'a>, name: &'static str) -> Result<(Span<'a>, Span<'a>), AnswerError> {
    let missing = text.error(AnswerFault::Missing { name: name.into() });
    let (word, rest) = text.split(" ").ok_or_else(|| missing.clone())?;
    match word.split("=") {
        Some((key, value)) if key.text == name && !value.text.is_empty() => Ok((value, rest)),
        _ => Err(missing),
    }
}

/// A value as it stands in the answer that has all properties: one line.
pub fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n")
}

/// Undoes [`escape`].
///
/// # Errors
/// When a backslash stands before anything but a backslash or an `n`.
pub fn unescape(value: &str) -> Result<String, AnswerError> {
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.char_indices();
    while let Some((at, c)) = characters.next() {
        let c = match c {
            '\\' => match characters.next() {
                Some((_, '\\')) => '\\',
                Some((_, 'n')) => '\n',
                _ => return Err(AnswerError::new(at, AnswerFault::Escape)),
            },
            c => c,
        };
        plain.push(c);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn missing(at: usize, name: &'static str) -> AnswerError {
        AnswerError::new(at, AnswerFault::Missing { name: name.into() })
    }

    #[test]
    fn a_single_value_is_not_escaped() {
        let value = PropertyValue::parse(b"default=False type=str a\\nb \nc ").unwrap();
        assert_eq!(value.value, "a\\nb \nc ");
        assert!(!value.is_default);
    }

    #[test]
    fn values_of_all_properties_are_escaped_once() {
        let all = Property::parse_all(b"a default=True type=str x\\\\ny\\nz\nb default=False type=vm \n").unwrap();
        assert_eq!(all[0].value.value, "x\\ny\nz");
        assert_eq!((all[1].name.as_str(), all[1].value.reference()), ("b", None));
    }

    #[test]
    fn values_mean_what_their_type_says() {
        let value = |text: &str| PropertyValue::parse(format!("default=True type={text}").as_bytes()).unwrap();
        assert_eq!(value("bool True").truth(), Some(true));
        assert_eq!(value("bool False").truth(), Some(false));
        assert_eq!((value("bool ").truth(), value("str True").truth()), (None, None));
        assert_eq!(value("vm dom0").reference(), Some("dom0"));
        assert_eq!(value("label red").reference(), Some("red"));
        assert_eq!(value("str dom0").reference(), None);
        assert_eq!(value("list a").kind, PropertyType::Other("list".into()));
    }

    #[test]
    fn no_default_is_told_from_an_empty_one() {
        assert_eq!(PropertyValue::parse_default(b""), Ok(None));
        let empty = PropertyValue::parse_default(b"type=int ").unwrap().unwrap();
        assert_eq!((empty.kind, empty.value.as_str()), (PropertyType::Number, ""));
        assert_eq!(PropertyValue::parse_default(b"type=int"), Err(missing(0, "type")));
    }

    #[test]
    fn what_makes_no_sense_is_named_with_its_place() {
        let fault = |text: &[u8]| Property::parse_all(text).unwrap_err();
        assert_eq!(fault(b"name\n"), missing(0, "name"));
        assert_eq!(fault(b"a type=str x\n"), missing(2, "default"));
        assert_eq!(fault(b"a default=True x y\n"), missing(15, "type"));
        assert_eq!(
            fault(b"a default=yes type=str x\n"),
            AnswerError::new(10, AnswerFault::value("default"))
        );
        let line = b"a default=True type=str x\n";
        assert_eq!(fault(&line.repeat(2)), AnswerError::new(26, AnswerFault::twice("a")));
        for escape in [&b"a default=True type=str x\\\n"[..], b"a default=True type=str x\\t\n"] {
            assert_eq!(fault(escape), AnswerError::new(25, AnswerFault::Escape));
        }
    }

    proptest! {
        #[test]
        fn escapes_come_back_and_stay_on_their_line(value in "[\\\\n\n a\u{e4}]{0,20}") {
            let escaped = escape(&value);
            prop_assert!(!escaped.contains('\n'));
            prop_assert_eq!(unescape(&escaped).unwrap(), value.clone());
            let all = Property::parse_all(format!("p default=True type=str {escaped}\n").as_bytes()).unwrap();
            prop_assert_eq!(&all[0].value.value, &value);
        }

        #[test]
        fn what_can_be_unescaped_is_what_escaping_makes(text in "[\\\\n a]{0,12}") {
            if let Ok(plain) = unescape(&text) {
                prop_assert_eq!(escape(&plain), text);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), tail in "[ =\\\\\na-z]{0,20}") {
            let mut content = bytes;
            content.extend(b"a default=True type=");
            content.extend(tail.as_bytes());
            let _ = (Property::parse_all(&content), PropertyValue::parse(&content), PropertyValue::parse_default(&content));
        }
    }
}
