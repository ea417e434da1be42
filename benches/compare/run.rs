// SPDX-License-Identifier: GPL-3.0-or-later
//! The run: set by set, round by round, contestant by contestant.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use clap::ValueEnum;
use pedos_backup::{
    crypto::{ContainerHeader, HEADER_BYTES, KdfCost, SealKey},
    format::outer,
};

use crate::{
    Outcome,
    cases::{Contestant, Layout, contestants},
    check, computer,
    data::{Data, Set},
    facts::{Facts, Keys},
    measure::Measurer,
    options::Options,
    report,
    samples::{Key, Sample, Samples, Step},
    workspace::Workspace,
};

/// The passphrase of everything.
const PASSPHRASE: &str = "correct horse battery staple";

/// Does what the options say.
pub(crate) fn run(options: &Options) -> Outcome<()> {
    if options.list {
        list(options);
        return Ok(());
    }
    for program in ["bash", "time", "taskset"] {
        if !computer::has(program) {
            return Err(format!("{program} is not installed: scripts/deps.sh bench installs it").into());
        }
    }
    let parent = options.dir.clone();
    let workspace = Workspace::new(&parent.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR"))))?;
    let sets: Vec<Set> = Set::value_variants()
        .iter()
        .copied()
        .filter(|set| options.wants_set(*set))
        .collect();
    let room = sets.iter().map(|set| set.room_bytes(options.full_bytes())).max();
    workspace.expect_room(room.unwrap_or(0))?;

    let tools = tools(workspace.path())?;
    let (contestants, absent) = present(options, &tools)?;
    let mut bench = Bench {
        options,
        measurer: Measurer::new(&workspace, options.cores)?,
        workspace: &workspace,
        tools,
        samples: Samples::default(),
        keys: Vec::new(),
        failures: Vec::new(),
    };
    for set in sets {
        let wanted: Vec<&Contestant> = contestants.iter().filter(|who| who.sets.contains(&set)).collect();
        if !wanted.is_empty() {
            bench.measure_set(set, &wanted)?;
        }
    }
    let facts = Facts {
        computer: computer::facts(workspace.path(), options.cores),
        absent,
        failures: bench.failures,
        keys: bench.keys,
        key_seconds: key_seconds()?,
        contestants,
    };
    report::write(options, &facts, &bench.samples)?;
    match facts.failures.len() {
        0 => Ok(()),
        count => Err(format!("{count} measurements failed: the result names them").into()),
    }
}

fn list(options: &Options) {
    println!("Sets:");
    for set in Set::value_variants() {
        let name = set.to_possible_value().map(|value| value.get_name().to_owned());
        println!("  {:14} {}", name.unwrap_or_default(), set.title(options.full_bytes()));
    }
    println!("Contestants:");
    for who in contestants() {
        println!("  {:16} {}", who.key, who.title);
    }
}

/// Copies of the tools: what is built while this runs changes nothing.
fn tools(folder: &Path) -> io::Result<PathBuf> {
    let tools = folder.join("tools");
    fs::create_dir(&tools)?;
    for built in [
        env!("CARGO_BIN_EXE_qvm-backup"),
        env!("CARGO_BIN_EXE_qvm-backup-restore"),
    ] {
        let built = Path::new(built);
        fs::copy(built, tools.join(built.file_name().unwrap_or_default()))?;
    }
    Ok(tools)
}

/// Those who can take part, and why others cannot.
fn present(options: &Options, tools: &Path) -> io::Result<(Vec<Contestant>, Vec<String>)> {
    let help = Command::new(tools.join("qvm-backup"))
        .arg("--help")
        .stdin(Stdio::null())
        .output()?
        .stdout;
    let help = String::from_utf8_lossy(&help).into_owned();
    let (mut present, mut absent) = (Vec::new(), Vec::new());
    for who in contestants().into_iter().filter(|who| options.wants(who.key)) {
        let program = who.programs.iter().find(|program| !computer::has(program));
        let option = who.options.iter().find(|option| !help.contains(**option));
        match (program, option) {
            (None, None) => present.push(who),
            (Some(program), _) => absent.push(format!("{}: {program} is not installed", who.title)),
            (None, Some(option)) => absent.push(format!("{}: this build has no {option}", who.title)),
        }
    }
    absent.iter().for_each(|absent| eprintln!("bench: left out: {absent}"));
    Ok((present, absent))
}

/// What one key of this program takes, in seconds: the least of some, which is what it takes where nothing disturbs it.
fn key_seconds() -> Outcome<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        SealKey::derive(PASSPHRASE.as_bytes(), KdfCost::DEFAULT)?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least)
}

/// A run that goes on.
struct Bench<'o> {
    options: &'o Options,
    workspace: &'o Workspace,
    measurer: Measurer<'o>,
    tools: PathBuf,
    samples: Samples,
    keys: Vec<Keys>,
    /// What did not work, or did not bring back what there was: all that others did is worth having all the same.
    failures: Vec<String>,
}

impl Bench<'_> {
    /// Makes a set, measures everyone with it, and takes it away again.
    fn measure_set(&mut self, set: Set, contestants: &[&Contestant]) -> Outcome<()> {
        eprintln!("bench: making {}", set.title(self.options.full_bytes()));
        let root = self.workspace.path().join("data");
        let data = set.make(&root, self.options.full_bytes())?;
        for round in 1..=self.options.rounds {
            for turn in 0..contestants.len() {
                // Everyone begins a round once, so that nobody always comes behind the same one.
                let who = contestants[(turn + round as usize - 1) % contestants.len()];
                let before = self.samples.count();
                if let Err(error) = self.measure(set, who, &data, round) {
                    self.samples.keep_first(before);
                    let failure = format!("{} ({set:?}, round {round}): {error}", who.title);
                    eprintln!("bench: FAILED: {failure}");
                    self.failures.push(failure);
                    fs::remove_dir_all(self.workspace.path().join("turn"))?;
                }
            }
        }
        fs::remove_dir_all(&root)?;
        Ok(())
    }

    /// One contestant in one round: there and back.
    fn measure(&mut self, set: Set, who: &Contestant, data: &Data, round: u32) -> Outcome<()> {
        let folder = self.workspace.path().join("turn");
        fs::create_dir(&folder)?;
        let archive = folder.join("archive");
        let variables = self.variables(&folder, data)?;
        if !who.prepare.is_empty() {
            let line = format!("cd \"$SCRATCH\"; {}", who.prepare);
            self.measurer.run(&line, &folder, &variables)?;
        }
        let cost = self.measurer.run(&who.backup, &folder, &variables)?;
        let archive_bytes = size(&archive)?;
        let add = |samples: &mut Samples, step, cost| {
            let key = Key {
                set,
                who: who.key,
                step,
            };
            say(&key, round, cost);
            samples.add(Sample {
                key,
                round,
                cost,
                archive_bytes,
            });
        };
        add(&mut self.samples, Step::Backup, cost);
        if round == 1 && archive.is_file() {
            self.keys.extend(keys(set, who.key, &archive));
        }
        for way in who.back.iter().filter(|way| way.sets.contains(&set)) {
            let cost = self.measurer.run(&way.line, &folder, &variables)?;
            if let Some(layout) = way.layout {
                compare(data, &folder.join("back"), layout).map_err(|error| format!("{}: {error}", who.title))?;
                fs::remove_dir_all(folder.join("back"))?;
            }
            add(&mut self.samples, way.step, cost);
        }
        fs::remove_dir_all(&folder)?;
        Ok(())
    }

    fn variables(&self, folder: &Path, data: &Data) -> io::Result<Vec<(&'static str, OsString)>> {
        let pass = folder.join("passphrase");
        fs::write(&pass, format!("{PASSPHRASE}\n"))?;
        let scratch = folder.join("scratch");
        fs::create_dir(&scratch)?;
        Ok(vec![
            ("ROOT", data.root.clone().into()),
            ("SOURCE", data.source().into()),
            ("RECORD", data.archived_record().into()),
            ("VMS", data.vms.join(" ").into()),
            ("ARCHIVE", folder.join("archive").into()),
            ("BACK", folder.join("back").into()),
            ("PASS", pass.into()),
            ("SCRATCH", scratch.into()),
            ("TOOLS", self.tools.clone().into()),
            ("CORES", self.options.cores.to_string().into()),
            ("TMPDIR", folder.into()),
            ("BORG_BASE_DIR", folder.join("borg").into()),
            ("BORG_PASSPHRASE", PASSPHRASE.into()),
        ])
    }
}

fn say(key: &Key, round: u32, cost: crate::measure::Cost) {
    eprintln!(
        "bench: {:?} {round} {:16} {:14} {:8.2} s, {:8.2} s of processors, {:5} MiB",
        key.set,
        key.who,
        key.step.key(),
        cost.wall,
        cost.cpu,
        cost.largest_kib / 1024
    );
}

/// Holds every volume against what came back.
fn compare(data: &Data, back: &Path, layout: Layout) -> io::Result<()> {
    let base = match layout {
        Layout::Plain => back.to_owned(),
        Layout::Root => back.join("var/lib/qubes/appvms"),
    };
    for name in &data.vms {
        let volume = Path::new(name).join("private.img");
        check::expect_same(&data.source().join(&volume), &base.join(&volume))?;
    }
    Ok(())
}

/// The bytes of a file, or of all files below a folder.
fn size(path: &Path) -> io::Result<u64> {
    let facts = fs::symlink_metadata(path)?;
    if !facts.is_dir() {
        return Ok(facts.len());
    }
    let mut bytes = 0;
    for entry in fs::read_dir(path)? {
        bytes += size(&entry?.path())?;
    }
    Ok(bytes)
}

/// How many keys an archive of format 4 has, and what the cheapest and the dearest cost; `None` of any other archive.
fn keys(set: Set, who: &'static str, archive: &Path) -> Option<Keys> {
    let mut reader = outer::Reader::new(fs::File::open(archive).ok()?);
    let mut costs: Vec<KdfCost> = Vec::new();
    let mut container = Vec::new();
    while let Ok(Some(member)) = reader.next_member() {
        let is_container = member.name.ends_with(".enc") || member.name.ends_with(".hmac");
        if !is_container {
            reader.skip().ok()?;
            continue;
        }
        container.clear();
        reader.read_into(&mut container).ok()?;
        costs.push(ContainerHeader::parse(container.get(..HEADER_BYTES)?).ok()?.cost());
    }
    let by_work = |cost: &&KdfCost| cost.work();
    Some(Keys {
        set,
        who,
        count: costs.len(),
        cheapest: *costs.iter().min_by_key(by_work)?,
        dearest: *costs.iter().max_by_key(by_work)?,
    })
}
