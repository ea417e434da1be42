#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures the tools beside what is used instead of them. Without options everything is measured, which takes an hour and
# more, and the result goes to docs/BENCHMARKS.md and docs/BENCHMARKS.csv; --help names the options.
#
#   bench.sh                                       everything
#   bench.sh --size 64 --rounds 1                  a look of some minutes
#   bench.sh --sets mixed --only ours,pigz         some of it
#   bench.sh limits [OPTIONS]                      extreme sizes, into docs/LIMITS.md
#   bench.sh stages [FILTER]                       the stages of the work by themselves (criterion)
set -eu

export PATH="$PATH:$HOME/.cargo/bin"
cd "$(dirname "$0")/.."
if [ "${1:-}" = stages ]; then
    shift
    exec cargo bench --locked --no-default-features --bench stages -- "$@"
fi
if [ "${1:-}" = limits ]; then
    shift
    scripts/deps.sh bench
    [ $# -gt 0 ] || set -- --output docs/LIMITS.md
    exec cargo bench --locked --no-default-features --features tools --bench limits -- "$@"
fi
scripts/deps.sh bench
[ $# -gt 0 ] || set -- --output docs/BENCHMARKS.md
exec cargo bench --locked --no-default-features --features tools --bench compare -- "$@"
