// SPDX-License-Identifier: GPL-3.0-or-later
//! What memory this computer can spare, and what a job took at most.

use std::fs;

use crate::units::KIB;

/// The share of what can be spared that the keys of one archive may take together.
const SHARE_FOR_KEYS: u64 = 4;

/// The most that each worker may take for one key of an archive that somebody else made, in bytes. Its keys may have been
/// made on a machine with more memory than this one has.
pub(super) fn for_foreign_key(workers: usize) -> u64 {
    let available = field(&read("/proc/meminfo"), "MemAvailable:").unwrap_or(0);
    available / SHARE_FOR_KEYS / workers.max(1) as u64
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
        assert!(for_foreign_key(2) > 0);
    }
}
