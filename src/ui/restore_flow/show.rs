// SPDX-License-Identifier: GPL-3.0-or-later
//! How the draft of a restore looks on its pages.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    draft::{Opening, QuickLook, RestoreDraft, WizardDraft},
    engine::OpenedArchive,
    host::System,
    inventory::Domain,
    plan::RestoreTable,
    text::{self, wizard as words},
    ui::{
        Glyph, VmItem,
        flow::{Flow, label_color},
        pages::{RestoreSummary, Rules},
    },
};

use super::RestoreFlow;

impl RestoreFlow {
    pub(super) fn show_source(&self, draft: &RestoreDraft) {
        let place = draft.place();
        let typed = place.typed().is_local().then(|| place.typed().path());
        self.source.show_typed(typed.as_deref());
        self.show_place(&words::archive_place(place.typed(), place.state(), draft.quick_look()));
        self.source.show_rules(Rules {
            ignores_missing: draft.ignores_missing,
            ignores_user_mismatch: draft.ignores_user_mismatch,
            verifies_only: draft.verifies_only,
            is_gentle: draft.resources.is_gentle,
            is_encrypted: draft.is_encrypted,
        });
        let quick = words::quick_look(draft.quick_look());
        let is_looking = matches!(draft.quick_look(), QuickLook::Looking);
        self.source.show_quick_look(quick.as_ref(), is_looking);
        self.source.set_may_look_inside(draft.may_continue().is_ok());
    }

    pub(super) fn show_opening(&self, draft: &RestoreDraft) {
        match draft.opening() {
            Opening::NotTried => self.open.show_idle(),
            Opening::Trying => self.open.show_opening(),
            Opening::Failed(error) => self.open.show_failed(&text::message(error)),
            Opening::Opened(archive) => {
                let weakness = words::weak_protection(&archive.info);
                self.open.show_opened(&text::opened(archive), weakness.as_deref());
            }
        }
        self.open.show_purpose(draft.wants_to_look());
    }

    pub(super) fn show_contents(&self, draft: &RestoreDraft) {
        let (Some(archive), Some(system)) = (draft.archive(), draft.system()) else {
            return;
        };
        self.contents.show_purpose(draft.verifies_only);
        let held = held(archive);
        let items: Vec<_> = held
            .iter()
            .enumerate()
            .map(|(position, (domain, bytes))| domain_item(system, position, domain, *bytes))
            .collect();
        self.contents.show_vms(&items, |name| draft.is_selected(name));
        let selected: Vec<u64> = held
            .iter()
            .filter(|(domain, _)| draft.is_selected(&domain.name))
            .map(|(_, bytes)| *bytes)
            .collect();
        self.contents.show_total(selected.len(), selected.iter().sum());
        let newer = draft
            .newer_known()
            .map(|(count, latest)| words::newer_known(count, latest));
        self.contents.show_facts(&text::opened(archive), newer.as_deref());
    }

    pub(super) fn show_table(&self, draft: &RestoreDraft) {
        let (Some(table), Some(system)) = (draft.table(), draft.system()) else {
            return;
        };
        let colors = colors_here(system, &table);
        self.summary.show_table(&RestoreSummary {
            table: &table,
            verifies_only: draft.verifies_only,
            shortages: &table.shortages(system),
            pools: &draft.pools(),
            pool_of_all: draft.pool_of_all(),
            drops_devices: draft.drops_devices,
            ignores_missing: draft.ignores_missing,
            candidates: &|row| table.candidates(system, row),
            color: &|name| colors.get(name).copied(),
            glyph: &|row| glyph(system, &row.domain),
        });
    }
}

/// The label colours of the VMs that are here and of those that will be, by their names here.
fn colors_here(system: &System, table: &RestoreTable) -> BTreeMap<String, u32> {
    let here = system.vms.iter().map(|vm| (&vm.name, &vm.label));
    let restored = table.selected().map(|row| (&row.name_here, &row.domain.label));
    let all = restored.chain(here);
    all.map(|(name, label)| (name.clone(), label_color(system, label)))
        .collect()
}

/// The VMs that the archive holds, with their sizes.
fn held(archive: &Arc<OpenedArchive>) -> Vec<(Domain, u64)> {
    let domains = archive.inventory.domains().into_iter();
    domains
        .filter_map(|domain| {
            let bytes = held_bytes(&domain)?;
            Some((domain, bytes))
        })
        .collect()
}

/// What an archive holds of a VM; `None` if it is only mentioned.
pub(super) fn held_bytes(domain: &Domain) -> Option<u64> {
    Some(domain.content()?.size_bytes)
}

pub(super) fn domain_item(system: &System, position: usize, domain: &Domain, bytes: u64) -> VmItem {
    let (detail, value) = (words::domain_detail(domain), text::size(bytes));
    VmItem {
        name: domain.name.clone(),
        position,
        glyph: glyph(system, domain),
        keywords: detail.clone(),
        detail,
        spoken: words::spoken(&[&domain.name, &text::class(&domain.class), &value]),
        value,
        size_bytes: Some(bytes),
        // An archive does not say when its VMs were last backed up before.
        last_backup: None,
        state: String::new(),
    }
}

fn glyph(system: &System, domain: &Domain) -> Glyph {
    let provides_network = domain.property("provides_network") == Some("True");
    Glyph::new(label_color(system, &domain.label), &domain.class, provides_network)
}
