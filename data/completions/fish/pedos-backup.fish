complete -c pedos-backup -l root -d 'Work on the PedOS in this folder' -r -F
complete -c pedos-backup -l remind -d 'Open no window: tell the desktop of backups that failed, are overdue or were never verified, and of nothing if all is well'
complete -c pedos-backup -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pedos-backup -s V -l version -d 'Print version'
