// SPDX-License-Identifier: GPL-3.0-or-later
//! The text beside an archive on how to open it without this program, for exactly this archive, in the user's language.
//!
//! It lies in the clear, so it must not give away what is in the archive: it names the folders, which anybody sees who lists
//! the members, and tells how the names of the VMs are found with the passphrase. Its commands are the same in every language
//! and indented by [`COMMAND_INDENT`], as nothing else is; they run in any POSIX shell.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use crate::{format::Compression, plan::RecoveryFacts};

use super::{
    compression,
    i18n::{gettext, gettext_f},
    report::{PROGRAM, pairs, wrapped_by},
    sanitize,
};

/// What each line of a command begins with.
const COMMAND_INDENT: &str = "    ";

/// How far the text of a numbered step is indented, its first line excepted.
const STEP_INDENT: usize = 3;

/// The header against its authenticated copy. The members stand at the beginning: tar need not read the rest for them.
const CHECK: &[&str] = &[
    "tar -i --occurrence=1 -xf \"$archive\" backup-header backup-header.hmac qubes.xml.000.enc",
    "printf 'backup-header!%s\\n' \"$pass\" | scrypt dec -P backup-header.hmac backup-header.verified",
    "diff -s backup-header backup-header.verified",
];

/// The list of contents.
const CONTENTS: &[&str] =
    &["printf '%s!qubes.xml.000!%s\\n' \"$backup_id\" \"$pass\" | scrypt dec -P qubes.xml.000.enc |UNPACK tar -xf -"];

/// The names of the VMs in the archive, each with its folder.
const NAMES: &[&str] = &[
    "xmlstarlet sel -T -t -m '//domain[.//feature[@name=\"backup-path\"]]' \\",
    "    -v 'concat(.//property[@name=\"name\"], \"  \", .//feature[@name=\"backup-path\"])' -n qubes.xml",
];

/// The same without a tool for XML.
const NAMES_PLAINLY: &[&str] = &["grep -E 'name=\"(name|backup-path)\"' qubes.xml"];

/// Gets all files of one folder out. `sort -V`, because part 1000 comes after part 999; `printf` rather than `echo`, which
/// changes backslashes in some shells; single quotes around each `!`, which bash expands in double ones.
const RECOVER: &[&str] = &[
    "recover() {",
    "    tar -i -xf \"$archive\" \"$1\" || return",
    "    find \"$1\" -name '*.000.enc' | sort -V | while IFS= read -r first; do",
    "        file=${first%.000.enc}",
    "        printf '%s\\n' \"$file\"",
    "        printf '%s\\n' \"$file\".[0-9]*.enc | sort -V | while IFS= read -r part; do",
    "            printf '%s!%s!%s\\n' \"$backup_id\" \"${part%.enc}\" \"$pass\" | scrypt dec -P \"$part\" || break",
    "        done |UNPACK tar -xpf - || printf 'NOT WHOLE: %s\\n' \"$file\"",
    "    done",
    "}",
];

/// An example that its reader has to change, so it is not indented like a command.
const MOUNT: &str = "  sudo mount -o ro,loop vm1/private.img /mnt";

/// How to open one archive without this program.
pub fn recovery_text(facts: &RecoveryFacts<'_>) -> String {
    let mut page = Page::default();
    introduce(&mut page, facts);
    open(&mut page, facts);
    get_out(&mut page, facts);
    page.lines
        .push(gettext_f("Written by {program}.", &[("program", PROGRAM)]));
    page.lines.join("\n") + "\n"
}

/// What the archive is, and what is needed.
fn introduce(page: &mut Page, facts: &RecoveryFacts<'_>) {
    let name = sanitize(&facts.archive.to_string_lossy());
    let title = gettext_f("How to open the backup {name}", &[("name", &name)]);
    page.lines.push(title.clone());
    page.lines.extend(["=".repeat(title.chars().count()), String::new()]);
    page.prose(&gettext("This text tells how to get the data out of one backup on any Linux computer, without PedOS Backup. You need the passphrase of the backup; this text does not contain it."));
    let made = facts.backup_id.made_text();
    page.lines.extend(pairs(&[
        (gettext("File"), name),
        (gettext("Made"), made.unwrap_or_else(|| gettext("an unknown time"))),
        (gettext("Identifier"), facts.backup_id.to_string()),
        (gettext("Format"), facts.version.to_string()),
        (gettext("Compression"), compression(facts.compression)),
    ]));
    page.lines.push(gettext("Folders in it:"));
    let folders: Vec<String> = facts.folders.iter().map(|folder| sanitize(folder)).collect();
    page.lines.extend(wrapped_by(&folders.join(", "), 2, 2));
    page.lines.push(String::new());
    page.prose(&gettext("This text does not say which VM lies in which folder: it is not encrypted and must not give away what is in the backup. The names are in the encrypted list of contents of the backup, which step 4 shows."));
    let tools = tools(facts.compression);
    page.prose(&gettext_f(
        "These tools are needed: {tools}. tar must be GNU tar, scrypt must be 1.2.1 or newer; grep can be used instead of xmlstarlet.",
        &[("tools", &tools)],
    ));
    page.prose(&gettext("All lines that are indented by four blanks are commands. Copy them block by block, in their order, into one terminal with bash or any other POSIX shell."));
}

/// From the passphrase to the names of the VMs.
fn open(page: &mut Page, facts: &RecoveryFacts<'_>) {
    page.step(&gettext("Open a terminal in the folder that this text and the backup lie in, and make a new folder for the data that you get out. It should lie on an encrypted disk with enough room; if need be, put another path in its place."));
    page.command(&archive_lines(facts.archive));
    page.command(&[
        &format!("backup_id={}", facts.backup_id),
        "umask 077",
        "mkdir -p \"$HOME/recovered-$backup_id\" && cd \"$HOME/recovered-$backup_id\"",
    ]);
    page.step(&gettext(
        "Copy this line alone, press Enter, and type the passphrase. It is not shown.",
    ));
    page.command(&["stty -echo; IFS= read -r pass; stty echo"]);
    page.step(&gettext("Check the passphrase. The last command must say that the two files are identical; if not, go back to step 2. If scrypt thinks that this computer has too little memory or time, write the option -f behind each \"dec\"."));
    page.command(CHECK);
    page.step(&gettext("Decrypt the list of contents."));
    page.command(&unpacking(CONTENTS, facts.compression));
    page.prose(&gettext(
        "Look which VM lies in which folder; the folder dom0-home is dom0's home.",
    ));
    page.command(NAMES);
    page.prose(&gettext(
        "Where there is no xmlstarlet: the folder of a VM, if it is in the backup, stands below its name.",
    ));
    page.command(NAMES_PLAINLY);
}

/// The data itself.
fn get_out(page: &mut Page, facts: &RecoveryFacts<'_>) {
    page.step(&gettext("Tell the shell how to get one folder out."));
    page.command(&unpacking(RECOVER, facts.compression));
    page.step(&gettext("Get out the folders that you want, or all of them. Each file is named when its turn comes; if an error is reported below a name, that file is not whole."));
    let lines = facts.folders.iter().map(|folder| format!("recover {}", wanted(folder)));
    page.command(&lines.collect::<Vec<_>>());
    page.step(&gettext("The volumes are now files with names like private.img in these folders; those that end in .enc are no longer needed. root.img is a whole disk with partitions, private.img is a file system that can be mounted, with one of the folders in the place of vm1:"));
    page.lines.extend([MOUNT.to_owned(), String::new()]);
    page.step(&gettext("At the end, make the shell forget the passphrase."));
    page.command(&["unset pass"]);
}

/// The text so far.
#[derive(Default)]
struct Page {
    lines: Vec<String>,
    steps: usize,
}

impl Page {
    fn prose(&mut self, text: &str) {
        self.lines.extend(wrapped_by(text, 0, 0));
        self.lines.push(String::new());
    }

    fn step(&mut self, text: &str) {
        self.steps += 1;
        let text = format!("{}. {text}", self.steps);
        self.lines.extend(wrapped_by(&text, 0, STEP_INDENT));
        self.lines.push(String::new());
    }

    fn command(&mut self, lines: &[impl AsRef<str>]) {
        let indented = |line: &_| format!("{COMMAND_INDENT}{}", AsRef::<str>::as_ref(line));
        self.lines.extend(lines.iter().map(indented));
        self.lines.push(String::new());
    }
}

/// The tools that the commands run.
fn tools(compression: Compression) -> String {
    let always = ["tar", "scrypt"].into_iter();
    let rest = ["diff", "find", "grep", "sort", "xmlstarlet"];
    let all = always.chain(compression.filter_name()).chain(rest);
    all.collect::<Vec<_>>().join(", ")
}

/// Lines of a command with what decompresses in its place.
fn unpacking(lines: &[&str], compression: Compression) -> Vec<String> {
    let unpack = match compression.filter_name() {
        Some(tool) => format!(" {tool} -dc |"),
        None => String::new(),
    };
    lines.iter().map(|line| line.replace("UNPACK", &unpack)).collect()
}

/// What tar is asked for to get a folder: dom0's home lies in parts beside each other, not in a folder of its name.
fn wanted(folder: &str) -> &str {
    folder.rfind('/').map_or(folder, |end| &folder[..=end])
}

/// Sets `$archive`. The path is absolute, so that no name looks like an option or another computer to tar. A name with
/// characters that are not seen, or get lost in copying, is written in octal numbers; what stands behind it keeps line ends
/// at its end.
fn archive_lines(name: &OsStr) -> Vec<String> {
    if let Some(text) = name.to_str().filter(|text| sanitize(text) == **text) {
        return vec![format!("archive=\"$PWD\"/'{}'", text.replace('\'', r"'\''"))];
    }
    let octal = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(*byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    let name: String = name.as_bytes().iter().map(octal).collect();
    vec![
        format!("archive=\"$PWD$(printf '/{name}/')\""),
        "archive=${archive%/}".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::BackupId;

    fn text(name: &str, compression: Compression) -> String {
        recovery_text(&RecoveryFacts {
            archive: OsStr::new(name),
            version: 4,
            backup_id: &BackupId::parse("20260301T140500-77").unwrap(),
            compression,
            folders: &["vm7/", "vm12/", "dom0-home/user"],
        })
    }

    #[test]
    fn the_text_is_about_this_archive() {
        let text = text("a backup", Compression::Zstd);
        for part in [
            "2026-03-01 14:05:00",
            "archive=\"$PWD\"/'a backup'",
            "backup_id=20260301T140500-77",
            "    recover vm7/\n    recover vm12/\n    recover dom0-home/\n",
            "| zstd -dc | tar -xf -",
            "vm7/, vm12/, dom0-home/user",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("UNPACK") && !text.contains("gzip"), "{text}");
    }

    #[test]
    fn nothing_is_unpacked_that_was_not_compressed() {
        let text = text("x", Compression::None);
        assert!(text.contains("qubes.xml.000.enc | tar -xf -"), "{text}");
        assert!(text.contains("done | tar -xpf -"), "{text}");
    }

    #[test]
    fn prose_is_never_indented_like_a_command() {
        let text = text("x", Compression::Gzip);
        let commands: Vec<_> = text.lines().filter(|line| line.starts_with(COMMAND_INDENT)).collect();
        assert_eq!(commands.first(), Some(&"    archive=\"$PWD\"/'x'"));
        assert_eq!(commands.last(), Some(&"    unset pass"));
        assert!(text.lines().all(|line| line.chars().count() <= 140), "{text}");
    }

    #[test]
    fn a_name_that_cannot_be_copied_is_written_in_numbers() {
        assert_eq!(archive_lines(OsStr::new("it's")), [r#"archive="$PWD"/'it'\''s'"#]);
        assert_eq!(
            archive_lines(OsStr::from_bytes(b"a\xff%\n")),
            [r#"archive="$PWD$(printf '/a\377\045\012/')""#, "archive=${archive%/}"]
        );
    }
}
