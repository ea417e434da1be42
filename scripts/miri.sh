#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Compiles src/crypto/romix as a crate by itself, which shows that it needs nothing of the rest, and runs its tests there: with
# the compiler, and with Miri where there is a nightly Rust that has it. Miri knows no vector registers, so it sees plain lanes.
set -eu

export PATH="$PATH:$HOME/.cargo/bin"
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# The versions are those of the package.
needs() { grep -E "^($1) = " Cargo.toml; }
{
    printf '[package]\nname = "romix"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\n'
    needs 'bytemuck|memmap2|zeroize|pbkdf2|sha2'
    printf "\n[target.'cfg(target_arch = \"x86_64\")'.dependencies]\n"
    needs 'pulp'
    printf '\n[lints.rust]\nunsafe_code = "forbid"\n'
} >"$scratch/Cargo.toml"
cp Cargo.lock "$scratch/"
mkdir "$scratch/src"
cp -r src/crypto/romix src/crypto/romix.rs "$scratch/src/"
# Nobody calls it there but its tests.
printf '#![allow(dead_code, unused_imports)]\nmod romix;\n' >"$scratch/src/lib.rs"

cd "$scratch"
unset CARGO_TARGET_DIR
echo '== romix by itself'
cargo test --quiet --release
if cargo +nightly miri --version >/dev/null 2>&1; then
    echo '== romix in Miri'
    cargo +nightly miri test --quiet
else
    echo 'miri.sh: there is no Miri here; "rustup component add miri --toolchain nightly" installs it' >&2
fi
