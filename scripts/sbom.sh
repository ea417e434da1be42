#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the list of all components of the programs, with their versions and licences, in the form of CycloneDX into dist/.
set -eu

export PATH="$PATH:$HOME/.cargo/bin"
cd "$(dirname "$0")/.."
if ! cargo cyclonedx --version >/dev/null 2>&1; then
    echo 'sbom.sh: "cargo install --locked cargo-cyclonedx" brings what makes the list' >&2
    exit 1
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n1)
name="pedos-backup-$version.cdx"
mkdir -p dist
# The time and the number of a list would make each one another.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) \
    cargo cyclonedx --quiet --format json --spec-version 1.5 --target x86_64-unknown-linux-gnu --no-build-deps --override-filename "$name"
mv "$name.json" dist/
# It writes one for each package of the workspace.
rm -f tests/*/"$name.json"
echo "dist/$name.json"
