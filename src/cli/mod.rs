// SPDX-License-Identifier: GPL-3.0-or-later
//! The two tools, and the command lines of all four programs.
//!
//! A tool goes the way of a wizard without its windows: what was typed becomes a plan, the plan a job, and the job's
//! events become lines. The words that the existing tools print (tables, questions, usage errors) are a contract and
//! stay as they are, in English; everything else comes from [`crate::text`].

pub mod args;

mod archive;
mod backup;
mod choices;
mod confined;
mod console;
mod exit;
mod inspect;
mod interrupt;
mod leftovers;
mod location;
mod prompt;
mod questions;
mod restore;
mod retention;
mod schedule;
mod scheduled;
mod settings;
mod stop;
mod table;

use std::{ffi::OsString, process::ExitCode, time::Duration};

use clap::{CommandFactory, FromArgMatches, error::ErrorKind};

use crate::{
    engine::{EngineError, Mistake, is_thread_panic},
    secret, text,
};

use self::{
    args::{BackupArgs, CommonArgs, RestoreArgs},
    console::{Console, tell},
    exit::Exit,
    interrupt::{Interrupt, Unended},
    stop::Stop,
};

/// `qvm-backup`.
pub fn backup_main() -> ExitCode {
    tool("qvm-backup", |args: &BackupArgs| &args.common, backup::run)
}

/// `qvm-backup-restore`.
pub fn restore_main() -> ExitCode {
    tool("qvm-backup-restore", |args: &RestoreArgs| &args.common, restore::run)
}

/// What the two tools have in common around their work.
fn tool<A: CommandFactory + FromArgMatches + Send + Sync + 'static>(
    program: &'static str,
    common: fn(&A) -> &CommonArgs,
    run: fn(&A, &Console, &Interrupt) -> Result<Exit, Stop>,
) -> ExitCode {
    text::i18n::init();
    quiet_thread_panics();
    if let Err(error) = secret::hide_memory() {
        log::warn!("the memory is not kept out of core dumps: {error}");
    }
    let mut console = Console {
        program,
        level: 1,
        is_output_taken: false,
        json: None,
    };
    let args: A = match parse(std::env::args_os()) {
        Ok(args) => args,
        Err(Some(stop)) => return console.stop(&stop).into(),
        Err(None) => return console::checked(program, Exit::Done, true).into(),
    };
    console.level = common(&args).level();
    console::start_log(console.level);
    let interrupt = Interrupt::install().unwrap_or_else(|error| {
        console.warning(&format!("Ctrl-C cannot be heard: {error}"));
        Interrupt::default()
    });
    let heard = interrupt.clone();
    let whole = move || run(&args, &console, &heard).unwrap_or_else(|stop| console.stop(&stop));
    match interrupt::run_until_hit(&interrupt, whole) {
        Ok(exit) => exit.into(),
        Err(Unended::Hit) => {
            last_words(program, EngineError::Cancelled);
            std::process::exit(Exit::Cancelled as i32)
        }
        Err(Unended::Panicked) => {
            let what = Mistake::Thread;
            last_words(program, EngineError::Internal { what });
            Exit::Failed.into()
        }
    }
}

/// Silences the panic that the standard library raises when the system has no more threads: the thread that waits for the
/// work turns it into an ordinary error.
fn quiet_thread_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_thread_panic(panic.payload()) {
            usual(panic);
        }
    }));
}

/// Says why a program ends, where it is not certain that anybody reads what it says: it ends all the same.
fn last_words(program: &'static str, error: EngineError) {
    let (sender, said) = std::sync::mpsc::channel();
    let spawned = std::thread::Builder::new().spawn(move || {
        tell(format_args!("{program}: error: {}", text::message(&error).title));
        // Nobody waits any longer than it is worth.
        let _ = sender.send(());
    });
    if spawned.is_ok() {
        // What could not be said by then is not said.
        let _ = said.recv_timeout(Duration::from_millis(200));
    }
}

/// Parses a command line; `Err(None)` when it asked for help or the version, which then has been printed.
fn parse<A: CommandFactory + FromArgMatches>(line: impl IntoIterator<Item = OsString>) -> Result<A, Option<Stop>> {
    let result = A::command()
        .try_get_matches_from(line)
        .and_then(|found| A::from_arg_matches(&found));
    result.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            console::say_text(&error.render().to_string());
            None
        }
        _ => Some(Stop::usage::<A>(usage_text(&error))),
    })
}

/// What clap says is wrong, without its own frame around it.
fn usage_text(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let end = text
        .find("\n\nUsage:")
        .or_else(|| text.find("\n\nFor more information"));
    text[..end.unwrap_or(text.len())].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage_error<A: CommandFactory + FromArgMatches>(line: &str) -> (String, String) {
        match parse::<A>(line.split(' ').map(OsString::from)) {
            Err(Some(Stop::Usage { usage, text })) => (usage, text),
            _ => panic!("{line} is no usage error"),
        }
    }

    #[test]
    fn a_usage_error_shows_the_usage_and_one_text_of_its_own() {
        let (usage, text) = usage_error::<BackupArgs>("qvm-backup --nonsense");
        assert!(usage.starts_with("Usage: qvm-backup"), "{usage}");
        assert!(text.contains("--nonsense") && !text.contains("Usage"), "{text}");
        let (_, text) = usage_error::<RestoreArgs>("qvm-backup-restore");
        assert!(text.contains("BACKUP_LOCATION"), "{text}");
    }

    #[test]
    fn an_ambiguous_abbreviation_is_refused() {
        let (_, text) = usage_error::<RestoreArgs>("qvm-backup-restore --skip x");
        assert!(text.contains("--skip"), "{text}");
    }
}
