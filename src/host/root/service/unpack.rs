// SPDX-License-Identifier: GPL-3.0-or-later
//! From a tar archive to a qfile stream, with the strictness and the blind spots of the real service.
//!
//! Regular members with a plain header are sent when a prefix matches their name; records of extended headers are skipped,
//! not applied. The first prefix that matches gets the credit, and once all have some, the first member that matches none
//! ends it: what lies behind is never read.

use std::{
    collections::HashSet,
    io::{self, Read, Write},
};

use super::stoppable::Stoppable;
use crate::qfile;

/// The block of a tar archive in bytes.
const BLOCK_BYTES: usize = 512;
/// How much is copied at once, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;
/// The mode of the folders that are sent in front of their files.
const FOLDER_MODE: u32 = 0o700;

/// Sends the wanted members and gives the CRC of what was sent.
pub(super) fn unpack(archive: &mut Stoppable, prefixes: &[String], out: &mut Stoppable) -> io::Result<u32> {
    let mut out = qfile::Writer::new(out);
    let mut wanted = Wanted::new(prefixes);
    let mut folders = HashSet::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Some(member) = next_member(archive)? {
        let padded = member.size_bytes.next_multiple_of(BLOCK_BYTES as u64);
        if !member.is_regular {
            archive.skip(padded)?;
            continue;
        }
        match wanted.judge(&member.name) {
            Verdict::Send => {}
            Verdict::Skip => {
                archive.skip(padded)?;
                continue;
            }
            Verdict::Stop => break,
        }
        send_folders(&mut out, &member, &mut folders)?;
        out.file(&member.name, member.mode, member.size_bytes, member.modified)?;
        let mut left = member.size_bytes;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(BUFFER_BYTES).min(BUFFER_BYTES);
            archive.read_exact(&mut buffer[..most])?;
            out.write_all(&buffer[..most])?;
            left -= most as u64;
        }
        archive.skip(padded - member.size_bytes)?;
    }
    out.finish()
}

fn send_folders<W: Write>(out: &mut qfile::Writer<W>, member: &Member, sent: &mut HashSet<String>) -> io::Result<()> {
    for (place, _) in member.name.match_indices('/') {
        let folder = &member.name[..place];
        if !folder.is_empty() && sent.insert(folder.to_owned()) {
            out.directory(folder, FOLDER_MODE, member.modified)?;
        }
    }
    Ok(())
}

/// What was asked for.
struct Wanted<'a> {
    /// Each prefix with whether a member has matched it.
    prefixes: Vec<(&'a str, bool)>,
}

enum Verdict {
    Send,
    Skip,
    Stop,
}

impl<'a> Wanted<'a> {
    fn new(prefixes: &'a [String]) -> Self {
        let prefixes = prefixes.iter().map(|prefix| (prefix.as_str(), false));
        Self {
            prefixes: prefixes.collect(),
        }
    }

    fn judge(&mut self, name: &str) -> Verdict {
        if self.prefixes.is_empty() {
            return Verdict::Send;
        }
        if let Some((_, has_credit)) = self.prefixes.iter_mut().find(|(prefix, _)| name.starts_with(prefix)) {
            *has_credit = true;
            return Verdict::Send;
        }
        if self.prefixes.iter().all(|(_, has_credit)| *has_credit) {
            return Verdict::Stop;
        }
        Verdict::Skip
    }
}

/// A member's header, as far as it counts.
#[derive(Debug)]
struct Member {
    name: String,
    mode: u32,
    size_bytes: u64,
    modified: u32,
    is_regular: bool,
}

/// The next header, zero blocks left out; `None` where the archive ends.
fn next_member(archive: &mut Stoppable) -> io::Result<Option<Member>> {
    let mut block = [0; BLOCK_BYTES];
    loop {
        let mut filled = 0;
        while filled < BLOCK_BYTES {
            match archive.read(&mut block[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        if block.iter().any(|byte| *byte != 0) {
            return parse(&block).map(Some);
        }
    }
}

fn parse(block: &[u8; BLOCK_BYTES]) -> io::Result<Member> {
    if &block[257..262] != b"ustar" {
        return Err(invalid("not a tar archive"));
    }
    // GNU's own headers keep other things where the prefix is.
    let prefix = if block[263] == b'0' {
        text(&block[345..500])?
    } else {
        ""
    };
    let name = text(&block[..100])?;
    let name = if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}/{name}")
    };
    Ok(Member {
        name,
        mode: u32::try_from(octal(&block[100..108])?).map_err(|_| invalid("a bad mode"))?,
        size_bytes: octal(&block[124..136])?,
        modified: u32::try_from(octal(&block[136..148])?).unwrap_or(u32::MAX),
        is_regular: block[156] == b'0',
    })
}

fn text(field: &[u8]) -> io::Result<&str> {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    std::str::from_utf8(&field[..end]).map_err(|_| invalid("a name that is not UTF-8"))
}

fn octal(field: &[u8]) -> io::Result<u64> {
    let text = text(field)?.trim_matches(' ');
    if text.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(text, 8).map_err(|_| invalid("a number that is not octal"))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(prefixes: &[&str], names: &[&str]) -> String {
        let prefixes: Vec<String> = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        let mut wanted = Wanted::new(&prefixes);
        let mut has_stopped = false;
        let verdicts = names.iter().map(|name| match wanted.judge(name) {
            _ if has_stopped => '.',
            Verdict::Send => '+',
            Verdict::Skip => '-',
            Verdict::Stop => {
                has_stopped = true;
                '.'
            }
        });
        verdicts.collect()
    }

    #[test]
    fn the_first_prefix_gets_the_credit_and_the_last_one_ends_it() {
        let members = [
            "backup-header",
            "backup-header.hmac",
            "qubes.xml.000.enc",
            "vm1/a",
            "vm10/a",
            "vm1/b",
        ];
        assert_eq!(judged(&["backup-header", "qubes.xml"], &members), "+++...");
        assert_eq!(judged(&["backup-header", "backup-header.hmac"], &members), "++----");
        assert_eq!(judged(&["vm1/"], &members), "---+..");
        assert_eq!(judged(&["vm1"], &members), "---+++");
        assert_eq!(judged(&[], &members), "++++++");
    }
}
