// SPDX-License-Identifier: GPL-3.0-or-later
//! The command line of `qvm-backup`.

use std::{ffi::OsString, path::PathBuf};

use clap::{Parser, ValueEnum};

use crate::{
    crypto::KdfCost,
    format::Level,
    plan::{InventoryScope, Series},
    profile::Extras,
    schedule::Rhythm,
};

use super::{CommonArgs, JsonForm, LONG_VERSION, ResourceArgs, RetentionArgs};

/// Back up VMs of a PedOS into one encrypted archive
///
/// Writes the VMs that are named, or without names all that are included in backups by default, into one archive. The
/// archive is encrypted and authenticated with a passphrase, and is opened by stock tools as well.
///
/// BACKUP_LOCATION is a directory, in which the archive gets the name pedos-backup-YYYY-MM-DDTHHMMSS, or a file that
/// does not exist yet. With --dest-vm it is a directory in that VM, or a command that takes the archive; "-" is standard output.
///
/// In a directory of a VM the archive has its name only when it is whole, if that VM has a shell. What a command or the reader
/// of standard output makes of an archive cannot be seen from here: if qvm-backup does not end with 0 or 3, discard it.
#[derive(Debug, Clone, Default, Parser)]
#[command(
    name = "qvm-backup",
    version,
    long_version = LONG_VERSION,
    infer_long_args = true,
    args_override_self = true,
    after_long_help = EXIT_CODES
)]
pub struct BackupArgs {
    /// Where the backup is written to: a directory or a new file; with --dest-vm a directory or a command in that VM
    pub backup_location: Option<OsString>,

    /// The VMs to back up; without names, all that are included in backups by default
    #[arg(value_name = "VM")]
    pub vms: Vec<String>,

    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,

    /// Leave this VM out; may be given several times
    #[arg(short = 'x', long, value_name = "VM")]
    pub exclude: Vec<String>,

    /// Leave out the VMs whose data have not changed since they were last backed up
    ///
    /// Such a backup is not a whole one: the earlier ones that hold the other VMs have to be kept. It is of a series of its own, and
    /// removes no older backups.
    #[arg(long, conflicts_with_all = ["keep_last", "keep_daily", "keep_weekly", "keep_monthly", "save_profile"])]
    pub changed: bool,

    /// The running VM that the backup is written to
    #[arg(short, long, value_name = "VM")]
    pub dest_vm: Option<String>,

    /// BACKUP_LOCATION is a directory of a store, which this program reaches: it speaks SFTP on its standard input and output
    ///
    /// For instance 'ssh -s nas sftp' for a server, 'rclone serve sftp --stdio cloud:' for cloud storage, or
    /// /usr/lib/openssh/sftp-server for the computer itself. With --dest-vm it runs in that VM. The shell runs it; it must log in
    /// without a question. An empty BACKUP_LOCATION is the directory in which it begins.
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["to_command", "recovery_text", "profile"])]
    pub store: Option<String>,

    /// Give the backup to this command of the computer on its standard input; no BACKUP_LOCATION is given then
    ///
    /// The shell runs it: --to-command 'ssh host "cat > backup"'. The backup counts as written only if the command has taken all
    /// of it and ended with 0.
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["dest_vm", "profile", "save_profile", "recovery_text"])]
    pub to_command: Option<String>,

    /// Accepted and of no effect: backups are always encrypted
    #[arg(short, long, hide = true)]
    pub encrypt: bool,

    /// Read the passphrase from the first line of this file; "-" is standard input
    ///
    /// White space at the end of the line is not part of the passphrase.
    #[arg(short, long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,

    /// Compress the backup (the default)
    #[arg(short = 'z', long, overrides_with_all = ["no_compress", "compress_filter"])]
    pub compress: bool,

    /// Do not compress the backup
    #[arg(long, overrides_with_all = ["compress", "compress_filter"])]
    pub no_compress: bool,

    /// Compress the backup with this method: gzip (the default), zstd, xz, bzip2 or lzma
    ///
    /// All are built in; pigz, pbzip2 and zstdmt are other names of gzip, bzip2 and zstd. lzma is for systems that cannot read xz;
    /// it uses one CPU and is slow. To read the backup without this program, you need the tool of that name; gzip is
    /// installed everywhere.
    #[arg(short = 'Z', long, value_name = "PROGRAM", overrides_with_all = ["compress", "no_compress"])]
    pub compress_filter: Option<String>,

    /// How hard to compress: fast, balanced (the default), small, or the number that the stock tool takes
    ///
    /// "fast" and "small" mean the same for all methods. Of the numbers, gzip, xz and bzip2 have 1 to 9, zstd has 1 to 19.
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<Level>,

    /// How much work each guess at the passphrase costs
    ///
    /// "default" takes about half a second for each key. "reference" takes eight times that work, as the stock scrypt tool
    /// nominally does, and makes the backup slower.
    #[arg(long, value_name = "STRENGTH", value_enum)]
    pub kdf_strength: Option<KdfStrength>,

    /// Read the backup again after writing it, and compare it with its list of contents
    #[arg(long, overrides_with = "no_verify")]
    pub verify: bool,

    /// Do not read the backup again (the default)
    #[arg(long, overrides_with = "verify")]
    pub no_verify: bool,

    /// Write a text beside the backup that tells how to open it with stock tools
    ///
    /// BACKUP.recovery.txt has the commands for exactly this backup, in your language. It names no VM and holds no
    /// passphrase. Only for a backup that is written in dom0.
    #[arg(long)]
    pub recovery_text: bool,

    /// Name only the selected VMs in the backup's list of contents
    ///
    /// Without this option it names all VMs of the system with their settings, as the existing tools do.
    #[arg(long)]
    pub only_selected_metadata: bool,

    /// Back up what the profile NAME says (etc/qubes/backup/NAME.conf)
    ///
    /// A profile also keeps what the options from --level on say. Such an option beside --profile counts for this backup
    /// instead of what the profile says.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// Keep the settings of this backup, with its passphrase in plain text, as the profile NAME
    #[arg(long, value_name = "NAME")]
    pub save_profile: Option<String>,

    /// Repeat the backup of the profile NAME by itself: daily, weekly or monthly, or never any more
    ///
    /// A timer of systemd starts it, also after the computer was off when it was due, and waits for a disk or VM that is not there.
    /// The passphrase is kept encrypted with the key of this computer: the one that stands in the profile, which leaves it, or else the
    /// one that is asked for or read from --passphrase-file. A profile whose passphrase a VM tells needs none.
    #[arg(long, value_name = "NAME=RHYTHM", value_parser = schedule, help_heading = "Repeating", conflicts_with_all = ["backup_location", "vms", "profile", "save_profile", "to_command", "store", "dest_vm", "make_sample", "dry_run", "history", "json", "list_profiles"])]
    pub schedule: Option<(String, Option<Rhythm>)>,

    /// Make the backup of --profile as the timer does: ask nothing, wait for other scheduled backups, end with 7 where the place is not there
    ///
    /// The passphrase is the systemd credential "passphrase", or what --passphrase-file or the profile says. What a scheduled backup
    /// that was killed has left at the destination is removed.
    #[arg(long, requires = "profile", help_heading = "Repeating")]
    pub scheduled: bool,

    /// Name the profiles, with how often and where to they are backed up, and do nothing else
    #[arg(long, help_heading = "Repeating", conflicts_with_all = ["backup_location", "vms", "profile", "save_profile", "to_command", "store", "dest_vm", "make_sample", "dry_run", "history", "json"])]
    pub list_profiles: bool,

    /// Say how the backups, restores and verifications of this system ended, the newest first, and do nothing else
    ///
    /// With --json as one document.
    #[arg(long, conflicts_with_all = ["backup_location", "vms", "profile", "save_profile", "to_command", "store", "dest_vm", "make_sample", "dry_run"])]
    pub history: bool,

    /// Print the report of the backup as one JSON document on standard output, and everything else on standard error
    ///
    /// With --json=lines everything that happens is printed as it happens, an object to a line, and the report is the last line.
    #[arg(long, value_name = "FORM", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "document", conflicts_with_all = ["make_sample", "dry_run"])]
    pub json: Option<JsonForm>,

    /// Make a sample PedOS for trying things out in this new folder, and do nothing else
    #[arg(long, value_name = "DIR", help_heading = "Demonstration")]
    pub make_sample: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub retention: RetentionArgs,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub resources: ResourceArgs,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonArgs,
}

/// What the exit codes mean; the same for both tools.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  everything that was asked for is done
  1  it failed
  2  the command line is wrong
  3  a part is done, the rest is named: VMs failed, --skip-broken or
     --skip-conflicting left VMs out, a verification or a recovery text that
     was asked for was not made, all VMs are restored and the backup is
     damaged elsewhere, a volume or a file of dom0's home changed while it
     was backed up, or the directory of the backup could not be brought to
     the disk
  4  it was cancelled
  5  wrong passphrase, or the header of the backup was altered
  6  the backup is damaged or incomplete
  7  the place of a backup with --scheduled is not there now: try again later";

/// Reads NAME=RHYTHM; "never" is no rhythm.
fn schedule(word: &str) -> Result<(String, Option<Rhythm>), String> {
    let known = "NAME=daily, NAME=weekly, NAME=monthly or NAME=never is expected";
    // The name of a profile may hold such a sign, a rhythm does not.
    let (name, rhythm) = word.rsplit_once('=').ok_or(known)?;
    match (name, rhythm) {
        ("", _) => Err(known.to_owned()),
        (_, "never") => Ok((name.to_owned(), None)),
        (_, rhythm) => Rhythm::named(rhythm)
            .map(|rhythm| (name.to_owned(), Some(rhythm)))
            .ok_or_else(|| known.to_owned()),
    }
}

/// How much work each guess at the passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum KdfStrength {
    /// About half a second for each key
    #[default]
    Default,
    /// The work that the stock tool nominally chooses
    Reference,
}

/// Which compression was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompressionWish {
    /// The default method.
    Default,
    /// None.
    Off,
    /// The one that this program reads.
    Filter(String),
}

impl BackupArgs {
    /// Returns the same command line with its first word where it belongs: with a command for the backup, the words behind the
    /// options are VMs.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let mut args = self.clone();
        if args.to_command.is_some()
            && let Some(first) = args.backup_location.take()
        {
            args.vms.insert(0, first.to_string_lossy().into_owned());
        }
        args
    }

    /// Whether to read the backup again, where the command line says so.
    pub fn verification(&self) -> Option<bool> {
        match (self.verify, self.no_verify) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }

    /// What the command line says of all that a profile keeps beyond the existing tools.
    pub fn extras(&self) -> Extras {
        let given = |is_given: bool| is_given.then_some(true);
        Extras {
            level: self.level,
            scope: self.only_selected_metadata.then_some(InventoryScope::SelectedOnly),
            kdf: self.kdf_strength.map(|strength| match strength {
                KdfStrength::Default => KdfCost::DEFAULT,
                KdfStrength::Reference => KdfCost::REFERENCE,
            }),
            verify: self.verification(),
            recovery_text: given(self.recovery_text),
            is_gentle: given(self.resources.nice),
            jobs: self.resources.jobs,
            store: self.store.clone(),
            known_vms: None,
            overdue_days: None,
            retention: self.retention.policy(),
        }
    }

    /// The series that the archive belongs to.
    pub fn series(&self) -> Series {
        let series = match self.profile.as_ref().or(self.save_profile.as_ref()) {
            Some(name) => Series::of_profile(name),
            None => Series::of_selection(&self.vms, &self.exclude),
        };
        if self.changed { series.of_changed() } else { series }
    }

    /// Which compression was asked for; the option that came last counts.
    pub fn compression(&self) -> CompressionWish {
        match (&self.compress_filter, self.no_compress) {
            (Some(filter), _) => CompressionWish::Filter(filter.clone()),
            (None, true) => CompressionWish::Off,
            (None, false) => CompressionWish::Default,
        }
    }

    /// The first option that contradicts `--profile`, by the name that the existing tool gives it.
    pub fn conflict_with_profile(&self) -> Option<&'static str> {
        let has_compression = self.compress || self.no_compress || self.compress_filter.is_some();
        let conflicts = [
            (!self.exclude.is_empty(), "exclude-list"),
            (has_compression, "compression"),
            (self.save_profile.is_some(), "save-profile"),
        ];
        conflicts
            .into_iter()
            .find(|(is_given, _)| *is_given)
            .map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> BackupArgs {
        BackupArgs::try_parse_from(line.split(' ')).unwrap()
    }

    #[test]
    fn options_stand_anywhere_and_may_be_cut_short() {
        let args = parse("qvm-backup /mnt -y work --pass=/p --exc a vault -x b");
        assert_eq!(args.backup_location.as_deref(), Some("/mnt".as_ref()));
        assert_eq!(args.vms, ["work", "vault"]);
        assert_eq!(args.exclude, ["a", "b"]);
        assert_eq!(args.passphrase_file, Some("/p".into()));
        assert!(args.yes);
    }

    #[test]
    fn the_compression_that_comes_last_counts() {
        assert_eq!(parse("qvm-backup /x").compression(), CompressionWish::Default);
        assert_eq!(
            parse("qvm-backup /x -Z xz --no-compress").compression(),
            CompressionWish::Off
        );
        assert_eq!(
            parse("qvm-backup /x --no-compress -z").compression(),
            CompressionWish::Default
        );
        assert_eq!(
            parse("qvm-backup /x -z --no-compress -Z gzip").compression(),
            CompressionWish::Filter("gzip".into())
        );
    }

    #[test]
    fn a_profile_names_what_contradicts_it() {
        assert_eq!(parse("qvm-backup --profile p").conflict_with_profile(), None);
        assert_eq!(
            parse("qvm-backup --profile p -z").conflict_with_profile(),
            Some("compression")
        );
        assert_eq!(
            parse("qvm-backup --profile p -p - -x a").conflict_with_profile(),
            Some("exclude-list")
        );
    }

    #[test]
    fn an_option_given_twice_counts_once() {
        let args = parse("qvm-backup -y -y -e --force-root -vvq /x -d a -d b");
        assert_eq!(args.dest_vm.as_deref(), Some("b"));
        assert_eq!(args.common.level(), 2);
    }
}
