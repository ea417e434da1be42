// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives of format 4, with keys that cost next to nothing and parts of any size.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use pedos_backup::{
    crypto::{KdfCost, SealKey, header_passphrase, part_passphrase},
    format::{BackupId, Compression, Header, INVENTORY_FILE, PartName, inner, outer},
};

use crate::{Outcome, measure::PASSPHRASE};

/// The cheapest key that has the shape of a genuine one.
const COST: KdfCost = KdfCost { log_n: 1, r: 8, p: 1 };

/// An archive that is written file by file. Nothing in it is compressed.
pub(crate) struct Archive {
    outer: outer::Writer<BufWriter<File>>,
    id: BackupId,
}

impl Archive {
    /// Begins an archive with its inventory.
    pub(crate) fn create(path: &Path, inventory: &str) -> Outcome<Self> {
        let id = BackupId::parse("20260102T030405-7").ok_or("the identifier is one")?;
        let header = Header::v4(id.clone(), Compression::None).to_bytes();
        let mut outer = outer::Writer::new(BufWriter::new(File::create(path)?));
        outer.member("backup-header", 1, &[&header])?;
        let passphrase = header_passphrase(PASSPHRASE.as_bytes());
        let mut archive = Self { outer, id };
        archive.container("backup-header.hmac", &passphrase, header)?;
        let inventory = tar(INVENTORY_FILE, inventory.as_bytes())?;
        archive.file(INVENTORY_FILE, &inventory, inventory.len())?;
        Ok(archive)
    }

    /// Writes a file in parts of so many bytes.
    pub(crate) fn file(&mut self, file: &str, tar: &[u8], part_bytes: usize) -> Outcome<()> {
        for (number, content) in tar.chunks(part_bytes).enumerate() {
            let part = PartName::new(file, u32::try_from(number)?)?;
            let passphrase = part_passphrase(self.id.as_str(), &part.to_string(), PASSPHRASE.as_bytes());
            self.container(&part.member(), &passphrase, content.to_vec())?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Outcome<()> {
        self.outer.finish()?.flush()?;
        Ok(())
    }

    fn container(&mut self, member: &str, passphrase: &[u8], mut content: Vec<u8>) -> Outcome<()> {
        let sealed = SealKey::derive(passphrase, COST)?.seal(&mut content);
        self.outer.member(member, 1, &[&sealed.header, &content, &sealed.mac])?;
        Ok(())
    }
}

/// An inner archive of one file.
pub(crate) fn tar(name: &str, content: &[u8]) -> Outcome<Vec<u8>> {
    let mut writer = inner::Writer::new(Vec::with_capacity(content.len() + 4096));
    writer.member(&inner::NewMember::small_file(name, 1, content.len() as u64))?;
    writer.write_all(content)?;
    writer.end_member()?;
    Ok(writer.finish()?)
}
