// SPDX-License-Identifier: GPL-3.0-or-later
//! The manual pages: made from the definitions of the command lines, kept in `data/man`, and compared here, so that a page
//! never tells of an option that is not there. With UPDATE set they are written anew.

use std::{fs, path::PathBuf};

use clap_mangen::Man;
use pedos_backup::cli::args;

/// What stands below the options, by program.
fn sections(program: &str) -> Vec<(&'static str, &'static str)> {
    let mut sections = match program {
        "qvm-backup" => vec![
            ("EXIT STATUS", EXIT),
            ("FILES", PROFILES),
            ("EXAMPLES", BACKUP_EXAMPLES),
            ("DIFFERENCES", BACKUP_DIFFERENCES),
        ],
        "qvm-backup-restore" => vec![
            ("EXIT STATUS", EXIT),
            ("EXAMPLES", RESTORE_EXAMPLES),
            ("DIFFERENCES", RESTORE_DIFFERENCES),
        ],
        _ => vec![("EXIT STATUS", WIZARD_EXIT)],
    };
    sections.push(("ENVIRONMENT", ENVIRONMENT));
    sections.push(("SEE ALSO", SEE_ALSO));
    sections
}

const EXIT: &str = ".TP\n0\nEverything that was asked for is done.\n.TP\n1\nIt failed.\n.TP\n2\nThe command line is wrong.\n\
.TP\n3\nA part is done, the rest is named: VMs failed, \\-\\-skip\\-broken or \\-\\-skip\\-conflicting left VMs out, a verification\n\
or a recovery text that was asked for was not made, all VMs are restored and the backup is damaged elsewhere, or a backup holds\n\
something that may be of no use: a volume or a file of dom0\\(aqs home that changed while it was backed up, or a name that a power cut\n\
may take away.\n\
.IP\n\
A backup leaves out a VM that cannot be read and goes on with the others. Where this is found before the first byte is written,\n\
the backup does not mention the VM among what it holds, and verifies as whole. Where a volume fails while it is read, it is\n\
missing from the backup, and a later verification names that VM. Where no VM could be read there is no backup, and the code is 1.\n\
.TP\n4\nIt was cancelled: by Ctrl\\-C, or because the question was not answered with y.\n\
.TP\n5\nWrong passphrase, or the header of the backup was altered.\n.TP\n6\nThe backup is damaged or incomplete.\n";

const WIZARD_EXIT: &str = ".TP\n0\nThe window was closed, however the job ended: the window says that. A script uses \\fBqvm\\-backup\\fR(1) or\n\
\\fBqvm\\-backup\\-restore\\fR(1), whose exit codes tell it.\n\
.TP\n1\nNo window could be opened.\n.TP\n2\nThe command line is wrong.\n";

const PROFILES: &str = ".TP\n\\fI/etc/qubes/backup/NAME.conf\\fR\n\
The profile NAME, in YAML, inside the PedOS that is worked on.\n";

const BACKUP_EXAMPLES: &str = "\
.TP\nBack up everything that is included by default, and verify it:\n\
.B qvm\\-backup \\-\\-verify /mnt/disk\n\
.TP\nBack up two VMs into a directory of a running VM:\n\
.B qvm\\-backup \\-\\-dest\\-vm sys\\-usb /mnt/disk work vault\n\
.TP\nGive the backup to a command in a running VM:\n\
.B qvm\\-backup \\-\\-dest\\-vm net \\(aqsh \\-c \\(dqssh host cat \\e> backup\\(dq\\(aq\n";

const RESTORE_EXAMPLES: &str = "\
.TP\nRead a whole backup and restore nothing:\n\
.B qvm\\-backup\\-restore \\-\\-verify\\-only /mnt/disk/pedos\\-backup\\-2026\\-03\\-01T140500\n\
.TP\nBring back one VM beside the one that is there:\n\
.B qvm\\-backup\\-restore \\-\\-rename\\-conflicting /mnt/disk/pedos\\-backup\\-2026\\-03\\-01T140500 work\n\
.TP\nVerify a backup that was split into several files:\n\
.B qvm\\-backup\\-restore \\-\\-verify\\-only backup.aa \\-\\-join backup.*\n\
.TP\nGet the data out on a computer that is no PedOS:\n\
.B qvm\\-backup\\-restore \\-\\-new\\-root rescued pedos\\-backup\\-2026\\-03\\-01T140500\n";

/// What is not as in the existing tools of the same names, on purpose.
const BACKUP_DIFFERENCES: &str = "\
This tool takes every option of the existing tool of the same name. On purpose it differs from it in this:\n\
.IP \\(bu 2\nThe exit codes are finer: where the existing tool ends with 1, this one ends with 1, 3, 4, 5 or 6.\n\
.IP \\(bu 2\nA file that exists is never overwritten.\n\
.IP \\(bu 2\nIn a directory a backup gets the name pedos\\-backup\\-DATE; where that name is taken, a number is put behind it.\n\
.IP \\(bu 2\nAn archive has its final name when all of it is on the disk; until then it is called NAME.part.\n\
.IP \\(bu 2\nWhere several of the named VMs do not exist, all of them are named.\n\
.IP \\(bu 2\nA command in a VM that would lose the backup, because it has an unquoted | or > in it, is refused.\n";

/// The same of restoring.
const RESTORE_DIFFERENCES: &str = "\
This tool takes every option of the existing tool of the same name. On purpose it differs from it in this:\n\
.IP \\(bu 2\nThe exit codes are finer: where the existing tool ends with 1, this one ends with 1, 3, 4, 5 or 6. Where a VM failed, \
the code is never 0.\n\
.IP \\(bu 2\nWhere VMs are named, dom0\\(aqs home is restored only if dom0 is one of them.\n\
.IP \\(bu 2\nThe home is restored into a new folder home\\-restore\\-DATE; where that name is taken, a number is put behind it. \
Nothing in the home is overwritten.\n\
.IP \\(bu 2\nNo program is run to decompress a backup unless \\fB\\-\\-compression\\-filter\\fR names one that is not built in.\n\
.IP \\(bu 2\nA passphrase that does not open the backup as it was typed is tried in the other ways to write its letters \
(Unicode NFC and NFD) before it is called wrong.\n\
.IP \\(bu 2\nA VM is on the system only when it is whole.\n\
.IP \\(bu 2\nBackups of every size are read; \\fB\\-\\-ignore\\-size\\-limit\\fR has no effect.\n\
.IP \\(bu 2\n\\fB\\-\\-paranoid\\-mode\\fR is not available yet.\n";

const ENVIRONMENT: &str = ".TP\nPEDOS_ROOT\nThe folder to work on where \\fB\\-\\-root\\fR is not given.\n\
.TP\nPEDOS_BACKUP_LOCALE_DIR\nWhere translations are looked for.\n";

const SEE_ALSO: &str = ".BR pedos\\-backup (1),\n.BR pedos\\-backup\\-restore (1),\n.BR qvm\\-backup (1),\n\
.BR qvm\\-backup\\-restore (1),\n.BR scrypt (1),\n.BR tar (1)\n";

#[test]
fn the_manual_pages_are_those_of_the_definitions() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/man");
    for (program, command) in args::commands() {
        let page = page(program, command);
        let file = folder.join(format!("{program}.1"));
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, &page).unwrap();
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == page,
            "{} is out of date: run UPDATE=1 cargo test --test house man_pages",
            file.display()
        );
    }
}

#[test]
fn every_page_names_every_option() {
    for (program, command) in args::commands() {
        let page = page(program, command.clone());
        for option in command
            .get_arguments()
            .filter(|option| !option.is_hide_set())
            .filter_map(|option| option.get_long())
        {
            assert!(page.contains(&option.replace('-', "\\-")), "{program}: --{option}");
        }
    }
}

fn page(program: &str, command: clap::Command) -> String {
    // Help and version must be there before the page is made.
    let mut command = command.version(env!("CARGO_PKG_VERSION"));
    command.build();
    let man = Man::new(command)
        .manual("PedOS Backup")
        .source(concat!("PedOS Backup ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    man.render_description_section(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    let mut page = String::from_utf8(page).unwrap();
    for (title, text) in sections(program) {
        page += &format!(".SH \"{title}\"\n{text}");
    }
    page
}
