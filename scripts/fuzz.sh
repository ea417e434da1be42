#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs each fuzz target for a while (FUZZ_SECONDS, 60 without it), or those that are named. What breaks one is left in
# fuzz/artifacts; what was found of interest in fuzz/corpus, for the next time.

set -eu
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
target=$(rustc -vV | sed -n 's/^host: //p')
build=${CARGO_TARGET_DIR:-fuzz/target}

# The passes that count coverage are LLVM's and come with every rustc. With --target the flags reach no build script.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares ${RUSTFLAGS:-}" \
    cargo build --locked --release --manifest-path fuzz/Cargo.toml --target "$target" --target-dir "$build"
program=$build/$target/release/pedos-backup-fuzz

if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046 # names without blanks
    set -- $(sed -n 's/^    target("\([a-z_]*\)".*/\1/p' fuzz/src/targets.rs)
fi
failed=
for name; do
    corpus=fuzz/corpus/$name
    mkdir -p "$corpus" fuzz/artifacts
    FUZZ_TARGET=$name FUZZ_SEEDS=$corpus "$program"
    if [ "$name" = outer ]; then
        for vector in tests/vectors/*.bak.gz; do
            { printf '\1' && gzip -dc "$vector"; } >"$corpus/$(basename "$vector" .gz)"
        done
    fi
    echo "== $name: $seconds seconds"
    if ! FUZZ_TARGET=$name "$program" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048 \
        -print_final_stats=1 -verbosity="${FUZZ_VERBOSITY:-0}" -artifact_prefix="fuzz/artifacts/$name-" "$corpus"; then
        failed="$failed $name"
    fi
done
if [ -n "$failed" ]; then
    echo "broken:$failed; the inputs are in fuzz/artifacts" >&2
    exit 1
fi
