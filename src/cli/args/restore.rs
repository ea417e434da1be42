// SPDX-License-Identifier: GPL-3.0-or-later
//! The command line of `qvm-backup-restore`.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Parser,
    builder::{ArgPredicate, NonEmptyStringValueParser},
};

use super::{ChoiceArgs, CommonArgs, JsonForm, LONG_VERSION, ResourceArgs, backup::EXIT_CODES};

/// Restore VMs from a backup of a PedOS, or verify it
///
/// Restores the VMs that are named, or without names everything that the backup holds. A VM appears on the system only
/// when all of its data has been read and checked; what could not be restored is named at the end.
///
/// BACKUP_LOCATION is the file of the backup, or a pipe that it comes through; "-" is standard input. With --dest-vm it is a
/// file in that VM, or a command that prints the backup.
///
/// A pipe (-, the output of --from-command, or what the shell makes of "<(cat backup.*)") is read once and in order: there is no quick look, what is
/// missing shows only when it should have come, and a bad part is not read a second time.
#[derive(Debug, Clone, Default, Parser)]
#[command(
    name = "qvm-backup-restore",
    version,
    long_version = LONG_VERSION,
    infer_long_args = true,
    args_override_self = true,
    after_long_help = EXIT_CODES
)]
pub struct RestoreArgs {
    /// The backup: a file or a pipe; with --dest-vm a file or a command in that VM
    #[arg(
        required = false,
        required_unless_present_any = ["clean_up", "from_command"],
        default_value_ifs([
            ("clean_up", ArgPredicate::IsPresent, Some("")),
            ("from_command", ArgPredicate::IsPresent, Some("")),
        ])
    )]
    pub backup_location: OsString,

    /// The VMs to restore, by their names in the backup; without names, all of them
    ///
    /// dom0's home is one of them and goes by the name dom0.
    #[arg(value_name = "VM")]
    pub vms: Vec<String>,

    /// Further files of a backup that was split, in their order; they are read behind BACKUP_LOCATION as if all were one
    ///
    /// Give this option last, or another option behind its files: --list backup.aa --join backup.ab backup.ac. With
    /// --join backup.* a shell names all of them, and the first one counts once.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub join: Vec<PathBuf>,

    /// Read the backup from the standard output of this command of the computer; no BACKUP_LOCATION is given then
    ///
    /// The shell runs it: --from-command 'ssh host cat backup'.
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["dest_vm", "join", "location_is_service", "quick_look", "clean_up"])]
    pub from_command: Option<String>,

    /// Read and check the whole backup, and restore nothing
    #[arg(long)]
    pub verify_only: bool,

    /// Show what the backup holds, and restore nothing
    ///
    /// Lists every VM with its class, size, template, net VM and label, and says which are in the backup and which are
    /// only mentioned in it. A backup that is a file needs no PedOS for it.
    #[arg(long, conflicts_with_all = ["verify_only", "extract", "new_root", "dry_run"])]
    pub list: bool,

    /// Check in seconds, without the passphrase, whether parts of the backup file are missing or cut
    ///
    /// This reads only the headers between the parts and finds no damage within them. It does not replace
    /// --verify-only.
    #[arg(long, conflicts_with_all = ["verify_only", "extract", "list", "new_root", "dry_run", "json", "dest_vm"])]
    pub quick_look: bool,

    /// With --list, read the notes of the VMs as well
    #[arg(long, requires = "list")]
    pub notes: bool,

    /// Write one volume or file of the backup to the place that --output names, and restore nothing
    ///
    /// VOLUME is private, root, or any file of the VM such as firewall.xml; dom0 alone is dom0's home, which becomes a
    /// folder. Nothing else of the backup is decrypted, and a backup that is a file needs no PedOS for it.
    #[arg(long, value_name = "VM:VOLUME", requires = "output", conflicts_with_all = ["verify_only", "new_root", "dry_run"])]
    pub extract: Option<String>,

    /// The new file that --extract writes; "-" is standard output
    ///
    /// It appears under its name when all of it was read and found good. Standard output gets the bytes as they come:
    /// look at the exit code before you use them.
    #[arg(short, long, value_name = "FILE", requires = "extract")]
    pub output: Option<PathBuf>,

    /// Remove what a restore has left that was ended by force: VMs that are not whole, and unfinished folders of dom0's home
    ///
    /// A VM that is being restored has the tag backup-restore-in-progress until it is whole. This option takes no backup; it
    /// names what it finds and asks before it removes anything. While a restore runs, it waits for the end of that one.
    #[arg(long, conflicts_with_all = ["backup_location", "vms", "verify_only", "list", "extract", "quick_look", "new_root", "dry_run", "json", "join"])]
    pub clean_up: bool,

    /// With --clean-up, remove without asking
    #[arg(long, requires = "clean_up")]
    pub yes: bool,

    /// Print the result as one JSON document on standard output, and everything else on standard error
    ///
    /// The document is a listing with --list; with --dry-run, and where a restore cannot begin, the plan with what stands
    /// in the way; else a report of what was done. With --json=lines everything that happens is printed as it happens, an
    /// object to a line, and the document is the last line.
    #[arg(long, value_name = "FORM", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "document")]
    pub json: Option<JsonForm>,

    /// Leave out VMs that cannot be restored as they are
    ///
    /// The exit code is 3 if there were any: the option names none of them. --exclude names a VM, and leaves 0.
    #[arg(long)]
    pub skip_broken: bool,

    /// Give VMs whose template, net VM, disposable template or kernel is missing the default one
    #[arg(long)]
    pub ignore_missing: bool,

    /// Leave out VMs whose name exists already
    ///
    /// The exit code is 3 if there were any: a VM of that name need not hold what the backup holds. --exclude names a VM,
    /// and leaves 0.
    #[arg(long)]
    pub skip_conflicting: bool,

    /// Give VMs whose name exists already a new name, NAME-1
    #[arg(long)]
    pub rename_conflicting: bool,

    /// Leave this VM out; may be given several times
    #[arg(short = 'x', long, value_name = "VM")]
    pub exclude: Vec<String>,

    /// Do not restore dom0's home
    #[arg(long)]
    pub skip_dom0_home: bool,

    /// Restore dom0's home although its user has another name here
    #[arg(long)]
    pub ignore_username_mismatch: bool,

    /// Accepted and of no effect: backups of every size are read
    #[arg(long)]
    pub ignore_size_limit: bool,

    /// Decompress with this method or program, whatever the backup's header says
    ///
    /// gzip, bzip2, xz, lzma and zstd are built in, also under the names pigz, pbzip2 and zstdmt. Everything else is the
    /// name or path of a program of this computer, which is run as PROGRAM -d. Without this option no program is run.
    #[arg(short = 'Z', long, value_name = "PROGRAM", value_parser = NonEmptyStringValueParser::new())]
    pub compression_filter: Option<String>,

    /// Whether a backup of the oldest format is encrypted, where it does not say so itself
    ///
    /// Only the first backups of format 2, which have no header, do not say. "yes" takes each for what it looks like.
    #[arg(
        long,
        value_name = "yes|no",
        num_args = 0..=1,
        require_equals = true,
        default_value = "yes",
        default_missing_value = "yes",
        hide_default_value = true
    )]
    pub encrypted: YesNo,

    /// The running VM that holds the backup
    #[arg(short, long, value_name = "VM")]
    pub dest_vm: Option<String>,

    /// Read the passphrase from the first line of this file; "-" is standard input
    ///
    /// White space at the end of the line is not part of the passphrase. With this option there is no question before
    /// the restore begins.
    #[arg(short, long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,

    /// Accepted and of no effect: there is no window to close
    #[arg(long)]
    pub auto_close: bool,

    /// BACKUP_LOCATION is a file in a store, which this program reaches: it speaks SFTP on its standard input and output
    ///
    /// For instance 'ssh -s nas sftp' for a server, 'rclone serve sftp --stdio cloud:' for cloud storage. With --dest-vm it runs in
    /// that VM. Of the file, only the bytes that the job needs are fetched: its headers for a list, and the data of the chosen
    /// VMs for a restore.
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["from_command", "join", "location_is_service", "clean_up"])]
    pub store: Option<String>,

    /// BACKUP_LOCATION is the name of a service in the VM of --dest-vm
    #[arg(long)]
    pub location_is_service: bool,

    /// Restore in a disposable VM (not available yet)
    #[arg(long, visible_alias = "plan-b")]
    pub paranoid_mode: bool,

    /// Make a new, empty PedOS in this folder and restore into it
    ///
    /// This gets the data out of a backup on any Linux computer. Templates and net VMs that are not in the backup are
    /// no obstacle then: their names are kept.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["root", "verify_only"])]
    pub new_root: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub choices: ChoiceArgs,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub resources: ResourceArgs,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonArgs,
}

/// An answer on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
#[allow(missing_docs, reason = "each is its name")]
pub enum YesNo {
    #[default]
    Yes,
    No,
}

impl RestoreArgs {
    /// Returns the same command line with its first word where it belongs: with a command that prints the backup, the words
    /// behind the options are VMs.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let mut args = self.clone();
        if args.from_command.is_some() && !args.backup_location.is_empty() {
            let first = std::mem::take(&mut args.backup_location);
            args.vms.insert(0, first.to_string_lossy().into_owned());
        }
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_the_existing_tool_is_understood() {
        let line = "qvm-backup-restore -v --verify-only --skip-broken --ignore-missing --skip-conflicting \
                    --rename-conflicting -x a --exclude b --skip-dom0-home --ignore-username-mismatch \
                    --ignore-size-limit -Z gzip -d vm -p - --auto-close --location-is-service --plan-b /x work";
        let args = RestoreArgs::try_parse_from(line.split_whitespace()).unwrap();
        assert!(args.paranoid_mode && args.verify_only && args.rename_conflicting);
        assert_eq!(args.exclude, ["a", "b"]);
        assert_eq!(args.vms, ["work"]);
    }

    #[test]
    fn what_is_to_be_done_is_one_thing() {
        let is_refused = |options: &str| {
            let line = format!("qvm-backup-restore {options} x");
            RestoreArgs::try_parse_from(line.split(' ')).is_err()
        };
        for options in [
            "--list --verify-only",
            "--list --extract a:private -o y",
            "--extract a:private -o y --verify-only",
            "--extract a:private",
            "-o y",
            "--notes",
            "--list --new-root y",
            "--list --dry-run",
            "--extract a:private -o y --dry-run",
            "--clean-up",
        ] {
            assert!(is_refused(options), "{options}");
        }
        for options in [
            "--list --notes --json",
            "--extract a:private -o y --json",
            "--verify-only --json",
        ] {
            assert!(!is_refused(options), "{options}");
        }
    }

    #[test]
    fn to_clean_up_takes_no_backup() {
        for line in [
            "qvm-backup-restore --clean-up",
            "qvm-backup-restore --clean-up --yes --root x",
        ] {
            let args = RestoreArgs::try_parse_from(line.split(' ')).unwrap();
            assert!(args.clean_up && args.backup_location.is_empty());
        }
        assert!(RestoreArgs::try_parse_from(["qvm-backup-restore", "--clean-up", "--dry-run"]).is_err());
        assert!(RestoreArgs::try_parse_from(["qvm-backup-restore"]).is_err());
    }

    #[test]
    fn a_new_root_and_an_existing_one_exclude_each_other() {
        let line = "qvm-backup-restore --root a --new-root b x";
        assert!(RestoreArgs::try_parse_from(line.split(' ')).is_err());
    }
}
