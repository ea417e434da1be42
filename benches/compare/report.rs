// SPDX-License-Identifier: GPL-3.0-or-later
//! The result as Markdown, and the raw figures as CSV.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use pedos_backup::units::MIB;

use crate::{
    Outcome,
    data::Set,
    facts::{Facts, Keys},
    options::Options,
    samples::{Figure, Key, Samples, Spread, Step},
    targets::{Limit, TARGETS},
};

/// Whom the others are held against.
const BASE: &str = "ours-gzip";
/// What stands where nothing was measured.
const NOTHING: &str = "–";

/// Writes the result where the options say, or else to standard output.
pub(crate) fn write(options: &Options, facts: &Facts, samples: &Samples) -> Outcome<()> {
    let text = markdown(options, facts, samples)?;
    let Some(path) = &options.output else {
        println!("{text}");
        return Ok(());
    };
    fs::write(path, text)?;
    fs::write(path.with_extension("csv"), csv(samples)?)?;
    eprintln!("bench: written: {}", path.display());
    Ok(())
}

fn markdown(options: &Options, facts: &Facts, samples: &Samples) -> Result<String, std::fmt::Error> {
    let mut text = include_str!("intro.md").to_owned();
    computer(&mut text, options, facts)?;
    if !facts.failures.is_empty() {
        writeln!(text, "\n## What failed\n")?;
        for failure in &facts.failures {
            writeln!(text, "- {}", failure.replace('\n', "\n  "))?;
        }
    }
    targets(&mut text, options, facts, samples)?;
    let sets: BTreeSet<Set> = samples.all().iter().map(|sample| sample.key.set).collect();
    writeln!(
        text,
        "\n## Figures\n\n*times* is how many times the figure of this program (gzip, balanced) a figure is."
    )?;
    for set in sets {
        writeln!(text, "\n### {}", set.title(options.full_bytes()))?;
        backups(&mut text, set, facts, samples)?;
        reads(&mut text, set, facts, samples)?;
    }
    keys(&mut text, options, facts)?;
    Ok(text)
}

fn computer(text: &mut String, options: &Options, facts: &Facts) -> std::fmt::Result {
    writeln!(text, "\n## Machine\n\n| | |\n|---|---|")?;
    for (what, fact) in &facts.computer {
        writeln!(text, "| {what} | {fact} |")?;
    }
    writeln!(text, "| Rounds | {} |", options.rounds)?;
    writeln!(text, "| A full set of data | {} MiB |", options.size)?;
    if !facts.absent.is_empty() {
        writeln!(text, "\nLeft out:\n")?;
        facts
            .absent
            .iter()
            .try_for_each(|absent| writeln!(text, "- {absent}"))?;
    }
    Ok(())
}

/// The size that the targets were set for.
const TARGET_MIB: u64 = 1024;

fn targets(text: &mut String, options: &Options, facts: &Facts, samples: &Samples) -> std::fmt::Result {
    writeln!(text, "\n## What is to be reached\n")?;
    if options.size != TARGET_MIB {
        writeln!(
            text,
            "These are meant for sets of {TARGET_MIB} MiB. With {} MiB, keys and the beginning weigh otherwise.\n",
            options.size
        )?;
    }
    writeln!(text, "| what | wanted | measured | |\n|---|---|---|---|")?;
    for target in TARGETS {
        let wanted = match target.limit {
            Limit::AtLeast(limit) => format!("at least {limit}"),
            Limit::AtMost(limit) => format!("at most {limit}"),
        };
        let (measured, verdict) = match target.figure(facts, samples) {
            None => (NOTHING.to_owned(), "not measured"),
            Some(spread) if target.limit.is_met(spread.median) => (figure(Some(spread), 2), "met"),
            Some(spread) => (figure(Some(spread), 2), "**not met**"),
        };
        writeln!(text, "| {} | {wanted} | {measured} | {verdict} |", target.what)?;
    }
    writeln!(
        text,
        "\nA key of this program takes {:.2} s of one processor; where keys are counted, it is this for each of them, one after the other.",
        facts.key_seconds
    )
}

fn backups(text: &mut String, set: Set, facts: &Facts, samples: &Samples) -> std::fmt::Result {
    writeln!(
        text,
        "\n| backup | s | times | s of processors | times | peak MiB | of all stages | archive MiB | times |"
    )?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for who in &facts.contestants {
        let key = Key {
            set,
            who: who.key,
            step: Step::Backup,
        };
        if let Some(costs) = costs(key, samples) {
            let size = samples.spread(key, Figure::Size).map_or(0.0, |size| size.median) / MIB as f64;
            let ratio = times(key, samples, Figure::Size, 3);
            writeln!(text, "| {} | {costs} | {size:.0} | {ratio} |", who.title)?;
        }
    }
    Ok(())
}

fn reads(text: &mut String, set: Set, facts: &Facts, samples: &Samples) -> std::fmt::Result {
    for steps in [&[Step::Restore, Step::RestoreByUs][..], &[Step::Verify]] {
        let mut rows = String::new();
        for who in &facts.contestants {
            for step in steps {
                let key = Key {
                    set,
                    who: who.key,
                    step: *step,
                };
                let title = match step {
                    Step::RestoreByUs => format!("this program, from the archive of {}", who.title),
                    _ => who.title.to_owned(),
                };
                if let Some(costs) = costs(key, samples) {
                    writeln!(rows, "| {title} | {costs} |")?;
                }
            }
        }
        if !rows.is_empty() {
            let what = steps[0].title().to_lowercase();
            writeln!(
                text,
                "\n| {what} | s | times | s of processors | times | peak MiB | of all stages |"
            )?;
            write!(text, "|---|--:|--:|--:|--:|--:|--:|\n{rows}")?;
        }
    }
    Ok(())
}

/// The cells of what was measured of one thing; nothing where it was not.
fn costs(key: Key, samples: &Samples) -> Option<String> {
    let wall = samples.spread(key, Figure::Wall)?;
    let cells = [
        figure(Some(wall), 2),
        times(key, samples, Figure::Wall, 2),
        figure(samples.spread(key, Figure::Cpu), 2),
        times(key, samples, Figure::Cpu, 2),
        figure(samples.spread(key, Figure::Peak), 0),
        figure(samples.spread(key, Figure::PeakTogether), 0),
    ];
    Some(cells.join(" | "))
}

/// A figure beside that of this program.
fn times(key: Key, samples: &Samples, which: Figure, digits: usize) -> String {
    let step = if key.step == Step::RestoreByUs {
        Step::Restore
    } else {
        key.step
    };
    let base = Key { who: BASE, step, ..key };
    figure(samples.ratio(key, base, which), digits)
}

/// The middle, with the least and the most in brackets where they are others.
fn figure(spread: Option<Spread>, digits: usize) -> String {
    let Some(Spread { median, least, most }) = spread else {
        return NOTHING.to_owned();
    };
    let [median, least, most] = [median, least, most].map(|value| format!("{value:.digits$}"));
    if least == most {
        median
    } else {
        format!("{median} ({least}–{most})")
    }
}

fn keys(text: &mut String, options: &Options, facts: &Facts) -> std::fmt::Result {
    if facts.keys.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n## Keys\n\nThe archives of the first round.\n")?;
    writeln!(
        text,
        "| data | archive of | keys | the cheapest | the dearest |\n|---|---|--:|---|---|"
    )?;
    for keys in &facts.keys {
        let title = facts
            .contestants
            .iter()
            .find(|who| who.key == keys.who)
            .map_or(keys.who, |who| who.title);
        let data = keys.set.title(options.full_bytes());
        let Keys {
            count,
            cheapest,
            dearest,
            ..
        } = keys;
        writeln!(text, "| {data} | {title} | {count} | {cheapest} | {dearest} |")?;
    }
    Ok(())
}

fn csv(samples: &Samples) -> Result<String, std::fmt::Error> {
    let mut text =
        "set,contestant,step,round,wall_s,processors_s,peak_kib,peak_of_all_stages_kib,archive_bytes\n".to_owned();
    for sample in samples.all() {
        let Key { set, who, step } = sample.key;
        let cost = sample.cost;
        writeln!(
            text,
            "{},{who},{},{},{:.3},{:.2},{},{},{}",
            format!("{set:?}").to_lowercase(),
            step.key(),
            sample.round,
            cost.wall,
            cost.cpu,
            cost.largest_kib,
            cost.together_kib,
            sample.archive_bytes
        )?;
    }
    Ok(text)
}
