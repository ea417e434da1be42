// SPDX-License-Identifier: GPL-3.0-or-later
//! Whether the colours of good, odd and bad can be read on every ground of every variant of GTK's own theme.

use std::path::Path;

use super::files::read;

/// What text must have at least, by the Web Content Accessibility Guidelines.
const LEAST_RATIO: f64 = 4.5;

/// Each variant of the theme: its colour of text, its two grounds, and its amber, which a note is tinted with.
const VARIANTS: [(&str, &str, [&str; 2], &str); 4] = [
    ("light", "#2e3436", ["#f6f5f4", "#ffffff"], "#f57900"),
    ("dark", "#eeeeec", ["#353535", "#2d2d2d"], "#f57900"),
    ("high contrast", "#272c2e", ["#fdfdfc", "#ffffff"], "#f57900"),
    ("dark high contrast", "#f3f3f1", ["#303030", "#2d2d2d"], "#f57900"),
];

type Color = [f64; 3];

fn color(text: &str) -> Color {
    let digits = text.strip_prefix('#').unwrap_or_else(|| panic!("no colour: {text}"));
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()))
}

/// What the style sheet calls so.
fn mix(from: Color, to: Color, factor: f64) -> Color {
    [0, 1, 2].map(|at| from[at] * (1.0 - factor) + to[at] * factor)
}

fn luminance(color: Color) -> f64 {
    let linear = color.map(|value| {
        let value = value / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn ratio(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

/// The colour and the factor by which a style sheet mixes it with the colour of text.
fn definition(sheet: &str, name: &str) -> (Color, f64) {
    let start = format!("@define-color {name} mix(");
    let (_, rest) = sheet.split_once(&start).unwrap_or_else(|| panic!("no {name}"));
    let (inner, _) = rest.split_once(')').unwrap();
    let parts: Vec<&str> = inner.split(',').map(str::trim).collect();
    assert_eq!((parts.len(), parts[1]), (3, "@theme_fg_color"), "{inner}");
    (color(parts[0]), parts[2].parse().unwrap())
}

#[test]
fn warnings_can_be_read_on_every_ground() {
    let sheet = read(Path::new("resources/style.css"));
    for (class, name) in [("success", "good_text"), ("warning", "odd_text"), ("error", "bad_text")] {
        let rule = format!("\n.{class} {{\n  color: @{name};\n}}");
        assert!(
            sheet.contains(&rule),
            "the colour of .{class} is not the one that is measured"
        );
        let (base, factor) = definition(&sheet, name);
        for (variant, text, grounds, amber) in VARIANTS {
            let text = color(text);
            let shown = mix(base, text, factor);
            for ground in grounds.map(color) {
                // A plain ground, a note, and a note that warns.
                for ground in [ground, mix(ground, text, 0.06), mix(ground, color(amber), 0.15)] {
                    let ratio = ratio(shown, ground);
                    assert!(ratio >= LEAST_RATIO, "{class} in the {variant} variant: {ratio:.2}");
                }
            }
        }
    }
}

#[test]
fn the_ratio_of_black_on_white_is_the_known_one() {
    assert!((ratio(color("#000000"), color("#ffffff")) - 21.0).abs() < 0.01);
}
