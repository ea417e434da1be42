// SPDX-License-Identifier: GPL-3.0-or-later
//! Turns the panic of a thread into an error for the thread that joins it.

use std::any::Any;

use super::{EngineError, Mistake};

/// What the standard library's panic begins with where the system has no more threads.
const NO_THREAD: &str = "failed to spawn thread";

/// Returns the error for a panicked thread: a bug in this program, with the message of the panic, or that the system has no
/// more threads.
pub(crate) fn of_panic(panic: &(dyn Any + Send)) -> EngineError {
    if is_thread_panic(panic) {
        return EngineError::NoThread;
    }
    let said = text_of(panic).unwrap_or("a stage broke").to_owned();
    EngineError::Internal {
        what: Mistake::Panic { said },
    }
}

/// Whether a panic says that the system has no more threads.
pub fn is_thread_panic(panic: &(dyn Any + Send)) -> bool {
    text_of(panic).is_some_and(|text| text.starts_with(NO_THREAD))
}

fn text_of(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_threads_is_told_from_mistakes() {
        let panic = "failed to spawn thread: Os { code: 11 }".to_owned();
        assert!(matches!(of_panic(&panic), EngineError::NoThread));
        assert!(matches!(of_panic(&"else"), EngineError::Internal { .. }));
    }
}
