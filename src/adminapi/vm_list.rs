// SPDX-License-Identifier: GPL-3.0-or-later
//! The VMs with their classes and states.

use std::collections::BTreeSet;

use super::{
    error::{AnswerError, AnswerFault},
    pairs::Pairs,
    scan::{Span, lines},
};

/// One line of the list of VMs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedVm {
    /// Its name.
    pub name: String,
    /// Its class, such as `AppVM`.
    pub class: String,
    /// Whether it runs.
    pub state: PowerState,
    /// What stays the same when it is renamed. Older daemons have none.
    pub uuid: Option<String>,
    /// What else the line says.
    pub more: Vec<(String, String)>,
}

/// What a VM is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PowerState {
    /// It does not run.
    Halted,
    /// It is starting.
    Transient,
    /// It runs.
    Running,
    /// It was stopped and keeps its memory.
    Paused,
    /// It sleeps.
    Suspended,
    /// It is shutting down.
    Halting,
    /// It is being destroyed.
    Dying,
    /// It crashed.
    Crashed,
    /// The daemon does not know, or the VM runs elsewhere.
    NotAvailable,
    /// A word that is not known.
    Other(String),
}

impl PowerState {
    fn of(word: &str) -> Self {
        match word {
            "Halted" => Self::Halted,
            "Transient" => Self::Transient,
            "Running" => Self::Running,
            "Paused" => Self::Paused,
            "Suspended" => Self::Suspended,
            "Halting" => Self::Halting,
            "Dying" => Self::Dying,
            "Crashed" => Self::Crashed,
            "NA" => Self::NotAvailable,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl ListedVm {
    /// Reads the list, dom0 included.
    ///
    /// # Errors
    /// When a line has no name, class or state, or a name stands there twice.
    pub fn parse_all(content: &[u8]) -> Result<Vec<Self>, AnswerError> {
        let mut names = BTreeSet::new();
        let mut vms = Vec::new();
        for line in lines(content)? {
            let vm = Self::parse(line)?;
            if !names.insert(vm.name.clone()) {
                return Err(line.error(AnswerFault::twice(&vm.name)));
            }
            vms.push(vm);
        }
        Ok(vms)
    }

    fn parse(line: Span<'_>) -> Result<Self, AnswerError> {
        let Some((name, rest)) = line.split(" ").filter(|(name, _)| !name.text.is_empty()) else {
            return Err(line.error(AnswerFault::Missing { name: "name".into() }));
        };
        let mut pairs = Pairs::read(rest.words(), rest.at + rest.text.len())?;
        Ok(Self {
            name: name.text.to_owned(),
            class: pairs.need("class")?.text.to_owned(),
            state: PowerState::of(pairs.need("state")?.text),
            uuid: pairs.take("uuid").map(|uuid| uuid.text.to_owned()),
            more: pairs.rest(),
        })
    }
}

/// What a VM is doing, and what it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentState {
    /// Whether it runs.
    pub state: PowerState,
    /// The memory it has, in KiB.
    pub memory_kib: Option<u64>,
    /// What else the answer says.
    pub more: Vec<(String, String)>,
}

impl CurrentState {
    /// Reads the state of one VM.
    ///
    /// # Errors
    /// When the answer names no state, or has a word that is no pair.
    pub fn parse(content: &[u8]) -> Result<Self, AnswerError> {
        let mut pairs = Pairs::read(Span::whole(content)?.words(), content.len())?;
        Ok(Self {
            state: PowerState::of(pairs.need("power_state")?.text),
            memory_kib: pairs.number("mem")?,
            more: pairs.rest(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_come_in_any_order_and_more_may_come() {
        let vms =
            ListedVm::parse_all(b"work state=Paused icon=x class=AppVM\nv class=DispVM state=Odd uuid=1\n").unwrap();
        assert_eq!(vms[0].class, "AppVM");
        assert_eq!(vms[0].state, PowerState::Paused);
        assert_eq!(vms[0].uuid, None);
        assert_eq!(vms[0].more, [("icon".into(), "x".into())]);
        assert_eq!(vms[1].state, PowerState::Other("Odd".into()));
        assert_eq!(vms[1].uuid.as_deref(), Some("1"));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        let fault = |text: &[u8]| ListedVm::parse_all(text).unwrap_err();
        let missing = |name: &'static str| AnswerFault::Missing { name: name.into() };
        assert_eq!(fault(b"\n"), AnswerError::new(0, missing("name")));
        assert_eq!(fault(b"work\n"), AnswerError::new(0, missing("name")));
        assert_eq!(fault(b" class=A state=B\n"), AnswerError::new(0, missing("name")));
        assert_eq!(fault(b"work class=A\n"), AnswerError::new(12, missing("state")));
        assert_eq!(
            fault(b"work class=A state\n"),
            AnswerError::new(13, AnswerFault::unknown("state"))
        );
        let twice = b"a class=A state=B\na class=A state=B\n";
        assert_eq!(fault(twice), AnswerError::new(18, AnswerFault::twice("a")));
    }

    #[test]
    fn the_state_of_one_vm_is_read() {
        let state = CurrentState::parse(b"mem=5 cputime=0 power_state=NA").unwrap();
        assert_eq!((state.state, state.memory_kib), (PowerState::NotAvailable, Some(5)));
        assert!(CurrentState::parse(b"mem=5").is_err());
        assert!(CurrentState::parse(b"mem=x power_state=NA").is_err());
    }
}
