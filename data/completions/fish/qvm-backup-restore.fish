complete -c qvm-backup-restore -l join -d 'Further files of a backup that was split, in their order; they are read behind BACKUP_LOCATION as if all were one' -r -F
complete -c qvm-backup-restore -l from-command -d 'Read the backup from the standard output of this command of the computer; no BACKUP_LOCATION is given then' -r
complete -c qvm-backup-restore -l extract -d 'Write one volume or file of the backup to the place that --output names, and restore nothing' -r
complete -c qvm-backup-restore -s o -l output -d 'The new file that --extract writes; "-" is standard output' -r -F
complete -c qvm-backup-restore -l json -d 'Print the result as one JSON document on standard output, and everything else on standard error' -r -f -a "document\t'One document at the end'
lines\t'An object to a line: what happens as it happens, and the document at the end'"
complete -c qvm-backup-restore -s x -l exclude -d 'Leave this VM out; may be given several times' -r
complete -c qvm-backup-restore -s Z -l compression-filter -d 'Decompress with this method or program, whatever the backup\'s header says' -r
complete -c qvm-backup-restore -l encrypted -d 'Whether a backup of the oldest format is encrypted, where it does not say so itself' -r -f -a "yes\t''
no\t''"
complete -c qvm-backup-restore -s d -l dest-vm -d 'The running VM that holds the backup' -r
complete -c qvm-backup-restore -s p -l passphrase-file -d 'Read the passphrase from the first line of this file; "-" is standard input' -r -F
complete -c qvm-backup-restore -l store -d 'BACKUP_LOCATION is a file in a store, which this program reaches: it speaks SFTP on its standard input and output' -r
complete -c qvm-backup-restore -l new-root -d 'Make a new, empty PedOS in this folder and restore into it' -r -F
complete -c qvm-backup-restore -l rename -d 'Restore the VM OLD of the backup under the name NEW; may be given several times' -r
complete -c qvm-backup-restore -l template -d 'Base this VM on another template; may be given several times' -r
complete -c qvm-backup-restore -l netvm -d 'Give this VM another net VM; may be given several times' -r
complete -c qvm-backup-restore -l dispvm -d 'Give this VM another default disposable template; may be given several times' -r
complete -c qvm-backup-restore -l kernel -d 'Give this VM another kernel; may be given several times' -r
complete -c qvm-backup-restore -l pool -d 'Put the volumes of all VMs, or of this VM, into this pool; may be given several times' -r
complete -c qvm-backup-restore -l drop-device -d 'Do not assign this device to this VM; may be given several times' -r
complete -c qvm-backup-restore -s j -l jobs -d 'Use at most N CPUs (default: all)' -r
complete -c qvm-backup-restore -l root -d 'Work on the PedOS in this folder' -r -F
complete -c qvm-backup-restore -l verify-only -d 'Read and check the whole backup, and restore nothing'
complete -c qvm-backup-restore -l list -d 'Show what the backup holds, and restore nothing'
complete -c qvm-backup-restore -l quick-look -d 'Check in seconds, without the passphrase, whether parts of the backup file are missing or cut'
complete -c qvm-backup-restore -l notes -d 'With --list, read the notes of the VMs as well'
complete -c qvm-backup-restore -l clean-up -d 'Remove what a restore has left that was ended by force: VMs that are not whole, and unfinished folders of dom0\'s home'
complete -c qvm-backup-restore -l yes -d 'With --clean-up, remove without asking'
complete -c qvm-backup-restore -l skip-broken -d 'Leave out VMs that cannot be restored as they are'
complete -c qvm-backup-restore -l ignore-missing -d 'Give VMs whose template, net VM, disposable template or kernel is missing the default one'
complete -c qvm-backup-restore -l skip-conflicting -d 'Leave out VMs whose name exists already'
complete -c qvm-backup-restore -l rename-conflicting -d 'Give VMs whose name exists already a new name, NAME-1'
complete -c qvm-backup-restore -l skip-dom0-home -d 'Do not restore dom0\'s home'
complete -c qvm-backup-restore -l ignore-username-mismatch -d 'Restore dom0\'s home although its user has another name here'
complete -c qvm-backup-restore -l ignore-size-limit -d 'Accepted and of no effect: backups of every size are read'
complete -c qvm-backup-restore -l auto-close -d 'Accepted and of no effect: there is no window to close'
complete -c qvm-backup-restore -l location-is-service -d 'BACKUP_LOCATION is the name of a service in the VM of --dest-vm'
complete -c qvm-backup-restore -l paranoid-mode -l plan-b -d 'Restore in a disposable VM (not available yet)'
complete -c qvm-backup-restore -l no-devices -d 'Do not assign any devices'
complete -c qvm-backup-restore -l dry-run -d 'Show what would happen, and restore nothing'
complete -c qvm-backup-restore -l nice -d 'Run with the lowest priority for CPU and disk'
complete -c qvm-backup-restore -s v -l verbose -d 'Say more; may be given several times'
complete -c qvm-backup-restore -s q -l quiet -d 'Say less; may be given several times'
complete -c qvm-backup-restore -l force-root -d 'Accepted and of no effect, for scripts that give it'
complete -c qvm-backup-restore -s h -l help -d 'Print help (see more with \'--help\')'
complete -c qvm-backup-restore -s V -l version -d 'Print version'
