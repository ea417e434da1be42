complete -c pedos-backup -l root -d 'Work on the PedOS in this folder' -r -F
complete -c pedos-backup -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pedos-backup -s V -l version -d 'Print version'
