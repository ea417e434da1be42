// SPDX-License-Identifier: GPL-3.0-or-later
//! What memory this computer can spare, and what a job took at most.

use std::fs;

use crate::units::KIB;

/// Keys may take the fourth part of what can be spared.
const SHARE_FOR_KEYS: u64 = 4;

/// The memory that all keys that are being derived may take together, in bytes.
pub(super) fn spare_for_keys() -> u64 {
    // Where the system does not tell, as little as one worker needs.
    field(&read("/proc/meminfo"), "MemAvailable:").unwrap_or(0) / SHARE_FOR_KEYS
}

/// The most memory that this process had at a time so far, in bytes; `None` where the system does not tell.
pub(super) fn peak_bytes() -> Option<u64> {
    field(&read("/proc/self/status"), "VmHWM:")
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The bytes in a line such as `VmHWM:   1234 kB`.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(KIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_system_are_read() {
        let text = "VmPeak:\t  9 kB\nVmHWM:\t    1234 kB\nBad: x kB\n";
        assert_eq!(field(text, "VmHWM:"), Some(1234 * KIB));
        assert_eq!(field(text, "Bad:"), None);
        assert_eq!(field(text, "None:"), None);
        assert!(peak_bytes().is_some_and(|bytes| bytes > 100 * KIB));
        assert!(spare_for_keys() > 0);
    }
}
