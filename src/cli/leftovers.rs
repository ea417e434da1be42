// SPDX-License-Identifier: GPL-3.0-or-later
//! Leftovers of a killed restore: the tools name them when they open the PedOS, and `--clean-up` removes them.

use std::sync::Arc;

use crate::{
    engine::{EngineError, Leftovers, wait_for_turn},
    host::{Host, TurnGuard},
    text::{self, Message},
};

use super::{
    args::RestoreArgs,
    console::{Console, tell},
    exit::Exit,
    interrupt::Interrupt,
    location,
    questions::confirm,
    stop::Stop,
};

/// Names what a killed restore has left, if anything.
pub(super) fn mention(host: &dyn Host, console: &Console) {
    match Leftovers::find(host) {
        Ok(found) if found.is_empty() => {}
        Ok(found) => console.warning(&text::terminal::leftovers_found(&found)),
        // Whatever keeps the host from being read is said by what is done with it next.
        Err(error) => log::debug!("no look for what a restore has left: {error}"),
    }
}

/// Waits until no other restore into the PedOS runs, and says so.
pub(super) fn wait(host: &dyn Host, console: &Console, interrupt: &Interrupt) -> Result<TurnGuard, EngineError> {
    let check = || match interrupt.is_hit() {
        true => Err(EngineError::Cancelled),
        false => Ok(()),
    };
    wait_for_turn(host, check, |process| {
        tell(format_args!(
            "{}: {}",
            console.program,
            text::terminal::waiting_for_turn(process)
        ));
    })
}

/// Takes away what a killed restore has left, after a question.
pub(super) fn clean_up(args: &RestoreArgs, console: &Console, interrupt: &Interrupt) -> Result<Exit, Stop> {
    let host: Arc<dyn Host> = location::host(&args.common)?;
    let turn = wait(host.as_ref(), console, interrupt)?;
    let found = Leftovers::find_in(host.as_ref(), &turn)?;
    if found.is_empty() {
        console.print(format_args!("{}", text::terminal::no_leftovers()));
        return Ok(Exit::Done);
    }
    console.print(format_args!("{}", text::terminal::leftovers_to_remove(&found)));
    if !args.yes {
        confirm(console, interrupt)?;
    }
    let kept = found.remove(host.as_ref(), &turn);
    if kept.is_empty() {
        console.print(format_args!("{}", text::terminal::leftovers_removed()));
        return Ok(Exit::Done);
    }
    let is_all = kept.len() >= found.vms.len() + found.folders.len();
    let messages: Vec<Message> = kept
        .iter()
        .map(|(what, error)| text::terminal::leftover_kept(what, error))
        .collect();
    Err(Stop::Said(if is_all { Exit::Failed } else { Exit::Partial }, messages))
}
