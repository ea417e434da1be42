// SPDX-License-Identifier: GPL-3.0-or-later
//! An element of a document, with all that is in it.
//!
//! Copies of a document share the elements that none of them has changed: a record is copied for each VM that a restore makes, and
//! what does not change then costs nothing.

use std::sync::Arc;

/// An element with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name, prefix included.
    pub(crate) name: String,
    /// Its attributes in their order.
    pub(crate) attributes: Vec<(String, String)>,
    /// What is between its tags. An empty list prints as `<x/>`, one empty text as `<x></x>`.
    pub(crate) children: Vec<Node>,
}

/// What an element can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// An element, which copies of it share until one of them is changed.
    Element(Arc<Element>),
    /// Text, unescaped.
    Text(String),
    /// A comment, as it stands between `<!--` and `-->`.
    Comment(String),
    /// A processing instruction, as it stands between `<?` and `?>`.
    Instruction(String),
}

impl Element {
    /// An element with nothing in it.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The same with one more attribute.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a text; an empty text is not the same as none.
    pub(crate) fn with_text(mut self, text: impl Into<String>) -> Self {
        self.set_text(text);
        self
    }

    /// The same with one more element in it.
    pub(crate) fn with_child(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All text directly in it, in one piece.
    pub(crate) fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Puts a text in the place of all that was in it.
    pub(crate) fn set_text(&mut self, text: impl Into<String>) {
        self.children = vec![Node::Text(text.into())];
    }

    /// The elements directly in it.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(&**element),
            _ => None,
        })
    }

    /// The elements of one name directly in it.
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.elements().filter(move |element| element.name == name)
    }

    /// The first element of that name directly in it.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.name == name)
    }

    /// The elements directly in it, all of them to be changed.
    pub(crate) fn elements_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.children.iter_mut().filter_map(|node| match node {
            Node::Element(element) => Some(Arc::make_mut(element)),
            _ => None,
        })
    }

    /// The first element of that name directly in it, to be changed.
    pub(crate) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.find_mut(|element| element.name == name)
    }

    /// The first element directly in it that is the wanted one, to be changed.
    pub(crate) fn find_mut(&mut self, mut is_wanted: impl FnMut(&Self) -> bool) -> Option<&mut Self> {
        // Only what is found may become a copy of its own.
        self.children.iter_mut().find_map(|node| match node {
            Node::Element(element) if is_wanted(element) => Some(Arc::make_mut(element)),
            _ => None,
        })
    }

    /// Puts an element after all that is in it.
    pub(crate) fn push(&mut self, child: Self) {
        self.insert(self.children.len(), child);
    }

    /// Puts an element in front of the node at a place; blank text around it goes, because the printer lays it out.
    pub(crate) fn insert(&mut self, place: usize, child: Self) {
        self.children.insert(place, Node::Element(Arc::new(child)));
        self.children
            .retain(|node| !matches!(node, Node::Text(text) if is_blank(text)));
    }

    /// Takes the elements out for which the answer is no; without any left it is an empty element again.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Self) -> bool) {
        self.children.retain(|node| match node {
            Node::Element(element) => keep(element),
            _ => true,
        });
    }
}

/// Whether it is nothing but the blanks that XML knows.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}
