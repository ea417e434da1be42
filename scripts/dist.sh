#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the two archives of a release into dist/: the sources as they are committed, and the crates that they need, so that
# a builder without a network builds with "cargo build --frozen". Both unpack into the same folder. The same commit gives
# the same bytes.
#
#   dist.sh          both
#   dist.sh source   only the sources
set -eu

export PATH="$PATH:$HOME/.cargo/bin" LC_ALL=C TZ=UTC
cd "$(dirname "$0")/.."
umask 022
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n1)
name="pedos-backup-$version"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

if ! git diff --quiet HEAD; then
    echo 'dist.sh: there are changes that are not committed; the archives hold HEAD' >&2
fi
mkdir -p dist
# git gives every file the time of the commit and the user 0.
git archive --format=tar --prefix="$name/" HEAD >"$scratch/source.tar"
gzip -9 -n <"$scratch/source.tar" >"dist/$name.tar.gz"
echo "dist/$name.tar.gz"
[ "${1:-}" != source ] || exit 0

# The crates are packed anew only where others are needed.
state=$(cat Cargo.lock Cargo.toml scripts/dist.sh | sha256sum)
if [ -e "dist/$name-vendor.tar.xz" ] && [ "$state" = "$(cat dist/.vendored 2>/dev/null)" ]; then
    echo "dist/$name-vendor.tar.xz"
    exit 0
fi
tar -x -C "$scratch" -f "$scratch/source.tar"
cd "$scratch/$name"
mkdir .cargo
cargo vendor --quiet --locked --versioned-dirs vendor >.cargo/config.toml
# Crates for Windows bring compiled libraries. No Linux needs them, and no archive of sources should hold what cannot be
# read. Their list of checksums must not name them then.
find vendor -type f \( -name '*.a' -o -name '*.lib' -o -name '*.o' -o -name '*.dll' -o -name '*.exe' -o -name '*.wasm' \) >"$scratch/compiled"
while read -r file; do
    rm "$file"
    printf '%s\n' "$file" | cut -d/ -f1,2
done <"$scratch/compiled" | sort -u | while read -r crate; do
    sed -i 's/"files":{[^}]*}/"files":{}/' "$crate/.cargo-checksum.json"
done
cd - >/dev/null
# Blocks of one size, so that the number of processors changes nothing.
tar -c -C "$scratch" --sort=name --format=gnu --mtime="@$(git log -1 --format=%ct -- Cargo.lock)" --owner=0 --group=0 --numeric-owner \
    --mode=u+rw,go=rX "$name/.cargo" "$name/vendor" | xz -3 --threads=2 --block-size=32MiB >"dist/$name-vendor.tar.xz"
echo "dist/$name-vendor.tar.xz"
printf '%s\n' "$state" >dist/.vendored
