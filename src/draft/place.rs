// SPDX-License-Identifier: GPL-3.0-or-later
//! The place that a backup goes to or comes from, while it is being typed: one piece for both wizards.

use std::path::{Path, PathBuf};

use crate::{
    host::{DOM0, HostError, System},
    transport::{Leftover, Location, Probe, ProbeError, Purpose, Reach},
};

use super::{ReachKind, Reason};

/// A VM and what was typed for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypedPlace {
    /// dom0 or the name of a running VM.
    pub target: String,
    /// How the place is reached there.
    pub kind: ReachKind,
    /// The server, the remote or the program, where it is reached by one.
    pub reach: String,
    /// A directory, a file or a command.
    pub text: String,
}

impl TypedPlace {
    /// Returns the path that was typed for dom0; `~` is this user's home, as in a shell.
    pub fn path(&self) -> PathBuf {
        let text = self.text.trim();
        match (text.strip_prefix('~'), std::env::var_os("HOME")) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                Path::new(&home).join(rest.trim_start_matches('/'))
            }
            _ => PathBuf::from(text),
        }
    }

    /// Returns whether no other VM is needed to reach it.
    pub fn is_of_dom0(&self) -> bool {
        self.target == DOM0
    }

    /// Returns whether it is a path of dom0.
    pub fn is_local(&self) -> bool {
        self.is_of_dom0() && !self.is_store()
    }

    /// Returns whether it lies in a store behind a program.
    pub fn is_store(&self) -> bool {
        self.kind != ReachKind::Path
    }

    /// Returns the VM that holds the disk, if it is a place in another VM than dom0 and no store.
    pub fn disk_vm(&self) -> Option<&str> {
        (!self.is_of_dom0() && !self.is_store()).then_some(self.target.as_str())
    }

    /// Returns whether something is missing that only its user can tell.
    fn is_empty(&self) -> bool {
        self.text.trim().is_empty() || (self.is_store() && self.reach.trim().is_empty())
    }

    /// Returns whether a path of a VM is looked for in the home of its user.
    pub fn is_below_home(&self) -> bool {
        !self.is_local() && !self.is_store() && !self.text.trim().starts_with('/')
    }

    /// Returns the location that is meant.
    pub fn location(&self, purpose: Purpose) -> Location {
        if let Some(program) = self.kind.program(&self.reach) {
            let vm = (!self.is_of_dom0()).then(|| self.target.clone());
            return Location::Store {
                reach: Reach { vm, program },
                path: self.text.trim().to_owned(),
            };
        }
        if !self.is_local() {
            return Location::Vm {
                vm: self.target.clone(),
                line: self.text.trim().to_owned(),
            };
        }
        match purpose {
            Purpose::Write => Location::Folder(self.path()),
            Purpose::Read => Location::File(self.path()),
        }
    }
}

/// How far the look at a place is.
#[derive(Debug, Clone, Default)]
pub enum PlaceState {
    /// Nothing was typed.
    #[default]
    Empty,
    /// It is being looked at.
    Probing,
    /// Its VM is being started.
    Starting,
    /// It will do.
    Good(Probe),
    /// It will not do.
    Bad(PlaceProblem),
}

/// Why a place will not do.
#[derive(Debug, Clone)]
pub enum PlaceProblem {
    /// What was found there.
    Found(ProbeError),
    /// The VM does not run, or not any more.
    NotRunning {
        /// Its name.
        vm: String,
        /// Whether it can be started from here.
        can_start: bool,
    },
    /// The VM was to be started and does not run.
    NotStarted {
        /// Its name.
        vm: String,
        /// Why it could not be started.
        why: HostError,
    },
}

/// A place as far as it was typed, and what is known of it.
#[derive(Debug, Clone)]
pub struct PlaceDraft {
    purpose: Purpose,
    typed: TypedPlace,
    state: PlaceState,
}

impl PlaceDraft {
    /// Returns the draft that a wizard begins with: an empty place in dom0.
    pub fn new(purpose: Purpose) -> Self {
        let typed = TypedPlace {
            target: DOM0.to_owned(),
            ..TypedPlace::default()
        };
        Self {
            purpose,
            typed,
            state: PlaceState::Empty,
        }
    }

    /// Returns what was typed.
    pub fn typed(&self) -> &TypedPlace {
        &self.typed
    }

    /// Returns what is known of it.
    pub fn state(&self) -> &PlaceState {
        &self.state
    }

    /// Returns what is going to be done there.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Returns the location that is meant.
    pub fn location(&self) -> Location {
        self.typed.location(self.purpose)
    }

    /// Returns what is known of the place, if it will do.
    pub fn probe(&self) -> Option<&Probe> {
        match &self.state {
            PlaceState::Good(probe) => Some(probe),
            _ => None,
        }
    }

    /// Returns whether there is no such directory and it can be made.
    pub fn may_make_directory(&self) -> bool {
        matches!(self.state, PlaceState::Bad(PlaceProblem::Found(ProbeError::CanBeMade)))
    }

    /// Returns the VM that does not run and can be started.
    pub fn may_start(&self) -> Option<&str> {
        match &self.state {
            PlaceState::Bad(PlaceProblem::NotRunning { vm, can_start: true } | PlaceProblem::NotStarted { vm, .. }) => {
                Some(vm)
            }
            _ => None,
        }
    }

    /// Says that the VM is being started.
    pub fn set_starting(&mut self) {
        if self.may_start().is_some() {
            self.state = PlaceState::Starting;
        }
    }

    /// Takes how the start of a VM ended. A place that was left meanwhile, or a VM that was seen to run, is left alone.
    pub fn set_started(&mut self, vm: &str, result: Result<(), HostError>) {
        if self.typed.target == vm && matches!(self.state, PlaceState::Starting) {
            match result {
                Ok(()) => self.forget(),
                Err(why) => {
                    let vm = vm.to_owned();
                    self.state = PlaceState::Bad(PlaceProblem::NotStarted { vm, why });
                }
            }
        }
    }

    /// Returns whether nothing can be found at the place because its VM does not run.
    pub fn is_absent(&self) -> bool {
        matches!(
            self.state,
            PlaceState::Starting | PlaceState::Bad(PlaceProblem::NotRunning { .. } | PlaceProblem::NotStarted { .. })
        )
    }

    /// Returns what earlier runs have left there unfinished.
    pub fn leftovers(&self) -> &[Leftover] {
        self.probe().map_or(&[], |probe| &probe.leftovers)
    }

    /// Takes how something ended that was done at a place: it is looked at again, or will not do. What was done at another
    /// place is left alone.
    pub fn set_changed(&mut self, asked: &TypedPlace, result: Result<(), ProbeError>) {
        let is_known = matches!(
            self.state,
            PlaceState::Good(_) | PlaceState::Bad(PlaceProblem::Found(_))
        );
        if *asked == self.typed && is_known {
            match result {
                Ok(()) => self.forget(),
                Err(error) => self.state = PlaceState::Bad(PlaceProblem::Found(error)),
            }
        }
    }

    /// Returns whether it has to be looked at.
    pub fn is_due(&self) -> bool {
        matches!(self.state, PlaceState::Probing)
    }

    /// Takes what was chosen and typed. Returns whether that is another place than before. `system` says which VMs run, where
    /// that is known: one that is halted is not looked into, because that would start it.
    pub fn set_typed(&mut self, typed: TypedPlace, system: Option<&System>) -> bool {
        if typed == self.typed {
            return false;
        }
        let is_other_vm = typed.target != self.typed.target;
        self.typed = typed;
        if is_other_vm || !self.is_absent() {
            self.forget();
        }
        if let Some(system) = system {
            self.set_system(system);
        }
        true
    }

    /// Has the place looked at again, where it could be looked at before.
    pub fn look_again(&mut self) {
        if matches!(
            self.state,
            PlaceState::Good(_) | PlaceState::Bad(PlaceProblem::Found(_))
        ) {
            self.forget();
        }
    }

    /// Forgets what is known of the place.
    fn forget(&mut self) {
        self.state = if self.typed.is_empty() {
            PlaceState::Empty
        } else {
            PlaceState::Probing
        };
    }

    /// Takes which VMs run. Returns whether more or less is known of the place than before.
    pub fn set_system(&mut self, system: &System) -> bool {
        let target = &self.typed.target;
        let known = system.vm(target);
        let is_there = self.typed.is_of_dom0() || known.is_some_and(|vm| vm.is_running);
        let was_gone = self.is_absent();
        if !is_there && !was_gone {
            let can_start = system.starts_vms && known.is_some();
            let vm = target.clone();
            self.state = PlaceState::Bad(PlaceProblem::NotRunning { vm, can_start });
        } else if is_there && was_gone {
            self.forget();
        }
        is_there == was_gone
    }

    /// Takes what was found at a place; an answer about another place, or of a VM that was stopped meanwhile, is left alone.
    pub fn set_answer(&mut self, asked: &TypedPlace, answer: Result<Probe, ProbeError>) {
        if *asked == self.typed && self.is_due() {
            self.state = match answer {
                Ok(probe) => PlaceState::Good(probe),
                Err(error) => PlaceState::Bad(PlaceProblem::Found(error)),
            };
        }
    }

    /// Returns whether the place will do.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(&self) -> Result<(), Reason> {
        match &self.state {
            PlaceState::Empty => Err(Reason::NoPlace),
            PlaceState::Probing | PlaceState::Starting => Err(Reason::StillLooking),
            PlaceState::Bad(_) => Err(Reason::BadPlace),
            PlaceState::Good(_) => Ok(()),
        }
    }
}

impl Default for PlaceDraft {
    fn default() -> Self {
        Self::new(Purpose::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Vm;

    fn system(is_running: bool) -> System {
        System {
            vms: vec![Vm {
                name: "disk".to_owned(),
                is_running,
                ..Vm::default()
            }],
            ..System::default()
        }
    }

    fn typed(text: &str) -> TypedPlace {
        TypedPlace {
            target: "disk".to_owned(),
            text: text.to_owned(),
            ..TypedPlace::default()
        }
    }

    #[test]
    fn a_vm_that_stops_and_starts_again_leaves_the_field_as_it_was() {
        for purpose in [Purpose::Write, Purpose::Read] {
            for (text, expected) in [("", "Empty"), ("/backups", "Probing")] {
                let mut place = PlaceDraft::new(purpose);
                place.set_typed(typed(text), None);
                let before = format!("{:?}", place.state());
                assert_eq!(before, expected);
                assert!(!place.set_system(&system(true)));
                assert!(place.set_system(&system(false)));
                assert!(matches!(place.check(), Err(Reason::BadPlace)));
                assert!(!place.set_system(&system(false)));
                assert!(place.set_system(&system(true)));
                assert_eq!(format!("{:?}", place.state()), before);
            }
        }
    }

    #[test]
    fn a_store_is_looked_at_when_its_program_and_its_path_are_there() {
        let mut place = PlaceDraft::new(Purpose::Write);
        let server = |reach: &str, target: &str| TypedPlace {
            kind: ReachKind::Server,
            reach: reach.to_owned(),
            ..TypedPlace {
                target: target.to_owned(),
                ..typed("/backups")
            }
        };
        place.set_typed(server(" ", "disk"), None);
        assert!(matches!(place.check(), Err(Reason::NoPlace)));
        place.set_typed(server("nas", "disk"), None);
        assert!(place.is_due() && !place.typed().is_local());
        let shown = place.location().to_string();
        assert_eq!(shown, "disk:ssh -oBatchMode=yes -s -- nas sftp:/backups");
        place.set_system(&system(false));
        assert!(matches!(place.check(), Err(Reason::BadPlace)));
        assert_eq!(place.typed().disk_vm(), None);
        assert_eq!(typed("/media/disk").disk_vm(), Some("disk"));
        // On this computer no VM is needed.
        place.set_typed(server("nas", DOM0), None);
        place.set_system(&system(false));
        assert!(place.is_due() && !place.typed().is_local());
        assert_eq!(place.location().vm(), None);
    }

    #[test]
    fn a_vm_that_does_not_run_is_started_on_demand_and_never_looked_into() {
        let mut halted = system(false);
        let mut place = PlaceDraft::new(Purpose::Write);
        // A folder starts nothing.
        place.set_typed(typed("/a"), Some(&halted));
        assert_eq!((place.may_start(), place.is_due()), (None, false));
        halted.starts_vms = true;
        let mut place = PlaceDraft::new(Purpose::Write);
        place.set_typed(typed("/a"), Some(&halted));
        assert_eq!((place.may_start(), place.is_due()), (Some("disk"), false));
        place.set_starting();
        assert_eq!(place.check(), Err(Reason::StillLooking));
        // Neither what is typed nor an event of the start changes that.
        place.set_typed(typed("/b"), Some(&halted));
        assert!(!place.set_system(&halted));
        assert!(matches!(place.state(), PlaceState::Starting));
        place.set_started("other", Ok(()));
        let why = HostError::NotRunning {
            name: "disk".to_owned(),
        };
        place.set_started("disk", Err(why));
        assert_eq!((place.may_start(), place.is_due()), (Some("disk"), false));
        place.set_starting();
        place.set_started("disk", Ok(()));
        assert!(place.is_due());
        // Started by somebody else meanwhile.
        place.set_system(&halted);
        place.set_starting();
        assert!(place.set_system(&system(true)) && place.is_due());
        place.set_answer(&typed("/b"), Err(ProbeError::NotFound));
        place.set_started("disk", Ok(()));
        assert!(matches!(place.state(), PlaceState::Bad(PlaceProblem::Found(_))));
    }

    #[test]
    fn a_place_is_looked_at_again_after_something_was_done_there() {
        let mut place = PlaceDraft::new(Purpose::Write);
        place.set_typed(typed("/new"), None);
        place.set_answer(&typed("/new"), Err(ProbeError::CanBeMade));
        assert!(place.may_make_directory());
        place.set_changed(&typed("/old"), Ok(()));
        assert!(place.may_make_directory() && !place.is_due());
        place.set_changed(&typed("/new"), Err(ProbeError::CannotBeMade));
        assert!(!place.may_make_directory());
        assert!(matches!(place.check(), Err(Reason::BadPlace)));
        place.set_changed(&typed("/new"), Ok(()));
        assert!(place.is_due() && !place.may_make_directory());
        // A VM that was stopped meanwhile stays what it is.
        place.set_system(&system(false));
        place.set_changed(&typed("/new"), Ok(()));
        assert!(!place.is_due());
    }

    #[test]
    fn an_answer_about_another_place_or_of_a_vm_that_stopped_is_left_alone() {
        let mut place = PlaceDraft::new(Purpose::Write);
        place.set_typed(typed("/new"), None);
        place.set_answer(&typed("/old"), Err(ProbeError::NotFound));
        assert!(place.is_due());
        place.set_system(&system(false));
        place.set_answer(&typed("/new"), Err(ProbeError::NotFound));
        assert!(matches!(
            place.state(),
            PlaceState::Bad(PlaceProblem::NotRunning { .. })
        ));
        place.set_system(&system(true));
        place.set_answer(&typed("/new"), Err(ProbeError::NotFound));
        assert!(matches!(place.state(), PlaceState::Bad(PlaceProblem::Found(_))));
    }
}
