// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads a document into a tree, within bounds.

use std::sync::Arc;

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::element::{Element, Node, is_blank};
use crate::inventory::{InventoryBound, InventoryError, InventoryFault};

/// The largest document in bytes. A PedOS with 300 VMs has less than one MiB.
const LARGEST_DOCUMENT_BYTES: usize = 64 << 20;
/// The deepest nesting. A `qubes.xml` needs seven levels.
const DEEPEST: usize = 32;
/// The most elements, attributes and pieces of text together: some 200 for a VM, so thousands of VMs.
const MOST_NODES: usize = 1_000_000;
/// The most attributes of one element; storage pools have about ten.
const MOST_ATTRIBUTES: usize = 128;
/// How many characters of a bad name are kept for an error.
const MOST_SHOWN: usize = 40;

impl Element {
    /// Reads a document.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, InventoryError> {
        document(bytes)
    }
}

fn document(bytes: &[u8]) -> Result<Element, InventoryError> {
    if bytes.len() > LARGEST_DOCUMENT_BYTES {
        return Err(InventoryError::TooLarge {
            what: InventoryBound::Size,
        });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| InventoryError::from(InventoryFault::NotUtf8).at(error.valid_up_to() as u64))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !is_text(text) {
        return Err(InventoryFault::ControlCharacter.into());
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut builder = Builder::default();
    loop {
        let event = reader.read_event();
        let place = reader.buffer_position();
        let done = event
            .map_err(|error| malformed(&error))
            .and_then(|event| builder.take(event))
            .map_err(|error| error.at(place))?;
        if done {
            break;
        }
    }
    builder.root.ok_or_else(|| InventoryFault::NoElement.into())
}

fn malformed(error: &impl ToString) -> InventoryError {
    let said = error.to_string();
    InventoryFault::Malformed { said }.into()
}

/// Whether all characters may stand in an XML document.
pub(crate) fn is_text(text: &str) -> bool {
    text.chars().all(is_character)
}

fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Builds the tree from the reader's events.
#[derive(Default)]
struct Builder {
    /// The elements that are still open, outermost first.
    open: Vec<Element>,
    /// Text that was read since the last tag: several events make one text.
    text: Option<String>,
    root: Option<Element>,
    nodes: usize,
}

impl Builder {
    /// Takes one event; true at the end of the document.
    fn take(&mut self, event: Event<'_>) -> Result<bool, InventoryError> {
        match event {
            Event::Start(start) => {
                self.flush_text()?;
                if self.open.len() >= DEEPEST {
                    return Err(InventoryError::TooLarge {
                        what: InventoryBound::Depth,
                    });
                }
                let element = self.element(&start)?;
                self.open.push(element);
            }
            Event::Empty(start) => {
                self.flush_text()?;
                let element = self.element(&start)?;
                self.close(element)?;
            }
            Event::End(_) => {
                self.flush_text()?;
                let mut element = self.open.pop().ok_or(InventoryFault::EndTag)?;
                tidy(&mut element);
                self.close(element)?;
            }
            Event::Text(text) => self.append(&text.xml10_content())?,
            Event::CData(data) => self.append(&data.xml10_content())?,
            Event::GeneralRef(reference) => {
                let c = resolve(&reference)?;
                self.append(c.encode_utf8(&mut [0; 4]))?;
            }
            Event::Comment(comment) => self.aside(Node::Comment(comment.to_string()))?,
            Event::PI(instruction) => self.aside(Node::Instruction(instruction.to_string()))?,
            Event::Decl(declaration) => match declaration.encoding() {
                Some(Ok(name)) if !["utf-8", "us-ascii", "ascii"].contains(&name.to_ascii_lowercase().as_str()) => {
                    let name = name.into_owned();
                    return Err(InventoryFault::Encoding { name }.into());
                }
                Some(Err(error)) => return Err(malformed(&error)),
                _ => {}
            },
            Event::DocType(_) => return Err(InventoryFault::DocumentType.into()),
            Event::Eof if !self.open.is_empty() => return Err(InventoryFault::Unfinished.into()),
            Event::Eof => return Ok(true),
        }
        Ok(false)
    }

    fn count(&mut self, more: usize) -> Result<(), InventoryError> {
        self.nodes += more;
        if self.nodes > MOST_NODES {
            return Err(InventoryError::TooLarge {
                what: InventoryBound::Elements,
            });
        }
        Ok(())
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<Element, InventoryError> {
        let mut element = Element::new(name(start.name().into_inner())?);
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| malformed(&error))?;
            if element.attributes.len() == MOST_ATTRIBUTES {
                return Err(InventoryError::TooLarge {
                    what: InventoryBound::Attributes,
                });
            }
            let value = unescape(&attribute.value)?;
            element
                .attributes
                .push((name(attribute.key.into_inner())?.to_owned(), value));
        }
        self.count(1 + element.attributes.len())?;
        Ok(element)
    }

    fn append(&mut self, more: &str) -> Result<(), InventoryError> {
        if !self.open.is_empty() {
            self.text.get_or_insert_default().push_str(more);
            return Ok(());
        }
        if is_blank(more) {
            return Ok(());
        }
        Err(InventoryFault::TextOutside.into())
    }

    fn flush_text(&mut self) -> Result<(), InventoryError> {
        if let Some(text) = self.text.take() {
            self.count(1)?;
            if let Some(parent) = self.open.last_mut() {
                parent.children.push(Node::Text(text));
            }
        }
        Ok(())
    }

    /// A comment or an instruction: kept inside the element, dropped before and after it.
    fn aside(&mut self, node: Node) -> Result<(), InventoryError> {
        self.flush_text()?;
        self.count(1)?;
        if let Some(parent) = self.open.last_mut() {
            parent.children.push(node);
        }
        Ok(())
    }

    fn close(&mut self, element: Element) -> Result<(), InventoryError> {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(Arc::new(element))),
            None if self.root.is_none() => self.root = Some(element),
            None => return Err(InventoryFault::SecondRoot.into()),
        }
        Ok(())
    }
}

/// Marks `<x></x>` as holding an empty text, and takes the blanks between elements away, which the printer makes anew.
fn tidy(element: &mut Element) {
    if element.children.is_empty() {
        element.set_text("");
        return;
    }
    let only_blanks = |node: &Node| !matches!(node, Node::Text(text) if !is_blank(text));
    if element.children.iter().all(only_blanks) && element.children.iter().any(|node| !matches!(node, Node::Text(_))) {
        element.children.retain(|node| !matches!(node, Node::Text(_)));
    }
}

fn name(text: &str) -> Result<&str, InventoryError> {
    if is_name(text) {
        return Ok(text);
    }
    let name = text.chars().take(MOST_SHOWN).collect();
    Err(InventoryFault::XmlName { name }.into())
}

/// Whether it is a name that can be printed again. The full grammar knows more letters, no PedOS uses them.
pub(crate) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c))
}

/// What `&NAME;` stands for.
fn resolve(reference: &str) -> Result<char, InventoryError> {
    let c = match reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        other => other.strip_prefix('#').and_then(|number| {
            let (digits, radix) = match number.strip_prefix('x') {
                Some(hex) => (hex, 16),
                None => (number, 10),
            };
            // from_str_radix takes a sign, XML does not.
            let digits = digits.chars().all(char::is_alphanumeric).then_some(digits)?;
            let c = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
            is_character(c).then_some(c)
        }),
    };
    c.ok_or_else(|| {
        let name = reference.chars().take(MOST_SHOWN).collect();
        InventoryFault::Entity { name }.into()
    })
}

/// The value of an attribute: line ends and tabs are blanks, references are resolved.
fn unescape(raw: &str) -> Result<String, InventoryError> {
    if raw.contains('<') {
        return Err(InventoryFault::LessThan.into());
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(start) = rest.find('&') {
        let (before, after) = rest.split_at(start);
        push_blanked(&mut value, before);
        let (reference, after) = after[1..].split_once(';').ok_or(InventoryFault::Ampersand)?;
        value.push(resolve(reference)?);
        rest = after;
    }
    push_blanked(&mut value, rest);
    Ok(value)
}

fn push_blanked(value: &mut String, text: &str) {
    let text = text.replace("\r\n", " ");
    value.extend(
        text.chars()
            .map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        let element = document(text.as_bytes()).unwrap();
        String::from_utf8(element.print()).unwrap()
    }

    #[test]
    fn text_is_kept_to_the_byte() {
        for text in [
            "<a/>\n",
            "<a></a>\n",
            "<a> \n </a>\n",
            "<a>\n  <b x=\"1 &quot; &amp; &lt; &gt; ' ä &#10;\"> ä \n &lt;&gt;&amp;\" '\n</b>\n</a>\n",
            "<a>\n  <!-- note -->\n  <?tool x?>\n  <b/>\n</a>\n",
            "<a>mixed <b/> text\n <c><d/></c></a>\n",
            "<a>&#13;\n</a>\n",
        ] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn what_only_looks_different_is_printed_one_way() {
        assert_eq!(
            again("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a><b/> <c/></a>"),
            "<a>\n  <b/>\n  <c/>\n</a>\n"
        );
        assert_eq!(
            again("\u{feff}<a b='&#x41;\r\n'><![CDATA[<&]]>&#65;\r\n</a>"),
            "<a b=\"A \">&lt;&amp;A\n</a>\n"
        );
    }

    #[test]
    fn what_no_record_holds_is_refused() {
        for text in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a>&nbsp;</a>",
            "<a>&#0;</a>",
            "<a>&#xd800;</a>",
            "<a>&#+65;</a>",
            "<a>& </a>",
            "<a b=\"&\"/>",
            "<a b=\"<\"/>",
            "<a b=\"1\" b=\"2\"/>",
            "<a b=1/>",
            "<a b/>",
            "<1/>",
            "<a><!-- a -- b --></a>",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY x \"xxxx\">]><a>&x;</a>",
            "<?xml version=\"1.0\" encoding=\"latin-1\"?><a/>",
            "<a>\u{1}</a>",
        ] {
            let result = document(text.as_bytes());
            assert!(
                matches!(result, Err(InventoryError::Invalid { .. })),
                "{text}: {result:?}"
            );
        }
        assert!(document(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn nothing_is_endless() {
        let nested = |levels: usize| "<a>".repeat(levels) + &"</a>".repeat(levels);
        assert!(document(nested(DEEPEST).as_bytes()).is_ok());
        let deep = "<a>".repeat(DEEPEST + 1);
        assert_eq!(
            document(deep.as_bytes()),
            Err(InventoryError::TooLarge {
                what: InventoryBound::Depth
            })
        );
        let holding = |nodes: usize| format!("<a>{}</a>", "<b/>".repeat(nodes - 1));
        assert!(document(holding(MOST_NODES).as_bytes()).is_ok());
        let many = holding(MOST_NODES + 1);
        assert!(matches!(
            document(many.as_bytes()),
            Err(InventoryError::TooLarge { .. })
        ));
        let with_attributes = |count: usize| {
            let attributes: String = (0..count).map(|n| format!(" a{n}=''")).collect();
            format!("<a{attributes}/>")
        };
        assert!(document(with_attributes(MOST_ATTRIBUTES).as_bytes()).is_ok());
        let wide = with_attributes(MOST_ATTRIBUTES + 1);
        assert!(matches!(
            document(wide.as_bytes()),
            Err(InventoryError::TooLarge { .. })
        ));
        let mut largest = vec![b' '; LARGEST_DOCUMENT_BYTES];
        largest[..4].copy_from_slice(b"<a/>");
        assert!(document(&largest).is_ok());
        let name = "1".repeat(MOST_SHOWN);
        for more in ["", "1"] {
            let fault = InventoryFault::XmlName { name: name.clone() };
            let error = document(format!("<{name}{more}/>").as_bytes()).unwrap_err();
            assert!(matches!(error, InventoryError::Invalid { fault: found, .. } if found == fault));
            let fault = InventoryFault::Entity { name: name.clone() };
            let error = document(format!("<a>&{name}{more};</a>").as_bytes()).unwrap_err();
            assert!(matches!(error, InventoryError::Invalid { fault: found, .. } if found == fault));
        }
        assert!(matches!(
            document(&vec![b' '; LARGEST_DOCUMENT_BYTES + 1]),
            Err(InventoryError::TooLarge { .. })
        ));
    }
}
