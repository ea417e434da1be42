#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Backs a PedOS root up with the tools, verifies the backup, restores it into a new root and compares the two: every volume
# by its checksum, its size and the room it takes, the small files, the settings, dom0's home. Ends with 0 only if all of
# it is equal. What it makes it removes again.
#
#   demo.sh FOLDER_OF_THE_TOOLS ROOT
set -euo pipefail

tools=$(cd "$1" && pwd)
root=$(cd "$2" && pwd)
record=var/lib/qubes/qubes.xml

umask 077
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }
differences=0
differs() {
    printf 'DIFFERENT: %s\n' "$*"
    differences=$((differences + 1))
}

# Prints what a record says of its VMs, one fact a line, in an order of its own. Left out is what a restore must
# change: numbers that a system gives its VMs anew, the date of the last backup, that a template came by a package
# of the old system, and the menu, which is set from a file of the backup.
settings() {
    awk '
        /<domain / { in_domain = 1; name = "dom0"; facts = ""; sub(/.*class="/, ""); sub(/".*/, ""); facts = "class " $0 "\n"; next }
        /<\/domain>/ {
            count = split(facts, lines, "\n")
            for (i = 1; i < count; i++) print name ": " lines[i]
            in_domain = 0; next
        }
        !in_domain || /<volume / { next }
        /<property name="name">/ { name = $0; sub(/.*<property name="name">/, "", name); sub(/<.*/, "", name); next }
        /<property name="(qid|uuid|dispid|backup_timestamp|installed_by_rpm)"/ || /<feature name="menu-items"/ { next }
        /<\/?(properties|features|tags|devices|volume-config)[ >\/]/ && !/<devices class/ { next }
        { gsub(/^ +| +$/, ""); facts = facts $0 "\n" }
    ' "$1/$record" | grep -v '^dom0: ' | sort
}

# Prints the saved volumes of a record: VM, volume, and the file below the root.
volumes() {
    awk '
        function value(name,   text) {
            text = $0
            if (!sub(".* " name "=\"", "", text)) return ""
            sub(/".*/, "", text); return text
        }
        /<pool / { folder[value("name")] = value("dir_path") }
        /<domain / { name = "dom0"; count = 0 }
        /<property name="name">/ { name = $0; sub(/.*<property name="name">/, "", name); sub(/<.*/, "", name) }
        /<volume / && value("save_on_stop") == "True" {
            file[++count] = value("name") " " folder[value("pool")] "/" value("vid") ".img"
        }
        /<\/domain>/ { for (i = 1; i <= count; i++) print name, file[i] }
    ' "$1/$record" | sort
}

# The checksum of a volume with its holes skipped: 20 GiB of nothing need not be read.
digest() {
    tar --create --sparse --format=gnu --mtime=@0 --owner=0 --group=0 --mode=0600 --transform='s,.*,volume,' \
        --directory="$(dirname "$1")" "$(basename "$1")" | sha256sum | cut -c1-16
}

# Equal checksums mean equal data. Different ones may only mean that the same zeros are holes in one and blocks in the other.
is_same_data() {
    [ "$(digest "$1")" = "$(digest "$2")" ] || cmp -s "$1" "$2"
}

compare_volumes() {
    volumes "$root" >"$scratch/volumes"
    volumes "$restored" | cut -d' ' -f1,2 | diff <(cut -d' ' -f1,2 "$scratch/volumes") - ||
        differs 'the volumes of the two records'
    while read -r vm volume file; do
        [ -e "$root$file" ] || continue
        # A template may lie elsewhere in the new root: its own record tells.
        here="$restored$(volumes "$restored" | awk -v m="$vm" -v v="$volume" '$1 == m && $2 == v { print $3 }')"
        if [ ! -e "$here" ]; then
            differs "$vm has no $volume"
            continue
        fi
        is_same_data "$root$file" "$here" || differs "$vm: the data of $volume"
        before=$(($(stat -c '%b * %B' "$root$file")))
        after=$(($(stat -c '%b * %B' "$here")))
        # One percent and a few blocks are the file system's own affair.
        [ "$after" -le $((before + before / 100 + 65536)) ] || differs "$vm: $volume takes $after bytes, not $before"
        printf '%s  %s %s (%s bytes, %s on the disk)\n' "$(digest "$here")" "$vm" "$volume" \
            "$(stat -c %s "$here")" "$after"
    done <"$scratch/volumes"
}

compare_files() {
    local kind name file
    for kind in appvms vm-templates; do
        for file in "$root/var/lib/qubes/$kind"/*/{firewall.xml,notes.txt}; do
            [ -e "$file" ] || continue
            name=${file#"$root"}
            cmp -s "$file" "$restored$name" || differs "$name"
        done
    done
}

compare_settings() {
    diff <(settings "$root") <(settings "$restored") || differs 'the settings of the VMs (<: before, >: restored)'
}

compare_home() {
    local user home
    for home in "$root"/home/*; do
        user=$(basename "$home")
        set -- "$restored"/home/*/home-restore-*/dom0-home/"$user"
        if [ -d "$1" ]; then
            diff -r --no-dereference "$home" "$1" || differs "the home of $user"
        else
            differs "the home of $user was not restored"
        fi
    done
}

head -c 24 /dev/urandom | base64 >"$scratch/passphrase"
mapfile -t vms < <(sed -n 's/.*<property name="name">\([^<]*\)<.*/\1/p' "$root/$record")
mkdir "$scratch/backup"

say "Backing up all ${#vms[@]} VMs of $root, and dom0's home"
"$tools/qvm-backup" --root "$root" -y -p "$scratch/passphrase" "$scratch/backup" dom0 "${vms[@]}"
archive=$(echo "$scratch"/backup/*)

say 'Verifying the backup'
"$tools/qvm-backup-restore" --root "$root" --verify-only -p "$scratch/passphrase" "$archive"

say 'Restoring it into a new PedOS'
restored="$scratch/restored"
"$tools/qvm-backup-restore" --new-root "$restored" -p "$scratch/passphrase" "$archive"

say 'Comparing what came back with what there was'
compare_volumes
compare_files
compare_settings
compare_home

if [ "$differences" -gt 0 ]; then
    printf '\n%s differences: the backup did NOT come back as it was.\n' "$differences"
    exit 1
fi
printf '\nEverything came back as it was: volumes, settings, firewall rules, notes and the home.\n'
