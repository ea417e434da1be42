// SPDX-License-Identifier: GPL-3.0-or-later
//! Makes text that an archive, a service or another VM chose safe to show.
//!
//! A terminal obeys escape sequences, a text layout obeys direction marks, and an eye does not see a zero-width
//! character: each could make a window or a log say something that this program did not say. All of them become
//! U+FFFD here; nothing is dropped silently and nothing else is changed.

/// How many characters of one foreign text are shown: more than any name, path or message worth reading.
const LONGEST_SHOWN_CHARACTERS: usize = 4096;

/// One line: line ends and tabs are replaced as well.
pub fn sanitize(text: &str) -> String {
    cut(text, |c| !is_unsafe(c))
}

/// Several lines: `\n` and tabs stay.
pub fn sanitize_lines(text: &str) -> String {
    cut(text, |c| matches!(c, '\n' | '\t') || !is_unsafe(c))
}

fn cut(text: &str, is_safe: impl Fn(char) -> bool) -> String {
    let mut shown: String = text
        .chars()
        .take(LONGEST_SHOWN_CHARACTERS)
        .map(|c| if is_safe(c) { c } else { char::REPLACEMENT_CHARACTER })
        .collect();
    if text.chars().nth(LONGEST_SHOWN_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

/// Controls, direction marks and overrides, zero-width and other invisible characters, line separators, tags and
/// private use.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_of_any_language_is_kept() {
        for text in ["work-email_2.1", "Änderung ß", "/mnt/größe disk", "日本語", "עברית"] {
            assert_eq!(sanitize(text), text);
        }
    }

    #[test]
    fn what_moves_a_cursor_or_hides_is_replaced() {
        assert_eq!(sanitize("a\u{1b}[2Jb\nc\td"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
        assert_eq!(sanitize("cod\u{202e}gpj.exe"), "cod\u{fffd}gpj.exe");
        assert_eq!(sanitize("a\u{200b}\u{feff}\u{9b}b"), "a\u{fffd}\u{fffd}\u{fffd}b");
    }

    #[test]
    fn lines_stay_lines_where_they_are_wanted() {
        assert_eq!(sanitize_lines("a\nb\u{7}"), "a\nb\u{fffd}");
    }

    #[test]
    fn endless_text_is_cut() {
        assert_eq!(
            sanitize(&"x".repeat(100_000)).chars().count(),
            LONGEST_SHOWN_CHARACTERS + 1
        );
    }

    #[test]
    fn a_text_of_the_most_characters_is_shown_whole() {
        let whole = "x".repeat(LONGEST_SHOWN_CHARACTERS);
        assert_eq!(sanitize(&whole), whole);
        assert_eq!(sanitize(&format!("{whole}y")), format!("{whole}…"));
    }
}
