// SPDX-License-Identifier: GPL-3.0-or-later
//! `pedos-standin`: lays out a live PedOS in a folder and serves it until it is killed, to try programs against it.

use std::{env, path::PathBuf, process::ExitCode, thread};

use pedos_standin::{Dialect, Driver, Standin};

const USAGE: &str =
    "usage: pedos-standin [--dialect 4.2|4.3|4.4] [--driver file-reflink|file|lvm_thin|zfs] [--vms COUNT] DIR";

struct Options {
    dialect: Dialect,
    driver: Driver,
    vms: usize,
    root: PathBuf,
}

fn main() -> ExitCode {
    match options(env::args().skip(1)).and_then(|options| serve(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("pedos-standin: {text}");
            ExitCode::from(2)
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let (mut dialect, mut driver, mut vms, mut root) = (Dialect::V4_3, Driver::FileReflink, 0, None);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
        match word.as_str() {
            "--dialect" => dialect = value()?.parse()?,
            "--driver" => driver = value()?.parse()?,
            "--vms" => {
                let text = value()?;
                vms = text.parse().map_err(|_| format!("{text} is not a number of VMs"))?;
            }
            _ if word.starts_with('-') => return Err(format!("there is no option {word}; {USAGE}")),
            _ if root.is_some() => return Err(format!("one folder is enough; {USAGE}")),
            _ => root = Some(PathBuf::from(word)),
        }
    }
    let root = root.ok_or_else(|| format!("no folder is named; {USAGE}"))?;
    Ok(Options {
        dialect,
        driver,
        vms,
        root,
    })
}

fn serve(options: &Options) -> Result<(), String> {
    let root = &options.root;
    let said = |error: std::io::Error| format!("{}: {error}", root.display());
    if root.join("var/lib/qubes/qubes.xml").exists() {
        return Err(format!(
            "{}: there is a PedOS already; name an empty folder",
            root.display()
        ));
    }
    std::fs::create_dir_all(root).map_err(said)?;
    let root = root.canonicalize().map_err(said)?;
    let builder = Standin::builder(options.dialect)
        .pool_driver(options.driver)
        .vms(options.vms);
    let _pedos = builder.root(&root).try_start().map_err(said)?;
    println!("PedOS {} is live in {}", options.dialect, root.display());
    loop {
        thread::park();
    }
}
