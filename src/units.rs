// SPDX-License-Identifier: GPL-3.0-or-later
//! Sizes and times as people read them and as the existing tools print them.

mod time;

pub use time::{LocalTime, iso_time, seconds_of_iso, unix_now};

/// One kibibyte in bytes.
pub const KIB: u64 = 1024;
/// One mebibyte in bytes.
pub const MIB: u64 = 1024 * KIB;
/// One gibibyte in bytes.
pub const GIB: u64 = 1024 * MIB;

/// A byte count as the existing tools print it: plain below 1 KiB, else with one decimal in KiB, MiB, GiB or TiB.
pub fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < KIB {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / KIB as f64;
    let mut unit = 0;
    // 1023.95 would be printed as 1024.0 of the smaller unit.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= KIB as f64;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal_and_the_nearest_unit() {
        assert_eq!(size_text(0), "0 B");
        assert_eq!(size_text(1023), "1023 B");
        assert_eq!(size_text(192 * KIB), "192.0 KiB");
        assert_eq!(size_text(MIB - 1), "1.0 MiB");
        assert_eq!(size_text(5 * GIB / 2), "2.5 GiB");
    }
}
