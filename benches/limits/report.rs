// SPDX-License-Identifier: GPL-3.0-or-later
//! The table of the result.

use std::{fs, path::Path};

use crate::{Outcome, measure::Row};

const BEGIN: &str = "<!-- extremes -->\n";
const END: &str = "<!-- /extremes -->";

/// Prints the table, and puts it between the marks of a file.
pub(crate) fn write(rows: &[Row], output: Option<&Path>) -> Outcome<()> {
    let table = table(rows);
    println!("{table}");
    let Some(path) = output else { return Ok(()) };
    let text = fs::read_to_string(path)?;
    let missing = || format!("{} has no marks for the table", path.display());
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, behind) = rest.split_once(END).ok_or_else(missing)?;
    fs::write(path, format!("{before}{BEGIN}{table}{END}{behind}"))?;
    Ok(())
}

fn table(rows: &[Row]) -> String {
    let mut table = "| what | step | seconds | peak memory, MiB | exit code |\n|---|---|---:|---:|---:|\n".to_owned();
    for row in rows {
        let memory = row.peak_kib.div_ceil(1024);
        table += &format!(
            "| {} | {} | {:.1} | {memory} | {} |\n",
            row.what, row.step, row.seconds, row.code
        );
    }
    table
}
