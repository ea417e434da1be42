// SPDX-License-Identifier: GPL-3.0-or-later
//! Prints a tree as a PedOS prints its own documents.

use super::element::{Element, Node};

impl Element {
    /// Prints it as a document: UTF-8, no declaration, two blanks for each level.
    pub(crate) fn print(&self) -> Vec<u8> {
        document(self)
    }
}

fn document(root: &Element) -> Vec<u8> {
    let mut out = String::new();
    element(&mut out, root, Some(0));
    out.push('\n');
    out.into_bytes()
}

/// Prints one element; with a level it is laid out in lines, without one it stands in running text.
fn element(out: &mut String, element: &Element, level: Option<usize>) {
    out.push('<');
    out.push_str(&element.name);
    for (name, value) in &element.attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape(out, value, true);
        out.push('"');
    }
    if element.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    let has_text = element.children.iter().any(|node| matches!(node, Node::Text(_)));
    let inner = level.filter(|_| !has_text).map(|level| level + 1);
    for child in &element.children {
        if let Some(inner) = inner {
            indent(out, inner);
        }
        node(out, child, inner);
    }
    if let Some(inner) = inner {
        indent(out, inner - 1);
    }
    out.push_str("</");
    out.push_str(&element.name);
    out.push('>');
}

fn indent(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level {
        out.push_str("  ");
    }
}

fn node(out: &mut String, node: &Node, level: Option<usize>) {
    match node {
        Node::Element(child) => element(out, child, level),
        Node::Text(text) => escape(out, text, false),
        Node::Comment(comment) => {
            out.push_str("<!--");
            out.push_str(comment);
            out.push_str("-->");
        }
        Node::Instruction(instruction) => {
            out.push_str("<?");
            out.push_str(instruction);
            out.push_str("?>");
        }
    }
}

/// Escapes what would be read as something else: markup, and line ends that readers change.
fn escape(out: &mut String, text: &str, in_attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\t' if in_attribute => out.push_str("&#9;"),
            '\n' if in_attribute => out.push_str("&#10;"),
            c => out.push(c),
        }
    }
}
