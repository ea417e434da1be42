// SPDX-License-Identifier: GPL-3.0-or-later
//! Values that version 3.2 wrote as literals of its programming language: `{'cups': True}`, `['02:00.0']`.
//!
//! Only what such attributes hold is understood: one list or one dictionary of single values. Anything else is `None`.

/// The most items of one value. No VM has a hundred services or devices.
const MOST_ITEMS: usize = 1000;

/// A single value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text.
    Text(String),
    /// True or false.
    Truth(bool),
    /// Nothing.
    Nothing,
    /// A number, as it stands there.
    Number(String),
}

/// A dictionary with texts as keys.
pub(super) fn dictionary(text: &str) -> Option<Vec<(String, Value)>> {
    let mut reader = Reader::new(text);
    let pairs = reader.sequence('{', '}', |reader| {
        let Value::Text(key) = reader.value()? else { return None };
        reader.take(':')?;
        Some((key, reader.value()?))
    })?;
    reader.is_done().then_some(pairs)
}

/// A list of texts; the first versions wrote it without brackets.
pub(super) fn texts(text: &str) -> Option<Vec<String>> {
    let bracketed;
    let text = if text.trim_start().starts_with('[') {
        text
    } else {
        bracketed = format!("[{text}]");
        &bracketed
    };
    let mut reader = Reader::new(text);
    let texts = reader.sequence('[', ']', |reader| match reader.value()? {
        Value::Text(text) => Some(text),
        _ => None,
    })?;
    reader.is_done().then_some(texts)
}

/// What is left to read.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.trim_start(),
        }
    }

    fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes one sign and the blanks behind it.
    fn take(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(sign)?.trim_start();
        Some(())
    }

    fn sequence<T>(&mut self, open: char, close: char, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.take(open)?;
        let mut items = Vec::new();
        while self.take(close).is_none() {
            if !items.is_empty() {
                self.take(',')?;
                // The last item may have a comma, too.
                if self.take(close).is_some() {
                    break;
                }
            }
            if items.len() == MOST_ITEMS {
                return None;
            }
            items.push(item(self)?);
        }
        Some(items)
    }

    fn value(&mut self) -> Option<Value> {
        // Texts could be marked as Unicode or as bytes.
        let unmarked = self.rest.strip_prefix(['u', 'b']).unwrap_or(self.rest);
        if let Some(quote) = unmarked.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            self.rest = &unmarked[1..];
            return self.text(quote).map(Value::Text);
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        Some(match word {
            "True" => Value::Truth(true),
            "False" => Value::Truth(false),
            "None" => Value::Nothing,
            _ if word.parse::<i64>().is_ok() => Value::Number(word.to_owned()),
            _ => return None,
        })
    }

    /// The rest of a text up to its closing quote.
    fn text(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut signs = self.rest.char_indices();
        while let Some((place, c)) = signs.next() {
            match c {
                c if c == quote => {
                    self.rest = self.rest[place + 1..].trim_start();
                    return Some(text);
                }
                '\\' => match signs.next()?.1 {
                    c @ ('\\' | '\'' | '"') => text.push(c),
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    _ => return None,
                },
                c => text.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_dictionary_is_read_as_it_was_meant() {
        let pairs = dictionary("{'ntpd': False, u\"it's\": True,'a\\'b\\\\' :None , 'n': 12, 't': 'x',}").unwrap();
        let expected = [
            ("ntpd", Value::Truth(false)),
            ("it's", Value::Truth(true)),
            ("a'b\\", Value::Nothing),
            ("n", Value::Number("12".into())),
            ("t", Value::Text("x".into())),
        ];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(dictionary(" { } "), Some(Vec::new()));
    }

    #[test]
    fn a_list_is_read_with_and_without_brackets() {
        assert_eq!(texts("[]"), Some(Vec::new()));
        assert_eq!(texts("['02:00.0', \"03:00.0\"]").unwrap(), ["02:00.0", "03:00.0"]);
        assert_eq!(texts("'02:00.0','03:00.0'").unwrap(), ["02:00.0", "03:00.0"]);
        assert_eq!(texts("").unwrap(), [""; 0]);
    }

    #[test]
    fn no_more_is_taken_than_any_vm_has() {
        let many = |count| format!("[{}]", "'a',".repeat(count));
        assert_eq!(texts(&many(MOST_ITEMS)).unwrap().len(), MOST_ITEMS);
        assert_eq!(texts(&many(MOST_ITEMS + 1)), None);
    }

    #[test]
    fn anything_else_is_not_understood() {
        for text in [
            "",
            "{",
            "{'a'}",
            "{'a': True",
            "{'a': True} x",
            "{a: True}",
            "{'a': os}",
            "{'a: 1}",
            "{,}",
        ] {
            assert_eq!(dictionary(text), None, "{text}");
        }
        for text in [
            "[",
            "['a'",
            "['a' 'b']",
            "[1]",
            "02:00.0",
            "['a']]",
            "['\\x01']",
            "__import__('os')",
        ] {
            assert_eq!(texts(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]{}'\"\\\\:,u aTé0-9.-]{0,40}", any in ".*") {
            for text in [text, any] {
                let _ = (dictionary(&text), texts(&text));
            }
        }
    }
}
