// SPDX-License-Identifier: GPL-3.0-or-later
//! dom0's home in an archive whose inventory does not mention it: it belongs to the backup if its first part
//! authenticates, and is then listed, restored and extracted like any other.

use std::sync::Arc;

use crate::{
    engine::{Context, EngineError, Mistake, OpenedArchive, workers::Workers},
    format::HOME_FOLDER,
    inventory::{Class, Domain},
    plan::Access,
};

use super::super::{index::RunIndex, keys::KeysAhead, members::Members, part_format::PartFormat};

/// Adds dom0's home to the inventory of an archive in a file that holds it without saying so.
pub(super) fn add_home(
    access: &Access,
    opened: &mut OpenedArchive,
    index: &RunIndex,
    workers: Arc<Workers>,
    context: &Context,
) -> Result<(), EngineError> {
    let domains = opened.inventory.domains();
    let is_silent = |class: &Class, has_content: bool| *class == Class::AdminVm && !has_content;
    if !domains
        .iter()
        .any(|domain| is_silent(&domain.class, domain.content().is_some()))
    {
        return Ok(());
    }
    // Who lists the files of a VM names the home too, so that nothing has to be looked for.
    let is_listed = |domain: &Domain| domain.content().is_some() && domain.files.is_some();
    if domains.iter().any(is_listed) {
        return Ok(());
    }
    let Some(index) = index.get(&access.source, &context.cancel)? else {
        return Ok(());
    };
    let part_format = PartFormat::of(&opened.info, access, workers);
    let home = index.members.iter().enumerate().find_map(|(place, member)| {
        let part = part_format.part_name(&member.name)?;
        let user = part.file().strip_prefix(HOME_FOLDER)?.strip_prefix('/')?;
        (part.number() == 0 && !user.contains('/')).then_some((place, part))
    });
    let Some((place, part)) = home else { return Ok(()) };
    let Some(mut members) = Members::open_ranged(&access.source, &context.cancel)? else {
        return Ok(());
    };
    // What proves the part may stand behind it.
    members.arrange(index.members.iter().skip(place).take(2).cloned().collect());
    let Some(member) = members.next()? else { return Ok(()) };
    let mut buffer = Vec::new();
    let opens = match part_format.fetch(&mut members, &member, &mut buffer, &context.cancel) {
        Ok(Ok(mac)) => part_format.open(&mut buffer, &mac, &part, &member, &mut KeysAhead::default(), context),
        Ok(Err(error)) | Err(error) => Err(error),
    };
    match opens {
        Ok(_) => opened
            .inventory
            .add_home(part.file(), buffer.len() as u64)
            .map_err(|error| EngineError::Internal {
                what: Mistake::Inventory(error),
            }),
        Err(EngineError::Cancelled) => Err(EngineError::Cancelled),
        // What does not authenticate is named when the archive is read.
        Err(_) => Ok(()),
    }
}
