complete -c pedos-backup-restore -l root -d 'Work on the PedOS in this folder' -r -F
complete -c pedos-backup-restore -l verify -d 'Begin with a verification: everything is read, and nothing is restored'
complete -c pedos-backup-restore -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pedos-backup-restore -s V -l version -d 'Print version'
