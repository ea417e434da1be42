#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# qubes.Backup in a VM of a stand-in: the first line says where the rest of the input goes, a folder or a command. Absolute
# folders are those of the VM; a command runs in the VM's home, and sees the file system of the computer.

read -r args
echo "Starting Backupcopy"
echo "Arguments: $args"
case $args in
    /*) folder=$STANDIN_VM_ROOT$args ;;
    *) folder=$args ;;
esac
if [ -n "$args" ] && [ -d "$folder" ]; then
    name=qubes-backup-$(date +%Y-%m-%dT%H%M%S)
    echo "Copying STDIN data to $args/$name"
    dd of="$folder/$name" bs=64k conv=fsync
    exit
fi
echo "Checking if arguments is matching a command"
command=${args%% *}
if [ -z "$command" ] || ! command -v "$command" >/dev/null; then
    echo "Invalid command: $args"
    exit 1
fi
echo "Redirecting STDIN to $args"
# A command that asks for it finds the file system of the VM here.
PEDOS_VM_ROOT=$STANDIN_VM_ROOT
export PEDOS_VM_ROOT
# Redirections and separators in the line act on "set" and not on the command, as they do in a real VM.
eval "set -- $args"
"$@"
