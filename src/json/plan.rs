// SPDX-License-Identifier: GPL-3.0-or-later
//! What a restore would do: the table of its plan, with what stands in the way and the options that cure it.

use serde::Serialize;

use crate::{
    engine::ArchiveInfo,
    host::{NameFault, Reference},
    plan::{Absence, Cure, DeviceFate, RestoreProblem, RestoreRemark, RestoreRow, RestoreTable, Shortage},
};

use super::{PROGRAM, SCHEMA_VERSION, code::missing, document, listing::Archive};

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    document: &'static str,
    program: &'static str,
    place: &'a str,
    archive: Archive<'a>,
    /// Whether it could begin.
    is_ready: bool,
    vms: Vec<Vm<'a>>,
    shortages: Vec<Short<'a>>,
}

#[derive(Serialize)]
struct Vm<'a> {
    name: &'a str,
    name_here: &'a str,
    class: &'a str,
    state: &'static str,
    label: Option<&'a str>,
    template: Option<&'a str>,
    netvm: Target<'a>,
    default_dispvm: Target<'a>,
    kernel: Target<'a>,
    pool: Option<&'a str>,
    announced_bytes: u64,
    devices: Vec<Device<'a>>,
    problems: Vec<Problem<'a>>,
    remarks: Vec<Remark<'a>>,
}

/// What a setting points at.
#[derive(Serialize)]
struct Target<'a> {
    kind: &'static str,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Device<'a> {
    class: &'a str,
    backend: &'a str,
    id: &'a str,
    fate: &'static str,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'static str,
    /// What it is about: a VM, a kernel, a pool, a user, what is missing.
    subject: Option<&'a str>,
    absence: Option<&'static str>,
    /// What else belongs to it.
    detail: Option<&'a str>,
    cures: Vec<Remedy<'a>>,
}

#[derive(Serialize)]
struct Remedy<'a> {
    code: &'static str,
    /// What to write on the command line; capitals stand for what is to be put there.
    option: Option<String>,
    /// The other VM that it is about.
    vm: Option<&'a str>,
}

#[derive(Serialize)]
struct Remark<'a> {
    code: &'static str,
    subject: Option<String>,
    from: Option<Target<'a>>,
    to: Option<Target<'a>>,
}

#[derive(Serialize)]
struct Short<'a> {
    pool: &'a str,
    needed_bytes: u64,
    free_bytes: u64,
}

/// The plan of a restore, as `docs/schema/plan.schema.json` describes it.
pub fn plan(place: &str, archive: &ArchiveInfo, table: &RestoreTable, shortages: &[Shortage]) -> String {
    document(&Document {
        schema_version: SCHEMA_VERSION,
        document: "plan",
        program: PROGRAM,
        place,
        archive: Archive::of(archive),
        is_ready: table.is_ready(),
        vms: table.rows.iter().map(vm).collect(),
        shortages: shortages
            .iter()
            .map(|shortage| Short {
                pool: &shortage.pool,
                needed_bytes: shortage.needed_bytes,
                free_bytes: shortage.free_bytes,
            })
            .collect(),
    })
}

fn vm(row: &RestoreRow) -> Vm<'_> {
    let passed_over = row.remarks.iter().find_map(|remark| match remark {
        RestoreRemark::SkippedBroken { problems } => Some(problems),
        _ => None,
    });
    let problems = row.problems.iter().chain(passed_over.into_iter().flatten());
    Vm {
        name: &row.domain.name,
        name_here: &row.name_here,
        class: row.domain.class.wire_name(),
        state: state(row),
        label: Some(row.domain.label.as_str()).filter(|label| !label.is_empty()),
        template: row.template.as_deref(),
        netvm: Target::of(&row.netvm),
        default_dispvm: Target::of(&row.dispvm),
        kernel: Target::of(&row.kernel),
        pool: row.pool.as_deref(),
        announced_bytes: row.content.size_bytes,
        devices: row
            .devices
            .iter()
            .map(|device| Device {
                class: &device.port.class,
                backend: &device.port.backend,
                id: &device.port.id,
                fate: match device.fate {
                    DeviceFate::Kept => "kept",
                    DeviceFate::Dropped => "dropped",
                    DeviceFate::NoBackend => "no_backend",
                },
            })
            .collect(),
        problems: problems
            .map(|problem| self::problem(&row.domain.name, problem))
            .collect(),
        remarks: row.remarks.iter().filter_map(remark).collect(),
    }
}

fn state(row: &RestoreRow) -> &'static str {
    let why = row.remarks.iter().find_map(|remark| match remark {
        RestoreRemark::SkippedConflict => Some("conflict"),
        RestoreRemark::SkippedBroken { .. } => Some("broken"),
        RestoreRemark::NotNeeded => Some("not_needed"),
        RestoreRemark::FoundHere => Some("found_here"),
        _ => None,
    });
    match why {
        _ if row.is_selected && row.problems.is_empty() => "ready",
        _ if row.is_selected => "blocked",
        why => why.unwrap_or("left_out"),
    }
}

impl<'a> Target<'a> {
    fn of(reference: &'a Reference) -> Self {
        let kind = match reference {
            Reference::Default => "default",
            Reference::None => "none",
            Reference::Named(_) => "named",
        };
        Self {
            kind,
            name: reference.name(),
        }
    }

    fn named(name: &'a str) -> Self {
        Self {
            kind: "named",
            name: Some(name),
        }
    }
}

fn problem<'a>(vm: &str, problem: &'a RestoreProblem) -> Problem<'a> {
    let (code, subject, absence, detail) = parts(problem);
    let remedies = problem.cures().into_iter().map(|cure| {
        let named = match &cure {
            Cure::RestoreToo { name } | Cure::SolveFirst { name } => Some(name.as_str()),
            _ => None,
        };
        Remedy {
            code: cure_code(&cure),
            option: cure.option(vm),
            // What a cure names is what its problem is about.
            vm: subject.filter(|subject| named == Some(*subject)),
        }
    });
    Problem {
        code,
        subject,
        absence: absence.map(absence_code),
        detail,
        cures: remedies.collect(),
    }
}

type Parts<'a> = (&'static str, Option<&'a str>, Option<Absence>, Option<&'a str>);

/// Code, subject, absence and detail of a problem.
fn parts(problem: &RestoreProblem) -> Parts<'_> {
    match problem {
        RestoreProblem::NameTaken => ("name_taken", None, None, None),
        RestoreProblem::NameTwice => ("name_twice", None, None, None),
        RestoreProblem::NameInvalid { why, .. } => ("name_invalid", None, None, Some(fault_code(*why))),
        RestoreProblem::TemplateMissing { name, absence, default } => {
            ("template_missing", Some(name), Some(*absence), default.as_deref())
        }
        RestoreProblem::NoDefaultTemplate => ("no_default_template", None, None, None),
        RestoreProblem::NetVmMissing { name, absence, .. } => ("netvm_missing", Some(name), Some(*absence), None),
        RestoreProblem::NetVmCycle { name } => ("netvm_cycle", Some(name), None, None),
        RestoreProblem::DispVmMissing { name, absence, .. } => ("dispvm_missing", Some(name), Some(*absence), None),
        RestoreProblem::KernelMissing { name, .. } => ("kernel_missing", Some(name), None, None),
        RestoreProblem::PoolMissing { name } => ("pool_missing", Some(name), None, None),
        RestoreProblem::PoolOutOfReach { name, driver } => ("pool_out_of_reach", Some(name), None, Some(driver)),
        RestoreProblem::UserMismatch { archived, here } => ("user_mismatch", Some(archived), None, Some(here)),
        RestoreProblem::ClassUnknown => ("class_unknown", None, None, None),
        RestoreProblem::DataMissing { what } => ("data_missing", Some(what.subject()), None, Some(missing(what))),
    }
}

fn fault_code(fault: NameFault) -> &'static str {
    match fault {
        NameFault::Empty => "empty",
        NameFault::TooLong { .. } => "too_long",
        NameFault::Start => "first_character",
        NameFault::Character { .. } => "character",
        NameFault::Reserved => "reserved",
        NameFault::Ending => "reserved_ending",
    }
}

fn absence_code(absence: Absence) -> &'static str {
    match absence {
        Absence::NotHere => "not_here",
        Absence::NotSelected => "not_selected",
        Absence::HasProblem => "has_problem",
        Absence::Incomplete => "incomplete",
        Absence::WrongKind => "wrong_kind",
    }
}

fn cure_code(cure: &Cure) -> &'static str {
    match cure {
        Cure::ChooseName => "choose_name",
        Cure::RenameConflicting => "rename_conflicting",
        Cure::ChooseTemplate => "choose_template",
        Cure::ChooseNetVm => "choose_netvm",
        Cure::ChooseDispVm => "choose_dispvm",
        Cure::ChooseKernel => "choose_kernel",
        Cure::ChoosePool => "choose_pool",
        Cure::RestoreToo { .. } => "restore_too",
        Cure::SolveFirst { .. } => "solve_first",
        Cure::IgnoreMissing => "ignore_missing",
        Cure::IgnoreUserMismatch => "ignore_user_mismatch",
        Cure::LeaveOut => "leave_out",
    }
}

/// A remark; nothing where the state of the VM says the same.
fn remark(remark: &RestoreRemark) -> Option<Remark<'_>> {
    let change = |code, from, to| Remark {
        code,
        subject: None,
        from: Some(from),
        to: Some(to),
    };
    let about = |code, subject: String| Remark {
        code,
        subject: Some(subject),
        from: None,
        to: None,
    };
    let to = |code, name| Remark {
        code,
        subject: None,
        from: None,
        to: Some(Target::named(name)),
    };
    Some(match remark {
        RestoreRemark::LeftOut
        | RestoreRemark::SkippedConflict
        | RestoreRemark::SkippedBroken { .. }
        | RestoreRemark::NotNeeded
        | RestoreRemark::FoundHere => return None,
        RestoreRemark::Renamed { to: name, .. } => to("renamed", name),
        RestoreRemark::TemplateChanged { from, to } => {
            change("template_changed", Target::named(from), Target::named(to))
        }
        RestoreRemark::NetVmChanged { from, to } => change("netvm_changed", Target::of(from), Target::of(to)),
        RestoreRemark::DispVmChanged { from, to } => change("dispvm_changed", Target::of(from), Target::of(to)),
        RestoreRemark::KernelChanged { from, to } => change("kernel_changed", Target::of(from), Target::of(to)),
        RestoreRemark::PoolChosen { name } => to("pool_chosen", name),
        RestoreRemark::DeviceDropped { port } => about("device_dropped", port.to_string()),
        RestoreRemark::DeviceWithoutBackend { port } => about("device_without_backend", port.to_string()),
        RestoreRemark::VmMissing { property, name } => Remark {
            from: Some(Target::named(name)),
            ..about("vm_missing", property.clone())
        },
        RestoreRemark::TagDropped { tag } => about("tag_dropped", tag.clone()),
    })
}

#[cfg(test)]
mod tests;
