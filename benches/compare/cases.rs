// SPDX-License-Identifier: GPL-3.0-or-later
//! Who takes part, as a list of lines of shell. One more contestant is one more entry.
//!
//! The variables that a line finds are those of `run.rs`: `ROOT` and `SOURCE` (the data), `VMS` (their names), `ARCHIVE`
//! (what is made, a file or a folder), `BACK` (what comes back, a folder that is not there yet), `PASS` (a file), `TOOLS`
//! (the folder of this program), `SCRATCH` (empty) and `CORES`. `m LABEL` stands before each stage that is measured.

use crate::{
    data::Set::{self, Large2, Large8, Mixed, Noise, Small, SmallAlone, Sparse, SparseAlone, Text},
    samples::Step,
};

/// Where a way back puts the volumes, below `BACK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `VM/private.img`
    Plain,
    /// As in a PedOS.
    Root,
}

/// One way to read an archive.
#[derive(Debug)]
pub(crate) struct Way {
    /// What it is.
    pub(crate) step: Step,
    /// How it is done.
    pub(crate) line: String,
    /// Where the volumes then are; nowhere when nothing is written.
    pub(crate) layout: Option<Layout>,
    /// The sets that it is measured with.
    pub(crate) sets: &'static [Set],
}

/// One that takes part.
#[derive(Debug)]
pub(crate) struct Contestant {
    /// The name in the raw figures and for `--only`.
    pub(crate) key: &'static str,
    /// The name in the tables.
    pub(crate) title: &'static str,
    /// The sets that it is measured with.
    pub(crate) sets: &'static [Set],
    /// Programs that it needs.
    pub(crate) programs: &'static [&'static str],
    /// Options of our tools that it needs.
    pub(crate) options: &'static [&'static str],
    /// What is done before each backup without being measured.
    pub(crate) prepare: &'static str,
    /// How it makes its archive.
    pub(crate) backup: String,
    /// How the archive is read.
    pub(crate) back: Vec<Way>,
}

const ALL: &[Set] = &[
    Mixed,
    Text,
    Noise,
    Sparse,
    SparseAlone,
    Small,
    SmallAlone,
    Large2,
    Large8,
];
/// All but those that only show whether our own costs grow with the data.
const COMPARED: &[Set] = &[Mixed, Text, Noise, Sparse, SparseAlone, Small, SmallAlone];
/// Sets of one full size.
const FULL: &[Set] = &[Mixed, Text, Noise];
/// For those who take minutes: what cannot be compressed shows nothing about them.
const MIXED_AND_TEXT: &[Set] = &[Mixed, Text];
const MIXED_AND_NOISE: &[Set] = &[Mixed, Noise];
const MIXED: &[Set] = &[Mixed];

/// How much memory scrypt takes for a key in a dom0 of 4 GiB: an eighth, of which it can use 256 MiB.
const DOM0_LIMIT: &str = "-M 536870911";

/// Everyone who takes part, in the order of the tables.
pub(crate) fn contestants() -> Vec<Contestant> {
    let mut all = vec![
        ours("ours-gzip", "this program (gzip, balanced)", ALL, "", "", &[]),
        ours(
            "ours-gzip-fast",
            "this program (gzip, fast)",
            FULL,
            "--level fast",
            "",
            &["--level"],
        ),
        ours("ours-zstd", "this program (zstd, balanced)", FULL, "-Z zstd", "", &[]),
        ours(
            "ours-zstd-fast",
            "this program (zstd, fast)",
            FULL,
            "-Z zstd --level fast",
            "",
            &["--level"],
        ),
        ours(
            "ours-none",
            "this program (no compression)",
            MIXED_AND_NOISE,
            "--no-compress",
            "",
            &[],
        ),
        ours(
            "ours-strong",
            "this program (gzip, balanced, keys of the reference's cost)",
            MIXED,
            "--kdf-strength reference",
            "",
            &[],
        ),
        ours(
            "ours-jobs1",
            "this program (gzip, balanced, one worker)",
            MIXED_AND_NOISE,
            "--jobs 1",
            "--jobs 1",
            &["--jobs"],
        ),
        ours(
            "ours-jobs2",
            "this program (gzip, balanced, two workers)",
            MIXED_AND_NOISE,
            "--jobs 2",
            "--jobs 2",
            &["--jobs"],
        ),
        reference(
            "reference",
            "the reference's shape, keys as in a dom0 of 4 GiB",
            MIXED_AND_TEXT,
            DOM0_LIMIT,
        ),
        reference(
            "reference-large",
            "the reference's shape, keys as on this computer",
            MIXED,
            "",
        ),
    ];
    all.extend(pipelines());
    all.extend(repositories());
    all.extend(floors());
    all
}

/// This program: options of the backup, options of the way back, and which of them may not be there yet.
fn ours(
    key: &'static str,
    title: &'static str,
    sets: &'static [Set],
    backup: &str,
    back: &str,
    options: &'static [&'static str],
) -> Contestant {
    Contestant {
        key,
        title,
        sets,
        programs: &[],
        options,
        prepare: "",
        backup: format!(
            r#"m ours "$TOOLS/qvm-backup" --root "$ROOT" --yes --passphrase-file "$PASS" {backup} "$ARCHIVE" $VMS"#
        ),
        back: vec![restored_by_us(Step::Restore, back), verified_by_us(back)],
    }
}

fn restored_by_us(step: Step, options: &str) -> Way {
    Way {
        step,
        line: format!(
            r#"m ours "$TOOLS/qvm-backup-restore" --new-root "$BACK" --passphrase-file "$PASS" {options} "$ARCHIVE""#
        ),
        layout: Some(Layout::Root),
        sets: ALL,
    }
}

fn verified_by_us(options: &str) -> Way {
    Way {
        step: Step::Verify,
        line: format!(
            r#"m ours "$TOOLS/qvm-backup-restore" --verify-only --passphrase-file "$PASS" {options} "$ARCHIVE""#
        ),
        layout: None,
        sets: FULL,
    }
}

/// The shape of the existing tool, which works with stock tools one part after the other.
fn reference(key: &'static str, title: &'static str, sets: &'static [Set], scrypt_limit: &str) -> Contestant {
    let limit = format!("export SCRYPT_LIMIT='{scrypt_limit}'\n");
    Contestant {
        key,
        title,
        sets,
        programs: &["scrypt", "gzip", "tar", "split"],
        options: &[],
        prepare: "",
        backup: limit + include_str!("shell/reference-backup.sh"),
        back: vec![
            Way {
                step: Step::Restore,
                line: include_str!("shell/reference-restore.sh").to_owned(),
                layout: Some(Layout::Plain),
                sets: ALL,
            },
            restored_by_us(Step::RestoreByUs, ""),
        ],
    }
}

/// What is made of single programs: nothing checks for them that an archive is whole.
fn pipelines() -> Vec<Contestant> {
    const IN: &str = r#"m tar tar --create --sparse --directory "$SOURCE" $VMS"#;
    const OUT: &str = r#"m tar tar --extract --sparse --directory "$BACK""#;
    let pipeline = |key, title, sets, programs, prepare, into: &str, back: &str| Contestant {
        key,
        title,
        sets,
        programs,
        options: &[],
        prepare,
        backup: format!(r#"{IN} | {into} >"$ARCHIVE""#),
        back: vec![Way {
            step: Step::Restore,
            line: format!(r#"mkdir "$BACK"; {back} | {OUT}"#),
            layout: Some(Layout::Plain),
            sets: ALL,
        }],
    };
    const AGE_KEY: &str = r#"age-keygen -o "$SCRATCH/key""#;
    vec![
        pipeline(
            "pigz",
            "tar, pigz (not encrypted)",
            COMPARED,
            &["tar", "pigz"],
            "",
            r#"m pigz pigz -p "$CORES""#,
            r#"m pigz pigz -d -p "$CORES" <"$ARCHIVE""#,
        ),
        pipeline(
            "zstd",
            "tar, zstd -1 (not encrypted)",
            FULL,
            &["tar", "zstd"],
            "",
            r#"m zstd zstd -q -1 -T"$CORES""#,
            r#"m zstd zstd -q -d <"$ARCHIVE""#,
        ),
        pipeline(
            "pigz-age",
            "tar, pigz, age",
            MIXED,
            &["tar", "pigz", "age", "age-keygen"],
            AGE_KEY,
            r#"m pigz pigz -p "$CORES" | m age age -r "$(age-keygen -y "$SCRATCH/key")""#,
            r#"m age age -d -i "$SCRATCH/key" "$ARCHIVE" | m pigz pigz -d -p "$CORES""#,
        ),
        pipeline(
            "pigz-openssl",
            "tar, pigz, openssl (not authenticated)",
            MIXED,
            &["tar", "pigz", "openssl"],
            "",
            r#"m pigz pigz -p "$CORES" | m openssl openssl enc -aes-256-ctr -pbkdf2 -pass "file:$PASS""#,
            r#"m openssl openssl enc -d -aes-256-ctr -pbkdf2 -pass "file:$PASS" -in "$ARCHIVE" | m pigz pigz -d -p "$CORES""#,
        ),
    ]
}

/// Programs that keep a repository; it is made anew for each backup, without being measured.
fn repositories() -> Vec<Contestant> {
    vec![
        Contestant {
            key: "restic",
            title: "restic, first backup",
            sets: MIXED_AND_TEXT,
            programs: &["restic"],
            options: &[],
            prepare: r#"restic --quiet --no-cache --password-file "$PASS" --repo "$ARCHIVE" init"#,
            backup: r#"cd "$SOURCE"; m restic restic --quiet --no-cache --password-file "$PASS" --repo "$ARCHIVE" backup $VMS"#
                .to_owned(),
            back: vec![Way {
                step: Step::Restore,
                // Versions before 0.15 cannot make holes.
                line: r#"sparse=$(restic restore --help | grep -o -m1 -e '--sparse' || true)
m restic restic --quiet --no-cache --password-file "$PASS" --repo "$ARCHIVE" restore latest $sparse --target "$BACK""#
                    .to_owned(),
                layout: Some(Layout::Plain),
                sets: ALL,
            }],
        },
        Contestant {
            key: "borg",
            title: "borg, first backup",
            sets: MIXED_AND_TEXT,
            programs: &["borg"],
            options: &[],
            prepare: r#"borg init --encryption repokey-blake2 "$ARCHIVE""#,
            backup: r#"cd "$SOURCE"; m borg borg create --sparse "$ARCHIVE::bench" $VMS"#.to_owned(),
            back: vec![Way {
                step: Step::Restore,
                line: r#"mkdir "$BACK"; cd "$BACK"; m borg borg extract --sparse "$ARCHIVE::bench""#.to_owned(),
                layout: Some(Layout::Plain),
                sets: ALL,
            }],
        },
    ]
}

/// What only copies: nothing can be faster.
fn floors() -> Vec<Contestant> {
    const FLAT: &str = r#"tar --create --sparse --directory "$SOURCE" --file "$SCRATCH/flat" $VMS"#;
    let floor = |key, title, backup: &str| Contestant {
        key,
        title,
        sets: MIXED_AND_NOISE,
        programs: &["cat", "tar"],
        options: &[],
        prepare: FLAT,
        backup: backup.to_owned(),
        back: Vec::new(),
    };
    vec![
        floor(
            "cat",
            "cat (the data without its holes)",
            r#"m cat cat "$SCRATCH/flat" >"$ARCHIVE""#,
        ),
        floor(
            "cat-sync",
            "cat, and sync, as this program does",
            r#"m cat cat "$SCRATCH/flat" >"$ARCHIVE"; m sync sync "$ARCHIVE""#,
        ),
    ]
}
