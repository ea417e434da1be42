#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the two tools so that they need nothing of the machine that they run on: usage static.sh PROFILE FOLDER.
#
# The C library is linked in, so any x86-64 Linux since kernel 3.2 runs them, with an empty file system around them too.
set -eu

profile=$1
folder=$2
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
# With --target these flags are not those of build scripts, which have to stay as they are.
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" \
    cargo build --locked --no-default-features --profile "$profile" --target "$target" \
    --bin qvm-backup --bin qvm-backup-restore
case $profile in dev) built=debug ;; *) built=$profile ;; esac
mkdir -p "$folder"
for tool in qvm-backup qvm-backup-restore; do
    built_tool="${CARGO_TARGET_DIR:-target}/$target/$built/$tool"
    # A program that asks for a loader is no static one.
    if readelf -l "$built_tool" | grep -q INTERP; then
        echo "static.sh: $tool is linked to libraries of this machine" >&2
        exit 1
    fi
    install -m 755 "$built_tool" "$folder/"
done
echo "Built in $folder: qvm-backup and qvm-backup-restore, linked to nothing."
