#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the release of the committed sources in two folders, whose paths have different lengths, and compares the programs
# bit for bit. Each folder compiles everything anew.
#
#   reproducible.sh [tools|all]    the two tools and the helper, or the wizards too
set -eu

export PATH="$PATH:$HOME/.cargo/bin"
cd "$(dirname "$0")/.."
what=${1:-tools}
case $what in
tools)
    programs='qvm-backup qvm-backup-restore pedos-backup-helper'
    flags='--no-default-features --features tools --bins'
    ;;
all)
    programs='qvm-backup qvm-backup-restore pedos-backup-helper pedos-backup pedos-backup-restore'
    flags=''
    ;;
*)
    echo 'reproducible.sh: "tools" or "all" is expected' >&2
    exit 2
    ;;
esac
case $what in all) scripts/deps.sh gui ;; *) scripts/deps.sh tools ;; esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
unset CARGO_TARGET_DIR

git archive --format=tar HEAD >"$scratch/source.tar"
for folder in a 'second/with-a-longer-name'; do
    mkdir -p "$scratch/$folder" "$scratch/built/$folder"
    tar -x -C "$scratch/$folder" -f "$scratch/source.tar"
    echo "== building in $scratch/$folder"
    make -s -C "$scratch/$folder" compile PREFIX=/usr CARGO_FLAGS="--quiet $flags"
    for program in $programs; do mv "$scratch/$folder/target/release/$program" "$scratch/built/$folder/"; done
    rm -rf "${scratch:?}/$folder"
done

differ=''
for program in $programs; do
    for folder in a 'second/with-a-longer-name'; do
        file="$scratch/built/$folder/$program"
        printf '%s  %s\n' "$(sha256sum <"$file" | cut -d' ' -f1)" "$program"
        # What holds the name of a folder is equal by luck at best.
        if grep -q -a -F -e "$scratch" -e "${CARGO_HOME:-$HOME/.cargo}" "$file"; then differ="$differ $program(names a folder)"; fi
    done
    cmp "$scratch/built/a/$program" "$scratch/built/second/with-a-longer-name/$program" || differ="$differ $program"
done
if [ -n "$differ" ]; then
    echo "reproducible.sh: these depend on the folder:$differ" >&2
    exit 1
fi
echo 'Both folders gave the same programs.'
