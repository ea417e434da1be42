// SPDX-License-Identifier: GPL-3.0-or-later
//! Where a tool's words go: results to standard output, everything else to standard error, as loud as the user wants.
//!
//! On a terminal a job has one bar; in a pipe nothing is said but what is worth keeping. No success is announced here
//! but through the words of a finished job that is one.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    engine::{EngineError, ItemState, Phase, Progress},
    job::{Awake, Ended, Event, JobHandle, JobKind, Outcome, StandBy},
    json::{self, Unopened},
    text::{self, Message, OutcomeView, Tone},
};

use super::{args::JsonForm, exit::Exit, stop::Stop};

/// Steps of the bar: fine enough to be seen moving in a large backup.
const BAR_STEPS: u64 = 10_000;

/// Why something that was to be printed on standard output was lost; the first reason.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Whether a document for a program was printed.
static HAS_DOCUMENT: AtomicBool = AtomicBool::new(false);

/// Prints a line to standard output. Unlike [`println!`] it goes on where that is not possible (a reader has gone away, a disk
/// is full): what the program does is worth more than its words. [`checked`] tells of it at the end.
pub(super) fn say(line: fmt::Arguments<'_>) {
    say_text(&format!("{line}\n"));
}

/// Prints a whole text, which ends its last line itself, to standard output; an error is kept as [`say`] does.
pub(super) fn say_text(text: &str) {
    let mut stdout = io::stdout();
    let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    if let Err(error) = printed {
        LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Prints a document for a program.
fn say_document(text: &str) {
    HAS_DOCUMENT.store(true, Ordering::SeqCst);
    say_text(text);
}

/// Whether the program that waits for a document has got one.
fn has_document() -> bool {
    HAS_DOCUMENT.load(Ordering::SeqCst)
}

/// How a program ends that would end in this way, now that it is known whether all was printed. Where its words are what
/// it was started for, losing them is a failure; a backup that was made is made all the same, and so is a restore.
pub(super) fn checked(program: &str, exit: Exit, is_for_its_words: bool) -> Exit {
    let lost = LOST.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(error) = lost else { return exit };
    let exit = match exit {
        Exit::Done if is_for_its_words => Exit::Failed,
        exit => exit,
    };
    let message = text::terminal::output_lost(&error);
    let weight = if exit == Exit::Done { "warning" } else { "error" };
    tell(format_args!("{program}: {weight}: {}", message.title));
    print_rest(&message, "  ");
    exit
}

/// Prints a line to standard error; an error is ignored as [`say`] does.
pub(super) fn tell(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A program's voice.
pub(super) struct Console {
    /// The name that begins its errors.
    pub(super) program: &'static str,
    /// 0 and below: warnings and errors; 1: what is being done; 2 and above: details.
    pub(super) level: i32,
    /// Standard output is for a document or for data, and nothing else may get into it.
    pub(super) is_output_taken: bool,
    /// How results are printed for a program, if they are.
    pub(super) json: Option<JsonForm>,
}

impl Console {
    /// Whether someone watches.
    pub(super) fn is_watched(&self) -> bool {
        io::stderr().is_terminal() && self.level >= 1
    }

    /// Prints a line to standard output, unless that is taken.
    pub(super) fn print(&self, line: fmt::Arguments<'_>) {
        if self.is_output_taken {
            tell(line);
        } else {
            say(line);
        }
    }

    /// Keeps the computer awake for a job.
    pub(super) fn stays_awake(&self, kind: JobKind) -> Awake {
        Awake::hold(self.program, &text::wizard::inhibit_reason(kind == JobKind::Backup))
    }

    /// Gets ready to do so when no program can be started any more.
    pub(super) fn may_stay_awake(&self, kind: JobKind) -> StandBy {
        StandBy::new(self.program, &text::wizard::inhibit_reason(kind == JobKind::Backup))
    }

    /// What is being done, for someone who watches or asked for it.
    pub(super) fn notice(&self, text: &str) {
        if self.is_watched() || self.level >= 2 {
            tell(format_args!("app: {text}"));
        }
    }

    /// Something that must be known.
    pub(super) fn warning(&self, text: &str) {
        tell(format_args!("{}: warning: {text}", self.program));
    }

    /// An error: its sentence, the facts, and what can be done.
    pub(super) fn error(&self, message: &Message) {
        tell(format_args!("{}: error: {}", self.program, message.title));
        print_rest(message, "  ");
    }

    /// The last words of a program that could not do its work.
    pub(super) fn stop(&self, stop: &Stop) -> Exit {
        match stop {
            Stop::Usage { usage, text } => {
                tell(format_args!("{usage}\n{}: error: {text}", self.program));
                Exit::Usage
            }
            Stop::Error(error, more) => {
                self.error(&text::message(error));
                for message in more {
                    self.error(message);
                }
                Exit::of_error(error)
            }
            Stop::Said(exit, messages) => {
                for message in messages {
                    self.error(message);
                }
                *exit
            }
        }
    }

    /// Prints a document for a program, in the form that it wants.
    pub(super) fn document(&self, text: &str) {
        match self.json {
            Some(JsonForm::Lines) => say_document(&json::in_one_line(text)),
            Some(JsonForm::Document) | None => say_document(text),
        }
    }

    /// Prints for a program that waits for a document how a run ended that failed before there was anything to report.
    /// `job` is the name of the task in the schema.
    pub(super) fn without_report(
        &self,
        job: &'static str,
        place: &str,
        profile: Option<&str>,
        result: &Result<Exit, Stop>,
    ) {
        let why = result.as_ref().err().and_then(Stop::why);
        if let Some(why) = why {
            self.unopened(&Unopened {
                job,
                place,
                profile,
                why,
            });
        }
    }

    /// Prints for a program that waits for a document how a run ended, unless it has got one.
    pub(super) fn unopened(&self, ended: &Unopened<'_>) {
        if self.json.is_some() && !has_document() {
            self.document(&json::unopened(ended));
        }
    }

    /// Watches a job to its last word.
    pub(super) fn watch(&self, job: &JobHandle) -> Outcome {
        let bar = self.bar();
        let mut phase = Phase::Preparing;
        while let Some(event) = job.recv_blocking() {
            if self.json == Some(JsonForm::Lines)
                && let Some(line) = json::event(&event)
            {
                say_text(&line);
            }
            match event {
                Event::Started { .. } => {}
                Event::Phase(next) => {
                    phase = next;
                    show(&bar, phase, &Progress::default());
                    log::info!("{}", text::phase(phase));
                }
                Event::Progress(progress) => show(&bar, phase, &progress),
                Event::Item { vm, state } => self.item(&bar, &vm, &state),
                // They stand in the result.
                Event::Warning(_) => {}
                Event::Finished(outcome) => {
                    bar.finish_and_clear();
                    return outcome;
                }
            }
        }
        bar.finish_and_clear();
        // The job's promise of a last word was broken, which is a mistake of this program.
        Outcome::Failed(
            EngineError::Internal {
                what: crate::engine::Mistake::NoLastWord,
            },
            crate::engine::Partial::default(),
        )
    }

    fn item(&self, bar: &ProgressBar, vm: &str, state: &ItemState) {
        if self.level >= 2 {
            bar.suspend(|| {
                tell(format_args!(
                    "app: {}: {}",
                    text::sanitize(vm),
                    text::progress::item_state(state)
                ));
            });
        }
    }

    fn bar(&self) -> ProgressBar {
        let target = if self.is_watched() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(BAR_STEPS), target);
        match ProgressStyle::with_template("{prefix} [{bar:24}] {wide_msg}") {
            Ok(style) => bar.set_style(style.progress_chars("#>-")),
            Err(error) => log::error!("the bar has no style: {error}"),
        }
        bar
    }

    /// The last words of a job: for its user, and if wanted as a document for a program.
    pub(super) fn ended(&self, ended: &Ended<'_>) {
        let view = text::outcome(ended.kind, ended.outcome);
        self.result(&view);
        // One that is no success has said so of each VM already, and a backup has shown them before it began.
        let lists_vms = matches!(ended.kind, JobKind::Restore | JobKind::Verify);
        if view.tone == Tone::Success && self.level >= 1 && lists_vms {
            for line in text::vm_table(&view) {
                self.print(format_args!("{line}"));
            }
        }
        if self.json.is_some() {
            self.document(&json::report(ended));
        }
    }

    /// The result of a job.
    pub(super) fn result(&self, view: &OutcomeView) {
        for warning in &view.warnings {
            self.warning(warning);
        }
        if view.tone == Tone::Success {
            if self.level >= 1 {
                self.print(format_args!("{}.", view.title));
                for line in &view.lines {
                    self.print(format_args!("{line}"));
                }
            }
            return;
        }
        tell(format_args!("{}: error: {}.", self.program, view.title));
        if let Some(cause) = &view.cause {
            tell(format_args!("  {}.", cause.title));
            for line in cause.detail.lines() {
                tell(format_args!("  {line}"));
            }
        }
        for line in view
            .lines
            .iter()
            .map(|line| format!("  {line}"))
            .chain(text::vm_table(view))
        {
            tell(format_args!("{line}"));
        }
    }
}

fn print_rest(message: &Message, indent: &str) {
    for line in message.detail.lines() {
        tell(format_args!("{indent}{line}"));
    }
    if let Some(hint) = &message.hint {
        tell(format_args!("{indent}{hint}"));
    }
}

fn show(bar: &ProgressBar, phase: Phase, progress: &Progress) {
    let view = text::progress::view(phase, progress);
    bar.set_prefix(view.title);
    bar.set_position((view.fraction.unwrap_or(0.0) * BAR_STEPS as f64) as u64);
    let said = [view.percent, view.detail, view.amount, view.speed, view.remaining];
    bar.set_message(
        said.into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
    );
}

/// Sends the program's log to standard error.
struct Log;

impl log::Log for Log {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = text::sanitize(&record.args().to_string());
            // Nobody can be told that standard error is closed.
            let _ = writeln!(io::stderr(), "{}: {text}", record.target());
        }
    }

    fn flush(&self) {}
}

/// Starts the log: at the level of a tool's voice it holds only what no message of the tool says.
pub(super) fn start_log(level: i32) {
    let filter = match level {
        ..=0 => log::LevelFilter::Error,
        1 => log::LevelFilter::Warn,
        2 => log::LevelFilter::Debug,
        _ => log::LevelFilter::Trace,
    };
    if log::set_logger(&Log).is_ok() {
        log::set_max_level(filter);
    }
}
