// SPDX-License-Identifier: GPL-3.0-or-later
//! What was moved between two lists, so that it can be taken back and done again.

/// VMs that were moved together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Their names.
    pub(super) vms: Vec<String>,
    /// Whether they were selected; otherwise they were removed from the selection.
    pub(super) is_selected: bool,
}

/// All steps so far, and those that were taken back and can be done again.
#[derive(Debug, Default)]
pub(super) struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
}

impl History {
    /// Remembers a step of the user. What was taken back before can then not be done again.
    pub(super) fn remember(&mut self, step: Step) {
        self.undone.clear();
        self.done.push(step);
    }

    /// Takes the last step back; returns what has to be done for it.
    pub(super) fn undo(&mut self) -> Option<Step> {
        let step = self.done.pop()?;
        self.undone.push(step.clone());
        Some(Step {
            is_selected: !step.is_selected,
            ..step
        })
    }

    /// Does again what was taken back last; returns what has to be done for it.
    pub(super) fn redo(&mut self) -> Option<Step> {
        let step = self.undone.pop()?;
        self.done.push(step.clone());
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(vm: &str, is_selected: bool) -> Step {
        Step {
            vms: vec![vm.to_owned()],
            is_selected,
        }
    }

    #[test]
    fn steps_are_taken_back_in_reverse_and_done_again_in_order() {
        let mut history = History::default();
        assert_eq!(history.undo(), None);
        history.remember(step("one", true));
        history.remember(step("two", false));
        assert_eq!(history.undo(), Some(step("two", true)));
        assert_eq!(history.undo(), Some(step("one", false)));
        assert_eq!(history.undo(), None);
        assert_eq!(history.redo(), Some(step("one", true)));
        assert_eq!(history.redo(), Some(step("two", false)));
        assert_eq!(history.redo(), None);
        assert_eq!(history.undo(), Some(step("two", true)));
    }

    #[test]
    fn a_new_step_forgets_what_was_taken_back() {
        let mut history = History::default();
        history.remember(step("one", true));
        history.undo();
        history.remember(step("two", true));
        assert_eq!(history.redo(), None);
        assert_eq!(history.undo(), Some(step("two", false)));
        assert_eq!(history.undo(), None);
    }
}
