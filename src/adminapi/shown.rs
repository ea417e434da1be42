// SPDX-License-Identifier: GPL-3.0-or-later
//! Makes a text of the daemon fit to be shown: one line, nothing in it that moves a cursor or cannot be seen, and cut.

/// How many characters of one text are shown.
pub const LONGEST_SHOWN_CHARACTERS: usize = 512;

/// One line of at most [`LONGEST_SHOWN_CHARACTERS`] characters; an ellipsis follows where the text was longer. White space
/// becomes one blank, and what is not UTF-8 or cannot be seen becomes U+FFFD.
pub fn shown(text: &[u8]) -> String {
    cut(&String::from_utf8_lossy(text), LONGEST_SHOWN_CHARACTERS)
}

/// The same with another limit.
pub(super) fn cut(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    let mut count = 0;
    let mut is_after_blank = true;
    for c in text.trim().chars() {
        let is_blank = matches!(c, ' ' | '\t' | '\n' | '\r');
        if is_blank && is_after_blank {
            continue;
        }
        if count == limit {
            shown.push('…');
            break;
        }
        is_after_blank = is_blank;
        shown.push(match c {
            _ if is_blank => ' ',
            _ if is_visible(c) => c,
            _ => char::REPLACEMENT_CHARACTER,
        });
        count += 1;
    }
    shown
}

/// What Rust's own `Debug` prints as it is, but for the quotes that it escapes and for letters that are empty.
fn is_visible(c: char) -> bool {
    match c {
        '\'' | '"' | '\\' => true,
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => false,
        _ => c.escape_debug().len() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_stays() {
        for text in ["Domain is not powered off: 'work'", "a \"b\" \\ 100%", "größe 日本"] {
            assert_eq!(shown(text.as_bytes()), text);
        }
    }

    #[test]
    fn what_moves_a_cursor_or_hides_is_replaced() {
        assert_eq!(shown(b"a\x1b[2Jb\x00\xffc"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c");
        assert_eq!(
            shown("a\u{202e}b\u{200b}\u{3164}".as_bytes()),
            "a\u{fffd}b\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn several_lines_become_one() {
        assert_eq!(shown(b"  one\n\t two\r\n"), "one two");
    }

    #[test]
    fn a_long_text_is_cut_and_that_is_seen() {
        let whole = "ä".repeat(LONGEST_SHOWN_CHARACTERS);
        assert_eq!(shown(whole.as_bytes()), whole);
        assert_eq!(shown(format!("{whole}b").as_bytes()), format!("{whole}…"));
    }
}
