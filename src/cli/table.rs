// SPDX-License-Identifier: GPL-3.0-or-later
//! The two tables, to the blank as the existing tools print them: scripts cut them into columns.
//!
//! A name that is wider than its column widens it; nothing is ever cut off. What an archive chose is sanitised.

use crate::{
    host::{DOM0, Reference, System, Vm},
    inventory::{Class, Domain},
    plan::{BackupRemark, Finding, RestoreProblem, RestoreRemark, RestoreRow, RestoreTable},
    text::{self, sanitize},
    units::{KIB, size_text},
};

/// Widths of the columns of the table of a backup: name, type, size.
const BACKUP_WIDTHS: [usize; 3] = [17, 13, 13];

/// The table of a backup, with what speaks against it in the last column, and the names that are left out.
pub(super) fn backup(system: &System, selected: &[String], findings: &[Finding]) -> String {
    // dom0 stands last, as in the existing tools.
    let (homes, vms): (Vec<&String>, Vec<&String>) = selected.iter().partition(|name| *name == DOM0);
    let rows: Vec<(&str, &str, u64)> = vms
        .into_iter()
        .chain(homes)
        .map(|name| match system.vm(name) {
            Some(vm) => (name.as_str(), kind(vm), vm.backup_bytes.unwrap_or_default()),
            None => (name.as_str(), "?", 0),
        })
        .collect();
    let longest = rows.iter().map(|(name, ..)| name.chars().count()).max();
    let [first, second, third] = BACKUP_WIDTHS;
    let first = first.max(longest.unwrap_or(0));
    let line = format!(
        "{:-<w$}-+{:-<s$}-+{:-<t$}-+\n",
        "",
        "",
        "",
        w = first,
        s = second,
        t = third
    );
    let mut table = format!(
        "{line}{:>first$} |{:>second$} |{:>third$} |\n{line}",
        "VM", "type", "size"
    );
    for (name, kind, bytes) in &rows {
        table += &format!("{name:>first$} |{kind:>second$} |{:>third$} |", size(*bytes));
        for finding in findings.iter().filter(|finding| finding.vm.as_deref() == Some(name)) {
            table += &format!(" <-- {}", backup_remark(finding));
        }
        table.push('\n');
    }
    let total = rows.iter().map(|(_, _, bytes)| bytes).sum();
    let both = second + 2 + third;
    table += &format!("{line}{:>first$} |{:>both$} |\n{line}", "Total size:", size(total));
    let left_out: Vec<&str> = system
        .vms
        .iter()
        .map(|vm| vm.name.as_str())
        .filter(|name| !selected.iter().any(|selected| selected == name))
        .collect();
    if !left_out.is_empty() {
        table += "VMs not selected for backup:\n";
        for name in left_out {
            table += &format!(" - {name}\n");
        }
    }
    table
}

fn kind(vm: &Vm) -> &'static str {
    match vm.class {
        Class::AdminVm => "User home",
        Class::TemplateVm => "Template VM",
        // It has a system of its own that is updated.
        Class::StandaloneVm => "VM + Sys",
        Class::AppVm | Class::DispVm | Class::RemoteVm | Class::Other(_) => "VM",
    }
}

fn size(bytes: u64) -> String {
    if bytes < KIB {
        bytes.to_string()
    } else {
        size_text(bytes)
    }
}

/// The two remarks of the existing tools in their words, the others in ours.
fn backup_remark(finding: &Finding) -> String {
    match &finding.remark {
        BackupRemark::SavedStateIsOld { .. } => {
            "The VM is running, backup will contain its state from before its start!".to_owned()
        }
        BackupRemark::NoSnapshot { .. } => {
            "The VM is running and private volume snapshots are disabled. Backup will fail!".to_owned()
        }
        _ => text::finding(&finding.remark).sentence,
    }
}

/// How wide a cell of a listing may be on a terminal, in characters.
const SHOWN_WIDTH: usize = 40;

/// The table of a listing. On a terminal what is very wide is cut; elsewhere nothing is.
pub(super) fn listing(domains: &[Domain], is_terminal: bool) -> String {
    const HEAD: [&str; 6] = ["name", "type", "size", "template", "netvm", "label"];
    let shown = |cell: String| match cell.char_indices().nth(SHOWN_WIDTH) {
        Some((end, _)) if is_terminal => format!("{}…", &cell[..end]),
        _ => cell,
    };
    let rows: Vec<[String; 6]> = domains.iter().map(|domain| cells(domain).map(shown)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| 1 + width(column).max(HEAD[column].len()))
        .collect();
    let line: String = widths.iter().map(|width| format!("{:-<width$}-+", "")).collect();
    let put = |cells: [&str; 6]| -> String {
        let cells = cells.iter().zip(&widths);
        cells.map(|(cell, width)| format!("{cell:>width$} |")).collect()
    };
    let mut text = format!("{line}\n{}\n{line}\n", put(HEAD));
    for (domain, cells) in domains.iter().zip(&rows) {
        text += &put(cells.each_ref().map(String::as_str));
        if domain.content().is_none() {
            text += &format!(" <-- {}", text::terminal::only_mentioned());
        }
        text.push('\n');
    }
    text
}

/// The cells of a VM in the table of a listing: name, type, size, template, net VM, label.
fn cells(domain: &Domain) -> [String; 6] {
    let is_home = domain.class == Class::AdminVm;
    let size = domain
        .content()
        .map_or_else(|| "-".to_owned(), |content| size(content.size_bytes));
    let or_dash = |value: Option<&str>| {
        value
            .filter(|value| !value.is_empty())
            .map_or_else(|| "-".to_owned(), sanitize)
    };
    let netvm = match domain.property("netvm") {
        None if !is_home => "(default)".to_owned(),
        value => or_dash(value),
    };
    [
        sanitize(&domain.name),
        sanitize(domain.class.wire_name()),
        size,
        or_dash(domain.property("template")),
        netvm,
        or_dash(Some(&domain.label)),
    ]
}

/// The table of a restore.
pub(super) fn restore(table: &RestoreTable) -> String {
    const HEAD: [&str; 5] = ["name", "type", "template", "netvm", "label"];
    let cells: Vec<[String; 5]> = table.rows.iter().map(restore_cells).collect();
    let widths: Vec<usize> = HEAD
        .iter()
        .enumerate()
        .map(|(i, head)| {
            1 + cells
                .iter()
                .map(|row| row[i].chars().count())
                .chain([head.len()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line: String = widths.iter().map(|width| format!("{:-<width$}-+", "")).collect();
    let put = |cells: [&str; 5]| -> String {
        cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$} |"))
            .collect()
    };
    let mut text = format!("{line}\n{}\n{line}\n", put(HEAD));
    for (row, cells) in table.rows.iter().zip(&cells) {
        text += &put(cells.each_ref().map(String::as_str));
        text += &restore_remark(row);
        text.push('\n');
    }
    text
}

fn restore_cells(row: &RestoreRow) -> [String; 5] {
    if row.is_home() {
        return [DOM0, "AdminVM", "n/a", "(default)", "black"].map(str::to_owned);
    }
    let domain = &row.domain;
    let template = domain.property("template").filter(|name| !name.is_empty());
    let netvm = match domain.property("netvm") {
        None => "(default)".to_owned(),
        Some("") => "-".to_owned(),
        Some(name) => sanitize(name),
    };
    [
        sanitize(&domain.name),
        sanitize(domain.class.wire_name()),
        template.map_or_else(|| "n/a".to_owned(), sanitize),
        netvm,
        sanitize(&domain.label),
    ]
}

/// The first thing that keeps a row from being restored, else what changes.
fn restore_remark(row: &RestoreRow) -> String {
    let mut remarks = String::new();
    for remark in &row.remarks {
        match remark {
            RestoreRemark::LeftOut => return " <-- Excluded from restore".to_owned(),
            RestoreRemark::SkippedConflict => return problem(&RestoreProblem::NameTaken),
            RestoreRemark::SkippedBroken { problems } => {
                return problems.first().map(problem).unwrap_or_default();
            }
            RestoreRemark::NotNeeded | RestoreRemark::FoundHere => {
                return format!(" <-- {}", text::restore_remark(remark));
            }
            RestoreRemark::TemplateChanged { to, .. } => {
                remarks += &format!(" <-- Template change to '{}'", sanitize(to));
            }
            RestoreRemark::NetVmChanged { to, .. } => remarks += &format!(" <-- Net VM change to '{}'", netvm(to)),
            RestoreRemark::Renamed { to, .. } => remarks += &format!(" <-- Will be renamed to '{}'", sanitize(to)),
            RestoreRemark::DispVmChanged { .. }
            | RestoreRemark::KernelChanged { .. }
            | RestoreRemark::PoolChosen { .. }
            | RestoreRemark::DeviceDropped { .. }
            | RestoreRemark::DeviceWithoutBackend { .. }
            | RestoreRemark::VmMissing { .. }
            | RestoreRemark::TagDropped { .. } => remarks += &format!(" <-- {}", text::restore_remark(remark)),
        }
    }
    row.problems.first().map_or(remarks, problem)
}

fn problem(problem: &RestoreProblem) -> String {
    let text = match problem {
        RestoreProblem::NameTaken => "A VM with the same name already exists on the host!".to_owned(),
        RestoreProblem::TemplateMissing { .. } => "No matching template on the host or in the backup found!".to_owned(),
        RestoreProblem::NetVmMissing { .. } => "No matching netvm on the host or in the backup found!".to_owned(),
        RestoreProblem::UserMismatch { .. } => "username in backup and dom0 mismatch".to_owned(),
        _ => text::restore_problem(problem).sentence,
    };
    format!(" <-- {text}")
}

fn netvm(netvm: &Reference) -> String {
    match netvm {
        Reference::Default => "(default)".to_owned(),
        Reference::None => "-".to_owned(),
        Reference::Named(name) => sanitize(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        inventory::{ArchivePath, Content},
        plan::Renaming,
    };

    fn vm(name: &str, class: Class, kib: u64) -> Vm {
        Vm {
            name: name.to_owned(),
            class,
            backup_bytes: Some(kib * KIB),
            ..Vm::default()
        }
    }

    fn system() -> System {
        System {
            vms: vec![
                vm("dom0", Class::AdminVm, 1),
                vm("hidden", Class::AppVm, 1),
                vm("tpl-minimal", Class::TemplateVm, 384),
                vm("vault", Class::AppVm, 192),
                vm("work", Class::AppVm, 192),
            ],
            ..System::default()
        }
    }

    #[test]
    fn the_table_of_a_backup_is_the_one_that_scripts_know() {
        let finding = Finding {
            vm: Some("work".into()),
            remark: BackupRemark::SavedStateIsOld { changed: None },
        };
        let selected = ["vault", "tpl-minimal", "work"].map(str::to_owned);
        let expected = "\
------------------+--------------+--------------+
               VM |         type |         size |
------------------+--------------+--------------+
            vault |           VM |    192.0 KiB |
      tpl-minimal |  Template VM |    384.0 KiB |
             work |           VM |    192.0 KiB | <-- The VM is running, backup will contain its state from before its start!
------------------+--------------+--------------+
      Total size: |                   768.0 KiB |
------------------+--------------+--------------+
VMs not selected for backup:
 - dom0
 - hidden
";
        assert_eq!(backup(&system(), &selected, &[finding]), expected);
    }

    #[test]
    fn dom0_stands_last_in_the_table_of_a_backup() {
        let selected = ["dom0", "vault", "work"].map(str::to_owned);
        let table = backup(&system(), &selected, &[]);
        let names: Vec<&str> = table
            .lines()
            .skip(3)
            .take(3)
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(names, ["vault", "work", "dom0"]);
    }

    #[test]
    fn a_long_name_widens_its_column() {
        let name = "x".repeat(31);
        let system = System {
            vms: vec![vm(&name, Class::StandaloneVm, 0)],
            ..System::default()
        };
        let table = backup(&system, std::slice::from_ref(&name), &[]);
        assert!(
            table.contains(&format!("{name} |     VM + Sys |            0 |")),
            "{table}"
        );
        let widths: std::collections::BTreeSet<_> = table.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 1, "{table}");
    }

    fn row(name: &str) -> RestoreRow {
        let domain = Domain {
            name: name.to_owned(),
            class: Class::TemplateVm,
            label: "black".to_owned(),
            ..Domain::default()
        };
        let content = Content {
            path: ArchivePath::new("vm1/"),
            size_bytes: 0,
        };
        RestoreRow::new(domain, content)
    }

    #[test]
    fn the_table_of_a_restore_is_the_one_that_scripts_know() {
        let mut row = row("tpl-minimal");
        row.remarks.push(RestoreRemark::Renamed {
            from: "tpl-minimal".into(),
            to: "tpl-minimal-1".into(),
            why: Renaming::TakenHere,
        });
        let expected = "\
-------------+------------+----------+-----------+-------+
        name |       type | template |     netvm | label |
-------------+------------+----------+-----------+-------+
 tpl-minimal | TemplateVM |      n/a | (default) | black | <-- Will be renamed to 'tpl-minimal-1'
";
        assert_eq!(restore(&RestoreTable { rows: vec![row] }), expected);
    }

    #[test]
    fn the_first_obstacle_of_a_row_is_named_and_hostile_names_are_made_safe() {
        let mut taken = row("a\u{1b}b");
        taken.problems = vec![RestoreProblem::NameTaken, RestoreProblem::ClassUnknown];
        let mut out = row("c");
        out.remarks = vec![RestoreRemark::LeftOut];
        let text = restore(&RestoreTable { rows: vec![taken, out] });
        assert!(text.contains("<-- A VM with the same name already exists on the host!\n"));
        assert!(text.contains("<-- Excluded from restore\n"));
        assert!(!text.contains('\u{1b}'));
    }
}
