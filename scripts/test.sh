#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs every check and every test. What a test needs beyond cargo is installed by deps.sh; tests that need a display bring
# their own.
set -eu

export PATH="$PATH:$HOME/.cargo/bin"
cd "$(dirname "$0")/.."

scripts/lint.sh

echo '== tools that need nothing around them'
scripts/static.sh check

echo '== tests'
display=tests/support/with-display.sh
[ -x "$display" ] || display=''
if cargo nextest --version >/dev/null 2>&1; then
    $display cargo nextest run --locked --workspace --no-fail-fast
    $display cargo test --locked --workspace --doc
else
    $display cargo test --locked --workspace --no-fail-fast
fi

if [ "${RUN_SLOW_TESTS:-}" = 1 ]; then
    echo '== builds in two folders'
    scripts/reproducible.sh
    if command -v dpkg >/dev/null && [ "$(id -u)" = 0 ]; then
        echo '== packages'
        scripts/check-packages.sh
    fi
fi
