#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks the form of everything: sources, crates, translations, desktop entries, metainfo.
set -eu

export PATH="$PATH:$HOME/.cargo/bin"
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

step() { printf '== %s\n' "$*"; }

step 'rustfmt'
cargo fmt --all --check
# Its tests are looked at below, with the tools.
step 'clippy, the library by itself and its examples'
cargo clippy --locked --quiet --no-default-features --lib --examples -- -D warnings
step 'clippy, the tools'
cargo clippy --locked --quiet --no-default-features --features tools --all-targets -- -D warnings
step 'clippy, everything'
cargo clippy --locked --quiet --workspace --all-targets -- -D warnings

step 'lock file of the fuzz targets'
cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null

# It takes minutes to build, so only continuous integration installs it.
if cargo deny --version >/dev/null 2>&1; then
    step 'crates: bans, licences, sources'
    cargo deny --locked --offline --log-level error check bans licenses sources
    step 'crates: advisories'
    if timeout 120 cargo deny --locked fetch db >"$scratch/fetched" 2>&1; then
        cargo deny --locked --offline --log-level error check advisories
    else
        echo 'lint.sh: the database of advisories cannot be fetched: crates are not held against it' >&2
    fi
else
    echo 'lint.sh: crates are not checked: "cargo install --locked cargo-deny" brings what does it' >&2
fi

for language in $(sed 's/#.*//' po/LINGUAS); do
    step "translation: $language"
    msgfmt --check --statistics -o "$scratch/$language.mo" "po/$language.po"
done
for template in data/*.desktop.in; do
    step "$template"
    entry="$scratch/$(basename "${template%.in}")"
    msgfmt --desktop --template="$template" -d po -o "$entry"
    desktop-file-validate "$entry"
done
for template in data/*.metainfo.xml.in; do
    step "$template"
    info="$scratch/$(basename "${template%.in}")"
    msgfmt --xml --template="$template" -d po -o "$info"
    appstreamcli validate --no-net "$info"
done
