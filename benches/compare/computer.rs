// SPDX-License-Identifier: GPL-3.0-or-later
//! What a result has to say of the computer that it was measured on. Nothing here names the computer or its owner.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

/// Programs whose versions matter.
const PROGRAMS: [&str; 9] = [
    "scrypt", "tar", "gzip", "pigz", "zstd", "age", "openssl", "restic", "borg",
];

/// Whether a program is in the path.
pub(crate) fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Facts, each with what it is about.
pub(crate) fn facts(folder: &Path, cores: u32) -> Vec<(String, String)> {
    let mut facts: Vec<(&str, String)> = vec![
        ("Date", said("date", &["--utc", "+%Y-%m-%d %H:%M UTC"])),
        ("This program", this_program()),
        ("Processor", field("/proc/cpuinfo", "model name")),
        ("Processors", processors(cores)),
        ("Memory", memory()),
        ("System", system()),
        (
            "File system",
            said_of("stat", &["--file-system", "--format", "%T"], folder),
        ),
        ("Load before", load()),
    ];
    for program in PROGRAMS.into_iter().filter(|program| has(program)) {
        facts.push((program, version(program)));
    }
    facts.retain(|(_, fact)| !fact.is_empty());
    facts.into_iter().map(|(what, fact)| (what.to_owned(), fact)).collect()
}

fn this_program() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let commit = said_of("git", &["describe", "--always", "--dirty", "--exclude", "*"], folder);
    let version = env!("CARGO_PKG_VERSION");
    if commit.is_empty() {
        version.to_owned()
    } else {
        format!("{version} ({commit})")
    }
}

fn processors(cores: u32) -> String {
    let all = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let all = all.lines().filter(|line| line.starts_with("processor")).count();
    format!("{} of {all} used", (cores as usize).min(all))
}

fn memory() -> String {
    let kib: u64 = field("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or(0);
    format!("{} GiB", (kib + (1 << 19)) >> 20)
}

fn system() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let kernel = said("uname", &["--kernel-release"]);
    format!("{}, Linux {kernel}", name.unwrap_or("unknown").trim_matches('"'))
}

fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = load.split(' ').next().unwrap_or_default();
    format!("{first} processes ready on the average of a minute")
}

/// The first value of a line `name : value`.
fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    value.unwrap_or_default()
}

/// The version that a program names in its first line.
fn version(program: &str) -> String {
    let argument = if matches!(program, "restic" | "openssl") {
        "version"
    } else {
        "--version"
    };
    let text = said(program, &[argument]);
    let is_version = |word: &&str| {
        let word = word.trim_start_matches(['v', '(']);
        word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.')
    };
    let word = text.split_whitespace().find(is_version);
    word.unwrap_or("of an unknown version")
        .trim_matches(['v', ',', '(', ')'])
        .to_owned()
}

/// The first line of what a program says.
fn said(program: &str, arguments: &[&str]) -> String {
    said_by(Command::new(program).args(arguments))
}

fn said_of(program: &str, arguments: &[&str], folder: &Path) -> String {
    let mut command = Command::new(program);
    if program == "git" {
        command.arg("-C").arg(folder).args(arguments);
    } else {
        command.args(arguments).arg(folder);
    }
    said_by(&mut command)
}

fn said_by(command: &mut Command) -> String {
    let output = command.env("LC_ALL", "C").stdin(Stdio::null()).output();
    let Ok(output) = output else { return String::new() };
    // Some name their version where errors go.
    let text = if output.stdout.is_empty() {
        output.stderr
    } else {
        output.stdout
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().next().unwrap_or_default().trim().to_owned()
}
