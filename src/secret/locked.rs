// SPDX-License-Identifier: GPL-3.0-or-later
//! Memory for secrets: it stays out of the swap space, of core dumps and of child processes, and is wiped when it is given back.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Once,
};

#[cfg(not(miri))]
use memmap2::Advice;
use memmap2::MmapMut;
use zeroize::{Zeroize, Zeroizing};

/// Bytes in pages of their own. How many of them may be locked is limited (`ulimit -l`, 8 MiB for most users): what is beyond the
/// limit is kept out of core dumps and wiped all the same, and a line of the log says so.
pub struct Locked {
    memory: Memory,
    length: usize,
}

enum Memory {
    Pages(MmapMut),
    /// Where the system gives no more pages in this way.
    Heap(Zeroizing<Vec<u8>>),
}

impl Locked {
    /// Returns zeros to write a secret into. It cannot grow: memory that grows leaves copies behind.
    pub fn zeroed(length: usize) -> Self {
        // An empty mapping does not exist.
        let memory = match MmapMut::map_anon(length.max(1)) {
            Ok(pages) => {
                protect(&pages);
                Memory::Pages(pages)
            }
            Err(error) => {
                log::warn!("a secret lies in ordinary memory: {error}");
                Memory::Heap(Zeroizing::new(vec![0; length]))
            }
        };
        Self { memory, length }
    }

    /// Copies a secret.
    pub fn of(secret: &[u8]) -> Self {
        let mut locked = Self::zeroed(secret.len());
        locked.copy_from_slice(secret);
        locked
    }
}

/// Miri does not know these calls.
#[cfg(miri)]
fn protect(_: &MmapMut) {}

#[cfg(not(miri))]
fn protect(pages: &MmapMut) {
    static SAID: Once = Once::new();
    for advice in [Advice::DontDump, Advice::DontFork] {
        if let Err(error) = pages.advise(advice) {
            SAID.call_once(|| log::info!("secrets are not kept out of core dumps and child processes: {error}"));
        }
    }
    if let Err(error) = pages.lock() {
        SAID.call_once(|| log::info!("secrets may be swapped out: {error}"));
    }
}

impl Deref for Locked {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.memory {
            Memory::Pages(pages) => &pages[..self.length],
            Memory::Heap(bytes) => bytes,
        }
    }
}

impl DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.memory {
            Memory::Pages(pages) => &mut pages[..self.length],
            Memory::Heap(bytes) => bytes,
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locked(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What the kernel says of the mapping with this address.
    fn flags(address: usize) -> String {
        let maps = fs::read_to_string("/proc/self/smaps").unwrap();
        let holds = |line: &str| {
            let (from, to) = line.split_once(' ').unwrap().0.split_once('-')?;
            let number = |text| usize::from_str_radix(text, 16).ok();
            Some((number(from)?..number(to)?).contains(&address))
        };
        let mut lines = maps.lines().skip_while(|line| holds(line) != Some(true));
        lines
            .find_map(|line| line.strip_prefix("VmFlags: "))
            .unwrap()
            .to_owned()
    }

    #[test]
    fn secrets_are_locked_and_left_out_of_dumps_and_children() {
        let secret = Locked::of(b"wombat");
        assert_eq!(&secret[..], b"wombat");
        let flags = flags(secret.as_ptr().addr());
        for flag in ["lo", "dd", "dc"] {
            assert!(flags.split(' ').any(|is| is == flag), "{flag} is not in {flags}");
        }
        assert_eq!(format!("{secret:?}"), "Locked(…)");
        assert!(Locked::of(b"").is_empty());
    }

    #[test]
    fn secrets_beyond_the_limit_are_kept_all_the_same() {
        let many: Vec<Locked> = (0..5000_u32).map(|number| Locked::of(&number.to_le_bytes())).collect();
        assert!(
            many.iter()
                .zip(0_u32..)
                .all(|(locked, number)| **locked == number.to_le_bytes())
        );
    }
}
