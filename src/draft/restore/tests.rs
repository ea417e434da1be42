// SPDX-License-Identifier: GPL-3.0-or-later
//! The rules of a restore's draft, each tried without a screen.

use super::*;
use crate::{
    engine::{ArchiveError, ArchiveInfo, Notes, Protection},
    format::{Compression, Filter},
    host::{DOM0, Vm},
    inventory::{Class, Inventory},
    transport::PlaceKind,
};

/// An archive that holds `work` and `vault`, whose template it only names.
const INVENTORY: &str = r#"<qubes>
  <properties/>
  <labels><label id="label-1" color="0xcc0000">red</label></labels>
  <pools/>
  <domains>
    <domain id="domain-1" class="TemplateVM">
      <properties>
        <property name="name">fedora</property><property name="qid">1</property>
        <property name="label" ref="label-1">red</property>
      </properties>
      <features><feature name="backup-content"></feature></features>
    </domain>
    <domain id="domain-2" class="AppVM">
      <properties>
        <property name="name">work</property><property name="qid">2</property>
        <property name="label" ref="label-1">red</property><property name="template">fedora</property>
      </properties>
      <features>
        <feature name="backup-content">True</feature><feature name="backup-path">vm2/</feature>
        <feature name="backup-size">100</feature>
      </features>
    </domain>
    <domain id="domain-3" class="AppVM">
      <properties>
        <property name="name">vault</property><property name="qid">3</property>
        <property name="label" ref="label-1">red</property><property name="template">fedora</property>
      </properties>
      <features>
        <feature name="backup-content">True</feature><feature name="backup-path">vm3/</feature>
        <feature name="backup-size">100</feature>
      </features>
    </domain>
  </domains>
</qubes>"#;

fn archive() -> Arc<OpenedArchive> {
    Arc::new(OpenedArchive {
        info: ArchiveInfo {
            version: 4,
            backup_id: Some("20260301T140500-1234".to_owned()),
            made: None,
            filter: Filter::BuiltIn(Compression::Gzip),
            protection: Protection::Scrypt,
            archive_bytes: None,
        },
        inventory: Inventory::parse(INVENTORY.as_bytes()).unwrap(),
    })
}

fn vm(name: &str, class: Class, last_backup: Option<i64>) -> Vm {
    Vm {
        name: name.to_owned(),
        class,
        last_backup,
        is_running: name == "dom0",
        ..Vm::default()
    }
}

fn system(names: &[(&str, Class)]) -> Arc<System> {
    let vms = names.iter().map(|(name, class)| vm(name, class.clone(), None));
    Arc::new(System {
        vms: vms.collect(),
        ..System::default()
    })
}

fn typed(text: &str) -> TypedPlace {
    TypedPlace {
        target: DOM0.into(),
        text: text.into(),
        ..TypedPlace::default()
    }
}

/// At the passphrase page, with the source known.
fn begun(system: Arc<System>) -> RestoreDraft {
    let mut draft = RestoreDraft::new();
    draft.set_system(system);
    assert!(draft.set_typed_place(typed("/a")));
    let place = Probe {
        device: None,
        kind: PlaceKind::Local,
        bytes: None,
        largest_file_bytes: None,
        changed: None,
        is_readable_again: true,
        leftovers: Vec::new(),
    };
    draft.set_probe(&typed("/a"), Ok(place));
    assert_eq!(draft.advance(), Ok(RestorePage::Passphrase));
    draft
}

/// At the summary, with everything selected.
fn opened(system: Arc<System>) -> RestoreDraft {
    let mut draft = begun(system);
    draft.set_passphrase(Arc::new(Passphrase::for_reading("x".to_owned())));
    draft.set_opened(Ok(archive()));
    draft.advance().unwrap();
    draft.advance().unwrap();
    draft
}

#[test]
fn a_wrong_passphrase_stays_on_its_page_until_another_is_typed() {
    let mut draft = begun(system(&[]));
    assert_eq!(draft.may_continue(), Err(Reason::NoPassphrase));
    draft.set_typed(true);
    assert_eq!(draft.may_continue(), Ok(()));
    assert_eq!(draft.advance(), Err(Reason::NotOpened));
    draft.set_opening(true);
    assert_eq!(draft.may_continue(), Err(Reason::StillOpening));
    draft.set_opened(Err(EngineError::from(ArchiveError::WrongPassphrase)));
    assert!(matches!(draft.opening(), Opening::Failed(_)));
    assert_eq!(draft.page(), RestorePage::Passphrase);
    draft.set_typed(true);
    assert!(matches!(draft.opening(), Opening::NotTried));
}

#[test]
fn an_archive_begins_with_everything_it_holds_and_another_has_to_be_opened() {
    let mut draft = opened(system(&[("fedora", Class::TemplateVm)]));
    assert!(draft.is_selected("work") && draft.is_selected("vault") && !draft.is_selected("fedora"));
    assert_eq!(draft.finish().unwrap().table.selected().count(), 2);
    draft.set_typed_place(typed("/b"));
    assert!(draft.archive().is_none());
    assert!(draft.finish().is_err());
}

#[test]
fn a_name_that_is_taken_gets_another_that_can_be_edited() {
    let mut draft = opened(system(&[("fedora", Class::TemplateVm), ("work", Class::AppVm)]));
    let here = |draft: &RestoreDraft| {
        let table = draft.table().unwrap();
        let row = table.selected().find(|row| row.domain.name == "work").unwrap();
        row.name_here.clone()
    };
    assert_eq!(here(&draft), "work-1");
    draft.set_name("work", "office");
    assert_eq!((here(&draft), draft.may_continue()), ("office".to_owned(), Ok(())));
    draft.set_name("work", "work");
    assert_eq!(draft.may_continue(), Err(Reason::Problems(1)));
    draft.set_name("work", "");
    assert_eq!(here(&draft), "work-1");
}

#[test]
fn a_missing_template_is_solved_by_another_or_by_leaving_the_vm_out() {
    let mut draft = opened(system(&[("debian", Class::TemplateVm)]));
    assert_eq!(draft.may_continue(), Err(Reason::Problems(2)));
    draft.set_template("work", Some("debian".to_owned()));
    assert_eq!(draft.may_continue(), Err(Reason::Problems(1)));
    assert!(draft.finish().is_err());
    draft.select(["work".to_owned()]);
    assert_eq!(draft.advance(), Ok(RestorePage::Restore));
    assert!(!draft.may_go_back());
    assert_eq!(draft.may_continue(), Err(Reason::Running));
}

#[test]
fn going_back_keeps_the_open_archive_and_every_choice() {
    let mut draft = opened(system(&[("fedora", Class::TemplateVm)]));
    draft.select(["work".to_owned()]);
    draft.set_name("work", "office");
    for _ in 0..3 {
        draft.back();
    }
    assert_eq!(draft.page(), RestorePage::Source);
    for _ in 0..3 {
        draft.advance().unwrap();
    }
    let plan = draft.finish().unwrap();
    let names: Vec<_> = plan.table.selected().map(|row| row.name_here.clone()).collect();
    assert_eq!(names, ["office"]);
}

#[test]
fn an_old_archive_of_this_system_is_pointed_out() {
    let mut here = (*system(&[("fedora", Class::TemplateVm)])).clone();
    let later = crate::units::LocalTime::parse_compact("20260401T100000")
        .unwrap()
        .unix_seconds();
    here.vms.push(vm("work", Class::AppVm, later));
    let draft = opened(Arc::new(here));
    assert_eq!(draft.newer_known(), later.map(|moment| (1, moment)));
    assert_eq!(opened(system(&[])).newer_known(), None);
}

#[test]
fn notes_are_read_once_and_of_another_archive_again() {
    let mut draft = opened(system(&[]));
    assert!(draft.begin_notes().is_some());
    assert!(draft.begin_notes().is_none(), "they are being read");
    draft.stop_notes();
    assert!(draft.begin_notes().is_some(), "it was given up");
    draft.set_notes(Err(EngineError::Cancelled));
    assert!(draft.begin_notes().is_some(), "what failed may be tried again");
    draft.set_notes(Ok(Notes::default()));
    draft.stop_notes();
    assert!(matches!(draft.notes(), NotesRead::Done(_)), "what was read stays");
    draft.set_opened(Ok(archive()));
    assert!(matches!(draft.notes(), NotesRead::NotRead));
}

#[test]
fn a_table_is_made_once_and_anew_after_every_choice() {
    let mut draft = opened(system(&[("work", Class::AppVm)]));
    let before = draft.table().unwrap();
    assert!(Arc::ptr_eq(&before, &draft.table().unwrap()));
    draft.ignores_missing = true;
    assert!(!Arc::ptr_eq(&before, &draft.table().unwrap()));
    let before = draft.table().unwrap();
    draft.set_name("work", "other");
    let renamed = draft.table().unwrap();
    assert!(!Arc::ptr_eq(&before, &renamed));
    assert_eq!(renamed.row("work").unwrap().name_here, "other");
    draft.set_system(system(&[]));
    assert!(!Arc::ptr_eq(&renamed, &draft.table().unwrap()));
}

#[test]
fn all_that_cannot_be_restored_is_left_out_at_once() {
    // Two need a template that is not here, and one of them gets another.
    let mut draft = opened(system(&[("debian", Class::TemplateVm), ("net", Class::AppVm)]));
    assert_eq!(draft.may_continue(), Err(Reason::Problems(2)));
    draft.set_template("work", Some("debian".to_owned()));
    assert_eq!(draft.may_continue(), Err(Reason::Problems(1)));
    draft.leave_out_blocked();
    assert_eq!(draft.may_continue(), Ok(()));
    assert!(draft.is_selected("work") && !draft.is_selected("vault"));
    // With nothing in the way, nobody is left out.
    draft.leave_out_blocked();
    assert!(draft.is_selected("work"));
    draft.set_template("work", None);
    draft.leave_out_blocked();
    assert_eq!(draft.may_continue(), Err(Reason::NothingSelected));
}

#[test]
fn only_the_summary_starts_the_job() {
    let mut draft = begun(system(&[("fedora", Class::TemplateVm)]));
    assert!(!draft.next_starts_job());
    draft.set_passphrase(Arc::new(Passphrase::for_reading("x".to_owned())));
    draft.set_opened(Ok(archive()));
    draft.advance().unwrap();
    assert!(!draft.next_starts_job());
    assert_eq!(draft.advance(), Ok(RestorePage::Summary));
    assert!(draft.next_starts_job());
    draft.advance().unwrap();
    assert!(!draft.next_starts_job());
}
