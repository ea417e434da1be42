#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds, makes the sample PedOS if there is none, and opens the Backup PedOS wizard on it. Where there is no display it
# does the same work with the tools (demo.sh).
#
#   run.sh SAMPLE
set -eu

export PATH="$PATH:$HOME/.cargo/bin"
cd "$(dirname "$0")/.."
sample="${1:-sample/pedos}"
built="${CARGO_TARGET_DIR:-target}/debug"

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    scripts/deps.sh gui
    cargo build --locked
else
    scripts/deps.sh tools
    cargo build --locked --no-default-features --features tools --bin qvm-backup --bin qvm-backup-restore
fi
[ -e "$sample" ] || "$built/qvm-backup" --make-sample "$sample"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$built/pedos-backup" --root "$sample"
fi
echo 'There is no display here, so the tools do the work of the wizards.'
exec scripts/demo.sh "$built" "$sample"
