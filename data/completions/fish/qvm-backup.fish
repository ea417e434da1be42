complete -c qvm-backup -s x -l exclude -d 'Leave this VM out; may be given several times' -r
complete -c qvm-backup -s d -l dest-vm -d 'The running VM that the backup is written to' -r
complete -c qvm-backup -l store -d 'BACKUP_LOCATION is a directory of a store, which this program reaches: it speaks SFTP on its standard input and output' -r
complete -c qvm-backup -l to-command -d 'Give the backup to this command of the computer on its standard input; no BACKUP_LOCATION is given then' -r
complete -c qvm-backup -s p -l passphrase-file -d 'Read the passphrase from the first line of this file; "-" is standard input' -r -F
complete -c qvm-backup -s Z -l compress-filter -d 'Compress the backup with this method: gzip (the default), zstd, xz, bzip2 or lzma' -r
complete -c qvm-backup -l level -d 'How hard to compress: fast, balanced (the default), small, or the number that the stock tool takes' -r
complete -c qvm-backup -l kdf-strength -d 'How much work each guess at the passphrase costs' -r -f -a "default\t'About half a second for each key'
reference\t'The work that the stock tool nominally chooses'"
complete -c qvm-backup -l profile -d 'Back up what the profile NAME says (etc/qubes/backup/NAME.conf)' -r
complete -c qvm-backup -l save-profile -d 'Keep the settings of this backup, with its passphrase in plain text, as the profile NAME' -r
complete -c qvm-backup -l schedule -d 'Repeat the backup of the profile NAME by itself: daily, weekly or monthly, or never any more' -r
complete -c qvm-backup -l json -d 'Print the report of the backup as one JSON document on standard output, and everything else on standard error' -r -f -a "document\t'One document at the end'
lines\t'An object to a line: what happens as it happens, and the document at the end'"
complete -c qvm-backup -l make-sample -d 'Make a sample PedOS for trying things out in this new folder, and do nothing else' -r -F
complete -c qvm-backup -l keep-last -d 'Keep the newest N backups; needs --verify' -r
complete -c qvm-backup -l keep-daily -d 'Keep the newest backup of each of the last N days that have one' -r
complete -c qvm-backup -l keep-weekly -d 'Keep the newest backup of each of the last N weeks that have one' -r
complete -c qvm-backup -l keep-monthly -d 'Keep the newest backup of each of the last N months that have one' -r
complete -c qvm-backup -s j -l jobs -d 'Use at most N CPUs (default: all)' -r
complete -c qvm-backup -l root -d 'Work on the PedOS in this folder' -r -F
complete -c qvm-backup -s y -l yes -d 'Do not ask for confirmation'
complete -c qvm-backup -l changed -d 'Leave out the VMs whose data have not changed since they were last backed up'
complete -c qvm-backup -s e -l encrypt -d 'Accepted and of no effect: backups are always encrypted'
complete -c qvm-backup -s z -l compress -d 'Compress the backup (the default)'
complete -c qvm-backup -l no-compress -d 'Do not compress the backup'
complete -c qvm-backup -l verify -d 'Read the backup again after writing it, and compare it with its list of contents'
complete -c qvm-backup -l no-verify -d 'Do not read the backup again (the default)'
complete -c qvm-backup -l recovery-text -d 'Write a text beside the backup that tells how to open it with stock tools'
complete -c qvm-backup -l only-selected-metadata -d 'Name only the selected VMs in the backup\'s list of contents'
complete -c qvm-backup -l scheduled -d 'Make the backup of --profile as the timer does: ask nothing, wait for other scheduled backups, end with 7 where the place is not there'
complete -c qvm-backup -l list-profiles -d 'Name the profiles, with how often and where to they are backed up, and do nothing else'
complete -c qvm-backup -l history -d 'Say how the backups, restores and verifications of this system ended, the newest first, and do nothing else'
complete -c qvm-backup -l dry-run -d 'Show which backups would stay and why, and which would be removed; make no backup'
complete -c qvm-backup -l nice -d 'Run with the lowest priority for CPU and disk'
complete -c qvm-backup -s v -l verbose -d 'Say more; may be given several times'
complete -c qvm-backup -s q -l quiet -d 'Say less; may be given several times'
complete -c qvm-backup -l force-root -d 'Accepted and of no effect, for scripts that give it'
complete -c qvm-backup -s h -l help -d 'Print help (see more with \'--help\')'
complete -c qvm-backup -s V -l version -d 'Print version'
